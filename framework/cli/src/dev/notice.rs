//! What keeps the site from running, for the terminal, the open page and new requests.

use serde::Serialize;

/// Most problems shown; the first ones are the ones to mend.
pub(super) const MAX_PROBLEMS: usize = 20;

/// What keeps the site from running.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Notice {
    /// What happened, in one line.
    pub(super) title: String,
    pub(super) problems: Vec<Problem>,
}

/// One thing to mend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    pub(super) message: String,
    /// `file:line:column`, as far as known.
    pub(super) place: String,
    /// The lines around it, the compiler's drawing, or the process's last output.
    pub(super) excerpt: String,
}

impl Notice {
    /// With one problem that has no place.
    pub(super) fn of(title: impl Into<String>, message: impl Into<String>, excerpt: impl Into<String>) -> Self {
        let problem = Problem { message: message.into(), place: String::new(), excerpt: excerpt.into() };
        Self { title: title.into(), problems: vec![problem] }
    }

    /// The answer to a request while this is so. `script` is the address of the script that notices its end.
    pub(super) fn page(&self, script: &str, style: &str) -> String {
        let mut problems = String::new();
        for problem in &self.problems {
            problems.push_str("<section>");
            if !problem.place.is_empty() {
                problems.push_str(&format!("<p class=\"place\">{}</p>", escape(&problem.place)));
            }
            problems.push_str(&format!("<h2>{}</h2>", escape(&problem.message)));
            if !problem.excerpt.is_empty() {
                problems.push_str(&format!("<pre tabindex=\"0\">{}</pre>", escape(&problem.excerpt)));
            }
            problems.push_str("</section>\n");
        }
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <link rel=\"stylesheet\" href=\"{style}\">\n<script type=\"module\" src=\"{script}\"></script>\n</head>\n\
             <body>\n<main>\n<h1>{title}</h1>\n{problems}\
             <p class=\"hint\">This page goes away by itself once it is mended.</p>\n</main>\n</body>\n</html>\n",
            title = escape(&self.title),
            style = escape(style),
            script = escape(script),
        )
    }

    /// For clients that are no browsers.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for problem in &self.problems {
            text.push_str(&format!("\n{}\n{}\n{}\n", problem.place, problem.message, problem.excerpt));
        }
        text
    }
}

/// Text for HTML, between tags and in quoted values.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Output of a program without what only a terminal understands.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            // ESC [ … letter
            '\u{1b}' if chars.next() == Some('[') => {
                chars.by_ref().find(char::is_ascii_alphabetic);
            }
            '\u{1b}' => {}
            '\n' | '\t' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_compiler_says_is_text() {
        let evil = "<script>alert(\"1\")</script>'&";
        let problem = Problem { message: evil.into(), place: evil.into(), excerpt: evil.into() };
        let page = Notice { title: evil.into(), problems: vec![problem] }.page("/r.js?page=0.0", "/n.css");
        assert!(!page.contains("<script>"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;").count(), 5);
    }

    #[test]
    fn colours_of_a_terminal_are_left_out() {
        assert_eq!(plain("\u{1b}[1;31merror\u{1b}[0m: no\u{7}\r\n\tx\u{1b}"), "error: no\n\tx");
    }
}
