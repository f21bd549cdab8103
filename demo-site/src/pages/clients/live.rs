//! `/clients/{id}/live`: tells whoever looks at a client what happens to it, and who else is there.

use toolcrib::prelude::*;

use super::client_of;

/// The events of one client.
#[derive(Debug)]
pub(crate) struct ClientLivePage;

impl PageModule for ClientLivePage {
    const INFO: PageInfo =
        PageInfo::new("client.live", "/clients/{id}/live").title("What happens").login_required().background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, _) = client_of(cx).await?;
        let doing = match cx.query_param("doing") {
            Some("editing") => "editing",
            _ => "viewing",
        };
        let topic = format!("clients/{id}");
        Ok(cx.live(&[&topic]).present(&topic, doing))
    }
}
