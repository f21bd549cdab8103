//! One browser, driven as people drive theirs: by labels, names of fields and what stands on buttons.

use std::path::Path;
use std::time::Duration;

use fantoccini::Client;
use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::Value;
use serde_json::json;
use tokio::sync::Mutex;
use toolcrib_tests::PASSWORD;
use toolcrib_tests::wait::holds_within;

use super::commands::debug;
use super::driver::Driver;
use super::recorder::Recorder;

/// How long a page may take, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(20);

/// The page is there, and nothing in it says that more is being loaded.
const SETTLED: &str = "return document.readyState === 'complete' && !window.left \
    && !document.querySelector('[aria-busy=\"true\"]')";

/// A browser with an empty profile, a window 1280 px wide, and a recorder.
#[derive(Debug)]
pub(crate) struct Browser {
    // Fields are dropped in this order: the driver lives longest.
    client: Client,
    recorder: Mutex<Recorder>,
    base: String,
    driver: Driver,
}

impl Browser {
    /// Starts one that opens pages of the site at `base`.
    pub(crate) async fn start(base: &str) -> Self {
        let (driver, client) = Driver::start().await;
        let browser = Self { client, recorder: Mutex::default(), base: base.to_owned(), driver };
        browser.width(1280).await;
        browser
    }

    // ===== pages =====

    /// Opens a page and waits until it stands still.
    pub(crate) async fn open(&self, path: &str) {
        let address = format!("{}{path}", self.base);
        self.client.goto(&address).await.unwrap_or_else(|error| panic!("{path} does not open: {error}"));
        self.settles().await;
    }

    /// Signs in with the form on the page for it.
    pub(crate) async fn sign_in(&self, name: &str) {
        self.open("/login").await;
        self.fill("username", name).await;
        self.fill("password", PASSWORD).await;
        self.send("username").await;
        let path = self.path().await;
        assert_ne!(path, "/login", "{name} was not signed in");
    }

    /// The path and query of the page that is open.
    pub(crate) async fn path(&self) -> String {
        let path = self.look("return location.pathname + location.search").await;
        path.as_str().unwrap_or_default().to_owned()
    }

    /// The page's title.
    pub(crate) async fn title(&self) -> String {
        self.client.title().await.expect("a title")
    }

    /// What the page's main part says.
    pub(crate) async fn text(&self) -> String {
        let text = self.look("return (document.querySelector('main') || document.body).innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    // ===== forms =====

    /// Types a value into a field of the page's main part, instead of what is there.
    pub(crate) async fn fill(&self, field: &str, value: &str) {
        let element = self.field(field).await;
        element.clear().await.unwrap_or_else(|error| panic!("{field} cannot be emptied: {error}"));
        element
            .send_keys(value)
            .await
            .unwrap_or_else(|error| panic!("{value:?} cannot be typed into {field}: {error}"));
    }

    /// Chooses a file of that name and content.
    pub(crate) async fn choose_file(&self, field: &str, name: &str, content: &[u8]) {
        let path = self.driver.folder().join(name);
        std::fs::write(&path, content).expect("a file for the browser");
        let element = self.field(field).await;
        let chosen = element.send_keys(&path.display().to_string()).await;
        chosen.unwrap_or_else(|error| panic!("{name:?} cannot be chosen for {field}: {error}"));
    }

    /// What stands in a field.
    pub(crate) async fn value(&self, field: &str) -> String {
        self.field(field).await.prop("value").await.expect("a value").unwrap_or_default()
    }

    async fn field(&self, name: &str) -> Element {
        let found = self.client.find(Locator::Css(&format!("main [name=\"{name}\"]:not([type=\"hidden\"])"))).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no field {name} on {}: {error}", self.path().await),
        }
    }

    /// Presses the button of the form that has this field, and waits for the page it leads to.
    pub(crate) async fn send(&self, field: &str) {
        self.leave(&format!(
            "document.querySelector('main [name=\"{field}\"]').form.querySelector('[type=\"submit\"]')"
        ))
        .await;
    }

    /// Follows the first link of the page's main part to that address, and waits for its page.
    pub(crate) async fn follow(&self, address: &str) {
        self.leave(&format!("document.querySelector('main a[href=\"{address}\"]')")).await;
    }

    /// Clicks what a script finds. The mark goes with the page it is on.
    async fn leave(&self, target: &str) {
        let script = format!(
            "const target = {target}; if (!target) return false; window.left = true; target.click(); return true"
        );
        let clicked = self.look(&script).await;
        assert!(clicked == true, "there is no {target} on {}:\n{}", self.path().await, self.text().await);
        self.settles().await;
    }

    /// Sends a key to whatever has the focus.
    pub(crate) async fn press(&self, key: char) {
        let element = self.client.active_element().await.expect("something that has the focus");
        element.send_keys(&key.to_string()).await.expect("a key to be pressed");
    }

    /// Types where the focus is.
    pub(crate) async fn type_keys(&self, text: &str) {
        let element = self.client.active_element().await.expect("something that has the focus");
        element.send_keys(text).await.expect("keys to be pressed");
    }

    /// Presses the button of the page's main part whose value or words are these, and waits for what it leads to.
    pub(crate) async fn press_button(&self, named: &str) {
        self.leave(&format!(
            "[...document.querySelectorAll('main button')].find((button) => button.value === '{named}' \
             || button.innerText.trim().toLowerCase() === '{named}')"
        ))
        .await;
    }

    // ===== looking =====

    /// What a script of the test says about the page.
    pub(crate) async fn look(&self, script: &str) -> Value {
        self.ask(script, Vec::new()).await
    }

    /// The same with arguments.
    pub(crate) async fn ask(&self, script: &str, arguments: Vec<Value>) -> Value {
        match self.client.execute(script, arguments).await {
            Ok(value) => value,
            Err(error) => panic!("{script}: {error}"),
        }
    }

    /// What a script passes to the function that is its last argument.
    pub(crate) async fn ask_later(&self, script: &str) -> Value {
        match self.client.execute_async(script, Vec::new()).await {
            Ok(value) => value,
            Err(error) => panic!("{script}: {error}"),
        }
    }

    /// Waits until a script says true.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        holds_within(what, PATIENCE, async || {
            // Between two pages there is nothing to ask.
            self.client.execute(script, Vec::new()).await.is_ok_and(|value| value == true)
        })
        .await;
    }

    async fn settles(&self) {
        self.until("the page stands still", SETTLED).await;
    }

    // ===== the window =====

    /// Makes the window that wide. A real window cannot be as narrow as a telephone.
    pub(crate) async fn width(&self, pixels: u32) {
        let size = json!({ "width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        debug(&self.client, "Emulation.setDeviceMetricsOverride", size).await;
        let script = format!("return window.innerWidth === {pixels}");
        self.until(&format!("the window is {pixels} px wide"), &script).await;
    }

    /// Asks for dark or light colours, as the visitor's system would.
    pub(crate) async fn colours(&self, scheme: &str) {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        debug(&self.client, "Emulation.setEmulatedMedia", media).await;
        self.until("the colours are used", &format!("return matchMedia('(prefers-color-scheme: {scheme})').matches"))
            .await;
    }

    // ===== what went wrong =====

    /// Says that answers with this status are what the test is about.
    pub(crate) async fn expects(&self, status: u16) {
        self.recorder.lock().await.expect(status);
    }

    /// What broke since the browser was started.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let mut recorder = self.recorder.lock().await;
        recorder.look(&self.client).await;
        recorder.complaints().to_vec()
    }

    /// Leaves a picture of the page.
    pub(crate) async fn photograph(&self, path: &Path) {
        match self.client.screenshot().await {
            Ok(picture) => std::fs::write(path, picture).expect("a file for the picture"),
            Err(error) => eprintln!("no picture: {error}"),
        }
    }

    /// The browser's profile.
    pub(crate) fn profile(&self) -> std::path::PathBuf {
        self.driver.profile()
    }
}
