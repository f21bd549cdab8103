//! `/examples/workshop`: machines that one visitor at a time may work at, on whatever node, and many may watch.

use std::time::Duration;

use askama::Template;
use serde::Serialize;
use serde_json::json;
use toolcrib::prelude::*;

use super::pace::Pace;

/// The machines, each with how many pieces were made at it. A counter that cannot conflict: the lock alone keeps
/// visitors apart here, so whatever it lets through shows.
const MACHINES: [(&str, RcCounter); 3] = [
    ("lathe", RcCounter::new("WorkshopLathe")),
    ("press", RcCounter::new("WorkshopPress")),
    ("saw", RcCounter::new("WorkshopSaw")),
];

/// How long to wait for a machine.
const WAIT: Duration = Duration::from_secs(10);

/// How long to work, if the form does not say, and at most; in milliseconds.
const WORK: u64 = 20;
const LONGEST_WORK: u64 = 1_000;

/// Lets visitors work at machines, or watch.
#[derive(Debug)]
pub struct WorkshopPage;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Works, alone.
    Exclusive,
    /// Watches, while nobody works.
    ReadOnly,
}

/// What a form asks for.
#[derive(Debug)]
struct Wish {
    machine: &'static str,
    pieces: &'static RcCounter,
    mode: Mode,
    pause: Duration,
}

/// A stay at a machine, as it was from the inside.
#[derive(Debug, Serialize)]
struct Stay {
    /// The server's clock, in microseconds since 1970: when the lock was had, and when it was about to be given back.
    entered: i64,
    left: i64,
    /// The process that served it.
    node: u32,
    /// How many pieces were made at the machine, the own one included.
    pieces: i64,
}

#[derive(Debug, Template)]
#[template(path = "examples/workshop.html", blocks = ["live"])]
struct Workshop {
    machines: Vec<(&'static str, i64)>,
}

impl PageModule for WorkshopPage {
    const INFO: PageInfo = PageInfo::new("workshop", "/examples/workshop").title("The workshop").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pace = Pace::of(cx);
        pace.before().await;
        let mut machines = Vec::with_capacity(MACHINES.len());
        for (name, pieces) in &MACHINES {
            machines.push((*name, cx.application().counter(pieces).value()?));
        }
        pace.between().await?;
        if cx.wants_json() {
            let machines: serde_json::Map<_, _> =
                machines.iter().map(|(name, pieces)| ((*name).to_owned(), json!(pieces))).collect();
            return cx.json(&json!({ "pieces": machines }));
        }
        let workshop = Workshop { machines };
        if cx.wants_fragment() { cx.fragment(workshop.as_live()) } else { cx.render(workshop) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let field = |name| cx.form_param(name);
        let wish = Wish::parse(field("name"), field("mode"), field("hold_ms")).map_err(PageError::bad_request)?;
        let pace = Pace::of(cx);
        let stay = wish.stay(cx.unit(), pace).await?;
        if cx.wants_json() {
            return cx.json(&stay);
        }
        cx.flash(&wish.told(&stay))?;
        cx.redirect(cx.page().path())
    }
}

impl Wish {
    fn parse(name: Option<&str>, mode: Option<&str>, hold: Option<&str>) -> Result<Self, String> {
        let found = MACHINES.iter().find(|(known, _)| Some(*known) == name);
        let (machine, pieces) = found.ok_or("The machines are lathe, press and saw.")?;
        let mode = match mode {
            Some("exclusive") => Mode::Exclusive,
            Some("read_only") => Mode::ReadOnly,
            _ => return Err("Whoever works asks for mode=exclusive, whoever watches for mode=read_only.".to_owned()),
        };
        let hold = hold.map_or(Some(WORK), |hold| hold.parse().ok()).filter(|hold| *hold <= LONGEST_WORK);
        let hold = hold.ok_or_else(|| format!("A stay is of 0 to {LONGEST_WORK} milliseconds."))?;
        Ok(Self { machine, pieces, mode, pause: Duration::from_millis(hold) })
    }

    /// Waits for the machine, stays there, and makes a piece. The lock is kept until that is stored.
    async fn stay(&self, unit: &mut Unit, pace: Pace) -> Result<Stay, PageError> {
        pace.before().await;
        let lock = unit.lock(format!("examples/workshop/{}", self.machine)).cluster().within(WAIT);
        match self.mode {
            Mode::Exclusive => lock.exclusive().acquire().await?,
            Mode::ReadOnly => lock.read_only().acquire().await?,
        }
        let entered = now_micros();
        if self.mode == Mode::Exclusive {
            unit.application().counter(self.pieces).add(1)?;
        }
        let pieces = unit.application().counter(self.pieces).value()?;
        tokio::time::sleep(self.pause).await;
        pace.between().await?;
        Ok(Stay { entered, left: now_micros(), node: std::process::id(), pieces })
    }

    fn told(&self, stay: &Stay) -> String {
        match self.mode {
            Mode::Exclusive => format!("You made piece {} at the {}.", stay.pieces, self.machine),
            Mode::ReadOnly => format!("You watched the {}: {} pieces so far.", self.machine, stay.pieces),
        }
    }
}

impl Workshop {
    fn ancestor(&self) -> [&'static str; 2] {
        [
            "The names of cflock belonged to one ColdFusion server: where two of them served one site, each let somebody \
             in.",
            "Here a name can be locked over all nodes of a site: one works at the lathe, whichever node took the \
             request, and those who only watch share it with one another.",
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_names_a_machine_and_a_mode() {
        let wish = Wish::parse(Some("saw"), Some("read_only"), Some("7")).expect("a wish");
        assert_eq!((wish.machine, wish.mode, wish.pause), ("saw", Mode::ReadOnly, Duration::from_millis(7)));
        assert_eq!(wish.pieces.name(), "WorkshopSaw");
        let wish = Wish::parse(Some("lathe"), Some("exclusive"), None).expect("a wish");
        assert_eq!((wish.machine, wish.mode, wish.pause), ("lathe", Mode::Exclusive, Duration::from_millis(WORK)));
    }

    #[test]
    fn anything_else_is_refused_with_a_sentence() {
        for (name, mode, hold) in [
            (None, None, None),
            (Some("drill"), Some("exclusive"), None),
            (Some("saw"), None, None),
            (Some("saw"), Some("shared"), None),
            (Some("saw"), Some("exclusive"), Some("")),
            (Some("saw"), Some("exclusive"), Some("-1")),
            (Some("saw"), Some("exclusive"), Some("1001")),
        ] {
            let sentence = Wish::parse(name, mode, hold).unwrap_err();
            assert!(sentence.ends_with('.'), "{sentence}");
        }
    }
}
