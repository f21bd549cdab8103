//! A page that everybody who has it open sees change, and sees who else is there. `cargo run -p toolcrib --example guests`,
//! then <http://127.0.0.1:8080> in two browsers.

mod page;

use std::process::ExitCode;

use toolcrib::prelude::*;

struct GuestBook;

impl AppModule for GuestBook {
    const TITLE: &'static str = "Guests";

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
            let site = Site::builder(settings).app_module::<GuestBook>();
            let site = site.page::<page::Guests>().page::<page::GuestsLive>().page::<page::Enter>();
            site.build().await?.serve().await?;
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
