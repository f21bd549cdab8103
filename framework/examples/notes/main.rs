//! A page with a list, a form and two actions. `cargo run -p toolcrib --example notes`, then <http://127.0.0.1:8080>.
//!
//! `page.rs` and `notes.html` are all there is to the page. `../notes_by_hand` is the same page on actix-web and sqlx
//! alone.

mod page;

use std::process::ExitCode;

use toolcrib::prelude::*;

static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("examples/notes/migrations");

struct Notebook;

impl AppModule for Notebook {
    const TITLE: &'static str = "Notes";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}
}

fn main() -> ExitCode {
    toolcrib::run(async {
        let outcome = async {
            let settings = Settings::load()?;
            let _log = toolcrib::start_logging(settings.profile);
            let site = Site::builder(settings).migrations(&SQLITE, &SQLITE);
            site.app_module::<Notebook>().page::<page::NotesPage>().build().await?.serve().await?;
            Ok::<_, Box<dyn std::error::Error>>(())
        };
        match outcome.await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    })
}
