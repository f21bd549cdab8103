//! Tasks as an iCalendar file (RFC 5545), for programs that show calendars.
//!
//! Written here, in the few lines it takes, because each of the two crates for it does one thing the format forbids or we cannot
//! have: `icalendar` lets a carriage return inside a text through, which some readers take for the end of a line, and brings a second
//! crate for times; `ics` folds lines to 76 bytes, one more than a line may have.

use time::OffsetDateTime;
use time::macros::format_description;

use super::agenda::DAY;

/// The most bytes of a line, without its end (section 3.1).
const LINE: usize = 75;

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Todo<'a> {
    /// Its number; with the site's name it is the same task for ever.
    pub id: i64,
    /// How often it was changed.
    pub version: i64,
    /// What is to be done.
    pub subject: &'a str,
    /// More about it, or nothing.
    pub body: &'a str,
    /// When it is due; midnight sharp is the whole day. None for some day.
    pub due_at: Option<i64>,
}

/// Writes a whole file. `host` is what numbers are unique on; `now` when it is written.
#[must_use]
pub fn write(todos: &[Todo<'_>], host: &str, now: i64) -> String {
    let mut file = String::new();
    line(&mut file, "BEGIN", "VCALENDAR");
    line(&mut file, "VERSION", "2.0");
    line(&mut file, "PRODID", "-//Toolcrib//CRM//EN");
    for todo in todos {
        line(&mut file, "BEGIN", "VTODO");
        line(&mut file, "UID", &format!("task-{}@{}", todo.id, plain(host)));
        line(&mut file, "DTSTAMP", &moment(now));
        line(&mut file, "SEQUENCE", &todo.version.to_string());
        line(&mut file, "SUMMARY", &text(todo.subject));
        if !todo.body.is_empty() {
            line(&mut file, "DESCRIPTION", &text(todo.body));
        }
        match todo.due_at {
            Some(due_at) if due_at.rem_euclid(DAY) == 0 => line(&mut file, "DUE;VALUE=DATE", &day(due_at)),
            Some(due_at) => line(&mut file, "DUE", &moment(due_at)),
            None => {}
        }
        line(&mut file, "STATUS", "NEEDS-ACTION");
        line(&mut file, "END", "VTODO");
    }
    line(&mut file, "END", "VCALENDAR");
    file
}

/// One line, folded: a break and a blank in it mean nothing.
fn line(file: &mut String, name: &str, value: &str) {
    let mut length = 0;
    for letter in name.chars().chain([':']).chain(value.chars()) {
        if length + letter.len_utf8() > LINE {
            file.push_str("\r\n ");
            length = 1;
        }
        file.push(letter);
        length += letter.len_utf8();
    }
    file.push_str("\r\n");
}

/// A text in which nothing ends the line or means anything (section 3.3.11). Control characters have no place in one.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\r' if letters.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => escaped.push_str("\\n"),
            '\t' => escaped.push(' '),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A host as it can stand in a number: what it was asked for by is a visitor's word.
fn plain(host: &str) -> String {
    host.chars().filter(|letter| letter.is_ascii_alphanumeric() || ".-:[]".contains(*letter)).take(100).collect()
}

fn at(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(micros.div_euclid(1_000_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn moment(micros: i64) -> String {
    at(micros).format(format_description!("[year][month][day]T[hour][minute][second]Z")).unwrap_or_default()
}

fn day(micros: i64) -> String {
    at(micros).format(format_description!("[year][month][day]")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 12 March 2026, 14:05 UTC.
    const NOW: i64 = 1_773_324_300_000_000;

    fn todo(subject: &str) -> Todo<'_> {
        Todo { id: 7, version: 3, subject, body: "", due_at: Some(NOW) }
    }

    #[test]
    fn a_task_is_a_todo_with_a_number_of_its_own() {
        let whole_day = Todo { id: 8, body: "Two; or three", due_at: Some(1_773_273_600_000_000), ..todo("Call") };
        let some_day = Todo { id: 9, due_at: None, ..todo("Tidy up") };
        let file = write(&[todo("Call Anna, now"), whole_day, some_day], "crm.example", NOW);
        assert_eq!(
            file,
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Toolcrib//CRM//EN\r\n\
             BEGIN:VTODO\r\nUID:task-7@crm.example\r\nDTSTAMP:20260312T140500Z\r\nSEQUENCE:3\r\n\
             SUMMARY:Call Anna\\, now\r\nDUE:20260312T140500Z\r\nSTATUS:NEEDS-ACTION\r\nEND:VTODO\r\n\
             BEGIN:VTODO\r\nUID:task-8@crm.example\r\nDTSTAMP:20260312T140500Z\r\nSEQUENCE:3\r\n\
             SUMMARY:Call\r\nDESCRIPTION:Two\\; or three\r\nDUE;VALUE=DATE:20260312\r\nSTATUS:NEEDS-ACTION\r\n\
             END:VTODO\r\n\
             BEGIN:VTODO\r\nUID:task-9@crm.example\r\nDTSTAMP:20260312T140500Z\r\nSEQUENCE:3\r\n\
             SUMMARY:Tidy up\r\nSTATUS:NEEDS-ACTION\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
        );
    }

    #[test]
    fn a_hostile_subject_adds_no_line() {
        for hostile in [
            "x\r\nEND:VTODO\r\nBEGIN:VEVENT",
            "x\nATTACH:https://evil.example",
            "x\rATTACH:https://evil.example",
            "x\u{2028}ATTACH:1",
            "x\u{85}ATTACH:1",
            "x\u{b}ATTACH:1\u{c}ATTACH:2\0",
            "x\\nATTACH:1\\",
        ] {
            let file = write(&[todo(hostile)], "crm.example\r\nATTACH:1", NOW);
            assert_eq!(lines(&file).len(), 12, "{file}");
            assert!(!file.replace("\r\n", "").contains(['\r', '\n', '\0', '\u{b}', '\u{c}', '\u{85}', '\u{2028}']));
            assert!(lines(&file).iter().all(|line| !line.starts_with("ATTACH") && !line.starts_with("BEGIN:VEVENT")));
        }
    }

    /// The lines as a reader of the format gets them.
    fn lines(file: &str) -> Vec<String> {
        file.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    /// A text as a reader of the format gets it.
    fn unescaped(text: &str) -> String {
        let mut letters = text.chars();
        let mut plain = String::new();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => plain.push(letters.next().map_or('\\', |next| if next == 'n' { '\n' } else { next })),
                letter => plain.push(letter),
            }
        }
        plain
    }

    proptest! {
        /// Whatever a subject says, every line is short enough, and the reader gets it back.
        #[test]
        fn subjects_come_back_and_lines_are_short(subject in "[\\PC\n;,\\\\]{0,200}") {
            let file = write(&[todo(&subject)], "crm.example", NOW);
            prop_assert!(file.split_terminator("\r\n").all(|line| line.len() <= LINE && !line.contains('\n')));
            let lines = lines(&file);
            prop_assert_eq!(lines.len(), 12);
            let summary = lines.iter().find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
            let kept = subject.replace(['\u{2028}', '\u{2029}'], "\n");
            prop_assert_eq!(unescaped(summary), kept);
        }
    }
}
