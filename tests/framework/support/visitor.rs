//! One visitor of a site under test.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::header::ACCEPT;
use reqwest::header::COOKIE;
use toolcrib_tests::Answer;
use toolcrib_tests::Jar;

/// Longer than any time limit of a site that a test may wait for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A visitor: cookies, connections that are kept open, no redirects followed. Clones are the same visitor.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    http: reqwest::Client,
    base: String,
    jar: Arc<Jar>,
}

impl Visitor {
    pub(super) fn new(port: u16) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .pool_idle_timeout(Duration::from_secs(2))
            .build()
            .expect("an HTTP client");
        Self { http, base: format!("http://127.0.0.1:{port}"), jar: Arc::default() }
    }

    /// Another browser with a copy of this one's cookies.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self { jar: Arc::default(), ..self.clone() };
        copy.jar.replace(self.jar.cookies());
        copy
    }

    /// This visitor's browser, at another site on the same host.
    pub(crate) fn at(&self, port: u16) -> Self {
        Self { base: format!("http://127.0.0.1:{port}"), ..self.clone() }
    }

    /// Opens a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path), "text/html").await
    }

    /// Asks for JSON.
    pub(crate) async fn get_json(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path), "application/json").await
    }

    /// The text of a page that has to be there.
    pub(crate) async fn read(&self, path: &str) -> String {
        self.get(path).await.expect_status(200).text()
    }

    /// The token of this visitor's forms.
    pub(crate) async fn token(&self) -> String {
        self.read("/token").await
    }

    /// Fetches the token, then sends a form.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token().await;
        self.post_with(&token, path, fields).await
    }

    /// Sends a form with a token fetched before.
    pub(crate) async fn post_with(&self, token: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("_csrf", token)];
        all.extend_from_slice(fields);
        self.send(self.request(Method::POST, path).form(&all), "text/html").await
    }

    /// Fetches the token, then sends a form that asks for JSON.
    pub(crate) async fn post_json(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token().await;
        let mut all = vec![("_csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.send(self.request(Method::POST, path).form(&all), "application/json").await
    }

    /// Fetches the token, then sends a form as a script does that takes the answer as a part.
    pub(crate) async fn post_fetch(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token().await;
        let mut all = vec![("_csrf", token.as_str())];
        all.extend_from_slice(fields);
        let request = self.request(Method::POST, path).header("X-Requested-With", "fetch").form(&all);
        self.send(request, "text/html, application/json").await
    }

    /// Fetches the token, then sends a file that asks for JSON.
    pub(crate) async fn post_file(&self, path: &str, field: &str, name: &str, bytes: Vec<u8>) -> Answer {
        let token = self.token().await;
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().text("_csrf", token).part(field.to_owned(), part);
        self.send(self.request(Method::POST, path).multipart(form), "application/json").await
    }

    /// Signs in; the rights are words.
    pub(crate) async fn sign_in(&self, user: &str, rights: &str) {
        self.post("/sign-in", &[("user", user), ("rights", rights)]).await.expect_status(200);
    }

    /// Signs out.
    pub(crate) async fn sign_out(&self) {
        self.post("/sign-out", &[]).await.expect_status(200);
    }

    /// Opens a page with further headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::GET, path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request, "text/html").await
    }

    /// Asks for the headers alone.
    pub(crate) async fn head(&self, path: &str, accept: &str) -> Answer {
        self.send(self.request(Method::HEAD, path), accept).await
    }

    pub(super) fn port(&self) -> u16 {
        let port = self.base.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.expect("an address with a port")
    }

    pub(super) fn cookies(&self) -> Option<String> {
        self.jar.header()
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match self.jar.header() {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        }
    }

    pub(super) async fn send(&self, request: RequestBuilder, accept: &str) -> Answer {
        let started = Instant::now();
        let response =
            request.header(ACCEPT, accept).send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        self.jar.take(&headers);
        let body = response.bytes().await.expect("a whole answer").to_vec();
        Answer { status, headers, body, started, finished: Instant::now() }
    }
}
