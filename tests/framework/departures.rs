//! Clients that leave before they are answered (W3, fault 15).

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use toolcrib_tests::wire::HangUp;

use crate::support::prelude::*;

page!(Counted, PageInfo::new("counted", "/counted"), show(cx) {
    let stage = stage(cx);
    stage.count("started");
    stage.gate("counted").pass().await;
    db::query("INSERT INTO notes (body) VALUES ('counted')").execute(cx.tx().await?).await?;
    Ok(Response::text("done"))
});

page!(Ping, PageInfo::new("ping", "/ping"), show(_cx) { Ok(Response::text("pong")) });

/// One worker: once it has answered a request that came after a hang-up, it has seen the hang-up.
async fn site() -> Running {
    Running::start(Engine::Sqlite, "server.workers = 1\npages.counted.max = 1", |site| {
        site.app_module::<PlainApp>().page::<Counted>().page::<Ping>()
    })
    .await
}

/// A request whose client can leave.
async fn asked(site: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.expect("a connection");
    let request = format!("GET /counted HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", site.port);
    stream.write_all(request.as_bytes()).await.expect("a request");
    stream
}

async fn leaves(site: &Running, stream: TcpStream, how: HangUp) {
    if how == HangUp::Rst {
        stream.set_zero_linger().expect("a socket that can linger");
    }
    drop(stream);
    assert_eq!(site.visitor().read("/ping").await, "pong");
}

async fn one_who_leaves_the_queue_is_never_served(how: HangUp) {
    let site = site().await;
    let gate = site.stage.gate("counted");
    let visitor = site.visitor();
    let first = tokio::spawn(async move { visitor.get("/counted").await });
    gate.arrivals(1).await;

    let waits = asked(&site).await;
    holds_within("the second waits", Duration::from_secs(5), async || site.status().await.pool("counted").waiting == 1)
        .await;
    leaves(&site, waits, how).await;
    holds_within("the queue is empty", Duration::from_secs(5), async || {
        site.status().await.pool("counted").waiting == 0
    })
    .await;

    gate.open(10);
    first.await.expect("an answer").expect_status(200);
    site.visitor().get("/counted").await.expect_status(200);
    assert_eq!(site.stage.counted("started"), 2, "the first and the one after");
    assert_eq!(site.notes("counted").await, 2);
    let pool = site.status().await.pool("counted").clone();
    assert_eq!((pool.active, pool.idle, pool.uses_total), (0, 1, 2), "{pool:?}");
}

#[test]
fn one_who_closes_while_waiting_is_never_served() {
    run(one_who_leaves_the_queue_is_never_served(HangUp::Fin));
}

#[test]
fn one_who_resets_while_waiting_is_never_served() {
    run(one_who_leaves_the_queue_is_never_served(HangUp::Rst));
}

async fn a_page_under_way_ends_although_its_client_left(how: HangUp) {
    let site = site().await;
    let gate = site.stage.gate("counted");
    let stream = asked(&site).await;
    gate.arrivals(1).await;
    leaves(&site, stream, how).await;
    assert_eq!(site.status().await.pool("counted").active, 1, "it is still at work");

    gate.open(1);
    holds_within("the unit commits", Duration::from_secs(5), async || site.notes("counted").await == 1).await;
    holds_within("the instance is back", Duration::from_secs(5), async || {
        let pool = site.status().await.pool("counted").clone();
        (pool.active, pool.idle, pool.destroyed_total) == (0, 1, 0)
    })
    .await;
}

#[test]
fn a_page_under_way_commits_although_its_client_closed() {
    run(a_page_under_way_ends_although_its_client_left(HangUp::Fin));
}

#[test]
fn a_page_under_way_commits_although_its_client_reset() {
    run(a_page_under_way_ends_although_its_client_left(HangUp::Rst));
}

/// Whoever leaves while an instance is created for them keeps no place.
#[test]
fn one_who_leaves_while_an_instance_is_created_keeps_no_place() {
    struct Slow;

    impl PageModule for Slow {
        const INFO: PageInfo = PageInfo::new("counted", "/counted");

        async fn create(site: &Site) -> Result<Self, CreateError> {
            let stage = Stage::of(site);
            if stage.is_up("slow") {
                stage.gate("create").pass().await;
            }
            Ok(Self)
        }

        fn initialize(&mut self) {}

        async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
            Ok(Response::text("done"))
        }
    }

    run(async {
        let site = Running::start(Engine::Sqlite, "server.workers = 1\npages.counted.max = 1", |site| {
            site.app_module::<PlainApp>().page::<Slow>().page::<Ping>()
        })
        .await;
        for how in [HangUp::Fin, HangUp::Rst] {
            site.stage.raise("slow");
            let stream = asked(&site).await;
            site.stage.gate("create").arrivals(1).await;
            leaves(&site, stream, how).await;
            site.stage.lower("slow");
        }
        assert_eq!(site.visitor().read("/counted").await, "done");
        let pool = site.status().await.pool("counted").clone();
        assert_eq!((pool.active, pool.created_total), (0, 1), "{pool:?}");
    });
}
