//! Shared objects: one message at a time, whoever sends it, and never twice (A16, AC-25).

use std::collections::BTreeSet;

use crate::support::attempts;
use crate::support::prelude::*;
use crate::support::script::variable;

on_both_engines! {
    a_hundred_moves_happen_one_after_the_other,
    after_a_message_a_conflict_is_not_replayed,
    what_an_object_writes_at_once_is_kept_though_its_sender_fails,
}

/// Cards on a table. `playing` is set while a move is made: nobody may find it set.
struct CardGame {
    moves: Vec<String>,
    playing: bool,
}

impl SharedObject for CardGame {
    const NAME: &'static str = "card-game";
    type Message = String;
    type Answer = (usize, Vec<String>);

    async fn create(site: &Site) -> Result<Self, CreateError> {
        let stage = Stage::of(site);
        stage.count("created");
        if stage.is_up("no game") {
            return Err(CreateError::new("asked to fail"));
        }
        Ok(Self { moves: Vec::new(), playing: false })
    }

    async fn handle(&mut self, message: String, site: &Site) -> Result<Self::Answer, PageError> {
        let stage = Stage::of(site);
        assert!(!self.playing, "two messages at a time");
        self.playing = true;
        let number = self.moves.len() + 1;
        match message.as_str() {
            "bad" => {
                self.playing = false;
                return Err(PageError::bad_request("no such card"));
            }
            "error" => {
                self.playing = false;
                return Err(PageError::other("asked to fail"));
            }
            "panic" => panic!("asked to panic"),
            "wait" => stage.gate("table").pass().await,
            "durable" => {
                site.application().update(&variable("Moves"), |old| old.unwrap_or(0) + 1).await?;
            }
            _ => {}
        }
        // Whoever else wants to play comes now, if ever.
        tokio::task::yield_now().await;
        let mut conn = site.db().read().await?;
        let _: i64 = db::query("SELECT CAST(1 AS BIGINT)").scalar(&mut conn).await?;
        self.moves.push(message);
        self.playing = false;
        Ok((number, self.moves.clone()))
    }
}

/// An object the site knows nothing of.
struct Unregistered;

impl SharedObject for Unregistered {
    const NAME: &'static str = "unregistered-object";
    type Message = ();
    type Answer = ();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    async fn handle(&mut self, (): (), _: &Site) -> Result<(), PageError> {
        Ok(())
    }
}

/// Plays a card, and then writes to the unit, as the query says.
async fn play(cx: &mut Context<'_>) -> PageResult {
    let card: String = cx.path("card")?;
    let tally = variable("Tally");
    let then = cx.query_param("then").unwrap_or_default().to_owned();
    let seen = cx.application().get(&tally)?.unwrap_or_default();
    if then == "retry-before" && cx.attempt_number() == 1 {
        return Err(PageError::retry("asked to come again"));
    }
    let (number, moves) = cx.shared_object::<CardGame>()?.send(card).await?;
    match then.as_str() {
        "conflict" => {
            stage(cx).gate("played").pass().await;
            db::query("INSERT INTO notes (body) VALUES ('lost')").execute(cx.tx().await?).await?;
            cx.application().set(&tally, &(seen + 1))?;
        }
        "retry" => return Err(PageError::retry("asked to come again")),
        "error" => return Err(PageError::other("asked to fail")),
        "commit" => cx.application().set(&tally, &(seen + 1))?,
        _ => {}
    }
    Ok(Response::text(format!("{number} {}", moves.join(","))))
}

page!(Play, PageInfo::new("play", "/play/{card}"), show(cx) { play(cx).await });

page!(Unknown, PageInfo::new("unknown", "/unknown"), show(cx) {
    cx.shared_object::<Unregistered>()?.send(()).await?;
    Ok(Response::text("there"))
});

page!(UnknownCaught, PageInfo::new("unknown-caught", "/unknown-caught"), show(cx) {
    let text = match cx.shared_object::<Unregistered>() {
        Ok(_) => "there".to_owned(),
        Err(error) => error.to_string(),
    };
    Ok(Response::text(text))
});

async fn site(engine: Engine, settings: &str) -> Running {
    let settings = format!("pages.play.max = 150\n{settings}");
    Running::start(engine, &settings, |site| {
        let site = site.app_module::<PlainApp>().shared_object::<CardGame>();
        site.page::<Play>().page::<Unknown>().page::<UnknownCaught>()
    })
    .await
}

/// The number a move was given, and all moves up to it.
fn read(answer: Answer) -> (usize, Vec<String>) {
    let text = answer.expect_status(200).text();
    let (number, moves) = text.split_once(' ').expect("a number and moves");
    (number.parse().expect("a number"), moves.split(',').map(str::to_owned).collect())
}

/// AC-25.
async fn a_hundred_moves_happen_one_after_the_other(engine: Engine) {
    let site = site(engine, "").await;
    let answers = all_at_once(100, |number| {
        let visitor = site.visitor();
        async move { visitor.get(&format!("/play/card{number}?then=commit")).await }
    })
    .await;
    let mut games: Vec<_> = answers.into_iter().filter(|answer| answer.status == 200).map(read).collect();
    let (_, all) = read(site.visitor().get("/play/last").await);
    assert_eq!(all.len(), 101, "every message was handled once");
    let cards: BTreeSet<&String> = all.iter().collect();
    assert_eq!(cards.len(), 101, "no card was played twice");
    games.sort_by_key(|(number, _)| *number);
    let mut numbers: Vec<usize> = games.iter().map(|(number, _)| *number).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), games.len(), "every move has a number of its own");
    for (number, moves) in &games {
        assert_eq!(moves[..], all[..*number], "everybody sees the moves in the one order");
    }
    assert_eq!(site.stage.counted("created"), 1, "one for all workers");
    let tally = site.site.application().get(&variable("Tally")).expect("read");
    assert_eq!(tally, i64::try_from(games.len()).ok(), "whose unit was committed is answered, and nobody else");
    let requests = site.status().await.requests;
    assert_eq!(requests.retried, 0, "who has sent a message is not replayed");
    assert!(requests.add_up(), "{requests:?}");
}

#[test]
fn all_who_send_to_an_object_without_writing_more_are_served() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        let answers = all_at_once(100, |number| {
            let visitor = site.visitor();
            async move { read(visitor.get(&format!("/play/card{number}")).await).0 }
        })
        .await;
        let numbers: BTreeSet<usize> = answers.into_iter().collect();
        assert_eq!(numbers, (1..=100).collect());
    });
}

/// A panic costs its sender the answer and the object its state; those who wait are served by a new one.
#[test]
fn a_panic_in_a_message_rebuilds_the_object() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        assert_eq!(site.visitor().read("/play/one").await, "1 one");
        let at_the_table = site.visitor().opens("/play/wait");
        site.stage.gate("table").arrivals(1).await;
        let mut panics = site.visitor().opens("/play/panic");
        panics.stays_unanswered(Duration::from_millis(200)).await;
        let waits = site.visitor().opens("/play/after");
        site.stage.gate("table").open(1);
        assert_eq!(read(at_the_table.answer().await), (2, vec!["one".to_owned(), "wait".to_owned()]));
        let answer = panics.answer().await.expect_status(500);
        assert!(!answer.text().contains("asked to panic"), "{answer:?}");
        let waited = waits.answer().await.expect_status(200).text();
        assert!(["1 after", "3 one,wait,after"].contains(&waited.as_str()), "served before or after it: {waited}");
        let next = site.visitor().read("/play/next").await;
        assert!(["1 next", "2 after,next"].contains(&next.as_str()), "by a new object: {next}");
        assert_eq!(site.stage.counted("created"), 2);
        assert!(site.log().await.iter().any(|entry| entry.priority == "error" && entry.says("asked to panic")));
    });
}

#[test]
fn an_error_of_a_message_is_its_senders_and_leaves_the_object_as_it_is() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        site.visitor().read("/play/one").await;
        let answer = site.visitor().get("/play/bad").await.expect_status(400);
        assert!(answer.text().contains("no such card"), "{answer:?}");
        site.visitor().get("/play/error").await.expect_status(500);
        assert_eq!(site.visitor().read("/play/two").await, "2 one,two");
        assert_eq!(site.stage.counted("created"), 1);
    });
}

#[test]
fn an_object_that_cannot_be_created_is_tried_again_by_the_next_message() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        site.stage.raise("no game");
        let answer = site.visitor().get("/play/one").await;
        assert!(matches!(answer.status, 500 | 503) && !answer.text().contains("asked to fail"), "{answer:?}");
        site.stage.lower("no game");
        assert_eq!(site.visitor().read("/play/two").await, "1 two");
        assert!(site.log().await.iter().any(|entry| entry.says("asked to fail")), "the cause is in the log");
    });
}

#[test]
fn an_object_the_site_does_not_know_is_an_error_that_says_what_to_do() {
    run(async {
        let site = site(Engine::Sqlite, "").await;
        site.visitor().get("/unknown").await.expect_status(500);
        let entry = site.log().await.pop().expect("an entry");
        assert!(entry.says("unregistered-object") && entry.says("shared_object"), "{entry:?}");
        site.visitor().get("/unknown-caught").await.expect_status(200);
    });
}

/// What was sent happened: the unit must not run again and send it twice.
async fn after_a_message_a_conflict_is_not_replayed(engine: Engine) {
    let site = site(engine, "").await;
    let request = site.visitor().opens("/play/one?then=conflict");
    site.stage.gate("played").arrivals(1).await;
    site.site.application().set(&variable("Tally"), &10).await.expect("another unit's write");
    site.stage.gate("played").open(1);
    let answer = request.answer().await.expect_status(503);
    answer.retry_after();
    assert_eq!(attempts(&answer), 1, "{answer:?}");
    let asked = site.visitor().get("/play/two?then=retry").await.expect_status(503);
    assert_eq!(attempts(&asked), 1, "{asked:?}");
    assert_eq!(site.notes("lost").await, 0);
    assert_eq!(site.visitor().read("/play/three").await, "3 one,two,three", "each was sent once");
    assert_eq!(site.site.application().get(&variable("Tally")).expect("read"), Some(10));

    let before = site.visitor().get("/play/four?then=retry-before").await.expect_status(200);
    assert_eq!((attempts(&before), before.text().as_str()), (2, "4 one,two,three,four"), "nothing was sent yet");
    let requests = site.status().await.requests;
    assert_eq!(requests.retried, 1);
    assert!(requests.add_up(), "{requests:?}");
}

async fn what_an_object_writes_at_once_is_kept_though_its_sender_fails(engine: Engine) {
    let site = site(engine, "").await;
    site.visitor().get("/play/durable?then=error").await.expect_status(500);
    assert_eq!(site.visitor().read("/play/durable").await, "2 durable,durable");
    assert_eq!(site.site.application().get(&variable("Moves")).expect("read"), Some(2));
}
