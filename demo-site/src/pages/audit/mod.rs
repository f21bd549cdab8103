//! `/audit`: who did what.

mod changes;

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use self::changes::{Change, changes};
use super::{filters, viewer};
use crate::db::audit::{self, Asked, Noted};
use crate::db::colleagues;

/// What kinds of records there are.
const KINDS: [&str; 14] = [
    "activity",
    "client",
    "deal",
    "external_account",
    "import_run",
    "lead",
    "merge",
    "person",
    "pipeline",
    "saved_view",
    "stage",
    "tag",
    "user",
    "role",
];

/// What is done to them.
const ACTIONS: [&str; 12] = [
    "added",
    "changed",
    "checked",
    "converted",
    "done",
    "imported",
    "merged",
    "moved",
    "removed",
    "renamed",
    "reopened",
    "undone",
];

/// The longest word an address may narrow by.
const LONGEST: usize = 40;

/// The audit log.
#[derive(Debug)]
pub(crate) struct AuditPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "audit/list.html")]
struct AuditList {
    asked: Asked,
    people: Vec<(i64, String)>,
    entries: Vec<Noted>,
    /// Whether there are older ones.
    more: bool,
}

impl PageModule for AuditPage {
    const INFO: PageInfo = PageInfo::new("audit", "/audit").title("Audit log").right("admin");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (viewer, asked) = (viewer(cx)?, asked(cx));
        let rows = cx.read().await?;
        let (entries, more) = audit::list(rows, viewer, &asked).await?;
        let people = colleagues::offered(rows, None).await?;
        let list = AuditList { asked, people, entries, more };
        if cx.wants_json() { cx.json(&list.as_json()) } else { cx.render(list) }
    }
}

/// What the address asks for; what makes no sense is not asked for.
fn asked(cx: &Context<'_>) -> Asked {
    let number = |name| cx.query_param(name).and_then(|text| text.parse().ok());
    let word = |name| {
        let plain =
            |word: &&str| word.len() <= LONGEST && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        cx.query_param(name).filter(plain).unwrap_or_default().to_owned()
    };
    let before = cx.query_param("before").and_then(|text| {
        let (at, id) = text.split_once('-')?;
        Some((at.parse().ok()?, id.parse().ok()?))
    });
    Asked {
        actor: number("user"),
        kind: word("kind"),
        record: number("record"),
        action: word("action"),
        day: cx.query_param("day").and_then(day).map(Day::micros),
        before,
    }
}

/// A day as a browser's control sends it.
fn day(text: &str) -> Option<Day> {
    let mut day = Day::default();
    FieldValue::read(&mut day, &[text.to_owned()]).ok().map(|()| day)
}

impl AuditList {
    fn is_user(&self, id: &i64) -> bool {
        self.asked.actor == Some(*id)
    }

    /// The kinds to choose from, and the one asked for, whatever it is: value, label, whether it is chosen.
    fn kinds(&self) -> Vec<(String, String, bool)> {
        offered(&KINDS, &self.asked.kind)
    }

    fn actions(&self) -> Vec<(String, String, bool)> {
        offered(&ACTIONS, &self.asked.action)
    }

    fn day(&self) -> String {
        self.asked.day.and_then(Day::of).map(Day::iso).unwrap_or_default()
    }

    fn is_narrowed(&self) -> bool {
        self.asked != Asked { before: self.asked.before, ..Asked::default() }
    }

    /// The address of the older ones, and of the newest.
    fn older(&self) -> Option<String> {
        let last = self.entries.last().filter(|_| self.more)?;
        Some(format!("{}&before={}-{}", self.newest(), last.happened_at, last.id))
    }

    fn newest(&self) -> String {
        let Asked { actor, kind, record, action, .. } = &self.asked;
        let number = |number: &Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let (user, record) = (number(actor), number(record));
        format!("/audit?user={user}&kind={kind}&record={record}&action={action}&day={}", self.day())
    }

    fn as_json(&self) -> serde_json::Value {
        let entry = |entry: &Noted| {
            let changes: serde_json::Value = serde_json::from_str(&entry.changes).unwrap_or_default();
            json!({
                "id": entry.id, "happened_at": entry.happened_at, "actor": entry.actor, "action": entry.action,
                "record_kind": entry.record_kind, "record_id": entry.record_id, "record_name": entry.record_name,
                "changes": changes,
            })
        };
        json!({ "entries": self.entries.iter().map(entry).collect::<Vec<_>>(), "older": self.older() })
    }
}

impl Noted {
    /// What was changed, a line each.
    fn lines(&self) -> Vec<Change> {
        changes(&self.changes)
    }

    /// `saved_view` as people say it.
    fn kind(&self) -> String {
        self.record_kind.replace('_', " ")
    }

    /// Where the record is, if it has a page and is not gone.
    fn address(&self) -> Option<String> {
        let folder = match self.record_kind.as_str() {
            _ if self.action == "removed" => return None,
            "client" => "clients",
            "person" => "persons",
            "lead" => "leads",
            "deal" => "deals",
            _ => return None,
        };
        Some(format!("/{folder}/{}", self.record_id))
    }
}

fn offered(known: &[&str], asked: &str) -> Vec<(String, String, bool)> {
    let another = (!asked.is_empty() && !known.contains(&asked)).then_some(asked);
    let words = known.iter().copied().chain(another);
    words.map(|word| (word.to_owned(), word.replace('_', " "), word == asked)).collect()
}

/// The page and its samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<AuditPage>()
        .preview::<AuditList>("audit/list.html", include_str!("../../../../templates/audit/list.samples.json"))
}
