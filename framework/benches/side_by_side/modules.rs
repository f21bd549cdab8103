//! The pages as page modules.

use toolcrib::prelude::*;
use toolcrib::server::Server;

use crate::data::{ACTIVITIES, CLIENT, Card};

const USER: SessionField<String> = SessionField::new("user");

struct Bench;

impl AppModule for Bench {
    const TITLE: &'static str = "Bench";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}
}

macro_rules! page {
    ($name:ident, $info:expr, |$cx:ident| $body:expr) => {
        struct $name;

        impl PageModule for $name {
            const INFO: PageInfo = $info;

            async fn create(_: &Site) -> Result<Self, CreateError> {
                Ok(Self)
            }

            fn initialize(&mut self) {}

            async fn show(&mut self, $cx: &mut Context<'_>) -> PageResult {
                $body
            }
        }
    };
}

page!(Trivial, PageInfo::new("trivial", "/trivial"), |_cx| Ok(Response::text("Hello, World!")));

page!(Start, PageInfo::new("start", "/start"), |cx| {
    cx.session_mut().set(&USER, &"anna".to_owned())?;
    Ok(Response::text("started"))
});

page!(CardPage, PageInfo::new("card", "/card/{id}"), |cx| {
    let id: i64 = cx.path("id")?;
    let user = cx.session().get(&USER)?.unwrap_or_default();
    let conn = cx.read().await?;
    let client = db::query(CLIENT).bind(id).fetch_optional(conn).await?.or_not_found()?;
    let activities = db::query(ACTIVITIES).bind(id).fetch_all(conn).await?;
    cx.render(Card { user, client, activities })
});

pub(crate) async fn site(database: &str, port: u16) -> Result<Server, Box<dyn std::error::Error>> {
    let mut settings = Settings::development(database)?;
    settings.server.port = port;
    let site = Site::builder(settings).app_module::<Bench>().page::<Trivial>().page::<Start>().page::<CardPage>();
    Ok(site.build().await?)
}
