//! The demo's templates: nothing in them that the security headers forbid or that escapes from escaping.

use std::path::Path;
use std::path::PathBuf;

use toolcrib_tests::html;

/// What is wrong with a template's text.
fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let plain = without_code(text, &mut faults);
    for tag in html::tags(&plain) {
        for (name, value) in &tag.attributes {
            if name.starts_with("on") {
                faults.push(format!("<{}> has the handler {name}", tag.name));
            }
            if name == "style" {
                faults.push(format!("<{}> has a style attribute", tag.name));
            }
            let address = matches!(name.as_str(), "href" | "src" | "action" | "formaction");
            let allowed = [VALUE, "mailto:", "tel:"].into_iter().any(|start| value.starts_with(start));
            if address && !allowed && (value.contains(':') || value.starts_with("//")) {
                faults.push(format!("<{}> leads elsewhere: {name}={value}", tag.name));
            }
        }
        let island = tag.get("type") == Some("application/json");
        if tag.name == "style" || (tag.name == "script" && tag.get("src").is_none() && !island) {
            faults.push(format!("<{}> with inline code", tag.name));
        }
    }
    faults.extend(forms_without_token(text));
    faults
}

/// Stands for whatever an expression gives.
const VALUE: &str = "VALUE";

/// The text with its template code taken out; what is wrong with that code goes to `faults`.
fn without_code(text: &str, faults: &mut Vec<String>) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        plain.push_str(&rest[..start]);
        let close = match &rest[start..start + 2] {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = rest[start..].find(close).map_or(rest.len(), |end| start + end + 2);
        let code = &rest[start..end];
        if close != "#}" {
            let pressed: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
            let unescaped =
                ["|safe", "|escape(\"none\"", "|e(\"none\"", "filterescape(\"none\"", "filtere(\"none\"", "filtersafe"];
            if unescaped.into_iter().any(|forbidden| pressed.contains(forbidden)) {
                faults.push(format!("escaping is switched off: {code}"));
            }
        }
        if close == "}}" {
            if plain.trim_end().ends_with('=') && unquoted_inside_tag(&plain) {
                faults.push(format!("an attribute without quotes: {code}"));
            }
            plain.push_str(VALUE);
        } else {
            plain.push(' ');
        }
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain
}

/// Whether the text ends inside a tag but outside the quotes of an attribute.
fn unquoted_inside_tag(before: &str) -> bool {
    let mut inside = false;
    let mut quote = None;
    for letter in before.chars() {
        match (inside, quote, letter) {
            (false, _, '<') => inside = true,
            (true, None, '>') => inside = false,
            (true, None, '"' | '\'') => quote = Some(letter),
            (true, Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    inside && quote.is_none()
}

fn forms_without_token(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let forms = lower.split("<form").skip(1).map(|form| form.split("</form").next().unwrap_or(form));
    forms
        .filter(|form| form.split('>').next().is_some_and(|tag| tag.contains("post")))
        .filter(|form| !form.contains("_csrf") && !form.contains("csrf"))
        .map(|form| format!("a form that posts without its token: <form{}", form.chars().take(80).collect::<String>()))
        .collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn templates() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
    // What a preview shows a template with is data, not a template.
    let is_template = |path: &PathBuf| !path.to_string_lossy().ends_with(".samples.json");
    let files: Vec<_> = files_below(&folder).into_iter().filter(is_template).collect();
    assert!(!files.is_empty(), "no templates in {}", folder.display());
    files
}

#[test]
fn every_template_is_html_which_is_escaped() {
    let others: Vec<_> =
        templates().into_iter().filter(|path| path.extension().is_none_or(|ending| ending != "html")).collect();
    assert!(others.is_empty(), "these would not be escaped: {others:?}");
}

#[test]
fn templates_hold_nothing_dangerous() {
    let mut found = Vec::new();
    for path in templates() {
        let text = std::fs::read_to_string(&path).expect("a template in UTF-8");
        found.extend(faults(&text).into_iter().map(|fault| format!("{}: {fault}", path.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn there_is_one_base_layout_with_the_token() {
    let bases: Vec<_> =
        templates().into_iter().filter(|path| path.file_name().is_some_and(|name| name == "base.html")).collect();
    assert_eq!(bases.len(), 1, "{bases:?}");
    let text = std::fs::read_to_string(&bases[0]).expect("the layout");
    assert!(text.contains("csrf-token") && text.contains("lang=") && text.contains("viewport"), "{text}");
}

#[test]
fn planted_dangers_are_found() {
    let dangers = [
        "<a href={{ link }}>x</a>",
        "<a href = {{ link }}>x</a>",
        "<button onclick=\"go()\">x</button>",
        "<p style=\"color: red\">x</p>",
        "<p>{{ text|safe }}</p>",
        "<p>{{ text | safe }}</p>",
        "<p>{{ text|e(\"none\") }}</p>",
        "{% filter escape(\"none\") %}x{% endfilter %}",
        "{% filter safe %}x{% endfilter %}",
        "<script>go()</script>",
        "<style>p { color: red }</style>",
        "<a href=\"javascript:go()\">x</a>",
        "<img src=\"//elsewhere.example/x.png\">",
        "<form method=\"post\" action=\"/x\"><button>x</button></form>",
    ];
    for danger in dangers {
        assert_eq!(faults(danger).len(), 1, "{danger}: {:?}", faults(danger));
    }
    let harmless = "{# <p style=x> #}<a class=\"a{% if b %} c{% endif %}\" href=\"{{ link }}\" data-x='{{ y }}'>{{ a == b }}</a>\
        <form method=\"post\"><input name=\"_csrf\" value=\"{{ token }}\"></form><script src=\"{{ asset }}\" defer></script>";
    assert!(faults(harmless).is_empty(), "{:?}", faults(harmless));
}
