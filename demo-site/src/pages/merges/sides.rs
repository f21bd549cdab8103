//! Two clients field by field: what both have, and what is chosen of them.

use serde::Deserialize;

use crate::db::merges::{Facts, Side};

/// A field of both, and which of the two is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    /// What the form calls it.
    pub(super) name: String,
    /// What people call it.
    pub(super) label: String,
    /// The kept client's.
    pub(super) left: String,
    /// The other's.
    pub(super) right: String,
    /// What is chosen.
    pub(super) choice: Choice,
    /// What the kept client had when the form was shown, where somebody changed it since.
    pub(super) left_was: Option<String>,
    /// The same of the other.
    pub(super) right_was: Option<String>,
}

/// Which of two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Choice {
    /// The kept client's.
    #[default]
    Left,
    /// The other's.
    Right,
    /// One below the other: notes only.
    Both,
}

/// The fields in the order of the form: the name, the label.
pub(super) const FIELDS: [(&str, &str); 9] = [
    ("name", "Name"),
    ("account", "Account"),
    ("industry", "Industry"),
    ("city", "City"),
    ("website", "Website"),
    ("phone", "Phone"),
    ("email", "E-mail"),
    ("owner", "Owner"),
    ("notes", "Notes"),
];

impl Line {
    /// Whether there is nothing to choose.
    pub(super) fn is_same(&self) -> bool {
        self.left == self.right
    }

    /// Whether both can be kept.
    pub(super) fn may_have_both(&self) -> bool {
        self.name == "notes" && !self.left.is_empty() && !self.right.is_empty() && !self.is_same()
    }

    pub(super) fn is_left(&self) -> bool {
        self.choice == Choice::Left
    }

    pub(super) fn is_right(&self) -> bool {
        self.choice == Choice::Right
    }

    pub(super) fn is_both(&self) -> bool {
        self.choice == Choice::Both
    }
}

/// A field as people read it.
pub(super) fn text(side: &Side, field: &str) -> String {
    let facts = &side.facts;
    match field {
        "name" => facts.name.clone(),
        "account" => facts.account.clone(),
        "industry" => facts.industry.clone(),
        "city" => facts.city.clone(),
        "website" => facts.website.clone(),
        "phone" => facts.phone.clone(),
        "email" => facts.email.clone(),
        "owner" => {
            let name = if side.owner.is_empty() { "nobody" } else { side.owner.as_str() };
            if facts.private { format!("{name}, private") } else { name.to_owned() }
        }
        _ => facts.notes.clone(),
    }
}

/// The fields of both. `asked` is what a form says of a field, if it came with one; without it the kept client's value is proposed,
/// unless it has none.
pub(super) fn lines(kept: &Side, gone: &Side, asked: impl Fn(&str) -> Option<Choice>) -> Vec<Line> {
    let line = |(name, label): (&str, &str)| {
        let (left, right) = (text(kept, name), text(gone, name));
        let is_missing = left.is_empty() || (name == "owner" && kept.facts.owner_id.is_none());
        let proposed = match name {
            "notes" if !left.is_empty() && !right.is_empty() && left != right => Choice::Both,
            _ if is_missing && !right.is_empty() => Choice::Right,
            _ => Choice::Left,
        };
        let (name, label) = (name.to_owned(), label.to_owned());
        let choice = asked(&name).unwrap_or(proposed);
        Line { name, label, left, right, choice, left_was: None, right_was: None }
    };
    FIELDS.into_iter().map(line).collect()
}

/// What was chosen of both. An owner comes with whether the client is private: the one makes no sense without the other.
pub(super) fn chosen(kept: &Side, gone: &Side, lines: &[Line]) -> Facts {
    let choice = |name: &str| lines.iter().find(|line| line.name == name).map(|line| line.choice).unwrap_or_default();
    let pick = |name: &str| match choice(name) {
        Choice::Right => &gone.facts,
        Choice::Left | Choice::Both => &kept.facts,
    };
    let notes = match choice("notes") {
        Choice::Both if kept.facts.notes.is_empty() => gone.facts.notes.clone(),
        Choice::Both if gone.facts.notes.is_empty() => kept.facts.notes.clone(),
        Choice::Both => format!("{}\n{}", kept.facts.notes, gone.facts.notes),
        _ => pick("notes").notes.clone(),
    };
    Facts {
        account: pick("account").account.clone(),
        name: pick("name").name.clone(),
        industry: pick("industry").industry.clone(),
        city: pick("city").city.clone(),
        website: pick("website").website.clone(),
        phone: pick("phone").phone.clone(),
        email: pick("email").email.clone(),
        notes,
        owner_id: pick("owner").owner_id,
        private: pick("owner").private,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &str, city: &str, notes: &str, owner: Option<i64>) -> Side {
        let facts = Facts {
            name: name.into(),
            account: name.into(),
            city: city.into(),
            notes: notes.into(),
            owner_id: owner,
            private: owner == Some(1),
            ..Facts::default()
        };
        Side { id: 1, version: 1, owner: owner.map_or("", |_| "Anna").into(), facts }
    }

    #[test]
    fn what_one_lacks_is_proposed_of_the_other() {
        let (kept, gone) = (side("A", "", "x", None), side("B", "Bonn", "y", Some(1)));
        let lines = lines(&kept, &gone, |_| None);
        let choices: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.choice)).collect();
        assert_eq!(choices[0], ("name", Choice::Left));
        assert_eq!(choices[3], ("city", Choice::Right));
        assert_eq!(choices[7], ("owner", Choice::Right));
        assert_eq!(choices[8], ("notes", Choice::Both));
        let facts = chosen(&kept, &gone, &lines);
        assert_eq!((facts.name.as_str(), facts.city.as_str(), facts.notes.as_str()), ("A", "Bonn", "x\ny"));
        assert_eq!((facts.owner_id, facts.private), (Some(1), true));
        assert!(lines[8].may_have_both() && !lines[0].may_have_both());
    }

    #[test]
    fn what_was_asked_for_is_chosen() {
        let (kept, gone) = (side("A", "Leeds", "", None), side("B", "Bonn", "y", Some(2)));
        let lines = lines(&kept, &gone, |name| (name != "city").then_some(Choice::Right));
        let facts = chosen(&kept, &gone, &lines);
        assert_eq!((facts.name.as_str(), facts.account.as_str(), facts.city.as_str()), ("B", "B", "Leeds"));
        assert_eq!((facts.owner_id, facts.private), (Some(2), false));
    }
}
