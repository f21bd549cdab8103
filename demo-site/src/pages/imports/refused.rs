//! `/imports/{id}/refused.csv`: the rows that were refused, to be mended and imported again.

use std::collections::HashSet;

use toolcrib::prelude::*;

use super::run_of;
use crate::db::imports;
use crate::domain::csv_export;
use crate::domain::csv_import::{MAX_ROWS, Sheet};
use crate::jobs::imports::reading_of;

/// Writes the refused rows of a run as they were in the file, below its header.
#[derive(Debug)]
pub(crate) struct RefusedCsvPage;

impl PageModule for RefusedCsvPage {
    const INFO: PageInfo =
        PageInfo::new("imports.refused", "/imports/{id}/refused.csv").title("Refused rows").right("import");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let run = run_of(cx).await?;
        let rows = cx.read().await?;
        let content = imports::content(rows, run.id).await?.or_not_found()?;
        let most = i64::try_from(MAX_ROWS).unwrap_or(i64::MAX);
        let refused = imports::lines(rows, run.id, "refused", 0, most).await?;
        let lines: HashSet<u64> = refused.iter().filter_map(|note| u64::try_from(note.line).ok()).collect();
        let sheet = Sheet::read_as(&content, reading_of(&run)).map_err(PageError::other)?;
        let mut raw = sheet.raw();
        let header = raw.next().map(|(_, cells)| cells);
        let refused = raw.filter(|(line, _)| lines.contains(line)).map(|(_, cells)| cells);
        let file = csv_export::write_cells(header.into_iter().chain(refused));
        Ok(Response::bytes("text/csv; charset=utf-8", file).attachment("refused.csv"))
    }
}
