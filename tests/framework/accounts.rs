//! The ready forms of end users, and the pages where administrators see to users and roles (W23, W40).

use askama::Template;
use toolcrib::adapter::end_user::{Login, LoginAction, OwnPassword, OwnPasswordAction};
use toolcrib_tests::html;

use crate::support::prelude::*;
use crate::support::{SECRET, people};

on_both_engines! {
    a_sign_in_gets_a_new_key_and_leads_to_the_page_asked_for,
    a_sign_in_stays_on_this_site,
    a_refused_sign_in_says_no_more_than_it_must,
    a_sign_in_form_that_was_used_signs_in_again,
    guesses_are_answered_429_with_the_time_to_wait,
    an_own_password_is_changed_by_who_knows_the_old_one,
    an_own_password_is_refused_at_its_field_and_never_sent_back,
    administration_is_for_administrators,
    users_are_searched_sorted_and_leafed_through,
    a_user_is_added_and_signs_in,
    what_cannot_be_stored_is_said_at_its_field,
    a_stale_edit_of_a_user_is_a_conflict_that_can_be_resolved,
    a_role_that_is_not_offered_and_a_form_without_token_change_nothing,
    who_is_disabled_or_gets_another_password_is_out_at_the_next_request,
    the_last_administrator_stays_and_nobody_locks_oneself_out,
    rights_of_a_role_count_from_the_next_request_on,
    a_stale_edit_of_a_role_is_a_conflict,
    a_role_is_added_and_removed,
    hostile_names_are_shown_as_text,
}

#[derive(Template)]
#[template(ext = "html", source = "{{ form.whole(LoginAction::SignIn) }}")]
struct SignInView {
    form: Form<Login>,
}

struct SignInPage;

impl PageModule for SignInPage {
    const INFO: PageInfo = PageInfo::new("door", "/door").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = Login::form(cx);
        cx.render(SignInView { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = Login::form(cx);
        cx.execute::<LoginAction>(form).await
    }
}

#[derive(Template)]
#[template(ext = "html", source = "{{ form.whole(OwnPasswordAction::Change) }}")]
struct OwnPasswordView {
    form: Form<OwnPassword>,
}

struct OwnPasswordPage;

impl PageModule for OwnPasswordPage {
    const INFO: PageInfo = PageInfo::new("own", "/own").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(OwnPassword::default());
        cx.render(OwnPasswordView { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(OwnPassword::default());
        cx.execute::<OwnPasswordAction>(form).await
    }
}

/// The site of [`people`], with the two forms.
async fn site(engine: Engine) -> Running {
    Running::start(engine, "", |site| people(site).page::<SignInPage>().page::<OwnPasswordPage>()).await
}

/// A site where Ada administers and Eve works, and Ada's browser.
async fn with_ada_and_eve(engine: Engine) -> (Running, Visitor, i64) {
    let site = site(engine).await;
    site.hires("ada", &["boss"]).await;
    let eve = site.hires("eve", &["staff"]).await;
    let ada = site.entered("ada").await;
    (site, ada, eve)
}

// ===== signing in =====

/// AC-23.
async fn a_sign_in_gets_a_new_key_and_leads_to_the_page_asked_for(engine: Engine) {
    let site = site(engine).await;
    site.hires("eve", &["boss"]).await;
    let visitor = site.visitor();
    // An anonymous session, whose key somebody else knows.
    visitor.sign_in("nobody", "").await;
    let planted = visitor.copied();
    let form = visitor.read("/door?next=/edit%3Fq=1").await;
    assert_eq!(html::input_value(&form, "next").as_deref(), Some("/edit?q=1"));
    let fields = [("username", " EVE "), ("password", SECRET), ("next", "/edit?q=1")];
    let answer = visitor.post("/door", &fields).await.expect_status(303);
    assert_eq!(answer.location(), "/edit?q=1");
    assert_eq!(visitor.read("/edit").await, "editing");
    assert!(!planted.read("/rights").await.starts_with("eve"), "the key from before is signed in");
    let answer = site.visitor().post_json("/door", &fields).await.expect_status(200);
    assert_eq!(answer.json(), serde_json::json!({ "next": "/edit?q=1" }));
}

async fn a_sign_in_stays_on_this_site(engine: Engine) {
    let site = site(engine).await;
    site.hires("eve", &["boss"]).await;
    let long = format!("/{}", "a".repeat(3_000));
    for elsewhere in [
        "https://evil",
        "//evil",
        "/\\evil",
        "/%2fevil",
        "/\t/evil",
        "/\r\nX: y",
        "javascript:alert(1)",
        "",
        "/door",
        "/sign-out",
        &long,
    ] {
        let fields = [("username", "eve"), ("password", SECRET), ("next", elsewhere)];
        let answer = site.visitor().post("/door", &fields).await.expect_status(303);
        assert_eq!(answer.location(), "/", "{elsewhere:?}");
    }
    let form = site.visitor().read("/door?next=//evil").await;
    assert_eq!(html::input_value(&form, "next").as_deref(), Some("/"));
}

async fn a_refused_sign_in_says_no_more_than_it_must(engine: Engine) {
    let site = site(engine).await;
    let eve = site.hires("eve", &["boss"]).await;
    let ida = site.hires("ida", &["staff"]).await;
    let mut tx = site.tx().await;
    site.site.users().disable(&mut tx, ida).await.expect("a change");
    tx.commit().await.expect("a commit");
    for (name, password) in [("eve", "wrong password"), ("nobody", SECRET), ("ida", SECRET)] {
        let fields = [("username", name), ("password", password), ("next", "/edit")];
        let page = site.visitor().post("/door", &fields).await.expect_status(422).text();
        assert!(page.contains("That username and password do not go together."), "{page}");
        assert!(!page.contains(password), "{page}");
        assert_eq!(html::input_value(&page, "username").as_deref(), Some(name));
        assert_eq!(html::input_value(&page, "next").as_deref(), Some("/edit"));
        let json = site.visitor().post_json("/door", &fields).await.expect_status(422).json();
        let sentence = "That username and password do not go together.";
        assert_eq!(json, serde_json::json!({ "errors": { "username": [sentence] } }));
    }
    let empty = site.visitor().post("/door", &[]).await.expect_status(422).text();
    assert!(empty.contains("Field Username requires a value.") && empty.contains("Field Password requires"), "{empty}");
    let open = "SELECT COUNT(*) FROM toolcrib_users WHERE signed_in_at IS NOT NULL";
    assert_eq!((site.number(open).await, eve > 0), (0, true));
}

/// A browser that goes back to the form shows it as it was.
async fn a_sign_in_form_that_was_used_signs_in_again(engine: Engine) {
    let site = site(engine).await;
    site.hires("eve", &["boss"]).await;
    let visitor = site.visitor();
    let form = visitor.read("/door").await;
    assert_eq!(html::input_value(&form, "_once"), None, "{form}");
    for _ in 0..2 {
        visitor.post("/door", &[("username", "eve"), ("password", SECRET)]).await.expect_status(303);
        assert_eq!(visitor.read("/edit").await, "editing");
        visitor.sign_out().await;
    }
}

async fn guesses_are_answered_429_with_the_time_to_wait(engine: Engine) {
    let site = site(engine).await;
    site.hires("eve", &["staff"]).await;
    let guesser = site.visitor();
    let mut last = None;
    for _ in 0..9 {
        last = Some(guesser.post("/door", &[("username", "eve"), ("password", "wrong")]).await);
    }
    let last = last.expect("an answer").expect_status(429);
    let wait: u64 = last.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((1..=3_600).contains(&wait), "{wait}");
    assert!(last.text().contains("Too many failed sign-ins."), "{last:?}");
    let json = guesser.post_json("/door", &[("username", "eve"), ("password", "wrong")]).await.expect_status(429);
    assert!(json.header("retry-after").is_some() && json.text().contains("username"), "{json:?}");
}

// ===== the own password =====

const OTHER: &str = "another fine secret";

async fn an_own_password_is_changed_by_who_knows_the_old_one(engine: Engine) {
    let site = site(engine).await;
    site.hires("eve", &["boss"]).await;
    let (desk, phone) = (site.entered("eve").await, site.entered("eve").await);
    let stolen = desk.copied();
    let fields = [("current", SECRET), ("new", OTHER), ("repeated", OTHER)];
    desk.post("/own", &fields).await.expect_status(303);
    assert_eq!(desk.read("/edit").await, "editing");
    for other in [&phone, &stolen] {
        assert_eq!(other.read("/edit").await, "please sign in");
    }
    let door = site.visitor();
    door.post("/door", &[("username", "eve"), ("password", SECRET)]).await.expect_status(422);
    door.post("/door", &[("username", "eve"), ("password", OTHER)]).await.expect_status(303);
    site.visitor().post("/own", &fields).await.expect_status(401);
}

async fn an_own_password_is_refused_at_its_field_and_never_sent_back(engine: Engine) {
    let site = site(engine).await;
    site.hires("eve", &["boss"]).await;
    let desk = site.entered("eve").await;
    for (current, new, repeated, field, told) in [
        ("not the old one", OTHER, OTHER, "current", "That is not your current password."),
        (SECRET, OTHER, "something else", "repeated", "is not the same as the new password"),
        (SECRET, "qwertyui", "qwertyui", "new", "one of the first anybody would try"),
        (SECRET, "short", "short", "new", "A password has at least 8 characters."),
    ] {
        let fields = [("current", current), ("new", new), ("repeated", repeated)];
        let page = desk.post("/own", &fields).await.expect_status(422).text();
        assert!(page.contains(told) && page.contains(&format!("f-{field}-error")), "{page}");
        for typed in [current, new, repeated] {
            assert!(!page.contains(&format!("value=\"{typed}\"")), "{page}");
        }
    }
    desk.post("/door", &[("username", "eve"), ("password", SECRET)]).await.expect_status(303);
}

// ===== administration =====

const SAVE: (&str, &str) = ("_action", "save");

fn path_of(id: i64) -> String {
    format!("/tools/users/{id}")
}

async fn administration_is_for_administrators(engine: Engine) {
    let (site, ada, eve) = with_ada_and_eve(engine).await;
    let clerk = site.entered("eve").await;
    for path in ["/tools/users", "/tools/users/new", &path_of(eve), "/tools/roles", "/tools/roles/staff"] {
        ada.get(path).await.expect_status(200);
        clerk.get(path).await.expect_status(403);
        assert_eq!(site.visitor().read(path).await, "please sign in");
        if path != "/tools/users" {
            clerk.post(path, &[("_action", "disable"), ("name", "x")]).await.expect_status(403);
            site.visitor().post(path, &[("_action", "disable")]).await.expect_status(401);
        }
    }
    for nothing in ["/tools/users/0", "/tools/users/x", "/tools/roles/nothing", "/tools/roles/%00"] {
        ada.get(nothing).await.expect_status(404);
        ada.post(nothing, &[SAVE, ("version", "1")]).await.expect_status(404);
    }
}

async fn users_are_searched_sorted_and_leafed_through(engine: Engine) {
    let (site, ada, eve) = with_ada_and_eve(engine).await;
    let mut tx = site.tx().await;
    for number in 0..60 {
        let name = format!("user-{number:02}");
        let password = toolcrib::users::PasswordHash::made_elsewhere("$argon2id$x");
        let user =
            toolcrib::users::NewUser { name: &name, display_name: &name, password: &password, roles: &["staff"] };
        site.site.users().create(&mut tx, user).await.expect("a user");
    }
    site.site.users().disable(&mut tx, eve).await.expect("a change");
    tx.commit().await.expect("a commit");
    let list = async |path: &str| html::visible_text(&ada.read(path).await);
    let first = list("/tools/users").await;
    assert!(first.contains("Users [62]") && first.contains("Page 1 of 2, 62 users"), "{first}");
    assert!(first.contains("disabled") && first.contains("never"), "{first}");
    assert!(!first.contains("user-59"), "{first}");
    let last = list("/tools/users?page=99").await;
    assert!(last.contains("user-59") && last.contains("Page 2 of 2"), "{last}");
    let found = list("/tools/users?q=USER-1").await;
    assert!(found.contains("Users [10]") && !found.contains("user-20"), "{found}");
    let latest = list("/tools/users?sort=signed_in").await;
    let places = ["ada", "user-00"].map(|name| latest.find(name).expect("listed"));
    assert!(places.is_sorted(), "who signed in comes first: {latest}");
    assert!(list("/tools/users?q=nowhere").await.contains("No user's name has this in it."));
    for odd in ["?page=0", "?page=-1", "?page=x", "?sort=password_hash", "?q=%25", "?q=%00", "?page=4294967295"] {
        ada.get(&format!("/tools/users{odd}")).await.expect_status(200);
    }
}

async fn a_user_is_added_and_signs_in(engine: Engine) {
    let (site, ada, _) = with_ada_and_eve(engine).await;
    let fields = [
        ("name", "Grace Hopper"),
        ("display_name", "Grace"),
        ("password", OTHER),
        ("roles", ""),
        ("roles", "staff"),
        ("roles", "boss"),
    ];
    let added = ada.post("/tools/users/new", &fields).await.expect_status(303);
    let page = ada.read(added.location()).await;
    assert!(page.contains("The user has been added.") && page.contains("Grace"), "{page}");
    assert!(!page.contains(OTHER) && !page.contains("argon2"), "{page}");
    let grace = site.visitor();
    grace.post("/door", &[("username", "grace hopper"), ("password", OTHER)]).await.expect_status(303);
    assert_eq!(grace.read("/rights").await, "Grace admin edit view|");
}

async fn what_cannot_be_stored_is_said_at_its_field(engine: Engine) {
    let (site, ada, eve) = with_ada_and_eve(engine).await;
    for (name, password, role, told) in [
        ("EVE", OTHER, "", "Another user has this name."),
        ("grace", "short", "", "A password has at least 8 characters."),
        ("qwertz-user", "Qwertz-User", "", "A password must not be the user&#39;s name."),
        ("grace", OTHER, "emperor", "Field Roles must be one of the values offered."),
        ("", OTHER, "", "Field Name to sign in with requires a value."),
    ] {
        let fields = [("name", name), ("display_name", "Somebody"), ("password", password), ("roles", role)];
        let page = ada.post("/tools/users/new", &fields).await.expect_status(422).text();
        assert!(page.contains(told), "{told}: {page}");
        assert!(page.contains("value=\"Somebody\"") && !page.contains(&format!("value=\"{password}\"")), "{page}");
    }
    let taken = [SAVE, ("version", "1"), ("name", "Ada"), ("display_name", "Eve"), ("roles", "staff")];
    let page = ada.post(&path_of(eve), &taken).await.expect_status(422).text();
    assert!(page.contains("Another user has this name."), "{page}");
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_users").await, 2);
    assert_eq!(site.number("SELECT MAX(version) FROM toolcrib_users").await, 1);
}

/// The fields of the form for a user, as a browser sends them back.
fn as_shown<'a>(version: &'a str, name: &'a str, shown: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        SAVE,
        ("version", version),
        ("_original.name", "eve"),
        ("_original.display_name", "eve"),
        ("_original.roles", "staff"),
        ("name", name),
        ("display_name", shown),
        ("roles", ""),
        ("roles", "staff"),
    ]
}

async fn a_stale_edit_of_a_user_is_a_conflict_that_can_be_resolved(engine: Engine) {
    let (site, ada, eve) = with_ada_and_eve(engine).await;
    let form = ada.read(&path_of(eve)).await;
    assert_eq!(html::input_value(&form, "version").as_deref(), Some("1"));
    assert_eq!(html::input_value(&form, "_original.name").as_deref(), Some("eve"));
    ada.post(&path_of(eve), &as_shown("1", "eve", "Eve the First")).await.expect_status(303);
    let page = ada.post(&path_of(eve), &as_shown("1", "eve-2", "Eve the Second")).await.expect_status(409).text();
    assert!(page.contains("Field Name to show changed by another user."), "{page}");
    assert!(!page.contains("Field Name to sign in with changed"), "{page}");
    assert!(page.contains("Eve the First") && page.contains("Eve the Second"), "{page}");
    let version = html::input_value(&page, "version").expect("a version");
    assert_eq!(version, "2");
    assert_eq!(html::input_value(&page, "_original.display_name").as_deref(), Some("Eve the First"));
    ada.post(&path_of(eve), &as_shown(&version, "eve-2", "Eve the Second")).await.expect_status(303);
    let page = ada.read(&path_of(eve)).await;
    assert!(page.contains("Eve the Second") && page.contains("eve-2"), "{page}");
    // What only the other user changed is filled in.
    let page = ada.post(&path_of(eve), &as_shown("1", "eve-3", "eve")).await.expect_status(409).text();
    assert_eq!(html::input_value(&page, "display_name").as_deref(), Some("Eve the Second"));
    assert_eq!(html::input_value(&page, "name").as_deref(), Some("eve-3"));
    ada.post(&path_of(eve), &[SAVE, ("name", "x"), ("display_name", "x")]).await.expect_status(400);
    assert_eq!(site.number("SELECT MAX(version) FROM toolcrib_users").await, 3);
}

async fn a_role_that_is_not_offered_and_a_form_without_token_change_nothing(engine: Engine) {
    let (site, ada, eve) = with_ada_and_eve(engine).await;
    let forged = [SAVE, ("version", "1"), ("name", "eve"), ("display_name", "eve"), ("roles", "emperor")];
    ada.post(&path_of(eve), &forged).await.expect_status(422);
    // The row of another user, in the form of this one.
    let other = [("_action", "disable"), ("_row", "1"), ("disabled", "on"), ("id", "1")];
    ada.post(&path_of(eve), &other).await.expect_status(303);
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_users WHERE disabled AND name = 'eve'").await, 1);
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_users WHERE disabled").await, 1);
    ada.post_with("not the token", &path_of(eve), &[("_action", "enable")]).await.expect_status(403);
    ada.post(&path_of(eve), &[("_action", "promote")]).await.expect_status(400);
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_users WHERE disabled").await, 1);
}

async fn who_is_disabled_or_gets_another_password_is_out_at_the_next_request(engine: Engine) {
    let (site, ada, eve) = with_ada_and_eve(engine).await;
    let enters = async |password: &str| {
        let visitor = site.visitor();
        visitor.post("/door", &[("username", "eve"), ("password", password)]).await.expect_status(303);
        assert_eq!(visitor.read("/rights").await, "eve view|");
        visitor
    };
    let desk = enters(SECRET).await;
    ada.post(&path_of(eve), &[("_action", "end_sessions")]).await.expect_status(303);
    assert!(ada.read(&path_of(eve)).await.contains("Ended: 1 session."));
    assert_eq!(desk.read("/rights").await, "|");

    let desk = enters(SECRET).await;
    let fields = [("_action", "set_password"), ("password", OTHER)];
    ada.post(&path_of(eve), &fields).await.expect_status(303);
    assert_eq!(desk.read("/rights").await, "|");

    let desk = enters(OTHER).await;
    ada.post(&path_of(eve), &[("_action", "disable")]).await.expect_status(303);
    assert_eq!(desk.read("/rights").await, "|");
    assert!(ada.read(&path_of(eve)).await.contains("value=\"enable\""));
    site.visitor().post("/door", &[("username", "eve"), ("password", OTHER)]).await.expect_status(422);
    ada.post(&path_of(eve), &[("_action", "enable")]).await.expect_status(303);
    enters(OTHER).await;
}

async fn the_last_administrator_stays_and_nobody_locks_oneself_out(engine: Engine) {
    let (site, ada, eve) = with_ada_and_eve(engine).await;
    let own = site.number("SELECT id FROM toolcrib_users WHERE name = 'ada'").await;
    for action in ["disable", "end_sessions"] {
        let page = ada.post(&path_of(own), &[("_action", action)]).await.expect_status(422).text();
        assert!(page.contains("This is your own account"), "{page}");
    }
    let fields = [("_action", "set_password"), ("password", OTHER)];
    ada.post(&path_of(own), &fields).await.expect_status(400);
    let fields = [SAVE, ("version", "1"), ("name", "ada"), ("display_name", "ada"), ("roles", "staff")];
    let page = ada.post(&path_of(own), &fields).await.expect_status(422).text();
    assert!(page.contains("The last administrator cannot lose that right."), "{page}");
    let fields = [SAVE, ("version", "1"), ("label", "Boss"), ("rights", "view edit")];
    let page = ada.post("/tools/roles/boss", &fields).await.expect_status(422).text();
    assert!(page.contains("The last administrator cannot lose that right."), "{page}");
    // Somebody else who administers, but is no user of this site's list.
    let other = site.visitor();
    other.sign_in("other", "admin").await;
    let page = other.post(&path_of(own), &[("_action", "disable")]).await.expect_status(422).text();
    assert!(page.contains("The last administrator cannot be disabled."), "{page}");

    let fields = [("_action", "change"), ("current", SECRET), ("new", OTHER), ("repeated", OTHER)];
    ada.post(&path_of(own), &fields).await.expect_status(303);
    assert_eq!(ada.read("/edit").await, "editing");
    ada.post(&path_of(eve), &fields).await.expect_status(400);
}

async fn rights_of_a_role_count_from_the_next_request_on(engine: Engine) {
    let (site, ada, _) = with_ada_and_eve(engine).await;
    let eve = site.entered("eve").await;
    eve.get("/edit").await.expect_status(403);
    let fields = [SAVE, ("version", "1"), ("label", "Staff"), ("rights", "view  edit")];
    ada.post("/tools/roles/staff", &fields).await.expect_status(303);
    assert_eq!(eve.read("/edit").await, "editing");
    let fields = [SAVE, ("version", "2"), ("label", "Staff"), ("rights", "Edit!")];
    let page = ada.post("/tools/roles/staff", &fields).await.expect_status(422).text();
    assert!(page.contains("cannot be a name here") && page.contains("f-rights-error"), "{page}");
    let fields = [SAVE, ("version", "2"), ("label", "Staff"), ("rights", "")];
    ada.post("/tools/roles/staff", &fields).await.expect_status(303);
    assert_eq!(eve.read("/rights").await, "eve |");
}

async fn a_stale_edit_of_a_role_is_a_conflict(engine: Engine) {
    let (_site, ada, _) = with_ada_and_eve(engine).await;
    let form = ada.read("/tools/roles/staff").await;
    assert_eq!(html::input_value(&form, "version").as_deref(), Some("1"));
    assert_eq!(html::input_value(&form, "_original.rights").as_deref(), Some("view"));
    let fields = |version, rights| {
        [
            SAVE,
            ("version", version),
            ("_original.label", "Staff"),
            ("_original.rights", "view"),
            ("label", "Staff"),
            ("rights", rights),
        ]
    };
    ada.post("/tools/roles/staff", &fields("1", "edit")).await.expect_status(303);
    let page = ada.post("/tools/roles/staff", &fields("1", "view edit")).await.expect_status(409).text();
    assert!(page.contains("Field Rights changed by another user.") && page.contains("Stored now:"), "{page}");
    assert_eq!(html::input_value(&page, "version").as_deref(), Some("2"));
    ada.post("/tools/roles/staff", &fields("2", "view edit")).await.expect_status(303);
}

async fn a_role_is_added_and_removed(engine: Engine) {
    let (_site, ada, _) = with_ada_and_eve(engine).await;
    let fields = [("name", "night-shift"), ("label", "Night shift"), ("rights", "view, edit")];
    let added = ada.post("/tools/roles", &fields).await.expect_status(303);
    assert_eq!(added.location(), "/tools/roles/night-shift");
    assert!(ada.read(added.location()).await.contains("value=\"edit view\""));
    for (name, told) in [
        ("night-shift", "Another role has this name."),
        ("Night Shift", "cannot be a name"),
        ("..", "cannot be a name"),
    ] {
        let page = ada.post("/tools/roles", &[("name", name), ("label", "x")]).await.expect_status(422).text();
        assert!(page.contains(told) && page.contains("f-name-error"), "{page}");
    }
    ada.post("/tools/roles/night-shift", &[("_action", "remove")]).await.expect_status(303);
    ada.get("/tools/roles/night-shift").await.expect_status(404);
    let page = ada.post("/tools/roles/staff", &[("_action", "remove")]).await.expect_status(422).text();
    assert!(page.contains("Somebody has this role."), "{page}");
}

async fn hostile_names_are_shown_as_text(engine: Engine) {
    let (_site, ada, eve) = with_ada_and_eve(engine).await;
    let script = "<script>alert(1)</script>\"'&";
    let fields = [SAVE, ("version", "1"), ("name", script), ("display_name", script), ("roles", "staff")];
    ada.post(&path_of(eve), &fields).await.expect_status(303);
    ada.post("/tools/roles", &[("name", "odd"), ("label", script)]).await.expect_status(303);
    for path in ["/tools/users", &path_of(eve), "/tools/roles", "/tools/roles/odd", "/tools/users/new"] {
        let page = ada.read(path).await;
        assert!(!page.contains("<script>alert"), "{page}");
    }
}
