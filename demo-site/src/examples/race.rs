//! `/examples/race`: the server plays several visitors at once, and shows what became of each attempt.

use std::time::Duration;

use askama::Template;
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::json;
use toolcrib::prelude::*;

use super::contest::Contest;
use super::pace::Pace;

/// How many visitors a race may have.
const VISITORS: std::ops::RangeInclusive<usize> = 2..=8;
/// How many it has where the form says nothing else.
const USUAL_VISITORS: usize = 5;
/// How long each visitor waits between the read and the write.
const PAUSE: Duration = Duration::from_millis(40);

/// One race at a time, site-wide, and how long to wait for another one's end.
const TRACK: &str = "examples/race";
const WAIT: Duration = Duration::from_secs(1);
const COME_BACK: Duration = Duration::from_secs(5);

/// Runs races.
#[derive(Debug)]
pub struct RacePage;

/// A race as a form asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wish {
    contest: Contest,
    visitors: usize,
}

/// What became of a race.
#[derive(Debug, Serialize)]
struct Race {
    example: &'static str,
    #[serde(skip)]
    contest: Contest,
    before: i64,
    after: i64,
    expected: i64,
    attempts: Vec<Attempt>,
}

/// One attempt of one visitor. Times count from the start of the race.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Attempt {
    client: usize,
    number: u32,
    outcome: String,
    began_ms: i64,
    ended_ms: i64,
    #[serde(skip)]
    ending: Ending,
}

/// How an attempt ended: for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Committed,
    Retried,
    Failed,
}

#[derive(Debug, Template)]
#[template(path = "examples/race.html")]
struct RaceView {
    race: Option<Race>,
    contests: &'static [Contest],
    chosen: Contest,
    visitors: usize,
}

impl PageModule for RacePage {
    const INFO: PageInfo = PageInfo::new("race", "/examples/race").title("The race").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pace = Pace::of(cx);
        pace.before().await;
        pace.between().await?;
        if cx.wants_json() {
            return cx.json(&json!({ "examples": Contest::ALL.map(Contest::key) }));
        }
        cx.render(RaceView { race: None, contests: &Contest::ALL, chosen: Contest::Tally, visitors: USUAL_VISITORS })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let Wish { contest, visitors } =
            Wish::parse(cx.form_param("example"), cx.form_param("clients")).map_err(PageError::bad_request)?;
        let pace = Pace::of(cx);
        pace.before().await;
        if !cx.lock(TRACK).exclusive().cluster().within(WAIT).acquire_or_skip().await? {
            return Err(PageError::too_many("Another race is being run. Try again in a moment.", COME_BACK));
        }
        pace.between().await?;
        let race = run(cx.site(), contest, visitors).await?;
        if cx.wants_json() {
            return cx.json(&race);
        }
        cx.render(RaceView { race: Some(race), contests: &Contest::ALL, chosen: contest, visitors })
    }
}

/// Starts all visitors at once and waits for the last.
async fn run(site: &Site, contest: Contest, visitors: usize) -> Result<Race, PageError> {
    contest.prepare(site).await?;
    let before = contest.value(site)?;
    let start = now_micros();
    let visits = join_all((1..=visitors).map(|client| visit(site, contest, client, start))).await;
    let after = contest.value(site)?;
    let attempts = visits.into_iter().flatten().collect();
    Ok(Race { example: contest.key(), contest, before, after, expected: contest.expected(before, visitors), attempts })
}

/// One visitor: a unit of work of its own, replayed like a request.
async fn visit(site: &Site, contest: Contest, client: usize, start: i64) -> Vec<Attempt> {
    let step = async |unit: &mut Unit| contest.step(unit, client, Pace::pausing(PAUSE)).await;
    let (attempts, last) = match site.unit_of_work("race", step).await {
        Ok(done) => (done.attempts, Ending::Committed),
        Err(error) => (error.attempts().to_vec(), Ending::Failed),
    };
    let count = attempts.len();
    let since = |micros: i64| (micros - start).max(0) / 1_000;
    let endings = std::iter::repeat_n(Ending::Retried, count.saturating_sub(1)).chain([last]);
    attempts
        .into_iter()
        .zip(endings)
        .map(|(attempt, ending)| Attempt {
            client,
            number: attempt.number,
            began_ms: since(attempt.began_micros),
            ended_ms: since(attempt.ended_micros),
            outcome: attempt.outcome,
            ending,
        })
        .collect()
}

impl RaceView {
    fn ancestor(&self) -> [&'static str; 2] {
        [
            "Races hardly ever happen to whoever looks for them, so the authors of GLASS sent a crawler over a site that \
             followed its links without rest, many at a time, and read afterwards in the object log what had been undone \
             and run again.",
            "Here the server plays the visitors itself, with the very code the pages run.",
        ]
    }
}

impl Wish {
    fn parse(example: Option<&str>, clients: Option<&str>) -> Result<Self, &'static str> {
        let contest = example.and_then(Contest::parse).ok_or("There is no race of that name.")?;
        let visitors = match clients {
            None => USUAL_VISITORS,
            Some(count) => count
                .trim()
                .parse()
                .ok()
                .filter(|count| VISITORS.contains(count))
                .ok_or("A race has 2 to 8 visitors.")?,
        };
        Ok(Self { contest, visitors })
    }
}

impl Race {
    /// What the numbers say, in a sentence.
    fn verdict(&self) -> String {
        let lost = self.expected - self.after;
        match (lost, self.retried()) {
            (0, 0) => "Nothing was lost, and nobody had to start over.".to_owned(),
            (0, 1) => "Nothing was lost: one attempt was run again.".to_owned(),
            (0, retried) => format!("Nothing was lost: {retried} attempts were run again."),
            _ if self.contest.is_skew() => "The rule is broken: both have left, and nobody was told.".to_owned(),
            (1.., _) => format!("{lost} of {} changes were lost, and nobody was told.", self.lanes().len()),
            _ => "Somebody else changed the number during the race.".to_owned(),
        }
    }

    fn is_sound(&self) -> bool {
        self.after == self.expected
    }

    fn retried(&self) -> usize {
        self.attempts.iter().filter(|attempt| attempt.ending == Ending::Retried).count()
    }

    /// The attempts of each visitor.
    fn lanes(&self) -> Vec<&[Attempt]> {
        self.attempts.chunk_by(|one, next| one.client == next.client).collect()
    }

    /// How long the race took; never 0, for it is what widths are measured by.
    fn length_ms(&self) -> i64 {
        self.attempts.iter().map(|attempt| attempt.ended_ms).max().unwrap_or(0).max(1)
    }
}

impl Attempt {
    /// The width of its bar: an attempt too short to measure is shown all the same.
    fn width_ms(&self) -> i64 {
        (self.ended_ms - self.began_ms).max(1)
    }
}

impl Ending {
    fn key(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Retried => "retried",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests;
