//! As much of HTML as the tests need: tags with their attributes.

use std::collections::BTreeMap;

/// One opening tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its name, in lower case.
    pub name: String,
    /// Its attributes, names in lower case, values decoded.
    pub attributes: BTreeMap<String, String>,
}

impl Tag {
    /// An attribute's value.
    #[must_use]
    pub fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }
}

/// All opening tags of a page, in order.
#[must_use]
pub fn tags(page: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix("!--") {
            rest = after.find("-->").map_or("", |end| &after[end + 3..]);
        } else if rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let (tag, after) = tag(rest);
            found.push(tag);
            rest = after;
        }
    }
    found
}

/// All tags of one name.
#[must_use]
pub fn tags_named(page: &str, name: &str) -> Vec<Tag> {
    tags(page).into_iter().filter(|tag| tag.name == name).collect()
}

fn tag(text: &str) -> (Tag, &str) {
    let end = text.find(|next: char| next.is_whitespace() || next == '>' || next == '/').unwrap_or(text.len());
    let name = text[..end].to_ascii_lowercase();
    let mut attributes = BTreeMap::new();
    let mut rest = &text[end..];
    loop {
        rest = rest.trim_start_matches(|next: char| next.is_whitespace() || next == '/');
        if rest.is_empty() {
            return (Tag { name, attributes }, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (Tag { name, attributes }, after);
        }
        let end = rest
            .find(|next: char| next.is_whitespace() || next == '=' || next == '>' || next == '/')
            .unwrap_or(rest.len())
            .max(1);
        let end = (end..=rest.len()).find(|&at| rest.is_char_boundary(at)).unwrap_or(rest.len());
        let attribute = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let value = match rest.strip_prefix('=') {
            Some(after) => {
                let (value, after) = value(after.trim_start());
                rest = after;
                decode(value)
            }
            None => String::new(),
        };
        attributes.entry(attribute).or_insert(value);
    }
}

fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    let end = text.find(|next: char| next.is_whitespace() || next == '>').unwrap_or(text.len());
    text.split_at(end)
}

/// Resolves character references.
#[must_use]
pub fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let known = rest.find(';').filter(|&end| end <= 10).and_then(|end| Some((reference(&rest[1..end])?, end)));
        match known {
            Some((letter, end)) => {
                decoded.push(letter);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// A text as it stands in an address, every byte of it encoded.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The token of `<meta name="csrf-token">`.
#[must_use]
pub fn csrf_token(page: &str) -> Option<String> {
    let metas = tags_named(page, "meta");
    let meta = metas.iter().find(|meta| meta.get("name") == Some("csrf-token"))?;
    Some(meta.get("content")?.to_owned())
}

/// Whether there is an input (or text area, or selection) of that name.
#[must_use]
pub fn has_input(page: &str, name: &str) -> bool {
    tags(page)
        .iter()
        .any(|tag| matches!(tag.name.as_str(), "input" | "textarea" | "select") && tag.get("name") == Some(name))
}

/// The values of all inputs of that name.
#[must_use]
pub fn input_values(page: &str, name: &str) -> Vec<String> {
    let inputs = tags_named(page, "input").into_iter().filter(|input| input.get("name") == Some(name));
    inputs.map(|input| input.get("value").unwrap_or("").to_owned()).collect()
}

/// The value of the first input of that name.
#[must_use]
pub fn input_value(page: &str, name: &str) -> Option<String> {
    input_values(page, name).into_iter().next()
}

/// The numbers of all clients that a page links to, in order, each once.
#[must_use]
pub fn linked_clients(page: &str) -> Vec<u64> {
    let mut ids = Vec::new();
    for link in tags_named(page, "a") {
        let Some(id) = link.get("href").and_then(|href| href.strip_prefix("/clients/")) else { continue };
        let Ok(id) = id.parse() else { continue };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// What a reader sees: the text between the tags, white space collapsed.
#[must_use]
pub fn visible_text(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in page.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    decode(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_quoted_unquoted_and_empty() {
        let found = tags(r#"<!-- <b x> --><Input NAME="a&amp;b" value='1 > 0' size=3 required><br/>"#);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].name, "input");
        assert_eq!(found[0].get("name"), Some("a&b"));
        assert_eq!(found[0].get("value"), Some("1 > 0"));
        assert_eq!(found[0].get("size"), Some("3"));
        assert_eq!(found[0].get("required"), Some(""));
        assert_eq!(found[1].name, "br");
    }

    #[test]
    fn character_references_are_resolved_and_bare_ampersands_kept() {
        assert_eq!(decode("&#60;i&#x3e; &amp;amp; a&b &unknown;"), "<i> &amp; a&b &unknown;");
    }

    #[test]
    fn odd_markup_is_no_trap() {
        for odd in ["<", "<a", "<a =", "<a é=ü", "<a href=\"", "&", "&#x110000;", "<!--"] {
            let _ = tags(odd);
            let _ = visible_text(odd);
        }
    }
}
