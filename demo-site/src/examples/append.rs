//! `/examples/append`: several lists, read and appended to in one unit of work, all of it or nothing.
//!
//! A list keeps the order of whatever was appended to it. So whoever writes down what every visitor saw can tell
//! afterwards which unit came before which, and whether all of them saw a state that there was.

use std::collections::BTreeMap;

use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::json;
use toolcrib::prelude::*;

use super::pace::Pace;

/// The lists, in the order they are shown.
const LISTS: [(&str, AppVar<Vec<i64>>); 5] = [
    ("x", AppVar::new("AppendX")),
    ("y", AppVar::new("AppendY")),
    ("z", AppVar::new("AppendZ")),
    ("u", AppVar::new("AppendU")),
    ("v", AppVar::new("AppendV")),
];

/// Most numbers of a list: a variable holds 64 KiB, and the longest number has twenty characters.
const LIST_LIMIT: usize = 2_000;
/// Most operations of one unit.
const OPERATIONS_LIMIT: usize = 16;
/// How many numbers of a list the page shows.
const SHOWN: usize = 10;

/// Shows the lists and takes operations on them.
#[derive(Debug)]
pub struct AppendPage;

/// What is done to a list, as JSON: `["r","x"]`, `["append","y",17]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Operation {
    Read(Read, String),
    Append(Append, String, i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Read {
    #[serde(rename = "r")]
    Read,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Append {
    #[serde(rename = "append")]
    Append,
}

/// What came of it: `["r","x",[3,4]]`, `["append","y",17]`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Outcome {
    Read(Read, String, Vec<i64>),
    Append(Append, String, i64),
}

/// A list, as the page shows it.
#[derive(Debug)]
struct List {
    key: &'static str,
    length: usize,
    /// Its last numbers.
    end: Vec<i64>,
}

#[derive(Debug, Template)]
#[template(path = "examples/append.html", blocks = ["live"])]
struct Lists {
    lists: Vec<List>,
}

impl PageModule for AppendPage {
    const INFO: PageInfo = PageInfo::new("append", "/examples/append").title("Lists of one order").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let pace = Pace::of(cx);
        pace.before().await;
        let mut lists = BTreeMap::new();
        for (key, list) in &LISTS {
            lists.insert(*key, cx.application().get(list)?.unwrap_or_default());
        }
        pace.between().await?;
        if cx.wants_json() {
            return cx.json(&json!({ "lists": lists }));
        }
        let lists = Lists::of(&lists);
        if cx.wants_fragment() { cx.fragment(lists.as_live()) } else { cx.render(lists) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let operations = parse(cx.form_param("ops").unwrap_or_default()).map_err(PageError::bad_request)?;
        let pace = Pace::of(cx);
        let done = execute(cx.unit(), operations, pace).await?;
        if cx.wants_json() {
            return cx.json(&json!({ "ops": done }));
        }
        cx.flash(&format!("Done in one unit of work: {}.", json!(done)))?;
        cx.redirect(cx.page().path())
    }
}

/// The operations of a form.
fn parse(text: &str) -> Result<Vec<Operation>, String> {
    let form = r#"Operations are a list like [["r","x"],["append","y",17]], of the lists x, y, z, u and v."#;
    let operations: Vec<Operation> = serde_json::from_str(text).map_err(|_| form.to_owned())?;
    if !(1..=OPERATIONS_LIMIT).contains(&operations.len()) {
        return Err(format!("One unit of work does 1 to {OPERATIONS_LIMIT} operations."));
    }
    if operations.iter().any(|operation| list(operation.key()).is_none()) {
        return Err(form.to_owned());
    }
    Ok(operations)
}

fn list(key: &str) -> Option<&'static AppVar<Vec<i64>>> {
    LISTS.iter().find(|(known, _)| *known == key).map(|(_, list)| list)
}

/// Does them one after the other, as if nobody else were there: what is read is a snapshot with the unit's own appends on
/// top, and where another unit appended to a list meanwhile, this one starts over.
async fn execute(unit: &mut Unit, operations: Vec<Operation>, pace: Pace) -> Result<Vec<Outcome>, PageError> {
    pace.before().await;
    let mut done = Vec::with_capacity(operations.len());
    for operation in operations {
        let list = list(operation.key()).ok_or_else(|| PageError::bad_request("There is no such list."))?;
        let mut numbers = unit.application().get(list)?.unwrap_or_default();
        done.push(match operation {
            Operation::Read(read, key) => Outcome::Read(read, key, numbers),
            Operation::Append(append, key, number) => {
                if numbers.len() >= LIST_LIMIT {
                    return Err(PageError::bad_request(format!("The list {key} is full.")));
                }
                numbers.push(number);
                unit.application().set(list, &numbers)?;
                Outcome::Append(append, key, number)
            }
        });
        // After the first one, which is when the unit has its view.
        if done.len() == 1 {
            pace.between().await?;
        }
    }
    Ok(done)
}

impl Operation {
    fn key(&self) -> &str {
        match self {
            Self::Read(_, key) | Self::Append(_, key, _) => key,
        }
    }
}

impl Lists {
    fn of(lists: &BTreeMap<&'static str, Vec<i64>>) -> Self {
        let list = |(key, numbers): (&&'static str, &Vec<i64>)| List {
            key,
            length: numbers.len(),
            end: numbers.iter().skip(numbers.len().saturating_sub(SHOWN)).copied().collect(),
        };
        Self { lists: lists.iter().map(list).collect() }
    }

    fn ancestor(&self) -> [&'static str; 2] {
        [
            "On GemStone a transaction saw all objects as they stood when it began, and committed all it had changed or \
             nothing; where another had changed one of them meanwhile, it was run again.",
            "Whether a system keeps such a promise shows in lists: each keeps the order of what was appended, so nobody \
             can have seen a state that never was without being found out.",
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_read_from_json() {
        assert_eq!(
            parse(r#"[["r","x"],["append","y",-17]]"#),
            Ok(vec![Operation::Read(Read::Read, "x".into()), Operation::Append(Append::Append, "y".into(), -17)])
        );
    }

    #[test]
    fn anything_else_is_refused_with_a_sentence() {
        let many = format!("[{}]", [r#"["r","x"]"#; OPERATIONS_LIMIT + 1].join(","));
        for text in [
            "",
            "[]",
            "{}",
            r#"["r","x"]"#,
            r#"[["r"]]"#,
            r#"[["r","w"]]"#,
            r#"[["r","x",1]]"#,
            r#"[["w","x"]]"#,
            r#"[["append","x"]]"#,
            r#"[["append","x","1"]]"#,
            r#"[["append","x",1.5]]"#,
            r#"[["append","x",9223372036854775808]]"#,
            &many,
        ] {
            let sentence = parse(text).unwrap_err();
            assert!(sentence.ends_with('.'), "{text}: {sentence}");
        }
    }

    #[test]
    fn the_longest_list_of_the_longest_numbers_fits_into_a_variable() {
        let longest = serde_json::to_string(&vec![i64::MIN; LIST_LIMIT]).expect("numbers");
        assert!(longest.len() <= 64 * 1024, "{} bytes", longest.len());
    }

    #[test]
    fn the_page_shows_the_end_of_a_list() {
        let lists = Lists::of(&BTreeMap::from([("x", (1..=25).collect()), ("y", Vec::new())]));
        let shown: Vec<_> = lists.lists.iter().map(|list| (list.key, list.length, list.end.clone())).collect();
        assert_eq!(shown, [("x", 25, (16..=25).collect()), ("y", 0, Vec::new())]);
    }
}
