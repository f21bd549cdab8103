//! Forms as a browser without scripts sees them: controls, what they hold, and where they are sent.

use reqwest::multipart;
use toolcrib_tests::html::Tag;
use toolcrib_tests::prelude::*;

use super::values;

/// A form of a page that is sent by POST.
#[derive(Debug, Clone)]
pub(super) struct PageForm {
    /// The page it stands on.
    pub(super) page: String,
    /// Where it is sent to.
    pub(super) action: String,
    /// The part of the page that our script puts the answer into.
    pub(super) part: Option<String>,
    is_multipart: bool,
    /// What is sent with it, in order.
    pub(super) controls: Vec<Control>,
    /// Names and values of its buttons; the name is empty where a button sends nothing.
    pub(super) buttons: Vec<(String, String)>,
}

/// A control with a name.
#[derive(Debug, Clone)]
pub(super) struct Control {
    pub(super) name: String,
    /// `text`, `hidden`, `file`, `select`, …
    pub(super) kind: String,
    pub(super) value: String,
    /// Whether a browser sends it: not a box without its tick.
    is_sent: bool,
}

impl PageForm {
    /// All forms of a page.
    pub(super) fn all(path: &str, page: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let mut rest = page;
        while let Some(start) = rest.find("<form") {
            let end = rest[start..].find("</form>").map_or(rest.len(), |end| start + end);
            found.extend(Self::read(path, &rest[start..end]));
            rest = &rest[end..];
        }
        found
    }

    /// The form of a page that is sent to this address.
    pub(super) async fn open(client: &Client, path: &str, action: &str) -> Self {
        let page = client.get(path).await.expect_status(200).text();
        Self::in_page(path, &page, action)
    }

    /// The form in this page that is sent to this address.
    pub(super) fn in_page(path: &str, page: &str, action: &str) -> Self {
        let form = Self::all(path, page).into_iter().find(|form| form.action == action);
        form.unwrap_or_else(|| panic!("{path} has no form that is sent to {action}: {page}"))
    }

    fn read(path: &str, source: &str) -> Option<Self> {
        let tags = html::tags(source);
        let start =
            tags.first().filter(|form| form.get("method").is_some_and(|how| how.eq_ignore_ascii_case("post")))?;
        let mut form = Self {
            page: path.to_owned(),
            action: start.get("action").filter(|action| !action.is_empty()).unwrap_or(path).to_owned(),
            part: start.get("data-part").map(str::to_owned),
            is_multipart: start.get("enctype") == Some("multipart/form-data"),
            controls: Vec::new(),
            buttons: Vec::new(),
        };
        let mut text_areas = source.split("<textarea").skip(1);
        for tag in &tags {
            form.take(tag, &mut text_areas);
        }
        Some(form)
    }

    fn take<'a>(&mut self, tag: &Tag, text_areas: &mut impl Iterator<Item = &'a str>) {
        let name = tag.get("name").unwrap_or_default().to_owned();
        let value = tag.get("value").unwrap_or_default().to_owned();
        let kind = tag.get("type").unwrap_or(if tag.name == "button" { "submit" } else { "text" });
        let control =
            |kind: &str, value: String, is_sent| Control { name: name.clone(), kind: kind.to_owned(), value, is_sent };
        match (tag.name.as_str(), kind) {
            ("button" | "input", "submit") => self.buttons.push((name, value)),
            ("input", "checkbox" | "radio") => {
                let value = if value.is_empty() { "on".to_owned() } else { value };
                self.controls.push(control(kind, value, tag.get("checked").is_some()));
            }
            ("input", _) if !name.is_empty() => self.controls.push(control(kind, value, true)),
            // Sent once it has something to choose: the first, unless another is marked.
            ("select", _) => self.controls.push(control("select", String::new(), false)),
            ("textarea", _) => {
                let text = text_areas.next().unwrap_or_default();
                let text = text.split_once('>').map_or("", |(_, text)| text.split("</textarea").next().unwrap_or(""));
                self.controls.push(control("textarea", html::decode(text.trim_start_matches('\n')), true));
            }
            ("option", _) => {
                if let Some(select) = self.controls.last_mut().filter(|control| control.kind == "select")
                    && (!select.is_sent || tag.get("selected").is_some())
                {
                    (select.value, select.is_sent) = (value, true);
                }
            }
            _ => {}
        }
    }

    /// What tells forms apart, whatever they hold: two rows of a list have the same form.
    pub(super) fn kind(&self) -> String {
        // What may be chosen between two clients depends on where they differ.
        let compared = self.path().contains("/merge/");
        let controls = self.controls.iter().filter(|_| !compared);
        let mut names: Vec<_> = controls.map(|control| control.name.as_str()).collect();
        // How many boxes there are to tick depends on what else there is.
        names.dedup();
        let buttons: Vec<_> = self.buttons.iter().map(|(name, value)| format!("{name}={value}")).collect();
        // What a mark on a row is called depends on the row.
        format!("{} {} [{}]", self.path(), names.join(" "), buttons.first().map_or("", String::as_str))
    }

    /// Where it is sent to, without a query.
    pub(super) fn path(&self) -> &str {
        self.action.split('?').next().unwrap_or_default()
    }

    /// Whether the framework's adapters drew it.
    pub(super) fn is_of_an_adapter(&self) -> bool {
        self.controls.iter().any(|control| control.name == "_once")
    }

    /// What is sent as the page shows it, the first button pressed.
    pub(super) fn shown(&self) -> Vec<(String, String)> {
        self.fields(|control| control.value.clone())
    }

    /// The same, filled in soundly where it was empty.
    pub(super) fn filled(&self) -> Vec<(String, String)> {
        self.fields(|control| match control.kind.as_str() {
            "hidden" | "select" => control.value.clone(),
            "date" if control.value.is_empty() => "2026-03-31".to_owned(),
            "time" if control.value.is_empty() => "09:30".to_owned(),
            "email" if control.value.is_empty() => values::sound("email"),
            "tel" if control.value.is_empty() => values::sound("phone"),
            "url" if control.value.is_empty() => values::sound("website"),
            "number" if control.value.is_empty() => "10".to_owned(),
            // A client that is there: only who adds or converts one gives a new account.
            _ if control.value.is_empty() && control.name == "account" && self.path() != "/clients" => {
                "placed-other".to_owned()
            }
            _ if control.value.is_empty() => values::sound(&control.name),
            _ => control.value.clone(),
        })
    }

    fn fields(&self, value: impl Fn(&Control) -> String) -> Vec<(String, String)> {
        let sent = self.controls.iter().filter(|control| control.is_sent);
        let fields = sent.map(|control| (control.name.clone(), value(control)));
        let button = self.buttons.iter().take(1).filter(|(name, _)| !name.is_empty());
        fields.chain(button.cloned()).collect()
    }

    /// Sends it, with files where it has controls for files.
    pub(super) fn request(&self, client: &Client, fields: &[(String, String)]) -> toolcrib_tests::Request {
        let request = client.post(&self.action);
        if !self.is_multipart {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            return request.form(&fields);
        }
        let mut form = multipart::Form::new();
        for (name, value) in fields.iter().cloned() {
            if self.controls.iter().any(|control| control.name == name && control.kind == "file") {
                // The name is as hostile as what is in it; browsers encode what would end the header.
                let name_of_file: String = value.chars().take(200).collect();
                let name_of_file = name_of_file.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22");
                let file = multipart::Part::bytes(value.into_bytes()).file_name(name_of_file);
                form = form.part(name, file);
            } else {
                form = form.text(name, value);
            }
        }
        request.multipart(form)
    }

    /// Sends it.
    pub(super) async fn send(&self, client: &Client, fields: &[(String, String)]) -> Answer {
        self.request(client, fields).send().await
    }
}

/// The fields with another value in one of them, which is added if it is not there.
pub(super) fn with(mut fields: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    match fields.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => value.clone_into(known),
        None => fields.push((name.to_owned(), value.to_owned())),
    }
    fields
}

/// What a field holds.
pub(super) fn value_of<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map_or_else(|| panic!("no {name} in {fields:?}"), |(_, value)| value.as_str())
}
