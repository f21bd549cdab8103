//! One test: a site, browsers, and what is asked of them at the end.

use std::panic::AssertUnwindSafe;
use std::panic::resume_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

use futures_util::FutureExt as _;
use toolcrib_tests::Engine;
use toolcrib_tests::Server;
use toolcrib_tests::ServerPlan;

use super::Browser;

/// Where a test plays.
#[derive(Debug)]
pub(crate) struct Stage {
    fact: &'static str,
    browsers: Mutex<Vec<Arc<Browser>>>,
}

impl Stage {
    /// A plan for the site. What a browser sees does not depend on the engine: the suite `site` has both.
    pub(crate) fn site(&self) -> ServerPlan {
        Server::on(Engine::Sqlite).setting("SERVER__WORKERS", 2)
    }

    /// A browser of somebody who was never on that site. A test may have several at once.
    pub(crate) async fn browser(&self, server: &Server) -> Arc<Browser> {
        let browser = Arc::new(Browser::start(&format!("http://127.0.0.1:{}", server.port())).await);
        self.browsers.lock().expect("the browsers").push(Arc::clone(&browser));
        browser
    }

    /// A browser of somebody who has signed in.
    pub(crate) async fn signed_in(&self, server: &Server, name: &str) -> Arc<Browser> {
        let browser = self.browser(server).await;
        browser.sign_in(name).await;
        browser
    }

    fn browsers(&self) -> Vec<Arc<Browser>> {
        self.browsers.lock().expect("the browsers").clone()
    }

    async fn photograph(&self) {
        for (number, browser) in self.browsers().iter().enumerate() {
            let path = pictures().join(format!("{}-{number}.png", self.fact));
            browser.photograph(&path).await;
            eprintln!("the browser showed {}: {}", browser.path().await, path.display());
        }
    }

    async fn complaints(&self) -> Vec<String> {
        let mut all = Vec::new();
        for browser in self.browsers() {
            // The site is stopped before the browsers are: what was open then is nobody's fault.
            let cut_off = |line: &String| {
                line.contains("/live") && line.contains("ERR_INCOMPLETE_CHUNKED_ENCODING")
                    || ["ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE"]
                        .iter()
                        .any(|error| line.contains(error))
            };
            all.extend(browser.complaints().await.into_iter().filter(|line| !cut_off(line)));
        }
        all
    }
}

/// Runs one fact; [`in_a_browser!`](super::in_a_browser) calls it.
pub(crate) fn play(fact: &'static str, act: impl AsyncFnOnce(&Stage)) {
    toolcrib_tests::run(async {
        let stage = Stage { fact, browsers: Mutex::default() };
        let outcome = AssertUnwindSafe(act(&stage)).catch_unwind().await;
        if let Err(panic) = outcome {
            // A browser that cannot be asked any more must not hide what the test said.
            let _ = AssertUnwindSafe(stage.photograph()).catch_unwind().await;
            resume_unwind(panic);
        }
        let complaints = stage.complaints().await;
        if !complaints.is_empty() {
            stage.photograph().await;
            panic!("the browser complained:\n{}", complaints.join("\n"));
        }
    });
}

fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    folder
}
