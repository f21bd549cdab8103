//! A site that does not fit together is refused before it listens, and the message names what is wrong (W9, W23).

use toolcrib::server::SiteBuilder;

use crate::support::prelude::*;
use crate::support::settings_on;

struct SecondApp;

impl AppModule for SecondApp {
    const TITLE: &'static str = "Another";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}
}

struct Ledger;

impl DataModule for Ledger {
    const NAME: &'static str = "ledger";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}
}

struct Bookkeeper;

impl PageModule for Bookkeeper {
    const INFO: PageInfo = PageInfo::new("bookkeeper", "/books");

    fn uses() -> Uses {
        Uses::none().and::<Ledger>()
    }

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Ok(Response::no_content())
    }
}

page!(About, PageInfo::new("about", "/about"), show(_cx) { Ok(Response::no_content()) });
page!(Shouted, PageInfo::new("ABOUT", "/elsewhere"), show(_cx) { Ok(Response::no_content()) });
page!(Squatter, PageInfo::new("squatter", "/About/"), show(_cx) { Ok(Response::no_content()) });
page!(Client, PageInfo::new("client", "/clients/{id}"), show(_cx) { Ok(Response::no_content()) });
page!(Customer, PageInfo::new("customer", "/clients/{number}"), show(_cx) { Ok(Response::no_content()) });
page!(Private, PageInfo::new("private", "/private").login_required(), show(_cx) { Ok(Response::no_content()) });
page!(Ledgers, PageInfo::new("Ledger", "/ledgers"), show(_cx) { Ok(Response::no_content()) });

/// Why a site with these settings and modules is refused.
async fn refusal(settings: &str, build: impl FnOnce(SiteBuilder) -> SiteBuilder) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("site.db").display());
    let site = build(Site::builder(settings_on(&url, settings)));
    site.build().await.expect_err("a site that does not fit together").to_string()
}

#[track_caller]
fn names(message: &str, what: &[&str]) {
    for word in what {
        assert!(message.contains(word), "{word:?} is not named in: {message}");
    }
}

#[test]
fn a_site_has_exactly_one_app_module() {
    run(async {
        names(&refusal("", |site| site.page::<About>()).await, &["app module", "0"]);
        let two = refusal("", |site| site.app_module::<PlainApp>().app_module::<SecondApp>()).await;
        names(&two, &["app module", "2"]);
    });
}

#[test]
fn a_name_is_used_once_whatever_its_case() {
    run(async {
        let pages = refusal("", |site| site.app_module::<PlainApp>().page::<About>().page::<Shouted>()).await;
        names(&pages, &["ABOUT"]);
        let kinds = |site: SiteBuilder| site.app_module::<PlainApp>().data_module::<Ledger>().page::<Ledgers>();
        names(&refusal("", kinds).await, &["Ledger"]);
    });
}

#[test]
fn a_path_belongs_to_one_page_whatever_its_case_and_the_names_of_its_parameters() {
    run(async {
        let fixed = refusal("", |site| site.app_module::<PlainApp>().page::<About>().page::<Squatter>()).await;
        names(&fixed, &["about", "squatter", "/About/"]);
        let patterns = refusal("", |site| site.app_module::<PlainApp>().page::<Client>().page::<Customer>()).await;
        names(&patterns, &["client", "customer", "/clients/{number}"]);
    });
}

#[test]
fn login_and_default_page_have_to_be_there() {
    run(async {
        let login = refusal("", |site| site.app_module::<PlainApp>().login_page("lost")).await;
        names(&login, &["lost"]);
        let default = refusal("", |site| site.app_module::<PlainApp>().default_page("missing")).await;
        names(&default, &["missing"]);
    });
}

/// W23: nobody counts as signed in where nobody can sign in.
#[test]
fn a_page_for_the_signed_in_needs_a_login_page() {
    run(async {
        let message = refusal("", |site| site.app_module::<PlainApp>().page::<Private>()).await;
        names(&message, &["private", "login"]);
    });
}

#[test]
fn a_data_module_in_use_has_to_be_registered() {
    run(async {
        let message = refusal("", |site| site.app_module::<PlainApp>().page::<Bookkeeper>()).await;
        names(&message, &["bookkeeper", "ledger"]);
    });
}

#[test]
fn settings_for_a_page_that_is_not_there_are_refused() {
    run(async {
        let message = refusal("pages.ghost.max = 1", |site| site.app_module::<PlainApp>().page::<About>()).await;
        names(&message, &["ghost"]);
    });
}

#[test]
fn what_fits_together_is_built_and_creates_nothing() {
    run(async {
        let site = Running::start(Engine::Sqlite, "pages.about.max = 7\npages.ledger.max = 2", |site| {
            site.app_module::<PlainApp>()
                .data_module::<Ledger>()
                .page::<Bookkeeper>()
                .page::<About>()
                .page::<Private>()
                .default_page("About")
        })
        .await;
        let names: Vec<_> = site.site.pages().iter().map(PageInfo::name).collect();
        assert_eq!(&names[..3], ["bookkeeper", "about", "private"]);
        let status = site.status().await;
        assert_eq!((status.pool("about").max, status.pool("ledger").max), (7, 2));
        for pool in ["about", "private", "bookkeeper", "ledger"] {
            assert_eq!(status.pool(pool).created_total, 0, "W1, W27: {pool}");
        }
        site.visitor().get("/").await.expect_status(204);
        for path in ["/about", "/about/", "/ABOUT"] {
            site.visitor().get(path).await.expect_status(204);
        }
    });
}
