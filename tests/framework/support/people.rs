//! Users of a site under test, and pages where they sign in.

use std::time::Duration;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;
use toolcrib::users::NewUser;
use toolcrib_tests::wait::holds_within;

use super::PlainApp;
use super::Running;
use super::Visitor;
use super::page;
use super::stage;

/// Everybody's password.
pub(crate) const SECRET: &str = "a secret of seven words";

const FIELD: SessionField<String> = SessionField::new("field");

/// A site with two roles, and pages for people.
pub(crate) fn people(site: SiteBuilder) -> SiteBuilder {
    let pages = site.page::<Enter>().page::<Rights>().page::<Edit>().page::<Write>().page::<Password>();
    pages.app_module::<PlainApp>().roles([
        Role::new("boss").label("Boss").rights(["view", "edit", "admin"]),
        Role::new("staff").label("Staff").rights(["view"]),
    ])
}

page!(Enter, PageInfo::new("enter", "/enter"), action(cx) {
    let name = cx.form_param("name").or_not_found()?.to_owned();
    let password = cx.form_param("password").or_not_found()?.to_owned();
    match cx.authenticate(&name, password).await? {
        Ok(user) => {
            cx.sign_in(&user)?;
            if stage(cx).is_up("wait") {
                stage(cx).gate("signing in").pass().await;
            }
            Ok(Response::text("in"))
        }
        Err(refusal) => Ok(Response::text(format!("{refusal:?}")).with_status(StatusCode::UNPROCESSABLE_ENTITY)),
    }
});

page!(Rights, PageInfo::new("rights", "/rights"), show(cx) {
    let field = cx.session().get(&FIELD)?.unwrap_or_default();
    let user = cx.end_user().map(|user| format!("{} {}", user.display_name, user.rights.join(" ")));
    Ok(Response::text(format!("{}|{field}", user.unwrap_or_default())))
});

page!(Edit, PageInfo::new("edit", "/edit").right("edit"), show(_cx) { Ok(Response::text("editing")) });

page!(Write, PageInfo::new("write", "/write").login_required(), action(cx) {
    let waits = stage(cx).is_up("wait");
    if waits {
        stage(cx).gate("writing").pass().await;
    }
    cx.session_mut().set(&FIELD, &"written".to_owned())?;
    Ok(Response::text("written"))
});

page!(Password, PageInfo::new("password", "/password").login_required(), action(cx) {
    let old = cx.form_param("old").or_not_found()?.to_owned();
    let new = cx.form_param("new").or_not_found()?.to_owned();
    if stage(cx).is_up("wait") {
        stage(cx).gate("choosing").pass().await;
    }
    Ok(match cx.change_own_password(old, new).await? {
        Ok(()) => Response::text("changed"),
        Err(refused) => Response::text(format!("{refused:?}")).with_status(StatusCode::UNPROCESSABLE_ENTITY),
    })
});

impl Running {
    /// Makes a user with [`SECRET`], and answers the number.
    pub(crate) async fn hires(&self, name: &str, roles: &[&str]) -> i64 {
        let users = self.site.users();
        let password = users.hash_password(name, SECRET.to_owned()).await.expect("a sound password");
        let mut tx = self.tx().await;
        let user = NewUser { name, display_name: name, password: &password, roles };
        let id = users.create(&mut tx, user).await.expect("a sound user");
        tx.commit().await.expect("a commit");
        id
    }

    /// A visitor who has signed in.
    pub(crate) async fn entered(&self, name: &str) -> Visitor {
        let visitor = self.visitor();
        visitor.post("/enter", &[("name", name), ("password", SECRET)]).await.expect_status(200);
        visitor
    }

    /// A transaction.
    pub(crate) async fn tx(&self) -> Conn {
        self.site.db().begin().await.expect("a transaction")
    }

    /// Waits until a statement waits for another transaction. On SQLite whoever comes second does not begin before the
    /// first has ended.
    pub(crate) async fn somebody_waits(&self) {
        if self.site.db().engine() == toolcrib::db::Engine::Postgres {
            holds_within("a statement waits", Duration::from_secs(10), async || {
                let waiting = "SELECT COUNT(*) FROM pg_stat_activity \
                               WHERE datname = current_database() AND wait_event_type = 'Lock'";
                self.number(waiting).await > 0
            })
            .await;
        }
    }
}
