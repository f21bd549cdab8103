//! Two sites on one SQLite file: what each holds in memory must not hide what the other did.

use crate::support::prelude::*;

const NAME: SessionField<String> = SessionField::new("name");

page!(Name, PageInfo::new("name", "/name/{name}"), show(cx) {
    let name: String = cx.path("name")?;
    cx.session_mut().set(&NAME, &name)?;
    Ok(Response::text(name))
});

page!(Look, PageInfo::new("look", "/look"), show(cx) {
    Ok(Response::text(cx.session().get(&NAME)?.unwrap_or_default()))
});

fn pages(site: toolcrib::server::SiteBuilder) -> toolcrib::server::SiteBuilder {
    site.app_module::<PlainApp>().page::<Name>().page::<Look>()
}

#[test]
fn a_site_that_is_joined_by_another_relies_on_its_memory_no_longer() {
    run(async {
        let first = Running::start(Engine::Sqlite, "", pages).await;
        let visitor = first.visitor();
        visitor.read("/name/mia").await;
        assert_eq!(visitor.read("/look").await, "mia", "from now on the first has the session in memory");
        assert!(first.site.db().is_sole_owner());

        let second = first.beside("", pages).await;
        assert!(!first.site.db().is_sole_owner() && !second.site.db().is_sole_owner());
        let elsewhere = visitor.at(second.port);
        assert_eq!(elsewhere.read("/look").await, "mia");
        elsewhere.read("/name/zoe").await;
        assert_eq!(visitor.read("/look").await, "zoe");
        visitor.read("/name/ida").await;
        assert_eq!(elsewhere.read("/look").await, "ida");
    });
}

#[test]
fn a_sign_out_at_one_site_holds_at_the_other_at_once() {
    run(async {
        let first = Running::start(Engine::Sqlite, "", pages).await;
        let before = first.visitor();
        before.read("/name/early").await;
        assert_eq!(before.read("/look").await, "early");
        let second = first.beside("", pages).await;
        for round in 0..20 {
            let (here, there) = if round % 2 == 0 { (&first, &second) } else { (&second, &first) };
            let visitor = here.visitor();
            visitor.read("/name/mia").await;
            let (stolen_here, stolen_there) = (visitor.copied(), visitor.copied().at(there.port));
            assert_eq!(stolen_here.read("/look").await, "mia");
            assert_eq!(stolen_there.read("/look").await, "mia");
            visitor.at(there.port).sign_out().await;
            assert_eq!(stolen_here.read("/look").await, "", "round {round}");
            assert_eq!(stolen_there.read("/look").await, "", "round {round}");
        }
        let stolen = before.copied();
        before.at(second.port).sign_out().await;
        assert_eq!(stolen.read("/look").await, "", "held in memory since before the second came");
    });
}
