//! A conflict runs the whole request again, from its beginning, and nobody can tell (T10, fault 8).

use crate::support::prelude::*;

on_both_engines! {
    a_request_is_replayed_whole_until_it_commits,
    a_request_that_conflicts_for_ever_is_given_up_and_leaves_nothing,
}

const FIELD: SessionField<String> = SessionField::new("field");
const DELAYS: &str = "retry.delays_ms = \"1,1,1\"";

/// A conflict as the database would tell it.
fn conflict() -> PageError {
    PageError::Database(DbError::Conflict(sqlx::Error::Protocol("a conflict made by the test".to_owned())))
}

/// Conflicts in all attempts before the one asked for. `seen` shows whether it was reset between attempts.
struct Replayed {
    seen: u32,
}

impl PageModule for Replayed {
    const INFO: PageInfo = PageInfo::new("replayed", "/replayed").post_only();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self { seen: 0 })
    }

    fn initialize(&mut self) {
        self.seen = 0;
    }

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Err(PageError::NotFound)
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        self.seen += 1;
        let stage = stage(cx);
        let text = cx.form_param("text").or_not_found()?.to_owned();
        let commits_at = cx.form_param("commits_at").and_then(|number| number.parse().ok()).unwrap_or(u32::MAX);
        let attempt = cx.attempt_number();
        stage.note(format!("attempt {attempt} seen {} body {} text {text}", self.seen, cx.body().len()));
        db::query("INSERT INTO notes (body) VALUES ($1)").bind(&text).execute(cx.tx().await?).await?;
        cx.session_mut().set(&FIELD, &format!("attempt {attempt}"))?;
        let effects = stage.clone();
        cx.after_commit(async move {
            effects.count("effect");
        });
        if attempt < commits_at { Err(conflict()) } else { Ok(Response::text(format!("attempt {attempt}"))) }
    }
}

page!(Look, PageInfo::new("look", "/look"), show(cx) {
    Ok(Response::text(cx.session().get(&FIELD)?.unwrap_or_default()))
});

/// Adds to two rows in the order asked for; in its first attempt it waits between them until it is let.
async fn add_to_both(cx: &mut Context<'_>) -> PageResult {
    let first: i64 = cx.path("first")?;
    let stage = stage(cx);
    stage.count("attempt");
    for (turn, id) in [first, 3 - first].into_iter().enumerate() {
        let add = db::query("UPDATE pairs SET value = value + 1 WHERE id = $1").bind(id);
        add.execute(cx.tx().await?).await?;
        if turn == 0 && cx.attempt_number() == 1 {
            stage.gate("between the rows").pass().await;
        }
    }
    let body = cx.form_param("text").or_not_found()?.to_owned();
    db::query("INSERT INTO notes (body) VALUES ($1)").bind(body).execute(cx.tx().await?).await?;
    cx.session_mut().set(&FIELD, &first.to_string())?;
    cx.after_commit(async move {
        stage.count("effect");
    });
    Ok(Response::text("added"))
}

page!(Pair, PageInfo::new("pair", "/pair/{first}"), action(cx) { add_to_both(cx).await });

async fn site(engine: Engine) -> Running {
    Running::start(engine, DELAYS, |site| {
        site.app_module::<PlainApp>().page::<Replayed>().page::<Look>().page::<Pair>()
    })
    .await
}

/// How many session cookies an answer sets.
fn session_cookies(answer: &Answer) -> usize {
    answer.cookies().iter().filter(|cookie| cookie.name.contains("session")).count()
}

async fn a_request_is_replayed_whole_until_it_commits(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let long = "a text that arrives once and is read thrice ".repeat(2_000);
    let before = site.status().await.requests;
    let answer = visitor.post("/replayed", &[("text", &long), ("commits_at", "3")]).await.expect_status(200);
    assert_eq!(answer.text(), "attempt 3");
    assert_eq!(answer.header("x-attempts"), Some("3"), "{answer:?}");
    assert_eq!(session_cookies(&answer), 1, "{answer:?}");
    let attempts = site.stage.journal();
    assert_eq!(attempts.len(), 3);
    for (turn, line) in attempts.iter().enumerate() {
        assert_eq!(line.replacen(&format!("attempt {}", turn + 1), "", 1), attempts[0].replacen("attempt 1", "", 1));
        assert!(line.contains("seen 1") && line.contains(&long), "reset, and the body whole: {line}");
    }
    assert_eq!(site.notes(&long).await, 1);
    assert_eq!(site.stage.counted("effect"), 1);
    assert_eq!(visitor.read("/look").await, "attempt 3");
    let after = site.status().await.requests;
    assert_eq!(after.retried - before.retried, 2);
    assert!(after.add_up(), "{after:?}");
}

async fn a_request_that_conflicts_for_ever_is_given_up_and_leaves_nothing(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let answer = visitor.post("/replayed", &[("text", "never")]).await.expect_status(503);
    answer.retry_after();
    assert_eq!(answer.header("x-attempts"), Some("4"), "one, and one after each of three delays: {answer:?}");
    assert_eq!(session_cookies(&answer), 0, "{answer:?}");
    assert_eq!(site.notes("never").await, 0);
    assert_eq!(site.stage.counted("effect"), 0);
    assert_eq!(visitor.read("/look").await, "");
    let requests = site.status().await.requests;
    assert_eq!((requests.retried, requests.exhausted), (3, 1));
    assert!(requests.add_up(), "{requests:?}");
    let pool = site.status().await.pool("replayed").clone();
    assert_eq!((pool.active, pool.created_total), (0, 1), "a conflict costs no instance: {pool:?}");
}

/// Fault 8: two units that take two rows in opposite order.
#[test]
fn a_deadlock_between_two_units_is_mended_by_a_replay() {
    run(async {
        let site = site(Engine::Postgres).await;
        let gate = site.stage.gate("between the rows");
        let visitors = [site.visitor(), site.visitor()];
        let mut requests = Vec::new();
        for (visitor, path) in visitors.iter().zip(["/pair/1", "/pair/2"]) {
            let (visitor, token) = (visitor.clone(), visitor.token().await);
            requests.push(tokio::spawn(async move { visitor.post_with(&token, path, &[("text", path)]).await }));
        }
        gate.arrivals(2).await;
        gate.open(2);
        let mut attempts = Vec::new();
        for request in requests {
            let answer = request.await.expect("an answer").expect_status(200);
            assert_eq!(session_cookies(&answer), 1, "{answer:?}");
            attempts.push(answer.header("x-attempts").expect("a count").to_owned());
        }
        attempts.sort();
        assert_eq!(attempts, ["1", "2"], "one of the two ran twice");
        assert_eq!(site.stage.counted("attempt"), 3);
        assert_eq!(site.stage.counted("effect"), 2);
        assert_eq!(site.number("SELECT CAST(SUM(value) AS BIGINT) FROM pairs").await, 4);
        assert_eq!((site.notes("/pair/1").await, site.notes("/pair/2").await), (1, 1));
        assert_eq!((visitors[0].read("/look").await, visitors[1].read("/look").await), ("1".into(), "2".into()));
        let requests = site.status().await.requests;
        assert_eq!(requests.retried, 1);
        assert!(requests.add_up(), "{requests:?}");
    });
}
