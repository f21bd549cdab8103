//! `/examples/rc-tally`: the same tally with a counter that cannot conflict (GLASS: `WARcTally`).

use toolcrib::prelude::*;

use super::contest::Contest;
use super::counter::{self, Button, Words};
use super::pace::Pace;

/// How often somebody clicked.
pub(super) const RC_TALLY: RcCounter = RcCounter::new("RcTally");

const WORDS: Words = Words {
    sub: "The tally again, with a counter to which all may add at the same time.",
    heading: "What GLASS did",
    ancestor: [
        "GemStone also had reduced-conflict classes, among them a counter: two transactions that add to it do not get \
         in each other’s way, because the order of additions makes no difference.",
        "With it in place of the plain number, the GLASS tally took the same load without running a single request \
         twice, and the object log stayed empty.",
    ],
    label: "Clicks so far",
    buttons: &[Button { mode: "", label: "Click" }],
    contests: &[Contest::RcTally],
};

/// Counts clicks with a conflict-free counter.
#[derive(Debug)]
pub struct RcTallyPage;

impl PageModule for RcTallyPage {
    const INFO: PageInfo =
        PageInfo::new("rc-tally", "/examples/rc-tally").title("The conflict-free tally").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        counter::show(cx, &WORDS, |cx| cx.application().counter(&RC_TALLY).value()).await
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pace = Pace::of(cx);
        let clicks = click(cx.unit(), pace).await?;
        counter::done(cx, clicks, "Your click was counted.")
    }
}

/// One click. The value is this unit's own view: of clicks made meanwhile it knows nothing, and
/// they all count.
pub(super) async fn click(unit: &mut Unit, pace: Pace) -> Result<i64, PageError> {
    pace.before().await;
    let clicks = unit.application().counter(&RC_TALLY).value()?;
    pace.between().await?;
    unit.application().counter(&RC_TALLY).add(1)?;
    Ok(clicks + 1)
}
