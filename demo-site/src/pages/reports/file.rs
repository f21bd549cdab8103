//! `/reports.csv`: the numbers of the reports as a file.

use toolcrib::prelude::*;

use super::Reports;
use crate::domain::csv_export;

/// Writes the numbers to a file that a spreadsheet opens without running anything.
#[derive(Debug)]
pub(crate) struct ReportsCsvPage;

const HEADER: [&str; 9] =
    ["Report", "Of", "Currency", "Deals", "Amount (minor units)", "Weighted", "Reached", "Conversion %", "Outcome"];

impl PageModule for ReportsCsvPage {
    const INFO: PageInfo = PageInfo::new("reports.csv", "/reports.csv").title("Reports as CSV").login_required();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let reports = Reports::read(cx).await?;
        Ok(Response::bytes("text/csv; charset=utf-8", lines(&reports)).attachment("reports.csv"))
    }
}

fn lines(reports: &Reports) -> Vec<u8> {
    let mut file = Vec::new();
    csv_export::write_line(&mut file, &HEADER);
    let currency = reports.currency.as_str();
    let number = |number: i64| number.to_string();
    for step in reports.funnel() {
        let conversion = step.conversion.map(number).unwrap_or_default();
        let (deals, amount) = (number(step.here.deals), number(step.here.amount_minor));
        let reached = number(step.reached);
        let cells = ["Funnel", &step.name, currency, &deals, &amount, "", &reached, &conversion, &step.outcome];
        csv_export::write_line(&mut file, &cells);
    }
    for line in reports.forecast() {
        let (deals, amount) = (number(line.open.deals), number(line.open.amount_minor));
        let weighted = number(line.weighted_minor);
        let cells = ["Forecast", &line.month, currency, &deals, &amount, &weighted, "", "", "open"];
        csv_export::write_line(&mut file, &cells);
    }
    for line in reports.closed() {
        for (heap, outcome) in [(line.won, "won"), (line.lost, "lost")] {
            let (deals, amount) = (number(heap.deals), number(heap.amount_minor));
            let cells = ["Closed", &line.month, currency, &deals, &amount, "", "", "", outcome];
            csv_export::write_line(&mut file, &cells);
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::reports::{Stage, Sum};

    #[test]
    fn a_hostile_name_of_a_stage_runs_nothing_in_a_spreadsheet() {
        let stage = Stage { id: 1, name: "=1+1;\"x\"".to_owned(), outcome: "open".to_owned(), probability: 50 };
        let sum = Sum { stage_id: 1, currency: "EUR".to_owned(), month: 0, deals: 3, amount_minor: 1_000 };
        let reports = Reports {
            pipelines: Vec::new(),
            pipeline: 1,
            people: Vec::new(),
            owner: None,
            months: 3,
            currencies: vec!["EUR".to_owned()],
            currency: "EUR".to_owned(),
            stages: vec![stage],
            sums: vec![sum],
            now: 1_773_324_300_000_000,
        };
        let file = String::from_utf8(lines(&reports)).unwrap();
        let mut lines = file.split_terminator("\r\n");
        assert!(lines.next().unwrap().starts_with("Report,Of,Currency,"));
        assert_eq!(lines.next(), Some("Funnel,\"'=1+1;\"\"x\"\"\",EUR,3,1000,,3,,open"));
        assert_eq!(lines.next(), Some("Forecast,Mar 2026,EUR,3,1000,500,,,open"));
        assert_eq!(lines.count(), 2 + 6);
    }
}
