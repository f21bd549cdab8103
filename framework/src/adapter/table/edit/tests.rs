use proptest::prelude::*;

use super::*;
use crate::adapter::tests::{DONE, Note, PAGES, SECRET, Shared, TITLE, pairs};

/// A form of a stored row as the visitor posts it.
fn form<A: Adapter>(row: Row<A>, query: &str) -> Form<A> {
    let pairs = pairs(query);
    let input = crate::adapter::read::Input { pairs: &pairs, uploads: &[] };
    let mut form = Form::new(row);
    crate::adapter::read::read_frame(&mut form, &input, &crate::adapter::ActionInfo::new("save", "Save"));
    crate::adapter::read::read_fields(&mut form, &input);
    assert!(form.errors().is_empty(), "{}", form.errors());
    form
}

fn note(title: &str, pages: Option<i64>, version: i64) -> Row<Note> {
    let value = Note { title: title.into(), pages, done: true, secret: "x".into() };
    Row::stored(value, 7, Some(version))
}

fn edit(query: &str) -> Edit {
    Edit::of(&form(note("milk", Some(1), 3), query))
}

fn judged(query: &str, now: &Row<Note>) -> Verdict {
    edit(query).judge(&Now::of(now))
}

const SHOWN: &str = "version=3&_original.title=milk&_original.pages=1&_original.done=on";

#[test]
fn only_what_was_changed_is_written_and_all_that_was_shown_is_compared() {
    let step = edit(&format!("{SHOWN}&title=bread&pages=01&done=&done=on")).first().unwrap();
    assert_eq!(step.set, [(TITLE, "bread".into())]);
    assert_eq!(step.expect, [(TITLE, "milk".into()), (PAGES, 1_i64.into()), (DONE, true.into())]);
    assert_eq!(step.version, Some(3));
}

#[test]
fn nothing_changed_is_nothing_written() {
    let query = format!("{SHOWN}&title=+milk+&pages=01&done=on");
    assert_eq!(edit(&query).first(), None);
    assert_eq!(judged(&query, &note("milk", Some(1), 3)), Verdict::Nothing);
    // Nor is anybody bothered with what others did.
    assert_eq!(judged(&query, &note("bread", Some(1), 4)), Verdict::Nothing);
}

#[test]
fn another_users_change_is_named() {
    let query = format!("{SHOWN}&title=bread&pages=1");
    assert_eq!(judged(&query, &note("milk", Some(2), 4)), Verdict::Clash(vec![PAGES]));
    assert_eq!(judged(&query, &note("butter", Some(2), 4)), Verdict::Clash(vec![TITLE, PAGES]));
    // What no field of the form shows.
    assert_eq!(judged(&query, &note("milk", Some(1), 4)), Verdict::Clash(vec![]));
}

#[test]
fn a_program_is_judged_by_the_version() {
    assert_eq!(edit("version=3&title=bread").first(), None, "whether it is a change must be looked up");
    let write = Verdict::Write(Step {
        set: vec![(TITLE, "bread".into())],
        expect: vec![(TITLE, "milk".into())],
        version: Some(3),
    });
    assert_eq!(judged("version=3&title=bread", &note("milk", Some(1), 3)), write);
    assert_eq!(judged("version=3&title=bread", &note("milk", Some(1), 4)), Verdict::Clash(vec![]));
    assert_eq!(judged("version=3&title=bread", &note("bread", Some(1), 9)), Verdict::Nothing);
    // Without a version, what this request read must still be so.
    assert_eq!(judged("title=bread", &note("milk", Some(1), 4)), Verdict::Clash(vec![]));
}

#[test]
fn the_original_of_what_may_not_be_seen_is_not_compared() {
    let query = format!("{SHOWN}&title=bread&_original.secret=guess");
    assert!(edit(&query).fields.iter().all(|field| field.id != SECRET));
    assert!(matches!(judged(&query, &note("milk", Some(1), 3)), Verdict::Write(_)));
}

#[test]
fn what_the_sites_code_changes_is_written_without_being_sent() {
    let mut form = form(note("milk", Some(1), 3), "version=3");
    form.value_mut().secret = "y".to_owned();
    let step = Edit::of(&form).first().unwrap();
    assert_eq!((step.set, step.expect), (vec![(SECRET, "y".into())], vec![(SECRET, "x".into())]));
}

#[test]
fn a_column_of_the_sites_alone_is_written_unless_fields_were_sent_unchanged() {
    let mut alone = form(note("milk", Some(1), 3), "version=3");
    alone.also("search", "milk");
    assert!(Edit::of(&alone).first().is_some_and(|step| step.set.is_empty() && step.version == Some(3)));
    let mut unchanged = form(note("milk", Some(1), 3), &format!("{SHOWN}&title=milk"));
    unchanged.also("search", "milk");
    assert_eq!(Edit::of(&unchanged).judge(&Now::of(&note("milk", Some(1), 3))), Verdict::Nothing);
}

#[test]
fn line_breaks_as_browsers_send_them_are_no_change() {
    let row = |text: &str| Row::stored(Shared { text: text.into(), ..Shared::default() }, 7, Some(1));
    let form = form(row("a\nb"), "_original.text=a%0D%0Ab&text=a%0D%0Ab%0D%0A&_original.title=&title=x");
    let edit = Edit::of(&form);
    assert_eq!(edit.first().unwrap().set, [(TITLE, "x".into())]);
    // Even where they are stored so: the statement then compares what is stored.
    let Verdict::Write(step) = edit.judge(&Now::of(&row("a\r\nb "))) else { panic!("a clash") };
    assert_eq!(step.set, [(TITLE, "x".into())]);
}

#[test]
fn merging_clashes_where_both_changed_the_same_field_differently() {
    let row = |title: &str, pages| {
        Row::stored(Shared { title: title.into(), pages: Some(pages), ..Shared::default() }, 7, Some(4))
    };
    let edit = Edit::of(&form(row("milk", 1), "version=3&_original.title=milk&_original.pages=1&title=bread&pages=1"));
    let write = Step { set: vec![(TITLE, "bread".into())], expect: vec![(TITLE, "milk".into())], version: None };
    assert_eq!(edit.first(), Some(write.clone()));
    assert_eq!(edit.judge(&Now::of(&row("milk", 2))), Verdict::Write(write));
    assert_eq!(edit.judge(&Now::of(&row("butter", 2))), Verdict::Clash(vec![TITLE]));
    assert_eq!(edit.judge(&Now::of(&row("bread", 2))), Verdict::Nothing);
    assert_eq!(edit.only_by_others(&Now::of(&row("butter", 2))).collect::<Vec<_>>(), [PAGES]);
}

const FIELDS: usize = 3;

/// A row as an engine keeps it: every statement happens at once.
#[derive(Debug, Clone)]
struct Engine {
    values: [i64; FIELDS],
    version: i64,
}

impl Engine {
    fn now(&self) -> Now {
        let stored = |value: i64| Stored { raw: value.into(), read: value.into() };
        let fields = self.values.iter().enumerate().map(|(index, value)| (FieldId::new(index), stored(*value)));
        Now { version: Some(self.version), fields: fields.collect() }
    }

    fn run(&mut self, step: &Step) -> bool {
        let holds = step.version.is_none_or(|version| version == self.version)
            && step.expect.iter().all(|(id, value)| Value::from(self.values[id.index()]) == *value);
        if holds {
            for (id, value) in &step.set {
                let Value::Int(Some(value)) = value else { panic!("{value:?}") };
                self.values[id.index()] = *value;
            }
            self.version += 1;
        }
        holds
    }
}

/// Somebody who was shown the row and saves, one statement at a time.
#[derive(Debug)]
struct Editor {
    edit: Edit,
    shown: Engine,
    wants: [Option<i64>; FIELDS],
    step: Option<Step>,
    outcome: Option<bool>,
}

impl Editor {
    fn new(merge: bool, shown: &Engine, wants: [Option<i64>; FIELDS]) -> Self {
        let field = |(index, want): (usize, &Option<i64>)| Edited {
            id: FieldId::new(index),
            original: Some(shown.values[index].into()),
            mine: Some(want.unwrap_or(shown.values[index]).into()),
        };
        let fields = wants.iter().enumerate().map(field).collect();
        let edit = Edit { merge, version: Some(shown.version), alone: false, fields };
        Self { step: edit.first(), edit, shown: shown.clone(), wants, outcome: None }
    }

    /// The next statement; answers what it overwrote.
    fn go_on(&mut self, engine: &mut Engine) -> Vec<(usize, i64)> {
        if let Some(step) = self.step.take() {
            let before = engine.clone();
            if engine.run(&step) {
                self.outcome = Some(true);
                return step.set.iter().map(|(id, _)| (id.index(), before.values[id.index()])).collect();
            }
            return Vec::new();
        }
        match self.edit.judge(&engine.now()) {
            Verdict::Nothing => self.outcome = Some(true),
            Verdict::Clash(_) => self.outcome = Some(false),
            Verdict::Write(step) => self.step = Some(step),
        }
        Vec::new()
    }
}

fn wants() -> impl Strategy<Value = [Option<i64>; FIELDS]> {
    prop::array::uniform3(prop::option::of(0..4_i64))
}

proptest! {
    #[test]
    fn two_edits_in_any_interleaving_lose_nothing(
        merge: bool,
        (ann, ben) in (wants(), wants()),
        order in prop::collection::vec(any::<bool>(), 0..10),
    ) {
        let mut engine = Engine { values: [10, 11, 12], version: 1 };
        let start = engine.clone();
        let mut editors = [Editor::new(merge, &engine, ann), Editor::new(merge, &engine, ben)];
        for second in order.into_iter().chain([false, true].into_iter().cycle().take(40)) {
            let editor = &mut editors[usize::from(second)];
            if editor.outcome.is_some() {
                continue;
            }
            for (index, overwritten) in editor.go_on(&mut engine) {
                // Nobody overwrites what they have not seen.
                prop_assert_eq!(overwritten, editor.shown.values[index]);
            }
        }
        let done = editors.each_ref().map(|editor| editor.outcome.expect("an end"));
        let asks = |wants: &[Option<i64>; FIELDS]| wants.iter().any(Option::is_some);
        prop_assert!(done[0] || done[1], "one of two is always stored");
        if !merge {
            prop_assert_eq!(done[0] && done[1], !(asks(&ann) && asks(&ben)), "only one of two changes is stored");
        }
        let clash = ann.iter().zip(&ben).any(|(ann, ben)| ann.is_some() && ben.is_some() && ann != ben);
        if merge {
            prop_assert_eq!(done[0] && done[1], !clash, "what does not clash is merged");
        }
        // What was stored is there: each field has its last value, the start's where nobody asked.
        for index in 0..FIELDS {
            let stored: Vec<i64> =
                editors.iter().zip(done).filter(|(_, done)| *done).filter_map(|(editor, _)| editor.wants[index]).collect();
            let expected = stored.last().copied().unwrap_or(start.values[index]);
            prop_assert!(engine.values[index] == expected || stored.contains(&engine.values[index]));
        }
    }
}
