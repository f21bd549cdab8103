//! `/clients.csv`: all clients as a file, or those the list is narrowed to.

use toolcrib::prelude::*;

use crate::db::client_list::{self, Exported, MOST_EXPORTED, Matching};
use crate::domain::client_filter::ClientFilter;
use crate::domain::csv_export::{self, ExportRow};
use crate::pages::viewer;

/// Writes the clients to a file that a spreadsheet opens without running anything. The address takes what that of the list takes.
#[derive(Debug)]
pub(crate) struct ClientsCsvPage;

impl PageModule for ClientsCsvPage {
    const INFO: PageInfo = PageInfo::new("clients.csv", "/clients.csv").title("Clients as CSV").login_required();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let filter = ClientFilter::read(|name| cx.query_param(name));
        let matching = Matching::new(&filter, viewer(cx)?).searched(&filter.q);
        let rows = cx.read().await?;
        let (mut file, mut written) = (csv_export::header(), 0);
        // Batch by batch: the file is in memory, the rows are not.
        let mut after = String::new();
        loop {
            let batch = client_list::export_batch(rows, &matching, &after).await?;
            written += batch.len();
            if written > MOST_EXPORTED {
                return Err(PageError::bad_request(
                    "More than 100,000 clients do not go into one file. Narrow the list first.",
                ));
            }
            csv_export::append(&mut file, batch.iter().map(ExportRow::from));
            match batch.last().map(Exported::account) {
                Some(last) if !client_list::is_last(&batch) => last.clone_into(&mut after),
                _ => break,
            }
        }
        Ok(Response::bytes("text/csv; charset=utf-8", file).attachment("clients.csv"))
    }
}
