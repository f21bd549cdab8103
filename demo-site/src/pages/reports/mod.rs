//! `/reports`: how far deals come, what is expected, what was won and lost.

mod file;
mod numbers;

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::filters::minor_digits;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use self::numbers::{Closed, Expected, Heap, Step};
use super::filters::{self, grouped};
use super::viewer;
use crate::db::colleagues;
use crate::db::reports::{self, Asked, Pipeline, Stage, Sum};
use crate::domain::charts::{self, Chart, Entry, Value, compact};
use crate::domain::months::{Span, months};

/// How many months there may be.
const MONTHS: [i32; 4] = [3, 6, 12, 24];
/// How many there are where nobody says.
const USUAL_MONTHS: i32 = 12;

/// Three reports of one pipeline, in one currency.
#[derive(Debug)]
pub(crate) struct ReportsPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "reports/reports.html")]
struct Reports {
    pipelines: Vec<Pipeline>,
    pipeline: i64,
    people: Vec<(i64, String)>,
    owner: Option<i64>,
    months: i32,
    /// Those there are deals in, the one with most first.
    currencies: Vec<String>,
    currency: String,
    stages: Vec<Stage>,
    /// Of that currency.
    sums: Vec<Sum>,
    now: i64,
}

impl PageModule for ReportsPage {
    const INFO: PageInfo = PageInfo::new("reports", "/reports").title("Reports").login_required().in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let reports = Reports::read(cx).await?;
        if cx.wants_json() { cx.json(&reports.as_json()) } else { cx.render(reports) }
    }
}

impl Reports {
    /// What the address asks for. What it names and is not there is as if it were not asked for.
    async fn read(cx: &mut Context<'_>) -> Result<Self, PageError> {
        let (viewer, now) = (viewer(cx)?, now_micros());
        let number = |name| cx.query_param(name).and_then(|text| text.parse::<i64>().ok());
        let (asked_pipeline, owner) = (number("pipeline"), number("owner"));
        let count = number("months").and_then(|count| i32::try_from(count).ok());
        let count = count.filter(|count| MONTHS.contains(count)).unwrap_or(USUAL_MONTHS);
        let asked_currency = cx.query_param("currency").unwrap_or_default().to_owned();
        let rows = cx.read().await?;
        let pipelines = reports::pipelines(rows).await?;
        let is_asked = |pipeline: &&Pipeline| Some(pipeline.id) == asked_pipeline;
        let chosen = pipelines.iter().find(is_asked).or(pipelines.first());
        let pipeline = chosen.map_or(0, |pipeline| pipeline.id);
        let people = colleagues::offered(rows, None).await?;
        let owner = owner.filter(|owner| people.iter().any(|(id, _)| id == owner));
        let stages = reports::stages(rows, pipeline).await?;
        let (closed, expected) = (months(now, 1 - count, count), months(now, 0, count));
        let asked = Asked { viewer, pipeline, owner, closed: &closed, expected: &expected };
        let mut sums = reports::sums(rows, asked).await?;
        let currencies = by_deals(&sums);
        let named = currencies.iter().find(|currency| **currency == asked_currency).or(currencies.first());
        let currency = named.cloned().unwrap_or_default();
        sums.retain(|sum| sum.currency == currency);
        Ok(Self { pipelines, pipeline, people, owner, months: count, currencies, currency, stages, sums, now })
    }

    fn funnel(&self) -> Vec<Step> {
        numbers::funnel(&self.stages, &self.sums)
    }

    fn forecast(&self) -> Vec<Expected> {
        numbers::forecast(&self.stages, &self.sums, &self.spans(0))
    }

    fn closed(&self) -> Vec<Closed> {
        numbers::closed(&self.stages, &self.sums, &self.spans(1 - self.months))
    }

    fn spans(&self, offset: i32) -> Vec<Span> {
        months(self.now, offset, self.months)
    }

    fn funnel_chart(&self) -> Chart {
        let entry = |step: Step| {
            let rate = step.conversion.map(|conversion| format!(", {conversion} %")).unwrap_or_default();
            let series = match step.outcome.as_str() {
                "won" => "won",
                "lost" => "lost",
                _ => "open",
            };
            let text = format!("{}{rate}", grouped(step.reached));
            Entry { name: step.name, values: vec![Value { series, amount: step.reached, text }] }
        };
        charts::bars(&self.funnel().into_iter().map(entry).collect::<Vec<_>>())
    }

    fn forecast_chart(&self) -> Chart {
        let entry = |line: Expected| Entry {
            name: line.month,
            values: vec![self.value("open", line.open.amount_minor), self.value("weighted", line.weighted_minor)],
        };
        charts::bars(&self.forecast().into_iter().map(entry).collect::<Vec<_>>())
    }

    fn closed_chart(&self) -> Chart {
        let entry = |line: Closed| Entry {
            name: line.month,
            values: vec![self.value("won", line.won.amount_minor), self.value("lost", line.lost.amount_minor)],
        };
        charts::bars(&self.closed().into_iter().map(entry).collect::<Vec<_>>())
    }

    /// Where there is nothing nothing is written: in a month without deals two noughts would say no more.
    fn value(&self, series: &'static str, amount: i64) -> Value {
        let text = if amount == 0 { String::new() } else { compact(amount, minor_digits(&self.currency)) };
        Value { series, amount, text }
    }

    /// What the deals of the whole report are together: open, weighed, won, lost.
    fn totals(&self) -> (Heap, i64, Heap, Heap) {
        let mut totals = (Heap::default(), 0_i64, Heap::default(), Heap::default());
        let add = |heap: &mut Heap, more: Heap| {
            heap.deals = heap.deals.saturating_add(more.deals);
            heap.amount_minor = heap.amount_minor.saturating_add(more.amount_minor);
        };
        for line in self.forecast() {
            add(&mut totals.0, line.open);
            totals.1 = totals.1.saturating_add(line.weighted_minor);
        }
        for line in self.closed() {
            add(&mut totals.2, line.won);
            add(&mut totals.3, line.lost);
        }
        totals
    }

    /// The same as a file.
    fn csv_address(&self) -> String {
        let owner = self.owner.map(|owner| format!("&owner={owner}")).unwrap_or_default();
        let letters = self.currency.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let currency = if letters { format!("&currency={}", self.currency) } else { String::new() };
        format!("/reports.csv?pipeline={}{owner}&months={}{currency}", self.pipeline, self.months)
    }

    fn is_pipeline(&self, choice: &Pipeline) -> bool {
        self.pipeline == choice.id
    }

    fn is_months(&self, count: &i32) -> bool {
        self.months == *count
    }

    fn is_currency(&self, choice: &str) -> bool {
        self.currency == choice
    }

    fn is_owner(&self, id: &i64) -> bool {
        self.owner == Some(*id)
    }

    fn as_json(&self) -> serde_json::Value {
        let funnel = self.funnel().into_iter().map(|step| {
            json!({ "stage": step.name, "outcome": step.outcome, "deals": step.here.deals,
                    "amount_minor": step.here.amount_minor, "reached": step.reached, "conversion": step.conversion })
        });
        let forecast = self.forecast().into_iter().map(|line| {
            json!({ "month": line.month, "deals": line.open.deals, "amount_minor": line.open.amount_minor,
                    "weighted_minor": line.weighted_minor })
        });
        let closed = self.closed().into_iter().map(|line| {
            json!({ "month": line.month, "won": line.won.deals, "won_minor": line.won.amount_minor,
                    "lost": line.lost.deals, "lost_minor": line.lost.amount_minor })
        });
        json!({
            "pipeline": self.pipeline,
            "currency": self.currency,
            "currencies": self.currencies,
            "funnel": funnel.collect::<Vec<_>>(),
            "forecast": forecast.collect::<Vec<_>>(),
            "closed": closed.collect::<Vec<_>>(),
        })
    }
}

/// The currencies, that with most deals first.
fn by_deals(sums: &[Sum]) -> Vec<String> {
    let mut counted: Vec<(String, i64)> = Vec::new();
    for sum in sums {
        match counted.iter_mut().find(|(currency, _)| *currency == sum.currency) {
            Some((_, deals)) => *deals += sum.deals,
            None => counted.push((sum.currency.clone(), sum.deals)),
        }
    }
    counted.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    counted.into_iter().map(|(currency, _)| currency).collect()
}

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<ReportsPage>()
        .page::<file::ReportsCsvPage>()
        .preview::<Reports>("reports/reports.html", include_str!("../../../../templates/reports/reports.samples.json"))
}
