//! Planted faults, one or more for every rule, and what looks like one and is none.

use super::*;

fn found(source: &str) -> Vec<(usize, Rule)> {
    template("page.html", source).into_iter().map(|finding| (finding.line, finding.rule)).collect()
}

fn assert_sound(source: &str) {
    assert_eq!(template("page.html", source), [], "{source}");
}

#[test]
fn an_expression_in_a_value_without_quotes_is_found() {
    assert_eq!(found("<a\n title={{ name }}>x</a>"), [(2, Rule::Unquoted)]);
    assert_eq!(found("<a title=x{{ name }}>"), [(1, Rule::Unquoted)]);
    assert_eq!(found("<a title = {{- name -}}>"), [(1, Rule::Unquoted)]);
    assert_eq!(found("<a title={% if a %}{{ b }}{% endif %}>"), [(1, Rule::Unquoted)]);
    assert_eq!(found("<a {% if a %}id=\"x\"{% else %}id={{ x }}{% endif %}>"), [(1, Rule::Unquoted)]);
    assert_eq!(found("<a href={% call address(x) %}>"), [(1, Rule::Unquoted)]);
    assert_eq!(found("<a data-a='{{ x }}' data-b={{\n x\n }}>"), [(1, Rule::Unquoted)]);
}

#[test]
fn a_macro_that_writes_an_attribute_without_quotes_is_found() {
    assert_eq!(found("{% macro mark(x) %} class={{ x }}{% endmacro %}"), [(1, Rule::Unquoted)]);
    assert_eq!(found("{% block width %} class={{ x }}{% endblock %}"), [(1, Rule::Unquoted)]);
    assert_sound("{% macro mark(x) %} class=\"{{ x }}\"{% endmacro %}");
    assert_sound("{% macro line(x) %}<p>a={{ x }}</p>{% endmacro %}");
}

#[test]
fn quoted_values_and_text_are_sound() {
    assert_sound("<a title=\"{{ a }} = {{ b }}\" data-x='{{ c }}'>a={{ d }}</a>");
    assert_sound("<a title=x class=\"{% if a == \"b\" %}c{% endif %}\">{{ d }}</a>");
    assert_sound("<p>1 < 2, a ={{ d }}</p>");
    assert_sound("<!-- a={{ x }} --><!doctype html>");
    assert_sound("<p{% if a %} class=\"{{ b }}\"{% endif %}>{{ c }}</p>");
    assert_sound("{% if a %}<a href=\"{{ b }}\">{% else %}<a>{% endif %}{{ c }}</a>");
    assert_sound("<li><a{{ current(frame) }} href=\"/\">x</a>");
}

#[test]
fn askamas_own_syntax_is_understood() {
    assert_sound("{# <a title={{ x }}> {# nested #} onclick=\"x\" #}<p>");
    assert_sound("{% raw %}<a title={{ x }}>{{ y|safe }}{% endraw %}");
    assert_eq!(found("{% raw %}{{ }}{% endraw %}\n<a title={{ x }}>"), [(2, Rule::Unquoted)]);
    assert_eq!(found("{{ \"}}\" }}<a title={{ x }}>"), [(1, Rule::Unquoted)]);
    assert_eq!(found("{{ '}' }}\n<a title={{ x }}>"), [(2, Rule::Unquoted)]);
    assert_eq!(found("{{ r#\"a\" }}\"# }}\n<a title={{ x }}>"), [(2, Rule::Unquoted)]);
    assert_eq!(found("{%- if a -%}\n{%~ endif +%}<a title={{~ x ~}}>"), [(2, Rule::Unquoted)]);
}

#[test]
fn what_is_never_closed_is_found() {
    for source in ["a\n{{ x", "a\n{% if x", "a\n{# x", "a\n{{ \"}}", "a\n{% raw %}x"] {
        assert_eq!(found(source), [(2, Rule::Unreadable)], "{source}");
    }
}

#[test]
fn event_handlers_are_found() {
    assert_eq!(found("<a\nonclick=\"go()\">"), [(2, Rule::EventHandler)]);
    assert_eq!(found("<img OnError=x>"), [(1, Rule::EventHandler)]);
    assert_eq!(found("<svg{% if a %} onload='{{ x }}'{% endif %}>"), [(1, Rule::EventHandler)]);
    assert_sound("<a on=\"x\" one-two=\"x\" data-onclick=\"x\" title=\"onclick=1\">onclick=\"x\"</a>");
}

#[test]
fn expressions_in_styles_are_found() {
    assert_eq!(found("<p style=\"width: {{ w }}px\">"), [(1, Rule::Style)]);
    assert_eq!(found("<p style='{% if a %}left: {{ w }}px{% endif %}'>"), [(1, Rule::Style)]);
    assert_sound("<p style=\"width: 1px\" data-style=\"{{ w }}\">");
}

#[test]
fn script_addresses_are_found() {
    assert_eq!(found("<a href=\"javascript:{{ x }}\">"), [(1, Rule::ScriptAddress)]);
    assert_eq!(found("<a href=' JaVa\nScRiPt&#58;go()'>"), [(1, Rule::ScriptAddress)]);
    assert_eq!(found("<a href=javascript:go()>"), [(1, Rule::ScriptAddress)]);
    assert_sound("<a href=\"/javascript\">javascript: the language</a>");
}

#[test]
fn expressions_in_scripts_are_found() {
    assert_eq!(found("<script>\nlet a = {{ a }};</script>"), [(2, Rule::ScriptText)]);
    assert_eq!(found("<style>p { color: {{ a }} }</style>"), [(1, Rule::ScriptText)]);
    assert_sound("<script type=\"application/json\">{{ a }}</script>{{ b }}");
    assert_sound("<script>if (a < b) { c = \"<a x=\"; }</script><p>{{ a }}</p>");
    assert_sound("<textarea aria-label=\"x\"><a title={{ x }}></textarea>");
}

#[test]
fn escaping_that_is_turned_off_is_found() {
    for source in [
        "{{ a|safe }}",
        "{{ a | lower | safe }}",
        "{{ a|escape(\"none\") }}",
        "{{ a|e( \"none\" ) }}",
        "{% let b = a|safe %}",
        "{% filter safe %}{{ a }}{% endfilter %}",
        "{% filter lower|escape(\"none\") %}{{ a }}{% endfilter %}",
        "{{ askama::filters::Safe(a) }}",
        "{% if x %}{{ f(\"|\", a|safe) }}{% endif %}",
    ] {
        assert_eq!(found(source), [(1, Rule::Unescaped)], "{source}");
    }
    for source in [
        "{{ a || safe }}",
        "{{ \"|safe\" }}",
        "{{ a|safely }}",
        "{{ a|escape }}",
        "{{ a|escape(\"html\") }}",
        "|safe",
        "{{ a|join(\"none\") }}",
    ] {
        assert_sound(source);
    }
}

#[test]
fn html_in_a_file_that_is_not_escaped_is_found() {
    for file in ["page.txt", "page.md", "page.yml", "page", "page.txt.j2", "a.html/page"] {
        let found = template(file, "Dear all\n<p>{{ x }}</p>");
        assert_eq!(found.iter().map(|f| (f.line, f.rule)).collect::<Vec<_>>(), [(2, Rule::Extension)], "{file}");
    }
    for file in ["page.html", "page.svg", "page.html.j2", "page.jinja"] {
        assert_eq!(template(file, "<p>{{ x }}</p>"), [], "{file}");
    }
    assert_eq!(template("mail.txt", "Dear {{ name }}, 1 < 2 & a={{ x }}"), []);
    assert_eq!(template("notes.md", "<b>No template</b> <input>"), []);
}

#[test]
fn forms_that_post_without_the_token_are_found() {
    assert_eq!(found("\n<form method=\"post\"></form>"), [(2, Rule::FormToken)]);
    assert_eq!(found("<form METHOD=Post><button>"), [(1, Rule::FormToken)]);
    assert_eq!(found("<form method=\"{{ m }}\"></form>"), [(1, Rule::FormToken)]);
    assert_eq!(found("<form><button formmethod=\"post\"></form>"), [(1, Rule::FormToken)]);
    assert_eq!(found("<form method=\"post\"></form><form>{{ csrf(frame) }}</form>"), [(1, Rule::FormToken)]);
    assert_eq!(found("<form method=\"post\" data-x=\"{{ csrf }}\"></form>"), [(1, Rule::FormToken)]);
    assert_eq!(found("{% macro f() %}<form method=\"post\">{% endmacro %}{{ csrf() }}"), [(1, Rule::FormToken)]);
    assert_eq!(found("{% if a %}<form method=\"post\">{% else %}<form>{% endif %}</form>"), [(1, Rule::FormToken)]);
    assert_sound("<form></form><form method=\"get\"></form>");
    assert_sound("<form method=\"post\">{{ shell::csrf(frame) }}</form>");
    assert_sound("<form method=\"post\">{% call shell::csrf(frame) %}{% endcall %}</form>");
    assert_sound("<form method=\"post\"><input type=\"hidden\" name=\"_csrf\" value=\"{{ t }}\"></form>");
}

#[test]
fn controls_without_a_name_are_found() {
    assert_eq!(found("<input>"), [(1, Rule::Label)]);
    assert_eq!(found("\n<select id=\"a\"></select><label for=\"b\">"), [(2, Rule::Label)]);
    assert_eq!(found("<textarea aria-label=\"\"></textarea>"), [(1, Rule::Label)]);
    assert_eq!(found("<label>x</label><input id=\"x\">"), [(1, Rule::Label)]);
    assert_eq!(found("<label for=\"f-{{ a.name }}\">x</label><input id=\"f-{{ b.name }}\">"), [(1, Rule::Label)]);
    assert_sound("<input id=\"a\"><label for=\"a\">x</label>");
    assert_sound("<label for=\"f-{{ a.name }}\">x</label><input id=\"f-{{a.name}}\">");
    assert_sound("<label>x <input></label><select aria-labelledby=\"y\"></select>");
    assert_sound("<input type=hidden><input type=\"Submit\"><input {{ attributes }}>");
    assert_sound("<input{% if a %} aria-label=\"x\"{% else %} aria-label=\"y\"{% endif %}>");
}

#[test]
fn rust_files_are_read_for_their_template_attributes() {
    let found = |source: &str| rust_file("a.rs", source).into_iter().map(|f| (f.line, f.rule)).collect::<Vec<_>>();
    assert_eq!(found("\n#[template(path = \"a.html\", escape = \"none\")]"), [(2, Rule::Unescaped)]);
    assert_eq!(found("#[template(\n  ext = \"html\",\n  source = \"<a b={{ c }}>\"\n)]"), [(3, Rule::Unquoted)]);
    assert_eq!(found("#[template(source = \"<p>{{ c }}</p>\", ext = \"txt\")]"), [(1, Rule::Extension)]);
    assert_eq!(found("#[template(source = r#\"<a b=\"c\"\n d={{ c }}>\"#, ext = \"html\")]"), [(2, Rule::Unquoted)]);
    assert_eq!(found("#[template(source = \"<a b=\\\"{{ c }}\\\">\", ext = \"html\")]"), []);
    assert_eq!(found("#[template(path = \"a.html\")] struct A; let x = \"{{ a|safe }}\";"), []);
    assert_eq!(found("/// #[template(path = \"a.html\", escape = \"none\")]"), []);
}

#[test]
fn an_exception_needs_a_reason_and_a_use() {
    let list = |reason: &str| {
        Allowed::parse(&format!(
            "[[allow]]\nrule = \"unescaped\"\nfile = \"b/c.html\"\ntext = \"x|safe\"\nreason = \"{reason}\""
        ))
    };
    assert!(matches!(list(" "), Err(AllowError::NoReason { .. })));
    let allowed = list("it is escaped before").expect("a list");
    let left = |file: &str, source: &str| {
        allowed.sift("lint.toml", template(file, source)).into_iter().map(|f| f.rule).collect::<Vec<_>>()
    };
    assert_eq!(left("a/b/c.html", "{{ x|safe }}"), []);
    assert_eq!(left("a/b/c.html", "{{ y|safe }}"), [Rule::Unescaped, Rule::UnusedAllow]);
    assert_eq!(left("a/xb/c.html", "{{ x|safe }}"), [Rule::Unescaped, Rule::UnusedAllow]);
    assert!(Allowed::parse("[[allow]]\nrule = \"all\"\nfile = \"a\"\nreason = \"b\"").is_err());
    assert!(Allowed::parse("[[allow]]\nrule = \"label\"\nfile = \"a\"\nreason = \"b\"\nlines = 3").is_err());
}

#[test]
fn no_text_whatever_makes_it_panic_or_hang() {
    let parts = [
        "<", ">", "\"", "'", "=", "{{", "}}", "{%", "%}", "{#", "#}", "a", " ", "é", "</script", "<!--", "if", "endif",
    ];
    // A generator of its own: the same texts at every run.
    let mut state = 7_u64;
    for _ in 0..20_000 {
        let mut source = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            source.push_str(parts[usize::try_from(state >> 33).expect("64 bits") % parts.len()]);
        }
        let _ = template("a.html", &source);
    }
}

/// The templates of the framework and of the demo break no rule.
#[test]
fn the_trees_own_templates_are_sound() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders: Vec<_> = ["templates", "framework/src", "demo-site/src"].map(|folder| root.join(folder)).into();
    let report = folder::lint(&folders, None).expect("the folders can be read");
    let text: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(text.is_empty(), "{}", text.join("\n"));
    assert!(report.files > 100, "only {} files were read", report.files);
}
