//! Controls and what names them for people who do not see the page.

use std::collections::BTreeSet;

use super::finding::{Findings, Rule};
use super::html::{Event, Start};

/// The controls and labels of one file.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// What labels say they are for.
    named: BTreeSet<String>,
    /// Controls that need such a label.
    controls: Vec<Control>,
    /// How many labels surround what is read.
    depth: usize,
}

#[derive(Debug)]
struct Control {
    name: String,
    id: Option<String>,
    at: usize,
}

impl Labels {
    pub(super) fn see(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(start) if start.name == "label" => {
                self.depth += 1;
                self.named.extend(start.value("for").map(str::to_owned));
            }
            Event::End(name) if name == "label" => self.depth = self.depth.saturating_sub(1),
            Event::Start(start) if self.depth == 0 && wants_name(start) => {
                let id = start.value("id").map(str::to_owned);
                self.controls.push(Control { name: start.name.clone(), id, at: start.at });
            }
            Event::MacroEnd => self.depth = 0,
            Event::Start(_) | Event::End(_) | Event::Output { .. } => {}
        }
    }

    pub(super) fn finish(self, findings: &mut Findings<'_>, base: usize) {
        for control in self.controls {
            if !control.id.as_ref().is_some_and(|id| self.named.contains(id)) {
                findings.add(
                    base + control.at,
                    Rule::Label,
                    format!("<{}> has no <label for=\"…\"> and no aria-label", control.name),
                );
            }
        }
    }
}

fn wants_name(start: &Start) -> bool {
    let is_control = match start.name.as_str() {
        "select" | "textarea" => true,
        "input" => !start.value("type").is_some_and(|kind| {
            ["hidden", "submit", "reset", "button", "image"].iter().any(|other| kind.eq_ignore_ascii_case(other))
        }),
        _ => false,
    };
    let named = |name| start.value(name).is_some_and(|value| !value.trim().is_empty());
    // Where an expression writes attributes, nobody can tell from here.
    is_control && !start.is_open_ended && !named("aria-label") && !named("aria-labelledby")
}
