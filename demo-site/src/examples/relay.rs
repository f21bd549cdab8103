//! `/examples/relay`: what reaches the next page, by redirect and by dispatch.

use askama::Template;
use serde::Serialize;
use toolcrib::prelude::*;

/// The text on its way, kept for this visitor.
const RELAYED: SessionField<String> = SessionField::new("relayed");

/// Hands a text over to [`ArrivalPage`].
#[derive(Debug, Default)]
pub struct RelayPage {
    q: String,
}

/// Shows what arrived.
#[derive(Debug, Default)]
pub struct ArrivalPage {
    q: String,
}

#[derive(Debug, Template)]
#[template(path = "examples/relay.html")]
struct Relay;

#[derive(Debug, Template, Serialize)]
#[template(path = "examples/arrival.html")]
struct Arrival {
    from_session: String,
    from_module: String,
}

impl PageModule for RelayPage {
    const INFO: PageInfo = PageInfo::new("relay", "/examples/relay").title("The relay").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self::default())
    }

    fn initialize(&mut self) {
        self.q.clear();
    }

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.render(Relay)
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let knobs = cx.knobs();
        knobs.pre().await;
        self.q = cx.form_param("q").unwrap_or_default().to_owned();
        knobs.hold().await;
        knobs.fail().await?;
        cx.session_mut().set(&RELAYED, &self.q)?;
        match cx.form_param("by").unwrap_or("redirect") {
            "redirect" => cx.redirect_to_page("arrival", &[]),
            "dispatch" => cx.dispatch_page("arrival"),
            _ => Err(PageError::bad_request("A relay hands over by redirect or by dispatch.")),
        }
    }
}

impl PageModule for ArrivalPage {
    const INFO: PageInfo = PageInfo::new("arrival", "/examples/relay/arrival").title("What arrived");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self::default())
    }

    fn initialize(&mut self) {
        self.q.clear();
    }

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let knobs = cx.knobs();
        knobs.pre().await;
        let from_session = cx.session().get(&RELAYED)?.unwrap_or_default();
        knobs.hold().await;
        knobs.fail().await?;
        // Nobody writes this instance's field: it belongs to another module than the relay's.
        let arrival = Arrival { from_session, from_module: self.q.clone() };
        if cx.wants_json() { cx.json(&arrival) } else { cx.render(arrival) }
    }
}
