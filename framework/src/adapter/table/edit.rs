//! What an edit wants to write, what it was based on, and whether another user was faster: pure,
//! the statements around it only carry it out.

use std::collections::BTreeMap;

use crate::adapter::read::{as_value, trimmed};
use crate::adapter::{Adapter, FieldId, FieldInfo, Form, Kind, Row};
use crate::db::Value;

use super::Columns;

/// An edit of a row that is there already.
#[derive(Debug, Clone, Default)]
pub(super) struct Edit {
    /// Only fields that both changed clash.
    pub(super) merge: bool,
    /// The version the edit was based on.
    pub(super) version: Option<i64>,
    /// Whether something is to be written though no field was sent.
    pub(super) alone: bool,
    pub(super) fields: Vec<Edited>,
}

/// One field of an edit.
#[derive(Debug, Clone)]
pub(super) struct Edited {
    pub(super) id: FieldId,
    /// What it was when the form was shown.
    pub(super) original: Option<Value>,
    /// What it is to be; nothing where the form does not ask.
    pub(super) mine: Option<Value>,
}

/// What the row holds now.
#[derive(Debug, Clone, Default)]
pub(super) struct Now {
    pub(super) version: Option<i64>,
    pub(super) fields: BTreeMap<FieldId, Stored>,
}

/// One field of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    /// As it is.
    pub(super) raw: Value,
    /// As it would come back from a form that shows it.
    pub(super) read: Value,
}

/// One statement: what it writes, and what must be true at that moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) set: Vec<(FieldId, Value)>,
    pub(super) expect: Vec<(FieldId, Value)>,
    pub(super) version: Option<i64>,
}

/// What is to be done with an edit, the row being what it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// There is nothing to write.
    Nothing,
    Write(Step),
    /// Another user was faster, with these fields; with none of the form's where there is none.
    Clash(Vec<FieldId>),
}

impl Edited {
    fn changed_by_me(&self, now: Option<&Stored>) -> bool {
        let before = self.original.as_ref().or_else(|| now.map(|now| &now.read));
        self.mine.is_some() && self.mine.as_ref() != before
    }

    fn changed_by_others(&self, now: &Stored) -> bool {
        self.original.as_ref().is_some_and(|original| *original != now.read && *original != now.raw)
    }
}

impl Edit {
    /// What a form asks for.
    pub(super) fn of<A: Adapter>(form: &Form<A>) -> Self {
        let fields: Vec<Edited> = Columns::<A>::all().filter_map(|(id, info, _)| edited(form, id, info)).collect();
        let versioned = Columns::<A>::TABLE.version.is_some();
        // Without anything a form was shown with, at least what this request read must be true still.
        let read = form.row.version.filter(|_| form.originals.is_empty());
        Self {
            merge: Columns::<A>::TABLE.merge,
            version: form.sent.version.or(read).filter(|_| versioned),
            alone: form.typed.is_empty() && !form.also.is_empty(),
            fields,
        }
    }

    /// The statement that can be tried before the row was looked at; none where it has to be
    /// looked at first.
    pub(super) fn first(&self) -> Option<Step> {
        let blind = self.fields.iter().any(|field| field.mine.is_some() && field.original.is_none());
        let set: Vec<_> = self.mine(None).collect();
        if blind || (set.is_empty() && !self.alone) {
            return None;
        }
        let original = |field: &Edited| field.original.clone();
        Some(Step { expect: self.expected(&set, original), version: self.compared_version(), set })
    }

    /// What is to be done, the row being what it is.
    pub(super) fn judge(&self, now: &Now) -> Verdict {
        let mut set: Vec<_> = self.mine(Some(now)).collect();
        if set.is_empty() && !self.alone {
            return Verdict::Nothing;
        }
        let clashing = self.changed_by_others(now).filter(|field| !self.merge || self.clashes(field, now));
        let clashing: Vec<_> = clashing.map(|field| field.id).collect();
        if !clashing.is_empty() || self.compared_version().is_some_and(|version| now.version != Some(version)) {
            return Verdict::Clash(clashing);
        }
        // What somebody else made the same of already is no more to be done.
        set.retain(|(id, mine)| now.fields.get(id).is_none_or(|now| now.raw != *mine));
        if set.is_empty() && !self.alone {
            return Verdict::Nothing;
        }
        let raw = |field: &Edited| now.fields.get(&field.id).map(|now| now.raw.clone());
        let version = self.compared_version().and(now.version);
        Verdict::Write(Step { expect: self.expected(&set, raw), version, set })
    }

    /// The fields that only others changed: a form that is shown again takes them over.
    pub(super) fn only_by_others<'a>(&'a self, now: &'a Now) -> impl Iterator<Item = FieldId> + 'a {
        let theirs = |field: &&Edited| !field.changed_by_me(now.fields.get(&field.id));
        self.changed_by_others(now).filter(theirs).map(|field| field.id)
    }

    /// What the visitor changed.
    pub(super) fn mine<'a>(&'a self, now: Option<&'a Now>) -> impl Iterator<Item = (FieldId, Value)> + 'a {
        let changed = move |field: &&Edited| field.changed_by_me(now.and_then(|now| now.fields.get(&field.id)));
        self.fields.iter().filter(changed).filter_map(|field| Some((field.id, field.mine.clone()?)))
    }

    /// The fields that others changed.
    pub(super) fn changed_by_others<'a>(&'a self, now: &'a Now) -> impl Iterator<Item = &'a Edited> + 'a {
        self.fields.iter().filter(|field| now.fields.get(&field.id).is_some_and(|now| field.changed_by_others(now)))
    }

    /// Whether both made something of a field, and not the same.
    fn clashes(&self, field: &Edited, now: &Now) -> bool {
        let now = now.fields.get(&field.id);
        field.changed_by_me(now) && field.mine.as_ref() != now.map(|now| &now.read)
    }

    /// What the statement compares: everything the form was shown with, or, where edits are merged,
    /// what is overwritten.
    fn expected(&self, set: &[(FieldId, Value)], value: impl Fn(&Edited) -> Option<Value>) -> Vec<(FieldId, Value)> {
        let compared = |field: &&Edited| match self.merge {
            true => set.iter().any(|(id, _)| *id == field.id),
            false => field.original.is_some() || field.mine.is_some(),
        };
        self.fields.iter().filter(compared).filter_map(|field| Some((field.id, value(field)?))).collect()
    }

    /// The version that must still be the row's. Merging asks for it only where it has nothing
    /// else to go by.
    fn compared_version(&self) -> Option<i64> {
        let blind = self.alone || self.fields.iter().any(|field| field.mine.is_some() && field.original.is_none());
        self.version.filter(|_| !self.merge || blind)
    }
}

/// One field of a form; nothing where the form neither shows nor changes it.
fn edited<A: Adapter>(form: &Form<A>, id: FieldId, info: &'static FieldInfo) -> Option<Edited> {
    let value = form.row.value.field(id)?.to_column();
    // Whoever sends the original of a field one may not change would be told whether it is true.
    let sent = form.originals.get(&id).filter(|_| form.row.may_modify(id));
    let mut original = sent.and_then(|texts| as_value::<A>(id, info, texts));
    let by_code = form.before.as_deref().and_then(|before| before.field(id)).map(super::super::FieldValue::to_column);
    let by_code = by_code.filter(|before| *before != value);
    let typed = form.typed.get(&id).filter(|typed| !is_untouched_password(info, typed));
    let mine = match (typed, by_code) {
        (None, None) => None,
        (None, Some(before)) => {
            original = Some(before);
            Some(value)
        }
        (Some(_), Some(_)) => Some(value),
        // What stands in the form as it was shown is no change, even if reading it would tidy it.
        (Some(typed), None) if sent.is_some_and(|sent| trimmed(sent, info) == trimmed(typed, info)) => original.clone(),
        (Some(_), None) => Some(value),
    };
    (original.is_some() || mine.is_some()).then_some(Edited { id, original, mine })
}

/// A form never shows a stored password: nothing typed leaves it as it is.
fn is_untouched_password(info: &FieldInfo, typed: &[String]) -> bool {
    info.kind == Kind::Password && typed.iter().all(String::is_empty)
}

impl Now {
    pub(super) fn of<A: Adapter>(row: &Row<A>) -> Self {
        let stored = |(id, info, _): (FieldId, &'static FieldInfo, &str)| {
            let raw = row.value.field(id)?.to_column();
            let read = as_value::<A>(id, info, &row.texts(id)).unwrap_or_else(|| raw.clone());
            Some((id, Stored { raw, read }))
        };
        Self { version: row.version, fields: Columns::<A>::all().filter_map(stored).collect() }
    }
}

#[cfg(test)]
mod tests;
