//! `/clients.csv`: all clients as a file.

use toolcrib::prelude::*;

use crate::db::clients;
use crate::domain::csv_export::{self, ExportRow};

/// Writes the clients to a file that a spreadsheet opens without running anything.
#[derive(Debug)]
pub(crate) struct ClientsCsvPage;

impl PageModule for ClientsCsvPage {
    const INFO: PageInfo = PageInfo::new("clients.csv", "/clients.csv").title("Clients as CSV").login_required();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let clients = clients::all_for_export(cx.read().await?).await?;
        let file = csv_export::write(clients.iter().map(ExportRow::from));
        Ok(Response::bytes("text/csv; charset=utf-8", file).attachment("clients.csv"))
    }
}
