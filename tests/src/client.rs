//! One visitor.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::header::ACCEPT;
use reqwest::header::COOKIE;
use reqwest::multipart::Form;
use reqwest::multipart::Part;
use reqwest::redirect::Policy;

use crate::Answer;
use crate::Drill;
use crate::Jar;
use crate::PASSWORD;
use crate::html;

/// Longer than any time limit of the server that a test may wait for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A visitor: a cookie jar, connections that are kept open or not, no redirects followed. Clones are the same visitor.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    jar: Arc<Jar>,
}

impl Client {
    pub(crate) fn new(base: String, address: Option<IpAddr>, keep_alive: bool) -> Self {
        let mut http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .pool_idle_timeout(Duration::from_secs(2))
            .local_address(address);
        if !keep_alive {
            http = http.pool_max_idle_per_host(0);
        }
        let http = http.build().expect("an HTTP client");
        Self { http, base, jar: Arc::default() }
    }

    /// The cookies.
    #[must_use]
    pub fn jar(&self) -> &Jar {
        &self.jar
    }

    /// Another browser with a copy of this one's cookies.
    #[must_use]
    pub fn copied(&self) -> Self {
        let copy = Self { jar: Arc::default(), ..self.clone() };
        copy.jar.replace(self.jar.cookies());
        copy
    }

    /// The same visitor (the same cookies) at another address of the site: that of one of its nodes.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The server's address, `http://127.0.0.1:port`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    // ===== requests =====

    /// A request to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(cookies) = self.jar.header() {
            request = request.header(COOKIE, cookies);
        }
        Request { request, jar: Arc::clone(&self.jar), accept: "text/html", what: path.to_owned() }
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// Asks for JSON.
    pub async fn get_json(&self, path: &str) -> Answer {
        self.request(Method::GET, path).accept_json().send().await
    }

    /// Asks for the headers alone.
    pub async fn head(&self, path: &str) -> Answer {
        self.request(Method::HEAD, path).send().await
    }

    /// A form without its token yet.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// The token for this session's forms, from the page that everybody gets.
    ///
    /// # Panics
    ///
    /// When no page shows one.
    pub async fn csrf_token(&self) -> String {
        for path in ["/", "/login"] {
            let page = self.get(path).await;
            if let Some(token) = html::csrf_token(&page.text()) {
                return token;
            }
        }
        panic!("neither / nor /login has a <meta name=\"csrf-token\">");
    }

    /// Fills in a form and sends it: fetches the token, then posts.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf_token().await;
        self.post(path).form_with_token(&token, fields).send().await
    }

    /// The same, asking for a JSON answer.
    pub async fn post_form_json(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf_token().await;
        self.post(path).accept_json().form_with_token(&token, fields).send().await
    }

    // ===== what users do =====

    /// Tries to sign in: opens the form, fills it in, sends it.
    pub async fn try_sign_in(&self, name: &str, password: &str) -> Answer {
        self.post_form("/login", &[("username", name), ("password", password), ("next", "/")]).await
    }

    /// Signs in as one of the demo's users.
    ///
    /// # Panics
    ///
    /// When the server does not let them in.
    pub async fn sign_in(&self, name: &str) {
        let answer = self.try_sign_in(name, PASSWORD).await;
        assert!(matches!(answer.status, 302 | 303), "{name} could not sign in: {answer:?}");
    }

    /// Signs out.
    pub async fn sign_out(&self) -> Answer {
        self.post_form("/logout", &[]).await
    }

    /// Whether the server still knows who this is.
    ///
    /// # Panics
    ///
    /// When the server fails to say.
    pub async fn is_signed_in(&self) -> bool {
        let answer = self.get("/clients").await;
        assert!(answer.status < 500, "{answer:?}");
        answer.status == 200 && !answer.asks_to_sign_in()
    }

    /// Uses the drill, with these query parameters.
    pub async fn drill(&self, query: &str) -> Drill {
        Drill::from(self.get_json(&format!("/examples/drill?{query}")).await)
    }

    /// Sends a file by the import form, asking for the report as JSON.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn import(&self, name: &str, bytes: Vec<u8>) -> Answer {
        let token = self.csrf_token().await;
        let file = Part::bytes(bytes).file_name(name.to_owned()).mime_str("text/csv").expect("a media type");
        let form = Form::new().text("_csrf", token).part("file", file);
        self.post("/import").accept_json().multipart(form).send().await
    }
}

/// A request being put together.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    request: RequestBuilder,
    jar: Arc<Jar>,
    accept: &'static str,
    what: String,
}

impl Request {
    /// Asks for JSON instead of a page.
    pub fn accept_json(mut self) -> Self {
        self.accept = "application/json";
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// These form fields and no others.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.request = self.request.form(fields);
        self
    }

    /// These form fields and the token.
    pub fn form_with_token(self, token: &str, fields: &[(&str, &str)]) -> Self {
        let mut all = vec![("_csrf", token)];
        all.extend_from_slice(fields);
        self.form(&all)
    }

    /// A form with files.
    pub fn multipart(mut self, form: Form) -> Self {
        self.request = self.request.multipart(form);
        self
    }

    /// A body as it is.
    pub fn body(mut self, kind: &str, body: Vec<u8>) -> Self {
        self.request = self.request.header("content-type", kind).body(body);
        self
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn send(self) -> Answer {
        let what = self.what.clone();
        self.try_send().await.unwrap_or_else(|error| panic!("no answer from {what}: {error:?}"))
    }

    /// Sends it and reads status and headers only: of an answer that may go on for ever.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn send_for_status(self) -> u16 {
        let sent = self.request.header(ACCEPT, self.accept).send().await;
        sent.unwrap_or_else(|error| panic!("no answer from {}: {error:?}", self.what)).status().as_u16()
    }

    /// Sends it and reads the whole answer, if there is one.
    ///
    /// # Errors
    ///
    /// When the connection was refused or broke before the answer was complete.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let started = Instant::now();
        let response = self.request.header(ACCEPT, self.accept).send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        self.jar.take(&headers);
        let body = response.bytes().await?.to_vec();
        Ok(Answer { status, headers, body, started, finished: Instant::now() })
    }
}
