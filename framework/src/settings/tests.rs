//! What the sources say, and what is refused.

use std::time::Duration;

use super::*;

fn with(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::from_sources("", environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
}

fn refusal(environment: &[(&str, &str)]) -> String {
    with(environment).expect_err("refused").to_string()
}

#[test]
fn defaults_fit() {
    let settings = with(&[]).expect("defaults");
    assert_eq!(settings.pool.max, 32);
    assert_eq!(settings.session.idle_timeout, Duration::from_secs(1200));
    assert_eq!(settings.retry_delays.len(), 10);
    assert_eq!(settings.object_log.max_entries, 100_000);
    assert!(settings.object_log.lock_retries);
    let jobs = settings.jobs;
    assert_eq!((jobs.workers, jobs.keep_days), (2, 7));
    assert_eq!((jobs.poll, jobs.lease), (Duration::from_secs(1), Duration::from_secs(30)));
    assert_eq!(settings.database.url(), "sqlite://crm.db");
}

#[test]
fn the_environment_beats_the_file_and_the_file_the_defaults() {
    let settings = Settings::from_sources(
        "[server]\nport = 1\nhost = \"0.0.0.0\"\n[pages.drill]\nmax = 7\n",
        [("TOOLCRIB_SERVER__PORT".to_owned(), "2".to_owned())].into(),
    )
    .expect("fits");
    assert_eq!(settings.server.port, 2);
    assert_eq!(settings.server.host, "0.0.0.0");
    assert_eq!(settings.pool_of("Drill").max, 7);
    assert_eq!(settings.pool_of("other").max, 32);
}

#[test]
fn page_settings_are_read_from_the_environment() {
    let settings = with(&[
        ("TOOLCRIB_PAGES__DRILL__MAX", "10"),
        ("TOOLCRIB_PAGES__DRILL__QUEUE_TIMEOUT_MS", "2000"),
        ("TOOLCRIB_PAGES__DRILL__CACHE", "destroy"),
    ])
    .expect("fits");
    assert_eq!(settings.pool_of("drill").max, 10);
    assert_eq!(settings.pool_of("drill").queue_timeout, Duration::from_secs(2));
    let page = settings.pages.get("drill").expect("page");
    assert_eq!(page.cache, Some(super::CacheMode::Destroy));
}

#[test]
fn lists_are_read_from_the_environment_and_from_the_file() {
    let settings = with(&[("TOOLCRIB_RETRY__DELAYS_MS", "10,20,30")]).expect("fits");
    assert_eq!(settings.retry_delays, [10, 20, 30].map(Duration::from_millis));
    let settings = Settings::from_sources("[retry]\ndelays_ms = [1, 2]\n", [].into());
    assert_eq!(settings.expect("fits").retry_delays, [1, 2].map(Duration::from_millis));
}

#[test]
fn unknown_names_are_refused_by_name_with_a_suggestion() {
    let text = refusal(&[("TOOLCRIB_SERVER__PROT", "1")]);
    assert!(text.contains("server.prot"), "{text}");
    assert!(text.contains("TOOLCRIB_SERVER__PROT"), "{text}");
    assert!(text.contains("did you mean server.port?"), "{text}");
    let text = refusal(&[("TOOLCRIB_PAGES__DRILL__MAXX", "1")]);
    assert!(text.contains("pages.drill.max?"), "{text}");
}

#[test]
fn bad_values_are_refused_by_name() {
    for (variable, value, name) in [
        ("TOOLCRIB_SERVER__PORT", "70000", "server.port"),
        ("TOOLCRIB_SERVER__WORKERS", "0", "server.workers"),
        ("TOOLCRIB_PROFILE", "prod", "profile"),
        ("TOOLCRIB_RETRY__DELAYS_MS", "a", "retry.delays_ms"),
        ("TOOLCRIB_SERVER__PUBLIC_URL", "crm", "server.public_url"),
        ("TOOLCRIB_SESSION__STORE", "tin", "session.store"),
        ("TOOLCRIB_SECRET", "short", "secret"),
        ("TOOLCRIB_OBJECT_LOG__MAX_ENTRIES", "0", "object_log.max_entries"),
        ("TOOLCRIB_JOBS__WORKERS", "-1", "jobs.workers"),
        ("TOOLCRIB_JOBS__POLL_MS", "0", "jobs.poll_ms"),
        ("TOOLCRIB_JOBS__LEASE_MS", "0", "jobs.lease_ms"),
        ("TOOLCRIB_JOBS__KEEP_DAYS", "a week", "jobs.keep_days"),
        ("TOOLCRIB_OBJECT_LOG__LOCK_RETRIES", "often", "object_log.lock_retries"),
    ] {
        let text = refusal(&[(variable, value)]);
        assert!(text.contains(name) && text.contains(variable), "{text}");
    }
}

#[test]
fn production_refuses_a_missing_secret_and_test_knobs() {
    assert!(refusal(&[("TOOLCRIB_PROFILE", "production")]).contains("TOOLCRIB_SECRET"));
    let secret = "0123456789012345678901234567890123456789";
    let text =
        refusal(&[("TOOLCRIB_PROFILE", "production"), ("TOOLCRIB_SECRET", secret), ("TOOLCRIB_TEST_KNOBS", "1")]);
    assert!(text.contains("test_knobs"), "{text}");
    assert!(!text.contains(secret), "a secret is never printed");
    let text = refusal(&[
        ("TOOLCRIB_PROFILE", "production"),
        ("TOOLCRIB_SECRET", secret),
        ("TOOLCRIB_DEVELOPMENT__CORNER", "true"),
    ]);
    assert!(text.contains("development.corner"), "{text}");
}

#[test]
fn what_helps_a_developer_is_on_in_development_and_off_in_production() {
    let development = with(&[]).expect("fits");
    assert!(development.corner && development.keep_requests);
    let tested = with(&[("TOOLCRIB_TEST_KNOBS", "1")]).expect("fits");
    assert!(!tested.corner, "it would make every answer another one");
    let production = [
        ("TOOLCRIB_PROFILE", "production"),
        ("TOOLCRIB_SECRET", "0123456789012345678901234567890123456789"),
        ("TOOLCRIB_SERVER__HOSTS", "crm.example.org"),
    ];
    let silent = with(&production).expect("fits");
    assert!(!silent.corner && !silent.keep_requests);
    let asked = [&production[..], &[("TOOLCRIB_TOOLS__REQUESTS", "true")]].concat();
    assert!(with(&asked).expect("fits").keep_requests);
}

#[test]
fn the_limits_of_streams_are_settings() {
    let live = with(&[("TOOLCRIB_LIVE__MAX_MINUTES", "2"), ("TOOLCRIB_LIVE__MAX_STREAMS", "0")]).expect("fits").live;
    assert_eq!((live.max_age, live.max_streams), (Duration::from_secs(120), 0));
    assert_eq!(live.heartbeat, Duration::from_secs(15));
    assert!(refusal(&[("TOOLCRIB_LIVE__HEARTBEAT_MS", "0")]).contains("live.heartbeat_ms"));
}

#[test]
fn trusted_proxies_are_a_list_and_nobody_by_default() {
    assert!(with(&[]).expect("fits").server.trusted_proxies.is_empty());
    let asked = with(&[("TOOLCRIB_SERVER__TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::1")]).expect("fits");
    let from_file = "[server]\ntrusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\", \"::1\"]\n";
    let from_file = Settings::from_sources(from_file, [].into()).expect("fits");
    assert_eq!(asked.server.trusted_proxies, from_file.server.trusted_proxies);
    assert!(asked.server.trusted_proxies.includes([10, 7, 0, 1].into()));
    let text = refusal(&[("TOOLCRIB_SERVER__TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/33")]);
    assert!(text.contains("server.trusted_proxies") && text.contains("10.0.0.0/33"), "{text}");
}

#[test]
fn a_database_password_is_never_printed() {
    let settings = with(&[("DATABASE_URL", "postgres://u:hunter2@localhost/x")]);
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn sessions_are_in_the_database_unless_redis_is_chosen_and_its_address_given() {
    let with_url = ("REDIS_URL", "redis://:very-secret@127.0.0.1/");
    assert!(matches!(with(&[with_url]).unwrap().session.store, StoreSettings::Database));
    let settings = with(&[("TOOLCRIB_SESSION__STORE", "redis"), with_url]).unwrap();
    assert!(matches!(settings.session.store, StoreSettings::Redis(_)));
    assert!(!format!("{settings:?}").contains("very-secret"));
    let file = "[session]\nstore = \"redis\"\nredis_url = \"redis://127.0.0.1/\"\n";
    assert!(matches!(Settings::from_sources(file, [].into()).unwrap().session.store, StoreSettings::Redis(_)));
    for refused in
        [vec![("TOOLCRIB_SESSION__STORE", "redis")], vec![("TOOLCRIB_SESSION__STORE", "redis"), ("REDIS_URL", " ")]]
    {
        let refusal = refusal(&refused);
        assert!(refusal.contains("REDIS_URL") && refusal.contains("session.redis_url"), "{refusal}");
    }
}
