//! Sessions in Redis: the promises of sessions in the database, and what happens when Redis does not answer (S17, "session
//! store down").

use toolcrib_tests::Redis;

use crate::support::SECRET;
use crate::support::in_redis;
use crate::support::in_redis_too;
use crate::support::people;
use crate::support::prelude::*;

in_redis_too! {
    sessions {
        parallel_requests_that_write_different_fields_lose_none,
        of_two_writes_to_one_field_one_wins_whole,
        what_a_request_wrote_to_a_session_that_ended_meanwhile_is_refused_whole,
        a_sign_in_keeps_the_fields_and_voids_the_old_key,
        a_sign_in_on_a_session_that_ended_meanwhile_starts_a_new_one,
        a_visitor_to_whom_nothing_is_stored_has_no_session,
    }
    session_ends {
        start_and_every_kind_of_end_are_told_once_with_the_values_of_the_session,
        an_end_is_told_once_however_many_sign_out_at_once,
        an_end_hook_that_fails_or_panics_holds_nobody_up,
        a_start_hook_that_fails_or_panics_fails_its_request_alone,
        a_start_hook_that_hangs_is_given_up_with_its_request,
    }
    session_limits {
        the_absolute_limit_holds_although_requests_keep_coming,
        pages_in_the_background_do_not_prolong_a_session,
        a_visitor_who_keeps_coming_keeps_the_session,
        exactly_as_many_sessions_start_as_are_allowed,
    }
    user_sessions {
        a_disabled_user_is_signed_out_everywhere_at_once,
        another_password_signs_the_user_out,
        an_administrator_ends_the_sessions_of_a_user,
        who_changes_the_own_password_stays_signed_in_under_a_new_key,
        who_was_disabled_meanwhile_does_not_come_back_by_a_new_password,
        rights_count_from_the_next_request_on_and_the_session_goes_on,
        a_change_that_is_undone_changes_no_session,
        a_request_under_way_does_not_bring_its_session_back,
        a_sign_in_beside_a_change_of_rights_gets_the_new_rights,
    }
}

on_both_engines! {
    without_redis_public_pages_go_on_others_are_refused_and_all_is_well_when_it_is_back,
    an_emptied_redis_signs_everybody_out_and_breaks_nothing_else,
    a_redis_that_hangs_is_given_up_soon,
    what_a_unit_wrote_is_undone_where_redis_does_not_answer_before_the_commit,
    sites_side_by_side_see_ends_and_rights_at_once,
    who_had_a_session_before_signing_in_is_found_by_changes_of_the_user,
    a_sign_in_between_its_two_parts_is_found_by_changes_of_the_user,
    a_session_in_doubt_is_read_by_nobody_until_the_doubt_ends_it,
    an_end_that_a_crash_left_untold_is_told_once,
    the_end_of_a_session_that_redis_lost_is_told_when_its_time_is_over,
}

const NAME: SessionField<String> = SessionField::new("name");

/// Notes every start and every end, in the hook's own transaction.
struct Telling;

impl AppModule for Telling {
    const TITLE: &'static str = "Ends";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn on_session_end(end: &SessionEnd, tx: &mut Conn) -> Result<(), HookError> {
        let name = end.get(&NAME)?.unwrap_or_default();
        let line = format!("end {name} {}", end.reason.name());
        db::query("INSERT INTO notes (body) VALUES ($1)").bind(line).execute(tx).await?;
        Ok(())
    }
}

page!(Name, PageInfo::new("name", "/name/{name}"), show(cx) {
    let name: String = cx.path("name")?;
    cx.session_mut().set(&NAME, &name)?;
    Ok(Response::text(name))
});

page!(Look, PageInfo::new("look", "/look"), show(cx) {
    Ok(Response::text(cx.session().get(&NAME)?.unwrap_or_default()))
});

page!(Closed, PageInfo::new("closed", "/closed").login_required(), show(_cx) { Ok(Response::text("inside")) });

page!(Late, PageInfo::new("late", "/late"), show(cx) {
    db::query("INSERT INTO notes (body) VALUES ('late')").execute(cx.tx().await?).await?;
    cx.session_mut().set(&NAME, &"late".to_owned())?;
    stage(cx).gate("late").pass().await;
    Ok(Response::text("written"))
});

async fn site(engine: Engine, redis: &Redis, settings: &str) -> Running {
    let build = |site: toolcrib::server::SiteBuilder| {
        site.app_module::<Telling>().page::<Name>().page::<Look>().page::<Closed>().page::<Late>()
    };
    in_redis(redis, Running::start(engine, settings, build)).await
}

/// Asks until the page is there; how long that took.
async fn until_inside(visitor: &Visitor, path: &str) -> Duration {
    let started = Instant::now();
    holds_within("the page is there again", Duration::from_secs(10), async || visitor.get(path).await.status == 200)
        .await;
    started.elapsed()
}

async fn without_redis_public_pages_go_on_others_are_refused_and_all_is_well_when_it_is_back(engine: Engine) {
    let mut redis = Redis::start().await;
    let site = site(engine, &redis, "").await;
    let visitor = site.visitor();
    visitor.sign_in("mia", "").await;
    assert_eq!(visitor.read("/closed").await, "inside");
    redis.stop();
    for round in 0..5 {
        let public = visitor.get("/look").await.expect_status(200);
        assert!(public.cookies().is_empty(), "the cookie must not be taken: {public:?}");
        let closed = visitor.get("/closed").await.expect_status(503);
        closed.retry_after();
        assert!(closed.cookies().is_empty(), "{closed:?}");
        let refused = visitor.get("/name/other").await;
        assert_eq!(refused.status, 503, "round {round}: {refused:?}");
        assert!(public.took() < Duration::from_secs(2) && closed.took() < Duration::from_secs(2), "{closed:?}");
    }
    site.visitor().get("/look").await.expect_status(200);
    redis.start_again().await;
    let stranger = site.visitor();
    let took = until_inside(&stranger, "/name/stranger").await;
    eprintln!("recovered {took:?} after Redis was back");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(stranger.read("/look").await, "stranger");
}

async fn an_emptied_redis_signs_everybody_out_and_breaks_nothing_else(engine: Engine) {
    let mut redis = Redis::start().await;
    let site = site(engine, &redis, "session.max_sessions = 2").await;
    let visitor = site.visitor();
    visitor.sign_in("mia", "").await;
    visitor.read("/name/before").await;
    site.visitor().read("/name/second").await;
    redis.start_again().await;
    until_inside(&visitor, "/look").await;
    assert_eq!(visitor.read("/look").await, "");
    assert_eq!(visitor.read("/closed").await, "please sign in");
    visitor.sign_in("mia", "").await;
    assert_eq!(visitor.read("/closed").await, "inside");
    assert_eq!(visitor.read("/look").await, "", "nothing of the session that was lost");
    assert_eq!(site.site.sessions().counts().await.expect("counts").active, 1, "lost sessions take no place");
}

async fn a_redis_that_hangs_is_given_up_soon(engine: Engine) {
    let redis = Redis::start().await;
    let site = site(engine, &redis, "").await;
    let visitor = site.visitor();
    visitor.sign_in("mia", "").await;
    redis.pause();
    let answers = all_at_once(20, |_| {
        let visitor = visitor.clone();
        async move { visitor.get("/closed").await }
    })
    .await;
    for answer in &answers {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.took() < Duration::from_secs(4), "{answer:?}");
    }
    visitor.get("/look").await.expect_status(200);
    redis.resume();
    let took = until_inside(&visitor, "/closed").await;
    eprintln!("recovered {took:?} after Redis went on");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

async fn what_a_unit_wrote_is_undone_where_redis_does_not_answer_before_the_commit(engine: Engine) {
    let mut redis = Redis::start().await;
    let site = site(engine, &redis, "").await;
    let visitor = site.visitor();
    visitor.read("/name/mia").await;
    let writing = tokio::spawn({
        let visitor = visitor.clone();
        async move { visitor.get("/late").await }
    });
    site.stage.gate("late").arrivals(1).await;
    redis.stop();
    site.stage.gate("late").open(1);
    writing.await.expect("an answer").expect_status(503);
    assert_eq!(site.notes("late").await, 0, "the row is undone with the field");
}

/// Two processes in all but name: two sites, which share nothing but the database and Redis.
async fn sites_side_by_side_see_ends_and_rights_at_once(engine: Engine) {
    let redis = Redis::start().await;
    let one = in_redis(&redis, Running::start(engine, "", people)).await;
    let other = in_redis(&redis, one.beside("", people)).await;
    one.hires("ada", &["boss"]).await;
    let eve = one.hires("eve", &["boss"]).await;
    let desk = other.visitor();
    desk.post("/enter", &[("name", "eve"), ("password", SECRET)]).await.expect_status(200);
    for round in 0..5 {
        assert_eq!(desk.read("/edit").await, "editing", "round {round}");
        let mut tx = one.tx().await;
        let version = 2 * round + 1;
        one.site.users().set_roles(&mut tx, eve, version, &["staff"]).await.expect("a change");
        tx.commit().await.expect("a commit");
        desk.get("/edit").await.expect_status(403);
        let mut tx = one.tx().await;
        one.site.users().set_roles(&mut tx, eve, version + 1, &["boss"]).await.expect("a change");
        tx.commit().await.expect("a commit");
    }
    let mut tx = one.tx().await;
    one.site.users().disable(&mut tx, eve).await.expect("a change");
    tx.commit().await.expect("a commit");
    assert_eq!(desk.read("/edit").await, "please sign in");
}

/// A site of people, and a visitor who got a session before signing in as eve; eve's number.
async fn eve(engine: Engine, redis: &Redis) -> (Running, Visitor, i64) {
    let site = in_redis(redis, Running::start(engine, "", |site| people(site).page::<Name>())).await;
    site.hires("ada", &["boss"]).await;
    let eve = site.hires("eve", &["boss"]).await;
    let desk = site.visitor();
    desk.read("/name/before").await;
    (site, desk, eve)
}

async fn change(site: &Running, change: impl AsyncFnOnce(&Users, &mut Conn)) {
    let mut tx = site.tx().await;
    change(site.site.users(), &mut tx).await;
    tx.commit().await.expect("a commit");
}

async fn who_had_a_session_before_signing_in_is_found_by_changes_of_the_user(engine: Engine) {
    let redis = Redis::start().await;
    let (site, desk, eve) = eve(engine, &redis).await;
    desk.post("/enter", &[("name", "eve"), ("password", SECRET)]).await.expect_status(200);
    assert_eq!(desk.read("/rights").await, "eve admin edit view|");
    change(&site, async |users, tx| drop(users.set_roles(tx, eve, 1, &["staff"]).await.expect("a change"))).await;
    assert_eq!(desk.read("/rights").await, "eve view|");
    change(&site, async |users, tx| users.disable(tx, eve).await.expect("a change")).await;
    assert_eq!(desk.read("/rights").await, "|");
}

/// The sign-in has been noted before its COMMIT, and what follows it has not been done yet.
async fn a_sign_in_between_its_two_parts_is_found_by_changes_of_the_user(engine: Engine) {
    let redis = Redis::start().await;
    let (site, _desk, eve) = eve(engine, &redis).await;
    let id = site.number("SELECT MAX(id) FROM toolcrib_session_starts").await.to_string();
    let (session, user) = (format!("toolcrib:session:{id}"), eve.to_string());
    redis.number(&["HSET", &session, "w:ff:user", &user, "w:ff:entry", "{}"]).await;
    redis.number(&["SADD", &format!("toolcrib:user:{user}"), &id]).await;
    change(&site, async |users, tx| drop(users.set_roles(tx, eve, 1, &["staff"]).await.expect("a change"))).await;
    let entry = redis.ask(&["HGET", &session, "w:ff:entry"]).await.expect("an answer");
    assert!(entry.contains("\"view\"") && !entry.contains("\"admin\""), "{entry}");
    assert_eq!(site.open_sessions().await, 1);
    change(&site, async |users, tx| users.disable(tx, eve).await.expect("a change")).await;
    assert_eq!(site.open_sessions().await, 0, "the sign-in will find its session ended");
}

/// What a process leaves that dies between its two parts of a commit.
async fn a_session_in_doubt_is_read_by_nobody_until_the_doubt_ends_it(engine: Engine) {
    let redis = Redis::start().await;
    let site = site(engine, &redis, "session.idle_timeout_ms = 60000").await;
    let visitor = site.visitor();
    visitor.sign_in("mia", "").await;
    visitor.read("/name/mia").await;
    let id = site.number("SELECT MAX(id) FROM toolcrib_session_starts").await.to_string();
    redis.number(&["HSET", &format!("toolcrib:session:{id}"), "d:left", "1"]).await;
    redis.number(&["ZADD", "toolcrib:doubts", &in_micros(2_500), &format!("{id} left")]).await;
    visitor.get("/closed").await.expect_status(503);
    visitor.get("/look").await.expect_status(200);
    holds_within("the doubt ends the session", Duration::from_secs(10), async || {
        site.notes("end mia abandoned").await == 1
    })
    .await;
    assert_eq!(visitor.read("/closed").await, "please sign in");
}

async fn an_end_that_a_crash_left_untold_is_told_once(engine: Engine) {
    let redis = Redis::start().await;
    let site = site(engine, &redis, "").await;
    // One of whose end the hook's transaction was undone, one where it was committed; both claimed by who died.
    let mut tx = site.site.db().begin().await.expect("a transaction");
    db::query("INSERT INTO toolcrib_session_starts (id, absolute_at) VALUES (1, $1)")
        .bind(i64::MAX)
        .execute(&mut tx)
        .await
        .expect("a row");
    tx.commit().await.expect("a commit");
    let (before, claimed_until) = (Instant::now(), in_micros(1_500));
    for (id, name) in [("1", "\"undone\""), ("2", "\"committed\"")] {
        redis.number(&["HSET", &format!("toolcrib:session:{id}"), "f:name", name, "reason", "logout"]).await;
        redis.number(&["ZADD", "toolcrib:ended", &claimed_until, id]).await;
    }
    holds_within("nothing is left to be told", Duration::from_secs(10), async || {
        redis.number(&["ZCARD", "toolcrib:ended"]).await == 0
    })
    .await;
    assert!(before.elapsed() >= Duration::from_millis(1_400), "a claim holds: {:?}", before.elapsed());
    assert_eq!((site.notes("end undone logout").await, site.notes("end committed logout").await), (1, 0));
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_session_starts").await, 0);
    assert_eq!(redis.number(&["EXISTS", "toolcrib:session:1", "toolcrib:session:2"]).await, 0);
}

async fn the_end_of_a_session_that_redis_lost_is_told_when_its_time_is_over(engine: Engine) {
    let mut redis = Redis::start().await;
    let settings = "session.idle_timeout_ms = 600\nsession.absolute_timeout_ms = 1000";
    let site = site(engine, &redis, settings).await;
    site.visitor().read("/name/mia").await;
    redis.stop();
    redis.start_again().await;
    holds_within("the end is told", Duration::from_secs(20), async || site.notes("end  timeout").await == 1).await;
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_session_starts").await, 0);
}

/// So many milliseconds from now, as the sorted sets have it.
fn in_micros(milliseconds: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    (now + Duration::from_millis(milliseconds)).as_micros().to_string()
}
