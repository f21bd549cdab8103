//! What the compiler says, in the words of whoever writes templates.

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel, DiagnosticSpan};

use super::notice::{Notice, Problem};
use crate::lint;

/// Longest excerpt, in bytes.
const MAX_EXCERPT: usize = 8 << 10;

/// What reads the source files a message is about; a closure, so that this stays pure.
pub(super) trait Files {
    /// The file as the compiler names it.
    fn source(&self, file: &str) -> Option<String>;
    /// A template by the path askama knows it by: where it is, and its text.
    fn template(&self, path: &str) -> Option<(String, String)>;
}

/// Makes a notice of a failed build's messages.
pub(super) fn notice(diagnostics: &[Diagnostic], files: &impl Files) -> Notice {
    let errors = diagnostics.iter().filter(|diagnostic| is_error(diagnostic));
    let mut problems: Vec<Problem> = Vec::new();
    for diagnostic in errors {
        let problem = problem(diagnostic, files);
        // One mistake in a template that others extend is told for each of them.
        if !problems.iter().any(|other| other.place == problem.place && other.message == problem.message) {
            problems.push(problem);
        }
    }
    let title = match problems.len() {
        1 => "The site does not compile".to_owned(),
        count => format!("The site does not compile: {count} errors"),
    };
    problems.truncate(super::notice::MAX_PROBLEMS);
    Notice { title, problems }
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    matches!(diagnostic.level, DiagnosticLevel::Error | DiagnosticLevel::Ice)
        // "aborting due to 2 previous errors" says nothing new.
        && !(diagnostic.spans.is_empty() && diagnostic.message.starts_with("aborting due to"))
}

fn problem(diagnostic: &Diagnostic, files: &impl Files) -> Problem {
    let span = diagnostic.spans.iter().find(|span| span.is_primary).or_else(|| diagnostic.spans.first());
    let drawing = cut(diagnostic.rendered.clone().unwrap_or_default());
    let message = diagnostic.message.lines().next().unwrap_or_default().to_owned();
    if let Some((file, line, column)) = named_place(&diagnostic.message) {
        let excerpt = files.source(file).map_or(drawing, |source| around(&source, line, column));
        return Problem { message, place: format!("{file}:{line}:{column}"), excerpt };
    }
    let Some(span) = span else { return Problem { message, place: String::new(), excerpt: drawing } };
    if let Some((place, excerpt)) = suspect(&message, span, files) {
        let excerpt = cut(format!("{excerpt}\n{drawing}"));
        return Problem { message, place, excerpt };
    }
    let place = format!("{}:{}:{}", span.file_name, span.line_start, span.column_start);
    Problem { message, place, excerpt: drawing }
}

/// The template's place in askama's own messages: a line `--> file:line:column`.
fn named_place(message: &str) -> Option<(&str, usize, usize)> {
    let place = message.lines().find_map(|line| line.trim_start().strip_prefix("--> "))?;
    let (rest, column) = place.trim_end().rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    // Askama says "<source attribute>" of templates in Rust files.
    if file.starts_with('<') {
        return None;
    }
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

/// Where in the template an error may be that the compiler places at `#[derive(Template)]`: the first expression that
/// uses a name the message quotes.
fn suspect(message: &str, span: &DiagnosticSpan, files: &impl Files) -> Option<(String, String)> {
    span.expansion.as_ref().filter(|expansion| expansion.macro_decl_name.contains("Template"))?;
    let source = files.source(&span.file_name)?;
    let attribute = source.lines().skip(span.line_start.saturating_sub(1)).take(12).find_map(template_path)?;
    let (file, template) = files.template(attribute)?;
    let names = message.split('`').skip(1).step_by(2);
    let (line, column) = names.filter_map(|name| lint::first_use(&template, name)).next()?;
    Some((format!("{file}:{line}:{column}"), around(&template, line, column)))
}

fn template_path(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("path")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
    rest.split('"').next()
}

/// The lines around a place, the place marked.
fn around(source: &str, line: usize, column: usize) -> String {
    let first = line.saturating_sub(3).max(1);
    let mut text = String::new();
    for (number, content) in source.lines().enumerate().map(|(index, content)| (index + 1, content)) {
        if (first..=line + 2).contains(&number) {
            text.push_str(&format!("{number:>5} | {content}\n"));
        }
        if number == line {
            text.push_str(&format!("      | {}^\n", " ".repeat(column.saturating_sub(1).min(500))));
        }
    }
    cut(text)
}

fn cut(mut text: String) -> String {
    let mut end = MAX_EXCERPT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree;

    impl Files for Tree {
        fn source(&self, file: &str) -> Option<String> {
            match file {
                "templates/a.html" => Some("one\ntwo {% if x\nthree\n".into()),
                "src/a.rs" => Some("\n#[derive(Template)]\n#[template(path = \"a.html\")]\nstruct A;\n".into()),
                _ => None,
            }
        }

        fn template(&self, path: &str) -> Option<(String, String)> {
            (path == "a.html").then(|| ("templates/a.html".into(), "<p>titel</p>\n<p>{{ group.titel }}</p>".into()))
        }
    }

    fn diagnostic(json: &str) -> Diagnostic {
        serde_json::from_str(json).expect("a message of the compiler")
    }

    fn span(file: &str, expansion: &str) -> String {
        format!(
            r#"{{"file_name":"{file}","byte_start":0,"byte_end":0,"line_start":2,"line_end":2,"column_start":10,
                "column_end":18,"is_primary":true,"text":[],"label":null,"suggested_replacement":null,
                "suggestion_applicability":null,"expansion":{expansion}}}"#
        )
    }

    fn message(text: &str, span: &str) -> Diagnostic {
        let text = serde_json::to_string(text).expect("text");
        diagnostic(&format!(
            r#"{{"message":{text},"code":null,"level":"error","spans":[{span}],"children":[],"rendered":"drawing"}}"#
        ))
    }

    #[test]
    fn a_place_that_askama_names_is_the_place() {
        let text = "failed to parse template source\n  --> templates/a.html:2:8\n\"if x\"";
        let found = notice(&[message(text, &span("src/a.rs", "null"))], &Tree);
        assert_eq!(found.title, "The site does not compile");
        assert_eq!(found.problems[0].place, "templates/a.html:2:8");
        assert_eq!(found.problems[0].message, "failed to parse template source");
        assert!(
            found.problems[0].excerpt.contains("    2 | two {% if x\n      |        ^\n    3 | three"),
            "{found:?}"
        );
    }

    #[test]
    fn an_error_inside_a_template_is_sought_in_the_template() {
        let within = span("src/a.rs", "null");
        let expansion =
            format!(r##"{{"span":{within},"macro_decl_name":"#[derive(Template)]","def_site_span":null}}"##);
        let found = notice(&[message("no field `titel` on type `&Group`", &span("src/a.rs", &expansion))], &Tree);
        assert_eq!(found.problems[0].place, "templates/a.html:2:13");
        assert!(found.problems[0].excerpt.ends_with("drawing"));
    }

    #[test]
    fn any_other_error_is_where_the_compiler_says() {
        let found = notice(&[message("mismatched types", &span("src/b.rs", "null"))], &Tree);
        let expected =
            Problem { message: "mismatched types".into(), place: "src/b.rs:2:10".into(), excerpt: "drawing".into() };
        assert_eq!(found.problems, [expected]);
    }

    #[test]
    fn an_error_told_twice_is_shown_once_and_warnings_are_not() {
        let error = message("mismatched types", &span("src/b.rs", "null"));
        let mut warning = message("unused", &span("src/b.rs", "null"));
        warning.level = DiagnosticLevel::Warning;
        let mut aborting = message("aborting due to 1 previous error", &span("src/b.rs", "null"));
        aborting.spans.clear();
        assert_eq!(notice(&[warning, error.clone(), error, aborting], &Tree).problems.len(), 1);
    }
}
