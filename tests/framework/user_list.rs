//! Users, roles and rights as an administrator changes them (W40).

use toolcrib::server::SiteBuilder;
use toolcrib::users::{
    ChangeRoleError, ChangeUserError, CreateRoleError, CreateUserError, DisableUserError, NewUser, PasswordHash,
    RemoveRoleError, SetRolesError, UserListPage, UserSort,
};

use crate::support::people;
use crate::support::prelude::*;

on_both_engines! {
    a_user_is_found_by_name_whatever_its_case_and_spaces,
    a_taken_name_is_refused_and_spoils_nothing,
    a_stale_edit_is_refused,
    the_last_administrator_stays_one,
    of_two_administrators_who_disable_one_another_one_stays,
    of_two_administrators_who_lose_the_right_in_two_ways_at_once_one_stays,
    a_role_is_removed_when_nobody_has_it,
    users_are_listed_a_page_at_a_time,
    roles_stay_as_an_administrator_left_them,
    a_role_that_cannot_be_is_refused,
}

fn plain() -> PasswordHash {
    PasswordHash::made_elsewhere("$argon2id$x")
}

/// Makes a user without working out a password.
async fn add(site: &Running, name: &str, roles: &[&str]) -> i64 {
    let (users, mut tx) = (site.site.users(), site.tx().await);
    let id = users.create(&mut tx, NewUser { name, display_name: name, password: &plain(), roles }).await;
    tx.commit().await.expect("a commit");
    id.expect("a sound user")
}

async fn a_user_is_found_by_name_whatever_its_case_and_spaces(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let id = add(&site, "Anna  LINDQVIST", &["staff", "boss", "staff"]).await;
    let (users, mut tx) = (site.site.users(), site.tx().await);
    let user = users.by_name(&mut tx, " anna lindqvist ").await.expect("read").expect("a user");
    assert_eq!((user.id, user.name.as_str(), user.version, user.disabled), (id, "anna lindqvist", 1, false));
    assert_eq!((user.roles.clone(), user.signed_in_at), (vec!["boss".to_owned(), "staff".to_owned()], None));
    assert_eq!(users.by_id(&mut tx, id).await.expect("read"), Some(user));
    for nobody in ["", "anna", "anna%", "an\0na", "' OR 1=1--", &"x".repeat(1 << 20)] {
        assert_eq!(users.by_name(&mut tx, nobody).await.expect("read"), None, "{nobody:.20}");
    }
    assert_eq!(users.by_id(&mut tx, id + 1).await.expect("read"), None);
}

async fn a_taken_name_is_refused_and_spoils_nothing(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    add(&site, "anna", &[]).await;
    let boris = add(&site, "boris", &[]).await;
    let (users, mut tx) = (site.site.users(), site.tx().await);
    let new = NewUser { name: "ANNA ", display_name: "A", password: &plain(), roles: &["staff"] };
    assert!(matches!(users.create(&mut tx, new).await, Err(CreateUserError::NameTaken)));
    let changed = users.change(&mut tx, boris, 1, " Anna", "Boris").await;
    assert!(matches!(changed, Err(ChangeUserError::NameTaken)));
    let unknown = NewUser { name: "ida", roles: &["staff", "sta\0ff"], ..new };
    assert!(
        matches!(users.create(&mut tx, unknown).await, Err(CreateUserError::UnknownRole(role)) if role == "sta\0ff")
    );
    let unnamed = NewUser { name: " ", ..new };
    assert!(matches!(users.create(&mut tx, unnamed).await, Err(CreateUserError::Name(_))));
    let new = NewUser { name: "ida", ..new };
    users.create(&mut tx, new).await.expect("the transaction goes on");
    tx.commit().await.expect("a commit");
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_users").await, 3);
}

async fn a_stale_edit_is_refused(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let id = add(&site, "anna", &[]).await;
    let (users, mut tx) = (site.site.users(), site.tx().await);
    let user = users.change(&mut tx, id, 1, "anna", "Anna L").await.expect("the first edit");
    assert_eq!((user.version, user.display_name.as_str()), (2, "Anna L"));
    assert!(matches!(users.change(&mut tx, id, 1, "anna", "Late").await, Err(ChangeUserError::Stale)));
    assert!(matches!(users.set_roles(&mut tx, id, 1, &["staff"]).await, Err(SetRolesError::Stale)));
    assert_eq!(users.set_roles(&mut tx, id, 2, &["staff"]).await.expect("the second edit").version, 3);
    users.disable(&mut tx, id).await.expect("disabled");
    users.set_password(&mut tx, id, &plain()).await.expect("set");
    let user = users.by_id(&mut tx, id).await.expect("read").expect("a user");
    assert_eq!((user.version, user.display_name.as_str()), (5, "Anna L"), "every change counts");

    let role = Role::new("staff").label("Staff").rights(["view", "read"]);
    users.change_role(&mut tx, 1, &role).await.expect("the first edit");
    assert!(matches!(users.change_role(&mut tx, 1, &role).await, Err(ChangeRoleError::Stale)));
    let unknown = Role::new("nobody");
    assert!(matches!(users.change_role(&mut tx, 1, &unknown).await, Err(ChangeRoleError::NoSuchRole)));
    assert!(matches!(users.change(&mut tx, id + 1, 1, "x", "x").await, Err(ChangeUserError::NoSuchUser)));
}

async fn the_last_administrator_stays_one(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let (ada, eve) = (add(&site, "ada", &["boss"]).await, add(&site, "eve", &["boss"]).await);
    let (users, mut tx) = (site.site.users(), site.tx().await);
    users.disable(&mut tx, eve).await.expect("another is left");
    assert!(matches!(users.disable(&mut tx, ada).await, Err(DisableUserError::LastAdmin)));
    assert!(matches!(users.set_roles(&mut tx, ada, 1, &["staff"]).await, Err(SetRolesError::LastAdmin)));
    let meek = Role::new("boss").label("Boss").rights(["view"]);
    assert!(matches!(users.change_role(&mut tx, 1, &meek).await, Err(ChangeRoleError::LastAdmin)));

    users.create_role(&mut tx, &Role::new("root").rights(["admin"])).await.expect("a role");
    let ada_now = users.set_roles(&mut tx, ada, 1, &["boss", "root"]).await.expect("more roles");
    users.change_role(&mut tx, 1, &meek).await.expect("the right is left by the other role");
    let stuck = users.set_roles(&mut tx, ada, ada_now.version, &["boss"]).await;
    assert!(matches!(stuck, Err(SetRolesError::LastAdmin)));
    users.set_roles(&mut tx, ada, ada_now.version, &["root", "staff"]).await.expect("still an administrator");
    // Of no use to anybody while disabled.
    users.set_roles(&mut tx, eve, 2, &["root"]).await.expect("more for a disabled user");
    assert!(matches!(users.disable(&mut tx, ada).await, Err(DisableUserError::LastAdmin)));
    users.enable(&mut tx, eve).await.expect("enabled");
    users.disable(&mut tx, ada).await.expect("eve is left");
}

async fn of_two_administrators_who_disable_one_another_one_stays(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let (ada, eve) = (add(&site, "ada", &["boss"]).await, add(&site, "eve", &["boss"]).await);
    let (users, mut tx) = (site.site.users().clone(), site.tx().await);
    users.disable(&mut tx, ada).await.expect("eve is left");
    let second = tokio::spawn({
        let (users, site) = (users.clone(), site.site.clone());
        async move {
            let mut tx = site.db().begin().await.expect("a transaction");
            let disabled = users.disable(&mut tx, eve).await;
            tx.commit().await.expect("a commit");
            disabled
        }
    });
    site.somebody_waits().await;
    tx.commit().await.expect("a commit");
    assert!(matches!(second.await.expect("an end"), Err(DisableUserError::LastAdmin)));
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_users WHERE NOT disabled").await, 1);
}

async fn of_two_administrators_who_lose_the_right_in_two_ways_at_once_one_stays(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let (users, mut tx) = (site.site.users().clone(), site.tx().await);
    users.create_role(&mut tx, &Role::new("root").rights(["admin"])).await.expect("a role");
    tx.commit().await.expect("a commit");
    let (_, eve) = (add(&site, "ada", &["boss"]).await, add(&site, "eve", &["root"]).await);
    let mut tx = site.tx().await;
    users.change_role(&mut tx, 1, &Role::new("boss").rights(["view"])).await.expect("eve is left");
    let second = tokio::spawn({
        let (users, site) = (users.clone(), site.site.clone());
        async move {
            let mut tx = site.db().begin().await.expect("a transaction");
            let changed = users.set_roles(&mut tx, eve, 1, &[]).await;
            tx.commit().await.expect("a commit");
            changed
        }
    });
    site.somebody_waits().await;
    tx.commit().await.expect("a commit");
    assert!(matches!(second.await.expect("an end"), Err(SetRolesError::LastAdmin)));
}

async fn a_role_is_removed_when_nobody_has_it(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let id = add(&site, "anna", &["staff"]).await;
    let (users, mut tx) = (site.site.users(), site.tx().await);
    users.disable(&mut tx, id).await.expect("disabled");
    assert!(matches!(users.remove_role(&mut tx, "staff").await, Err(RemoveRoleError::InUse(1))));
    let records = users.roles(&mut tx).await.expect("read");
    let seen: Vec<_> =
        records.iter().map(|record| (record.role.name.as_str(), record.role.rights.len(), record.holders)).collect();
    assert_eq!(seen, [("boss", 3, 0), ("staff", 1, 1)]);
    users.set_roles(&mut tx, id, 2, &[]).await.expect("without roles");
    users.remove_role(&mut tx, "staff").await.expect("removed");
    assert!(matches!(users.remove_role(&mut tx, "staff").await, Err(RemoveRoleError::NoSuchRole)));
    let taken = users.create_role(&mut tx, &Role::new("boss")).await;
    assert!(matches!(taken, Err(CreateRoleError::NameTaken)));
    tx.commit().await.expect("a commit");
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_role_rights WHERE role = 'staff'").await, 0);
}

async fn users_are_listed_a_page_at_a_time(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    for name in ["Örn", "boris", "100%", "anna", "x_y"] {
        add(&site, name, if name == "anna" { &["boss", "staff"] } else { &[] }).await;
    }
    let (users, mut tx) = (site.site.users(), site.tx().await);
    let mut list = async |search: &str, sort: UserSort, page: u32| {
        let wanted = UserListPage { search, sort, page, per_page: 2 };
        let list = users.list(&mut tx, wanted).await.expect("read");
        (list.users.into_iter().map(|user| (user.name, user.roles.len())).collect::<Vec<_>>(), list.total)
    };
    let named = |names: &[(&str, usize)]| names.iter().map(|(name, roles)| ((*name).to_owned(), *roles)).collect();
    assert_eq!(list("", UserSort::Name, 1).await, (named(&[("100%", 0), ("anna", 2)]), 5));
    assert_eq!(list("", UserSort::Name, 3).await, (named(&[("örn", 0)]), 5));
    assert_eq!(list("", UserSort::Name, 4).await, (Vec::new(), 5));
    assert_eq!(list("", UserSort::Name, 0).await.0, list("", UserSort::Name, 1).await.0);
    assert_eq!(list("", UserSort::Created, 1).await.0, named(&[("x_y", 0), ("anna", 2)]));
    assert_eq!(list(" ÖR", UserSort::Name, 1).await, (named(&[("örn", 0)]), 1));
    assert_eq!(list("%", UserSort::Name, 1).await, (named(&[("100%", 0)]), 1), "wildcards are letters");
    assert_eq!(list("_", UserSort::DisplayName, 1).await, (named(&[("x_y", 0)]), 1));
    assert_eq!(list("\0", UserSort::SignedIn, 1).await.1, 5);
    assert_eq!(UserSort::parse("name; DROP TABLE toolcrib_users"), None);
}

async fn roles_stay_as_an_administrator_left_them(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let (users, mut tx) = (site.site.users().clone(), site.tx().await);
    let changed = Role::new("boss").label("Chief").rights(["admin"]);
    users.change_role(&mut tx, 1, &changed).await.expect("changed");
    users.remove_role(&mut tx, "staff").await.expect("removed");
    tx.commit().await.expect("a commit");
    let more = |site: SiteBuilder| people(site).roles([Role::new("guest")]);
    let site = site.restarted("", more).await;
    let mut tx = site.tx().await;
    let records = site.site.users().roles(&mut tx).await.expect("read");
    let roles: Vec<Role> = records.into_iter().map(|record| record.role).collect();
    assert_eq!(roles, [changed, Role::new("guest")]);
}

async fn a_role_that_cannot_be_is_refused(engine: Engine) {
    let site = Running::start(engine, "", people).await;
    let (users, mut tx) = (site.site.users(), site.tx().await);
    let many = Role::new("many").rights((0..33).map(|number| format!("right{number}")));
    for role in [Role::new("Boss"), Role::new(""), Role::new("a b"), Role::new("x").label(""), many] {
        assert!(matches!(users.create_role(&mut tx, &role).await, Err(CreateRoleError::Role(_))), "{role:?}");
    }
}
