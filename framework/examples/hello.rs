//! The smallest site: one page, one greeting. `cargo run -p toolcrib --example hello`.

use std::process::ExitCode;

use toolcrib::prelude::*;

struct Hello;

impl AppModule for Hello {
    const TITLE: &'static str = "Hello";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}
}

struct HelloPage {
    greeted: u64,
}

impl PageModule for HelloPage {
    const INFO: PageInfo = PageInfo::new("hello", "/hello/{name}");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self { greeted: 0 })
    }

    // `greeted` is kept on purpose: it counts what this one instance did.
    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let name: String = cx.path("name")?;
        self.greeted += 1;
        Ok(Response::text(format!("Hello, {name}! (This instance's greeting {}.)\n", self.greeted)))
    }
}

fn main() -> ExitCode {
    toolcrib::run(async {
        let outcome = async {
            let settings = Settings::load()?;
            let _log = toolcrib::start_logging(settings.profile);
            let site = Site::builder(settings).app_module::<Hello>().page::<HelloPage>().build().await?;
            site.serve().await?;
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
