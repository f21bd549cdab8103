//! In which order a request calls its modules (W6, W24).

use crate::support::prelude::*;

/// An app module that notes when it is called.
struct NotingApp;

impl AppModule for NotingApp {
    const TITLE: &'static str = "Order";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn on_request_start(&mut self, cx: &mut Context<'_>) -> Result<Flow, PageError> {
        stage(cx).note("app.on_request_start");
        match cx.query_param("app") {
            Some("handles") => Ok(Flow::Handled(Response::text("from the app module"))),
            Some("fails") => Err(PageError::bad_request("the app module says no")),
            _ => Ok(Flow::Continue),
        }
    }

    async fn on_request_end(&mut self, cx: &mut Context<'_>, _: &mut Response) -> Result<(), PageError> {
        stage(cx).note("app.on_request_end");
        Ok(())
    }
}

/// Makes a page that notes when it is called; `$shows` is what it shows.
macro_rules! noting_page {
    ($name:ident, $info:expr, $shows:expr) => {
        struct $name {
            stage: Stage,
        }

        impl $name {
            fn note(&self, what: &str) {
                self.stage.note(format!("{}.{what}", Self::INFO.name()));
            }
        }

        impl PageModule for $name {
            const INFO: PageInfo = $info;

            async fn create(site: &Site) -> Result<Self, CreateError> {
                Ok(Self { stage: Stage::of(site) })
            }

            fn initialize(&mut self) {
                self.note("initialize");
            }

            async fn on_activate(&mut self, _: &mut Context<'_>) -> Result<(), PageError> {
                self.note("on_activate");
                Ok(())
            }

            async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
                self.note("action");
                ($shows)(cx)
            }

            async fn before_page(&mut self, cx: &mut Context<'_>) -> Result<Flow, PageError> {
                self.note("before_page");
                match cx.query_param("page") {
                    Some("handled") => Ok(Flow::Handled(Response::text("handled"))),
                    _ => Ok(Flow::Continue),
                }
            }

            async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
                self.note("show");
                ($shows)(cx)
            }

            async fn after_page(&mut self, _: &mut Context<'_>, _: &mut Response) -> Result<(), PageError> {
                self.note("after_page");
                Ok(())
            }

            fn on_deactivate(&mut self) {
                self.note("on_deactivate");
            }
        }
    };
}

noting_page!(One, PageInfo::new("one", "/one").accepts_post(), shown_or_failed);
noting_page!(Hander, PageInfo::new("hander", "/hander").accepts_post(), handed_on);

fn shown_or_failed(cx: &mut Context<'_>) -> PageResult {
    if cx.query_param("page") == Some("fails") {
        return Err(PageError::other("asked to fail"));
    }
    Ok(Response::text("one"))
}

fn handed_on(cx: &mut Context<'_>) -> PageResult {
    cx.dispatch_page("one")
}

async fn site() -> Running {
    site_with("").await
}

async fn site_with(settings: &str) -> Running {
    Running::start(Engine::Sqlite, settings, |site| site.app_module::<NotingApp>().page::<One>().page::<Hander>()).await
}

/// What one request notes: a GET of `path`, or a POST to it.
async fn noted(site: &Running, method: Method, path: &str, status: u16) -> Vec<String> {
    let visitor = site.visitor();
    let token = visitor.token().await;
    site.stage.journal();
    let answer =
        if method == Method::POST { visitor.post_with(&token, path, &[]).await } else { visitor.get(path).await };
    answer.expect_status(status);
    site.stage.journal()
}

#[test]
fn a_get_calls_the_hooks_around_show_and_nothing_of_a_post() {
    run(async {
        let site = site().await;
        for round in 0..3 {
            let expected = [
                "one.on_activate",
                "one.initialize",
                "app.on_request_start",
                "one.before_page",
                "one.show",
                "one.after_page",
                "app.on_request_end",
                "one.on_deactivate",
            ];
            assert_eq!(noted(&site, Method::GET, "/one", 200).await, expected, "round {round}");
        }
    });
}

#[test]
fn a_post_calls_the_action_in_place_of_the_page_hooks() {
    run(async {
        let site = site().await;
        let expected = [
            "one.on_activate",
            "one.initialize",
            "app.on_request_start",
            "one.action",
            "app.on_request_end",
            "one.on_deactivate",
        ];
        assert_eq!(noted(&site, Method::POST, "/one", 200).await, expected);
    });
}

/// W12: an error is no reason to leave out `on_deactivate`; the hooks of a page that was shown are left out.
#[test]
fn a_page_error_skips_the_hooks_after_the_page_but_not_on_deactivate() {
    run(async {
        let site = site().await;
        let shown = [
            "one.on_activate",
            "one.initialize",
            "app.on_request_start",
            "one.before_page",
            "one.show",
            "one.on_deactivate",
        ];
        assert_eq!(noted(&site, Method::GET, "/one?page=fails", 500).await, shown);
        let posted = ["one.on_activate", "one.initialize", "app.on_request_start", "one.action", "one.on_deactivate"];
        assert_eq!(noted(&site, Method::POST, "/one?page=fails", 500).await, posted);
    });
}

/// W24: who handled the page is not followed by `show`, nor by `after_page`.
#[test]
fn handled_before_the_page_skips_the_page_and_the_hook_after_it() {
    run(async {
        let site = site().await;
        let expected = [
            "one.on_activate",
            "one.initialize",
            "app.on_request_start",
            "one.before_page",
            "app.on_request_end",
            "one.on_deactivate",
        ];
        assert_eq!(noted(&site, Method::GET, "/one?page=handled", 200).await, expected);
        assert_eq!(site.visitor().read("/one?page=handled").await, "handled");
    });
}

#[test]
fn an_app_module_that_answers_goes_before_the_page() {
    run(async {
        let site = site().await;
        let handled =
            ["one.on_activate", "one.initialize", "app.on_request_start", "app.on_request_end", "one.on_deactivate"];
        assert_eq!(noted(&site, Method::GET, "/one?app=handles", 200).await, handled);
        assert_eq!(site.visitor().read("/one?app=handles").await, "from the app module");
        let failed = ["one.on_activate", "one.initialize", "app.on_request_start", "one.on_deactivate"];
        assert_eq!(noted(&site, Method::GET, "/one?app=fails", 400).await, failed);
    });
}

/// W25: one request, so the app module is told once; the page handed on to is reset and shows itself.
#[test]
fn a_dispatched_page_is_called_between_the_app_modules_two_hooks() {
    run(async {
        let site = site().await;
        let second = [
            "one.on_activate",
            "one.initialize",
            "one.before_page",
            "one.show",
            "one.after_page",
            "app.on_request_end",
            "one.on_deactivate",
        ];
        let mut by_get = vec![
            "hander.on_activate",
            "hander.initialize",
            "app.on_request_start",
            "hander.before_page",
            "hander.show",
            "hander.after_page",
            "hander.on_deactivate",
        ];
        by_get.extend(second);
        assert_eq!(noted(&site, Method::GET, "/hander", 200).await, by_get);
        let mut by_post = vec![
            "hander.on_activate",
            "hander.initialize",
            "app.on_request_start",
            "hander.action",
            "hander.on_deactivate",
        ];
        by_post.extend(second);
        assert_eq!(noted(&site, Method::POST, "/hander", 200).await, by_post, "the form was the first page's");
    });
}

/// W7: a page that accompanies is reset like every module of the request, and none of its hooks is called.
#[test]
fn a_page_that_accompanies_is_reset_and_not_called() {
    run(async {
        for always in
            ["pages.hander.create = \"always\"", "pages.hander.create = \"always\"\npages.one.create = \"always\""]
        {
            let site = site_with(always).await;
            let noted = noted(&site, Method::GET, "/one", 200).await;
            let (of_hander, others): (Vec<_>, Vec<_>) =
                noted.iter().map(String::as_str).partition(|line| line.starts_with("hander"));
            assert_eq!(of_hander, ["hander.initialize"]);
            let expected = [
                "one.on_activate",
                "one.initialize",
                "app.on_request_start",
                "one.before_page",
                "one.show",
                "one.after_page",
                "app.on_request_end",
                "one.on_deactivate",
            ];
            assert_eq!(others, expected);
        }
    });
}
