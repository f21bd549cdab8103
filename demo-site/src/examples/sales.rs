//! `/examples/sales`: ASP's `Application("NumberOfSales")`, with and without its lock.

use toolcrib::prelude::*;

use super::contest::Contest;
use super::counter::{self, Button, Words};
use super::pace::Pace;

/// How much was sold.
pub(super) const SALES: AppVar<i64> = AppVar::new("NumberOfSales");

const WORDS: Words = Words {
    sub: "One number in the Application object, and three ways to add one to it.",
    heading: "What classic ASP did",
    ancestor: [
        "In classic ASP all visitors shared the Application object, and a page that read NumberOfSales from it, added \
         one and stored it again lost a sale whenever another page did the same in between.",
        "Application.Lock made every other writer wait until Unlock or the end of the page; whoever forgot it got no \
         error, only a number that was too small.",
    ],
    label: "Number of sales",
    buttons: &[
        Button { mode: "locked", label: "Sell with Lock and Unlock" },
        Button { mode: "update", label: "Sell with one update" },
        Button { mode: "unlocked", label: "Sell without a lock" },
    ],
    contests: &[Contest::SalesLocked, Contest::SalesUpdate, Contest::SalesUnlocked],
};

/// Counts sales in one of three ways.
#[derive(Debug)]
pub struct SalesPage;

/// How a sale is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Lock, read, write, Unlock: exact.
    Locked,
    /// Read, then write, as two messages: loses sales.
    Unlocked,
    /// Read and write in one message: exact.
    Update,
}

impl Mode {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "locked" => Some(Self::Locked),
            "unlocked" => Some(Self::Unlocked),
            "update" => Some(Self::Update),
            _ => None,
        }
    }
}

impl PageModule for SalesPage {
    const INFO: PageInfo = PageInfo::new("sales", "/examples/sales").title("Number of sales").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        counter::show(cx, &WORDS, |cx| Ok(cx.application().get(&SALES)?.unwrap_or(0))).await
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let mode = cx
            .form_param("mode")
            .and_then(Mode::parse)
            .ok_or_else(|| PageError::bad_request("A sale is made by locked, unlocked or update."))?;
        let pace = Pace::of(cx);
        let sales = sell(cx.unit(), mode, pace).await?;
        counter::done(cx, sales, &format!("Your sale was stored as number {sales}."))
    }
}

/// One sale.
pub(super) async fn sell(unit: &mut Unit, mode: Mode, pace: Pace) -> Result<i64, PageError> {
    pace.before().await;
    match mode {
        Mode::Locked => {
            unit.application().lock().await?;
            let sales = unit.application().get(&SALES)?.unwrap_or(0) + 1;
            pace.between().await?;
            unit.application().set(&SALES, &sales)?;
            unit.application().unlock().await?;
            Ok(sales)
        }
        // At once and outside the unit, as ASP had it: nobody checks what was read.
        Mode::Unlocked => {
            let site = unit.site().clone();
            let sales = site.application().get(&SALES)?.unwrap_or(0) + 1;
            pace.between().await?;
            site.application().set(&SALES, &sales).await?;
            Ok(sales)
        }
        Mode::Update => {
            pace.between().await?;
            let site = unit.site().clone();
            Ok(site.application().update(&SALES, |sales| sales.unwrap_or(0) + 1).await?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_has_a_mode_of_its_own() {
        let modes: Vec<_> = WORDS.buttons.iter().map(|button| Mode::parse(button.mode)).collect();
        assert_eq!(modes, [Some(Mode::Locked), Some(Mode::Update), Some(Mode::Unlocked)]);
        assert_eq!(Mode::parse("LOCKED"), None);
        assert_eq!(Mode::parse(""), None);
    }
}
