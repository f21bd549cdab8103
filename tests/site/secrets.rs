//! Where secrets must not be.

use toolcrib_tests::prelude::*;

// What a process writes into its own log.
on_both_engines! {
    the_log_tells_no_secret,
    each_request_is_one_line_of_the_log,
}

async fn the_log_tells_no_secret(engine: Engine) {
    let server = Server::on(engine).environment("RUST_LOG", "debug").start().await;
    let anna = server.visitor();
    let anonymous = anna.csrf_token().await;
    let _ = anna.try_sign_in("anna", "a-wrong-password-typed").await;
    anna.sign_in("anna").await;
    let token = anna.csrf_token().await;
    let client = NewClient::valid();
    anna.create(&client).await;
    let cookies = anna.jar().cookies();
    let last = anna.get("/search?q=the-last-request").await;
    let last = last.header("x-request-id").expect("a request id");
    holds_within("the last request is in the log", Duration::from_secs(5), async || server.log().contains(last)).await;
    let log = server.log();
    let secrets = [PASSWORD.to_owned(), "a-wrong-password-typed".to_owned(), anonymous, token];
    for secret in secrets.into_iter().chain(cookies.into_values()) {
        assert!(!log.contains(&secret), "{secret} stands in the log");
    }
    assert!(!log.contains("$argon2"), "a password hash stands in the log");
    // The address with the database's password in it.
    assert!(
        engine == Engine::Sqlite || !log.contains(server.database().url()),
        "the database's address stands in the log"
    );
}

/// One line for each request, found by its id.
async fn each_request_is_one_line_of_the_log(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    for path in ["/login", "/no/such/page", "/examples/drill"] {
        let answer = visitor.get(path).await;
        let id = answer.header("x-request-id").expect("a request id").to_owned();
        let lines = eventually("the request's line", Duration::from_secs(2), async || {
            let log = server.log();
            let lines = log.lines().filter(|line| line.contains(&id)).count();
            (lines > 0).then_some(lines)
        })
        .await;
        assert_eq!(lines, 1, "{path}:\n{}", server.log());
    }
}

/// Passwords are stored as argon2id hashes, session ids as hashes.
#[test]
fn the_database_holds_hashes_only() {
    toolcrib_tests::run(async {
        let mut server = Server::on(Engine::Sqlite).start().await;
        let anna = server.signed_in("anna").await;
        let cookies = anna.jar().cookies();
        server.kill();
        let file = server.database().file().expect("an SQLite file").to_path_buf();
        let mut bytes = std::fs::read(&file).expect("the database");
        bytes.extend(std::fs::read(file.with_extension("db-wal")).unwrap_or_default());
        let holds = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(holds("$argon2id$"));
        assert!(!holds(PASSWORD), "the password itself is stored");
        for (name, value) in cookies {
            assert!(!holds(&value), "the cookie {name} is stored as it is sent");
        }
    });
}

/// Without `DEMO_PASSWORD` the first start makes a password and prints it, and with it the demo's users sign in.
#[test]
fn a_first_start_prints_the_password_that_it_made() {
    toolcrib_tests::run(async {
        let mut server = Server::on(Engine::Sqlite).without("DEMO_PASSWORD").start().await;
        let log = server.log();
        for name in ["admin", "anna", "boris", "vera"] {
            assert!(log.contains(name), "{name} is not named:\n{log}");
        }
        assert!(log.contains(&format!("127.0.0.1:{}", server.port())), "the address is not printed:\n{log}");
        let words: Vec<_> = log.split(|letter: char| letter.is_whitespace() || "\"'`,()=".contains(letter)).collect();
        let mut candidates: Vec<_> =
            words.into_iter().filter(|word| (8..=64).contains(&word.len()) && !word.contains(['/', ':'])).collect();
        candidates.sort_unstable();
        candidates.dedup();
        let mut signed_in = false;
        for (number, word) in candidates.iter().enumerate().take(200) {
            let address =
                [127, 1, u8::try_from(number / 200).expect("few"), u8::try_from(number % 200 + 1).expect("few")];
            let visitor = server.visitor_from(address);
            signed_in |= matches!(visitor.try_sign_in("vera", word).await.status, 302 | 303);
            if signed_in {
                break;
            }
        }
        assert!(signed_in, "no word of the log is the password:\n{log}");
        server.kill();
        let old = server.log().len();
        server.start_again().await;
        assert!(!server.log()[old..].to_lowercase().contains("password:"), "a later start prints a password again");
    });
}
