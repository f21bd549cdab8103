//! Forms as a reader of the page sees them: found by the words on their buttons, filled in by what the page put there.

use std::collections::BTreeMap;

use toolcrib_tests::prelude::*;

/// A form with one of its buttons.
#[derive(Debug, Clone)]
pub(crate) struct Press {
    /// What stands on the button.
    pub(crate) words: String,
    /// Where it goes.
    pub(crate) action: String,
    /// `post` or `get`.
    pub(crate) method: String,
    /// What it sends, the button's own value included.
    pub(crate) fields: Vec<(String, String)>,
}

impl Press {
    /// Sends it, as a browser does.
    pub(crate) async fn send(&self, client: &Client) -> Answer {
        assert_eq!(self.method, "post", "{self:?}");
        client.post(&self.action).form(&self.borrowed()).send().await
    }

    /// Sends it with these fields laid over its own.
    pub(crate) async fn send_with(&self, client: &Client, name: &str, value: Option<&str>) -> Answer {
        let mut fields: Vec<_> = self.borrowed().into_iter().filter(|(known, _)| *known != name).collect();
        fields.extend(value.map(|value| (name, value)));
        client.post(&self.action).form(&fields).send().await
    }

    /// The address that a GET of this form would open.
    pub(crate) fn as_link(&self) -> String {
        let pairs: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| format!("{}={}", html::percent_encoded(name), html::percent_encoded(value)))
            .collect();
        let joint = if self.action.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}", self.action, pairs.join("&"))
    }

    fn borrowed(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// Everything that can be pressed on the page at `path`, in the order of the page.
pub(crate) fn presses(page: &str, path: &str) -> Vec<Press> {
    let mut found = Vec::new();
    for form in elements(page, "form") {
        let tag = html::tags(form).into_iter().next().expect("a form begins with its tag");
        let action = match tag.get("action") {
            None | Some("") => path.to_owned(),
            Some(query) if query.starts_with('?') => format!("{}{query}", path.split('?').next().unwrap_or(path)),
            Some(action) => action.to_owned(),
        };
        let method = tag.get("method").unwrap_or("get").to_ascii_lowercase();
        let given: Vec<_> = html::tags_named(form, "input")
            .into_iter()
            .filter(|input| !matches!(input.get("type"), Some("submit" | "checkbox" | "radio")))
            .filter_map(|input| Some((input.get("name")?.to_owned(), input.get("value").unwrap_or("").to_owned())))
            .collect();
        for button in elements(form, "button") {
            let tag = html::tags(button).into_iter().next().expect("a button begins with its tag");
            let action = tag.get("formaction").map_or_else(|| action.clone(), str::to_owned);
            let own = tag.get("name").map(|name| (name.to_owned(), tag.get("value").unwrap_or("").to_owned()));
            let fields = given.iter().cloned().chain(own).collect();
            let words = html::visible_text(button).to_lowercase();
            found.push(Press { words, action, method: method.clone(), fields });
        }
    }
    found
}

/// The options of a page's first selection that has one with these words: the selection's name, and value by words.
pub(crate) fn options(page: &str, words: &str) -> (String, BTreeMap<String, String>) {
    for select in elements(page, "select") {
        let options: BTreeMap<_, _> = elements(select, "option")
            .into_iter()
            .map(|option| {
                let text = html::visible_text(option);
                let tag = html::tags(option).into_iter().next().expect("an option begins with its tag");
                (text.clone(), tag.get("value").map_or(text, str::to_owned))
            })
            .collect();
        if options.keys().any(|text| text.contains(words)) {
            let tag = html::tags(select).into_iter().next().expect("a selection begins with its tag");
            return (tag.get("name").expect("a selection with a name").to_owned(), options);
        }
    }
    panic!("no selection with {words:?} in {page}");
}

/// Elements of one name, from tag to end tag. They do not nest in one another, as forms, buttons and options do not.
pub(crate) fn elements<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find(&start) {
        let from = &rest[at..];
        let is_whole_name = from[start.len()..].starts_with(|next: char| next.is_whitespace() || next == '>');
        let length = from.find(&end).map_or(from.len(), |length| length + end.len());
        if is_whole_name {
            found.push(&from[..length]);
            rest = &from[length..];
        } else {
            rest = &from[start.len()..];
        }
    }
    found
}

#[test]
fn buttons_are_found_with_what_their_form_sends() {
    let page = r#"<form method="post" action="/a?f=1"><input type=hidden name="_csrf" value="t&amp;"><button name="id"
        value="3">Delete <b>it</b></button></form> <formless> <form><button>Go</button></form>"#;
    let found = presses(page, "/p?x=1");
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].words.as_str(), found[0].method.as_str()), ("delete it", "post"));
    assert_eq!(found[0].fields, [("_csrf", "t&"), ("id", "3")].map(|(name, value)| (name.into(), value.into())));
    assert_eq!((found[1].action.as_str(), found[1].method.as_str()), ("/p?x=1", "get"));
    assert_eq!(found[0].as_link(), "/a?f=1&%5F%63%73%72%66=%74%26&%69%64=%33");
}
