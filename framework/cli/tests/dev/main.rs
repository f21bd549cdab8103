//! `toolcrib dev` as a template author meets it: the program itself, a tiny site without dependencies that Cargo really
//! builds, and clients on sockets.

#![expect(clippy::expect_used, clippy::panic, reason = "in a test crate a broken expectation is a failed test")]

mod support;

use std::time::Duration;

use self::support::{Client, Loop, Tiny};

#[test]
fn no_request_is_refused_while_the_site_changes() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    assert!(dev.get("/").body.contains("version 0"));
    let mut events = dev.events();
    let asking: Vec<Client> = (0..4).map(|_| Client::ask_all_the_time(dev.port)).collect();
    for version in 1..=3 {
        site.write("templates/page.html", &Tiny::page(version));
        assert_eq!(events.next().0, "reload");
        assert!(dev.get("/").body.contains(&format!("version {version}")));
    }
    for client in asking {
        let (answered, trouble) = client.stop();
        assert!(trouble.is_empty(), "{trouble:?}");
        assert!(answered > 10, "only {answered} requests were made");
    }
}

#[test]
fn pages_carry_one_script_and_other_answers_are_left_alone() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    let page = dev.get("/");
    assert_eq!(page.body.matches("<script").count(), 1, "{}", page.body);
    assert!(page.body.contains("src=\"/__toolcrib/reload.js?page="), "{}", page.body);
    assert_eq!(page.header("content-length"), Some(page.body.len().to_string().as_str()));
    assert_eq!(dev.get("/fragment").body, "<p>no head</p>");
    assert_eq!(dev.get("/plain").body, "<html><head></head></html>");
    let script = dev.get("/__toolcrib/reload.js?page=1.0");
    assert_eq!((script.status, script.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    let foreign = dev.ask("GET /__toolcrib/events HTTP/1.1\r\nhost: evil.test\r\nconnection: close\r\n\r\n");
    assert_eq!(foreign.status, 421);
}

#[test]
fn a_half_sent_request_is_served_by_the_next_site() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    let mut events = dev.events();
    let mut half =
        dev.send("POST /echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 10\r\n\r\n12345");
    site.write("templates/page.html", &Tiny::page(1));
    assert_eq!(events.next().0, "reload");
    half.send("67890");
    let answer = half.answer();
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with("1234567890 to version 1"), "{}", answer.body);
}

#[test]
fn a_request_under_way_is_finished_by_the_site_it_asked() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    let mut events = dev.events();
    let slow = dev.send("GET /slow HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    site.wait_for("slow.log");
    site.write("templates/page.html", &Tiny::page(1));
    dev.wait_for_line("Finished");
    site.write("go.log", "");
    let answer = slow.answer();
    assert_eq!((answer.status, answer.body.as_str()), (200, "slow of version 0"));
    assert_eq!(events.next().0, "reload");
    assert!(dev.get("/").body.contains("version 1"));
}

#[test]
fn a_stream_of_events_holds_up_no_switch_and_ends_with_its_site() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    let stream = dev.send("GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n");
    site.wait_for("stream.log");
    site.write("templates/page.html", &Tiny::page(1));
    let line = dev.wait_for_line("switched in ");
    let millis = line.split("switched in ").nth(1).and_then(|rest| rest.split(' ').next()).map(str::parse::<u64>);
    // Requests under way are waited for during five seconds.
    assert!(millis.expect("a time").expect("a number") < 2_500, "{line}");
    assert!(stream.answer().body.contains("data: 1"));
    assert!(dev.get("/").body.contains("version 1"));
}

#[test]
fn a_compile_error_is_shown_with_file_and_line_and_goes_away() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    let mut events = dev.events();
    let source = site.read("src/main.rs");
    site.write("src/main.rs", &source.replacen("fn main() {", "fn main() {\n    let x: u32 = \"<b>\";", 1));
    let line = source.lines().position(|line| line.starts_with("fn main")).expect("a main") + 2;
    let (name, data) = events.next();
    assert_eq!(name, "problem");
    assert!(data.contains(&format!("src/main.rs:{line}:18")), "{data}");
    let page = dev.get_page("/anything");
    assert_eq!(page.status, 500);
    assert!(page.body.contains(&format!("src/main.rs:{line}:18")), "{}", page.body);
    assert!(page.body.contains("mismatched types") && page.body.contains("&lt;b&gt;"), "{}", page.body);
    assert!(!page.body.contains("<b>"), "{}", page.body);

    // A template's own file and line, in the words askama uses.
    let told = "compile_error!(\"failed to parse template source\\n  --> templates/page.html:2:1\\n\\\"x\\\"\");\n";
    site.write("src/main.rs", &format!("{told}{source}"));
    let (name, data) = events.next();
    assert_eq!(name, "problem");
    assert!(data.contains("\"place\":\"templates/page.html:2:1\""), "{data}");

    site.write("src/main.rs", &source);
    assert!(["mended", "reload"].contains(&events.next().0.as_str()));
    assert_eq!(dev.get_page("/").status, 200);
}

#[test]
fn a_site_that_is_not_yet_built_shows_why_and_starts_when_it_is_mended() {
    let site = Tiny::new();
    let source = site.read("src/main.rs");
    site.write("src/main.rs", "fn main() { nonsense }");
    let dev = Loop::start_waiting_for(&site, &[], "does not compile");
    let page = dev.get_page("/");
    assert_eq!(page.status, 500);
    assert!(page.body.contains("src/main.rs:1:13"), "{}", page.body);
    // The page of a notice is not told of it once more.
    let mut events = dev.events();
    site.write("src/main.rs", &source);
    assert_eq!(events.next().0, "reload");
    assert_eq!(dev.get_page("/").status, 200);
}

#[test]
fn what_does_not_start_is_shown_with_its_last_words() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    let mut events = dev.events();
    site.write("toolcrib.toml", "broken = \"<yes>\"\n");
    let (name, data) = events.next();
    assert_eq!(name, "problem");
    assert!(data.contains("unknown setting <yes>") && data.contains("exit status: 3"), "{data}");
    let page = dev.get_page("/");
    assert_eq!(page.status, 500);
    assert!(page.body.contains("unknown setting &lt;yes&gt;"), "{}", page.body);
    site.remove("toolcrib.toml");
    assert_eq!(events.next().0, "reload");
    assert_eq!(dev.get_page("/").status, 200);
}

#[test]
fn a_site_that_dies_is_told_of() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    let mut events = dev.events();
    let page = dev.get_page("/die");
    assert_eq!(page.status, 500);
    assert!(page.body.contains("dying as asked"), "{}", page.body);
    assert_eq!(events.next().0, "problem");
}

#[test]
fn a_style_sheet_is_taken_over_without_loading_anew() {
    let site = Tiny::new();
    let dev = Loop::start(&site, &[]);
    let mut events = dev.events();
    site.write("assets/app.css", "body { color: green }\n");
    let (name, data) = events.next();
    assert_eq!(name, "style");
    assert!(data.contains("\"name\":\"app.css\""), "{data}");
    assert_eq!(dev.get("/assets/app.css").body, "body { color: green }\n");
    dev.wait_for_line("ready at");
    assert_eq!(dev.get("/assets/app.css").body, "body { color: green }\n");
    // The next event is the next change's: the style sheet made none.
    site.write("templates/page.html", &Tiny::page(1));
    assert_eq!(events.next().0, "reload");
    assert_eq!(dev.get("/assets/app.css").body, "body { color: green }\n");
}

#[test]
fn the_site_gets_its_arguments_and_goes_with_the_loop() {
    let site = Tiny::new();
    let mut dev = Loop::start(&site, &["serve", "--loud"]);
    assert_eq!(dev.get("/arguments").body, "serve --loud, development");
    let inner: u16 = dev.get("/port").body.parse().expect("a port");
    assert_ne!(inner, dev.port);
    dev.terminate();
    assert!(dev.wait(Duration::from_secs(20)).success());
    assert!(std::net::TcpStream::connect(("127.0.0.1", inner)).is_err(), "the site still listens");
}

#[test]
fn a_taken_port_and_a_production_profile_are_refused() {
    let site = Tiny::new();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let message = Loop::refused(&site, &["--port", &port], &[]);
    assert!(message.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{message}");
    assert!(message.contains("--port"), "{message}");
    let message = Loop::refused(&site, &[], &[("TOOLCRIB_PROFILE", "production")]);
    assert!(message.contains("the profile is production"), "{message}");
}
