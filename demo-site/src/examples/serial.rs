//! `/examples/serial`: numbers without gap or duplicate, by an object lock (GLASS: `WASerialNumber`).

use toolcrib::prelude::*;

use super::contest::Contest;
use super::counter::{self, Button, Words};
use super::pace::Pace;

/// The last number handed out.
pub(super) const SERIAL: AppVar<i64> = AppVar::new("SerialNumber");

const WORDS: Words = Words {
    sub: "Everybody gets a number of their own, and none is left out.",
    heading: "What GLASS did",
    ancestor: [
        "Where a GLASS page had to be sure before it went on, it asked GemStone for a lock on the shared object itself, \
         and that never waited: the lock was granted, denied, or granted on an object that had changed meanwhile.",
        "To the page, denied and changed meant the same: it asked for a retry, and the whole request ran again until \
         everybody had a number of their own.",
    ],
    label: "Last number handed out",
    buttons: &[Button { mode: "", label: "Take a number" }],
    contests: &[Contest::Serial],
};

/// Hands out serial numbers.
#[derive(Debug)]
pub struct SerialPage;

impl PageModule for SerialPage {
    const INFO: PageInfo = PageInfo::new("serial", "/examples/serial").title("Serial numbers").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        counter::show(cx, &WORDS, |cx| Ok(cx.application().get(&SERIAL)?.unwrap_or(0))).await
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pace = Pace::of(cx);
        let number = take(cx.unit(), pace).await?;
        counter::done(cx, number, &format!("Your number is {number}."))
    }
}

/// Takes the next number. The lock is kept until the unit has committed or was undone.
pub(super) async fn take(unit: &mut Unit, pace: Pace) -> Result<i64, PageError> {
    pace.before().await;
    unit.application().lock_object(&SERIAL).await?.or_retry()?;
    let last = unit.application().get(&SERIAL)?.unwrap_or(0);
    pace.between().await?;
    unit.application().set(&SERIAL, &(last + 1))?;
    Ok(last + 1)
}
