//! `/examples/tally`: a shared number without any protection of its own (GLASS: `WATally`).

use toolcrib::prelude::*;

use super::contest::Contest;
use super::counter::{self, Button, Words};
use super::pace::Pace;

/// How often somebody clicked.
pub(super) const TALLY: AppVar<i64> = AppVar::new("Tally");

const WORDS: Words = Words {
    sub: "A number that every click adds one to, read and written as if nobody else were there.",
    heading: "What GLASS did",
    ancestor: [
        "In GLASS, Seaside pages ran on the GemStone database and every request was one transaction: when two \
         visitors had read the same number and both wrote it, the second commit failed.",
        "The server then threw the second visitor’s changes away and ran the whole request again, so that no click \
         was lost and the page needed no code for it.",
    ],
    label: "Clicks so far",
    buttons: &[Button { mode: "", label: "Click" }],
    contests: &[Contest::Tally],
};

/// Counts clicks by reading, adding one and writing.
#[derive(Debug)]
pub struct TallyPage;

impl PageModule for TallyPage {
    const INFO: PageInfo = PageInfo::new("tally", "/examples/tally").title("The tally").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        counter::show(cx, &WORDS, |cx| Ok(cx.application().get(&TALLY)?.unwrap_or(0))).await
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pace = Pace::of(cx);
        let clicks = click(cx.unit(), pace).await?;
        counter::done(cx, clicks, &format!("Your click was number {clicks}."))
    }
}

/// One click. Another one between the read and the commit makes this unit start over.
pub(super) async fn click(unit: &mut Unit, pace: Pace) -> Result<i64, PageError> {
    pace.before().await;
    let clicks = unit.application().get(&TALLY)?.unwrap_or(0);
    pace.between().await?;
    unit.application().set(&TALLY, &(clicks + 1))?;
    Ok(clicks + 1)
}
