//! What is typed into forms: by people, and by those who want them to do something else.

use toolcrib_tests::PASSWORD;
use toolcrib_tests::prelude::*;
use toolcrib_tests::random;

/// A mark by which planted values are found again.
pub(super) const MARK: &str = "planted";

/// What no field may take for anything but text.
pub(super) const HOSTILE: [(&str, &str); 11] = [
    ("markup", "<script>planted()</script>"),
    ("the end of an attribute", "\"><img src=x onerror=planted()>"),
    ("quotes", "'\"` planted' onfocus='planted()"),
    ("the end of a text", "</textarea></title><svg onload=planted()>"),
    ("NUL", "planted\0planted"),
    ("writing turned round", "\u{202e}planted\u{2066}\u{200f}"),
    ("a script's address", "javascript:planted()"),
    ("a formula", "=HYPERLINK(\"http://evil.example\";\"planted\")"),
    ("SQL", "planted'); DELETE FROM clients; --"),
    ("a line break", "planted\r\nSet-Cookie: planted=1"),
    ("a number too large", "-99999999999999999999999"),
];

/// Fields that no form has.
pub(super) const UNKNOWN: [(&str, &str); 9] = [
    ("id", "1"),
    ("merged_into", "1"),
    ("role", "admin"),
    ("user[role]", "admin"),
    ("is_admin", "1"),
    ("created_at", "0"),
    ("search", "planted"),
    ("__proto__[admin]", "1"),
    ("", "planted"),
];

/// What somebody might type into a field of this name.
pub(super) fn sound(name: &str) -> String {
    match name {
        "username" => "admin".to_owned(),
        "password" | "current" | "new" | "repeated" => PASSWORD.to_owned(),
        "next" => "/clients".to_owned(),
        "email" => "somebody@example.com".to_owned(),
        "website" => "https://example.com".to_owned(),
        "phone" => "+45 33 11 22 33".to_owned(),
        "time" => "09:30".to_owned(),
        "amount" | "amount_minor" | "deal_amount" => "1200.00".to_owned(),
        "file" => format!("Account,Name\n{0},Company {0}\n", random::word("F")),
        _ => random::word("word"),
    }
}

/// A page on which nothing of what was planted has become anything but text.
#[track_caller]
pub(super) fn assert_inert(what: &str, page: &str) {
    assert!(!page.contains("<script>planted"), "a script came through in {what}: {page}");
    for tag in html::tags(page) {
        for (name, value) in &tag.attributes {
            assert!(!name.starts_with("on"), "{what}: a script in {tag:?}");
            let address = matches!(name.as_str(), "href" | "src" | "action" | "formaction");
            let scheme = value.trim().to_ascii_lowercase();
            assert!(!address || !scheme.starts_with("javascript:"), "{what}: a script's address in {tag:?}");
        }
    }
}
