//! `/examples/skew`: a rule over two variables, which no check of written values can keep.
//!
//! Two people are on duty; each may leave while the other stays. Both read both, each writes only their own:
//! no two units write the same variable, so both commit. Only a lock both ask for keeps the rule.

use std::time::Duration;

use askama::Template;
use serde::Serialize;
use toolcrib::prelude::*;

use super::contest::Contest;
use super::pace::Pace;

const A: AppVar<i64> = AppVar::new("SkewA");
const B: AppVar<i64> = AppVar::new("SkewB");

/// The lock's name, and how long to wait for it.
const DUTY: &str = "examples/skew";
const WAIT: Duration = Duration::from_secs(10);

/// Lets two people leave, with the rule kept or broken.
#[derive(Debug)]
pub struct SkewPage;

/// Who is on duty: 1, or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Duty {
    pub(super) a: i64,
    pub(super) b: i64,
}

/// Who leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    A,
    B,
}

/// What is done about the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing but the check at the commit, which is not enough.
    Retry,
    /// A named lock.
    Lock,
}

/// What a form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Reset,
    Leave(Side, Mode),
}

#[derive(Debug, Template)]
#[template(path = "examples/skew.html", blocks = ["live"])]
struct Skew {
    duty: Duty,
    contests: &'static [Contest],
}

impl Skew {
    fn ancestor(&self) -> [&'static str; 2] {
        [
            "In ColdFusion, cflock put a name on a stretch of code, and requests that asked for the same name ran \
             through it one after the other, whatever they touched inside.",
            "That is what a rule over several things needs: on GemStone two transactions that each read both and write \
             only their own had no object in common, so both were committed and the rule was broken.",
        ]
    }

    fn people(&self) -> [(&'static str, i64); 2] {
        [("A", self.duty.a), ("B", self.duty.b)]
    }

    fn modes(&self) -> [(&'static str, &'static str); 2] {
        [("lock", "With a named lock"), ("retry", "Without a lock")]
    }

    fn chosen(&self) -> &'static str {
        Contest::SkewLock.key()
    }
}

impl PageModule for SkewPage {
    const INFO: PageInfo = PageInfo::new("skew", "/examples/skew").title("The skewed rule").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pace = Pace::of(cx);
        pace.before().await;
        let duty = read(cx.unit())?;
        pace.between().await?;
        if cx.wants_json() {
            return cx.json(&duty);
        }
        let skew = Skew { duty, contests: &[Contest::SkewLock, Contest::SkewRetry] };
        if cx.wants_fragment() { cx.fragment(skew.as_live()) } else { cx.render(skew) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let field = |name| cx.form_param(name);
        let wish = Wish::parse(field("reset"), field("set"), field("mode")).map_err(PageError::bad_request)?;
        let pace = Pace::of(cx);
        let (duty, message) = match wish {
            Wish::Reset => (reset(cx.unit(), pace).await?, "Both are on duty again."),
            Wish::Leave(side, mode) => match leave(cx.unit(), side, mode, pace).await? {
                Left { duty, left: true } => (duty, "Gone: the other one was still there."),
                Left { duty, left: false } => (duty, "Not allowed to leave: nobody would be left."),
            },
        };
        if cx.wants_json() {
            return cx.json(&duty);
        }
        cx.flash(message)?;
        cx.redirect(cx.page().path())
    }
}

impl Wish {
    fn parse(reset: Option<&str>, set: Option<&str>, mode: Option<&str>) -> Result<Self, &'static str> {
        match (reset, set) {
            (Some("1"), None) => return Ok(Self::Reset),
            (None, Some(_)) => {}
            _ => return Err("Either one of the two leaves (set=a or set=b), or both come back (reset=1)."),
        }
        let side = match set {
            Some("a") => Side::A,
            Some("b") => Side::B,
            _ => return Err("Only a and b are on duty: set=a or set=b."),
        };
        match mode {
            Some("retry") => Ok(Self::Leave(side, Mode::Retry)),
            Some("lock") => Ok(Self::Leave(side, Mode::Lock)),
            _ => Err("The rule is left to mode=retry or to mode=lock."),
        }
    }
}

/// What became of somebody's wish to leave.
pub(super) struct Left {
    pub(super) duty: Duty,
    left: bool,
}

/// Lets one of the two leave, if the other is there.
pub(super) async fn leave(unit: &mut Unit, side: Side, mode: Mode, pace: Pace) -> Result<Left, PageError> {
    pace.before().await;
    if mode == Mode::Lock {
        // Before the first read: what is read afterwards is what the last holder left.
        unit.lock(DUTY).exclusive().cluster().within(WAIT).acquire().await?;
    }
    let mut duty = read(unit)?;
    pace.between().await?;
    let left = match side {
        Side::A if duty.b == 1 => {
            duty.a = 0;
            unit.application().set(&A, &0)?;
            true
        }
        Side::B if duty.a == 1 => {
            duty.b = 0;
            unit.application().set(&B, &0)?;
            true
        }
        _ => false,
    };
    Ok(Left { duty, left })
}

/// Puts both on duty.
async fn reset(unit: &mut Unit, pace: Pace) -> Result<Duty, PageError> {
    pace.before().await;
    pace.between().await?;
    unit.application().set(&A, &1)?;
    unit.application().set(&B, &1)?;
    Ok(Duty { a: 1, b: 1 })
}

/// As [`reset`], outside any unit of work.
pub(super) async fn reset_at_once(site: &Site) -> Result<(), PageError> {
    site.application().set(&A, &1).await?;
    site.application().set(&B, &1).await?;
    Ok(())
}

/// How many are on duty, outside any unit of work.
pub(super) fn on_duty(site: &Site) -> Result<i64, PageError> {
    let application = site.application();
    Ok(application.get(&A)?.unwrap_or(1) + application.get(&B)?.unwrap_or(1))
}

/// Who is on duty in the unit's view. At first both are.
fn read(unit: &mut Unit) -> Result<Duty, PageError> {
    let a = unit.application().get(&A)?.unwrap_or(1);
    let b = unit.application().get(&B)?.unwrap_or(1);
    Ok(Duty { a, b })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_names_a_side_and_a_mode_or_is_a_reset() {
        assert_eq!(Wish::parse(Some("1"), None, None), Ok(Wish::Reset));
        assert_eq!(Wish::parse(None, Some("a"), Some("retry")), Ok(Wish::Leave(Side::A, Mode::Retry)));
        assert_eq!(Wish::parse(None, Some("b"), Some("lock")), Ok(Wish::Leave(Side::B, Mode::Lock)));
    }

    #[test]
    fn anything_else_is_refused_with_a_sentence() {
        for (reset, set, mode) in [
            (None, None, None),
            (None, None, Some("lock")),
            (Some("0"), None, None),
            (Some("1"), Some("a"), Some("lock")),
            (None, Some("c"), Some("lock")),
            (None, Some(""), Some("lock")),
            (None, Some("a"), None),
            (None, Some("a"), Some("hope")),
        ] {
            let sentence = Wish::parse(reset, set, mode).unwrap_err();
            assert!(sentence.ends_with('.'), "{sentence}");
        }
    }
}
