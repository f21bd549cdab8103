//! A run that was not started: how its file is read, and what would come of it.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::db::import::FileRow;
use crate::db::imports::{self, Counts, Prospect, Run, Verdict};
use crate::domain::csv_import::{Column, Encoding, Separator, Sheet, Target};
use crate::jobs::imports::reading_of;
use crate::pages::filters::{self, grouped};
use crate::pages::viewer;

/// How many rows the preview shows.
const PREVIEWED: usize = 20;

/// How much of a cell the preview shows, in characters.
const CELL_CHARS: usize = 80;

/// Why a form was refused.
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) sentence: String,
}

#[derive(Debug, Deserialize, Template)]
#[template(path = "imports/configure.html", blocks = ["counts"])]
struct Configure {
    run: Run,
    problem: Option<String>,
    columns: Vec<Choosable>,
    rows: Vec<Previewed>,
}

/// A column of the file.
#[derive(Debug, Deserialize)]
struct Choosable {
    name: String,
    target: Target,
    /// What its first row with something in it has there.
    sample: String,
}

/// A row of the preview.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Previewed {
    line: u64,
    verdict: Option<Verdict>,
    reason: String,
    account: String,
    name: String,
    industry: String,
    city: String,
    reach: String,
    /// The cells of a row that makes no client.
    raw: String,
}

/// Shows it, with what is wrong with what somebody chose.
pub(super) async fn show(cx: &mut Context<'_>, run: Run, problem: Option<Problem>) -> PageResult {
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let mut page = Configure::of(cx, run).await?;
    if let Some(problem) = problem {
        page.problem = Some(problem.sentence);
    }
    if cx.wants_json() {
        return cx.json_with(status, &page.as_json());
    }
    if cx.wants_fragment() {
        return cx.render_part(&page, &page.as_counts());
    }
    cx.render_with(status, page)
}

impl Configure {
    async fn of(cx: &mut Context<'_>, run: Run) -> Result<Self, PageError> {
        let viewer = viewer(cx)?;
        let conn = cx.read().await?;
        let mut page = Self { run, problem: None, columns: Vec::new(), rows: Vec::new() };
        let Some(content) = imports::content(conn, page.run.id).await? else {
            page.problem = Some("The file is no longer kept. Send it again.".to_owned());
            return Ok(page);
        };
        let sheet = match Sheet::read_as(&content, reading_of(&page.run)) {
            Ok(sheet) => sheet,
            Err(refusal) => {
                page.problem = Some(format!("It cannot be read like this: {refusal}."));
                return Ok(page);
            }
        };
        let columns = sheet.columns_to(&page.run.plan().columns);
        let first: Vec<_> = sheet.raw().skip(1).take(PREVIEWED).collect();
        page.columns = choosable(&columns, &first);
        match sheet.rows(columns) {
            Ok(rows) => {
                let rows: Vec<FileRow> = rows.take(PREVIEWED).collect();
                let prospects = imports::judge(conn, &rows, viewer).await?;
                page.rows = rows.iter().zip(prospects).zip(&first).map(previewed).collect();
            }
            Err(refusal) => page.problem = Some(format!("Something is missing: {refusal}.")),
        }
        Ok(page)
    }

    fn counts(&self) -> Option<Counts> {
        self.run.plan().counts
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        let Some(counts) = self.counts() else { return Vec::new() };
        let figures = [
            ("New clients", counts.fresh),
            ("There already", counts.same + counts.other),
            ("With mistakes", counts.refused),
        ];
        figures.into_iter().map(|(label, count)| (label, grouped(count))).collect()
    }

    /// What the figures alone do not say.
    fn remarks(&self) -> Vec<String> {
        let Some(counts) = self.counts() else { return Vec::new() };
        let mut remarks = Vec::new();
        if counts.other > 0 {
            let are = if counts.other == 1 { "is" } else { "are" };
            remarks.push(format!(
                "{} {are} there with other values. Clients that are there are never changed.",
                grouped(counts.other)
            ));
        }
        if counts.alike > 0 {
            let have = if counts.alike == 1 { "has" } else { "have" };
            remarks.push(format!(
                "{} of the new ones {have} the name of a client that is there under another account.",
                grouped(counts.alike)
            ));
        }
        remarks
    }

    fn encodings() -> Vec<(&'static str, &'static str)> {
        Encoding::offered().map(|encoding| (encoding.name(), encoding.label())).collect()
    }

    fn separators() -> [(&'static str, &'static str); 4] {
        Separator::ALL.map(|separator| (separator.name(), separator.label()))
    }

    fn targets() -> [Target; 10] {
        Target::ALL
    }

    fn as_json(&self) -> serde_json::Value {
        let columns = self.columns.iter().map(|column| json!({ "name": column.name, "target": column.target }));
        let rows = self.rows.iter().map(|row| {
            json!({
                "line": row.line, "verdict": row.verdict, "reason": row.reason, "account": row.account,
                "name": row.name,
            })
        });
        json!({
            "id": self.run.id,
            "state": self.run.state,
            "version": self.run.version,
            "file_name": self.run.file_name,
            "encoding": self.run.encoding,
            "separator": self.run.separator,
            "total": self.run.total,
            "columns": columns.collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
            "counts": self.counts(),
            "problem": self.problem,
        })
    }
}

impl Previewed {
    fn verdict_in_words(&self) -> &'static str {
        match self.verdict {
            Some(Verdict::Fresh) => "New",
            Some(Verdict::Alike) => "New, but alike",
            Some(Verdict::Same | Verdict::Other) => "There already",
            Some(Verdict::Refused) | None => "Refused",
        }
    }

    fn class(&self) -> &'static str {
        match self.verdict {
            Some(Verdict::Fresh) => "fresh",
            Some(Verdict::Alike) => "alike",
            Some(Verdict::Same | Verdict::Other) => "known",
            Some(Verdict::Refused) | None => "refused",
        }
    }
}

fn choosable(columns: &[Column], first: &[(u64, Vec<String>)]) -> Vec<Choosable> {
    let sample = |index: usize| {
        let cells = first.iter().filter_map(|(_, cells)| cells.get(index));
        cells.map(|cell| short(cell)).find(|cell| !cell.is_empty()).unwrap_or_default()
    };
    let named = columns.iter().enumerate();
    named
        .map(|(index, Column { name, target })| Choosable { name: short(name), target: *target, sample: sample(index) })
        .collect()
}

fn previewed((((_, row), prospect), (_, cells)): ((&FileRow, Prospect), &(u64, Vec<String>))) -> Previewed {
    let Prospect { line, verdict, reason } = prospect;
    let mut shown = Previewed { line, verdict: Some(verdict), reason, ..Previewed::default() };
    match row {
        Err(_) => shown.raw = short(&cells.join(" · ")),
        Ok(row) => {
            let client = &row.client;
            let reach = [client.website.as_str(), &client.phone, &client.email];
            let reach: Vec<_> = reach.into_iter().filter(|text| !text.is_empty()).collect();
            shown.account.clone_from(&client.account);
            shown.name = short(&client.name);
            shown.industry = short(&client.industry);
            shown.city = short(&client.city);
            shown.reach = short(&reach.join(", "));
        }
    }
    shown
}

/// A text that fits into a cell.
fn short(text: &str) -> String {
    let text = text.trim();
    let short: String = text.chars().take(CELL_CHARS).filter(|letter| !letter.is_control()).collect();
    if text.chars().count() > CELL_CHARS { format!("{short}…") } else { short }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<Configure>(
        "imports/configure.html",
        include_str!("../../../../templates/imports/configure.samples.json"),
    )
}
