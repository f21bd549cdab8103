//! The dirty drill: what an instance keeps from one request to the next (W5, T7).

use crate::support::prelude::*;

/// A page with one field that `initialize` resets and one that it forgets.
struct Drill {
    reset: String,
    kept: String,
}

impl Drill {
    /// Answers what it holds, then holds what is asked for.
    fn swap(&mut self, text: Option<&str>) -> Response {
        let held = format!("reset={} kept={}", self.reset, self.kept);
        if let Some(text) = text {
            text.clone_into(&mut self.reset);
            text.clone_into(&mut self.kept);
        }
        Response::text(held)
    }
}

impl PageModule for Drill {
    const INFO: PageInfo = PageInfo::new("drill", "/drill").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self { reset: String::new(), kept: String::new() })
    }

    fn initialize(&mut self) {
        self.reset.clear();
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        Ok(self.swap(cx.form_param("text")))
    }

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let answer = self.swap(cx.query_param("text"));
        if cx.query_param("fail").is_some() {
            return Err(PageError::other("asked to fail"));
        }
        Ok(answer)
    }
}

/// One instance on several workers: every request gets that one.
async fn site() -> Running {
    Running::start(Engine::Sqlite, "pages.drill.max = 1", |site| site.app_module::<PlainApp>().page::<Drill>()).await
}

#[test]
fn a_field_that_is_not_reset_is_seen_by_the_next_visitor() {
    run(async {
        let site = site().await;
        assert_eq!(site.visitor().read("/drill?text=secret").await, "reset= kept=");
        assert_eq!(site.visitor().read("/drill").await, "reset= kept=secret");
    });
}

#[test]
fn an_action_finds_the_fields_reset_as_a_page_does() {
    run(async {
        let site = site().await;
        let (first, second) = (site.visitor(), site.visitor());
        first.read("/drill?text=by-get").await;
        assert_eq!(second.post("/drill", &[("text", "by-post")]).await.text(), "reset= kept=by-get");
        assert_eq!(second.post("/drill", &[]).await.text(), "reset= kept=by-post");
        assert_eq!(first.read("/drill").await, "reset= kept=by-post");
    });
}

/// W12: an instance whose page answered an error goes back into the pool, and is reset like any other.
#[test]
fn an_error_leaves_the_instance_in_the_pool_to_be_reset() {
    run(async {
        let site = site().await;
        site.visitor().get("/drill?text=secret&fail=1").await.expect_status(500);
        assert_eq!(site.visitor().read("/drill").await, "reset= kept=secret");
        let pool = site.status().await.pool("drill").clone();
        assert_eq!((pool.created_total, pool.destroyed_total, pool.panics_total), (1, 0, 0));
    });
}

#[test]
fn a_page_that_is_not_kept_starts_anew_for_every_request() {
    run(async {
        let settings = "pages.drill.cache = \"destroy\"";
        let site = Running::start(Engine::Sqlite, settings, |site| site.app_module::<PlainApp>().page::<Drill>()).await;
        for _ in 0..5 {
            assert_eq!(site.visitor().read("/drill?text=secret").await, "reset= kept=");
        }
        let pool = site.status().await.pool("drill").clone();
        assert_eq!((pool.created_total, pool.destroyed_total, pool.idle, pool.active), (5, 5, 0, 0), "W8");
    });
}
