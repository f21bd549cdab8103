//! What becomes of a user's sessions when the user is changed (S17), and sign-ins beside such changes (S29, S30).

use toolcrib::users::Refusal;

use crate::support::SECRET;
use crate::support::people;
use crate::support::prelude::*;

on_both_engines! {
    a_disabled_user_is_signed_out_everywhere_at_once,
    another_password_signs_the_user_out,
    an_administrator_ends_the_sessions_of_a_user,
    who_changes_the_own_password_stays_signed_in_under_a_new_key,
    an_own_password_is_refused_with_a_reason,
    who_was_disabled_meanwhile_does_not_come_back_by_a_new_password,
    rights_count_from_the_next_request_on_and_the_session_goes_on,
    a_change_that_is_undone_changes_no_session,
    a_request_under_way_does_not_bring_its_session_back,
    a_sign_in_beside_a_change_of_rights_gets_the_new_rights,
    a_password_changed_during_a_sign_in_keeps_its_user_out,
    nobody_learns_why_a_sign_in_failed,
    guesses_are_limited_by_account,
}

/// Runs a change and commits it.
async fn administer<T, E: std::fmt::Debug>(
    site: &Running,
    change: impl AsyncFnOnce(&Users, &mut Conn) -> Result<T, E>,
) -> T {
    let mut tx = site.tx().await;
    let done = change(site.site.users(), &mut tx).await.expect("a change");
    tx.commit().await.expect("a commit");
    done
}

pub(super) async fn a_disabled_user_is_signed_out_everywhere_at_once(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("ada", &["boss"]).await;
    let eve = site.hires("eve", &["boss"]).await;
    let (desk, phone, ada) = (site.entered("eve").await, site.entered("eve").await, site.entered("ada").await);
    for visitor in [&desk, &phone, &ada] {
        assert_eq!(visitor.read("/edit").await, "editing");
    }
    administer(&site, async |users, tx| users.disable(tx, eve).await).await;
    for visitor in [&desk, &phone] {
        assert_eq!(visitor.read("/rights").await, "|");
        assert_eq!(visitor.read("/edit").await, "please sign in");
    }
    assert_eq!(ada.read("/edit").await, "editing", "another's sessions go on");
    let refused = site.visitor().post("/enter", &[("name", "eve"), ("password", SECRET)]).await;
    assert_eq!((refused.status, refused.text().as_str()), (422, "Mismatch"));
    holds_within("the ends are told", Duration::from_secs(5), async || {
        site.site.sessions().counts().await.expect("counts").abandoned == 2
    })
    .await;
    administer(&site, async |users, tx| users.enable(tx, eve).await).await;
    assert_eq!(desk.read("/rights").await, "|", "no session comes back");
    site.entered("eve").await;
}

pub(super) async fn another_password_signs_the_user_out(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let eve = site.hires("eve", &["boss"]).await;
    let desk = site.entered("eve").await;
    assert_eq!(desk.read("/edit").await, "editing");
    let other = site.site.users().hash_password("eve", "another secret".to_owned()).await.expect("a sound password");
    administer(&site, async |users, tx| users.set_password(tx, eve, &other).await).await;
    assert_eq!(desk.read("/edit").await, "please sign in");
    let old = desk.post("/enter", &[("name", "eve"), ("password", SECRET)]).await;
    assert_eq!(old.status, 422);
    desk.post("/enter", &[("name", "eve"), ("password", "another secret")]).await.expect_status(200);
}

pub(super) async fn an_administrator_ends_the_sessions_of_a_user(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let eve = site.hires("eve", &["boss"]).await;
    let (desk, phone) = (site.entered("eve").await, site.entered("eve").await);
    assert_eq!(phone.read("/edit").await, "editing");
    assert_eq!(administer(&site, async |users, tx| users.end_sessions(tx, eve).await).await, 2);
    for visitor in [&desk, &phone] {
        assert_eq!(visitor.read("/edit").await, "please sign in");
    }
    site.entered("eve").await;
}

pub(super) async fn who_changes_the_own_password_stays_signed_in_under_a_new_key(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("eve", &["boss"]).await;
    let (desk, phone) = (site.entered("eve").await, site.entered("eve").await);
    desk.post("/write", &[]).await.expect_status(200);
    let stolen = desk.copied();
    assert_eq!((stolen.read("/edit").await, phone.read("/edit").await), ("editing".into(), "editing".into()));
    let changed = desk.post("/password", &[("old", SECRET), ("new", "another secret")]).await.expect_status(200);
    assert_eq!(changed.text(), "changed");
    assert_eq!(desk.read("/rights").await, "eve admin edit view|written");
    for visitor in [&stolen, &phone] {
        assert_eq!(visitor.read("/edit").await, "please sign in");
    }
    site.visitor().post("/enter", &[("name", "eve"), ("password", "another secret")]).await.expect_status(200);
}

pub(super) async fn an_own_password_is_refused_with_a_reason(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("eve-adams", &["boss"]).await;
    let desk = site.entered("eve-adams").await;
    for (old, new, reason) in [
        ("not the old one", "another secret", "Old(Mismatch)"),
        (SECRET, "short", "New(TooShort)"),
        (SECRET, "EVE-Adams", "New(Name)"),
        (SECRET, "password123", "New(Common)"),
    ] {
        let refused = desk.post("/password", &[("old", old), ("new", new)]).await.expect_status(422);
        assert_eq!(refused.text(), reason);
    }
    assert_eq!(desk.read("/edit").await, "editing");
    site.entered("eve-adams").await;
}

pub(super) async fn who_was_disabled_meanwhile_does_not_come_back_by_a_new_password(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("ada", &["boss"]).await;
    let eve = site.hires("eve", &["boss"]).await;
    let desk = site.entered("eve").await;
    let token = desk.token().await;
    site.stage.raise("wait");
    let changing = desk.sends(&token, "/password", &[("old", SECRET), ("new", "another secret")]);
    site.stage.gate("choosing").arrivals(1).await;
    administer(&site, async |users, tx| users.end_sessions(tx, eve).await).await;
    site.stage.gate("choosing").open(1);
    let answer = changing.answer().await;
    assert!(matches!(answer.status, 401 | 403), "{answer:?}");
    assert_eq!(desk.read("/rights").await, "|");
    site.stage.lower("wait");
    site.entered("eve").await;
}

pub(super) async fn rights_count_from_the_next_request_on_and_the_session_goes_on(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("ada", &["boss"]).await;
    let eve = site.hires("eve", &["boss"]).await;
    let desk = site.entered("eve").await;
    desk.post("/write", &[]).await.expect_status(200);
    assert_eq!(desk.read("/rights").await, "eve admin edit view|written");
    let before = desk.copied();

    administer(&site, async |users, tx| users.set_roles(tx, eve, 1, &["staff"]).await).await;
    desk.get("/edit").await.expect_status(403);
    assert_eq!(before.read("/rights").await, "eve view|written", "the key is the same");

    let staff = Role::new("staff").label("Staff").rights(["view", "edit"]);
    administer(&site, async |users, tx| users.change_role(tx, 1, &staff).await).await;
    assert_eq!(desk.read("/edit").await, "editing");
    administer(&site, async |users, tx| users.change_role(tx, 2, &Role::new("staff")).await).await;
    desk.get("/edit").await.expect_status(403);

    administer(&site, async |users, tx| users.change(tx, eve, 2, "eve", "Eve Adams").await).await;
    assert_eq!(desk.read("/rights").await, "Eve Adams |written");
}

pub(super) async fn a_change_that_is_undone_changes_no_session(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("ada", &["boss"]).await;
    let eve = site.hires("eve", &["boss"]).await;
    let desk = site.entered("eve").await;
    let mut tx = site.tx().await;
    site.site.users().set_roles(&mut tx, eve, 1, &[]).await.expect("a change");
    site.site.users().disable(&mut tx, eve).await.expect("a change");
    assert_eq!(desk.read("/edit").await, "editing", "nothing is seen of what is not committed");
    tx.rollback().await.expect("undone");
    assert_eq!(desk.read("/rights").await, "eve admin edit view|");
}

pub(super) async fn a_request_under_way_does_not_bring_its_session_back(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("ada", &["boss"]).await;
    let eve = site.hires("eve", &["boss"]).await;
    let desk = site.entered("eve").await;
    let token = desk.token().await;
    site.stage.raise("wait");
    let writing = desk.sends(&token, "/write", &[]);
    site.stage.gate("writing").arrivals(1).await;
    administer(&site, async |users, tx| users.disable(tx, eve).await).await;
    site.stage.gate("writing").open(1);
    let answer = writing.answer().await;
    assert_ne!(answer.text(), "written", "{answer:?}");
    assert_eq!(desk.read("/rights").await, "|");
    assert_eq!(site.open_sessions().await, 0);
}

/// The sign-in has looked its rights up and not committed yet; the change waits for it, and reaches its session.
pub(super) async fn a_sign_in_beside_a_change_of_rights_gets_the_new_rights(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("ada", &["boss"]).await;
    site.hires("eve", &["staff"]).await;
    let desk = site.visitor();
    let token = desk.token().await;
    site.stage.raise("wait");
    let entering = desk.sends(&token, "/enter", &[("name", "eve"), ("password", SECRET)]);
    site.stage.gate("signing in").arrivals(1).await;
    let changing = tokio::spawn({
        let site = site.site.clone();
        async move {
            let mut tx = site.db().begin().await.expect("a transaction");
            let staff = Role::new("staff").rights(["edit"]);
            site.users().change_role(&mut tx, 1, &staff).await.expect("a change");
            tx.commit().await.expect("a commit");
        }
    });
    site.somebody_waits().await;
    site.stage.gate("signing in").open(1);
    entering.answer().await.expect_status(200);
    changing.await.expect("changed");
    assert_eq!(desk.read("/rights").await, "eve edit|");
}

pub(super) async fn a_password_changed_during_a_sign_in_keeps_its_user_out(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let eve = site.hires("eve", &["staff"]).await;
    let users = site.site.users();
    let verify = async || users.verify("eve", SECRET.to_owned(), None).await.expect("checked").expect("the password");
    let (first, second) = (verify().await, verify().await);
    let user = administer(&site, async |users, tx| users.admit(tx, &first).await).await.expect("let in");
    assert_eq!((user.id, user.rights), (eve.to_string(), vec!["view".to_owned()]));
    let other = users.hash_password("eve", "another secret".to_owned()).await.expect("a sound password");
    administer(&site, async |users, tx| users.set_password(tx, eve, &other).await).await;
    assert_eq!(administer(&site, async |users, tx| users.admit(tx, &second).await).await, None);
}

/// S30: what they are told; the time is measured from outside.
pub(super) async fn nobody_learns_why_a_sign_in_failed(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let eve = site.hires("eve", &["staff"]).await;
    site.hires("ida", &["staff"]).await;
    administer(&site, async |users, tx| users.disable(tx, eve).await).await;
    for (name, password) in [("eve", SECRET), ("ida", "wrong"), ("nobody", SECRET), ("", ""), ("i\0da", SECRET)] {
        let refused = site.visitor().post("/enter", &[("name", name), ("password", password)]).await;
        assert_eq!((refused.status, refused.text().as_str()), (422, "Mismatch"), "{name:?}");
    }
    let long = site.site.users().verify("ida", "x".repeat(1025), None).await.expect("checked");
    assert_eq!(long.expect_err("too long"), Refusal::TooLong);
    let entered = site.visitor().post("/enter", &[("name", " IDA "), ("password", SECRET)]).await;
    assert_eq!(entered.text(), "in");
}

/// S29; from many addresses it is shown from outside.
pub(super) async fn guesses_are_limited_by_account(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    site.hires("eve", &["staff"]).await;
    let guess = async |name: &str| site.site.users().verify(name, "wrong".to_owned(), None).await.expect("checked");
    let mut refusals = Vec::new();
    for spelling in ["eve", " EVE", "Eve ", "eve", "eve", "eve", "eve", "eve", "eve"] {
        refusals.push(guess(spelling).await.expect_err("wrong"));
    }
    assert_eq!(refusals.iter().take_while(|refusal| **refusal == Refusal::Mismatch).count(), 7);
    assert!(matches!(refusals.last(), Some(Refusal::Throttled(_))), "{refusals:?}");
    assert!(refusals.last().and_then(|refusal| refusal.retry_after()).is_some());
}
