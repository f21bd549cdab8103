//! What a client record may contain.

use serde::Deserialize;

use super::email;
use super::field_errors::FieldErrors;
use super::text;
use super::website;

/// The longest name: longer than any registered company's, short enough for a page title.
pub const MAX_NAME_CHARS: usize = 200;
/// The longest account: a code, not a text.
pub const MAX_ACCOUNT_CHARS: usize = 40;
/// The longest industry and the longest city.
pub const MAX_PLACE_CHARS: usize = 100;
/// The longest phone number, with room for an extension.
pub const MAX_PHONE_CHARS: usize = 40;

/// A client as typed into the form or read from a file, before anyone looked at it.
///
/// There are no other fields on purpose: whatever else a form sends (an id, an owner, a role) has
/// nowhere to go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ClientInput {
    /// The client's name.
    pub name: String,
    /// The code it is known by.
    pub account: String,
    /// Its line of business.
    pub industry: String,
    /// Where it sits.
    pub city: String,
    /// Its website.
    pub website: String,
    /// Its phone number.
    pub phone: String,
    /// Its e-mail address.
    pub email: String,
}

/// A client whose fields are all sound; only [`ClientInput::validate`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    name: String,
    account: String,
    industry: String,
    city: String,
    website: String,
    phone: String,
    email: String,
}

impl ClientInput {
    /// Trims and checks every field.
    ///
    /// # Errors
    /// All that is wrong, by field; the input is left as it was typed.
    pub fn validate(&self) -> Result<NewClient, FieldErrors> {
        use Presence::{Optional, Required};

        let mut errors = FieldErrors::new();
        let mut line = |field, label, text: &str, limit, presence| {
            one_line(text, limit, presence).unwrap_or_else(|reason| {
                errors.add(field, format!("{label} {reason}."));
                String::new()
            })
        };
        let name = line("name", "Name", &self.name, MAX_NAME_CHARS, Required);
        let account = line("account", "Account", &self.account, MAX_ACCOUNT_CHARS, Required);
        let industry = line("industry", "Industry", &self.industry, MAX_PLACE_CHARS, Optional);
        let city = line("city", "City", &self.city, MAX_PLACE_CHARS, Optional);
        let website = line("website", "Website", &self.website, website::MAX_CHARS, Optional);
        let phone = line("phone", "Phone", &self.phone, MAX_PHONE_CHARS, Optional);
        let email = line("email", "E-mail", &self.email, email::MAX_CHARS, Optional);

        let website = if website.is_empty() {
            website
        } else {
            website::parse(&website).unwrap_or_else(|| {
                errors.add("website", "Website must be an address like https://example.org.");
                String::new()
            })
        };
        if !email.is_empty() && !email::is_email(&email) {
            errors.add("email", "E-mail must be an address like name@example.org.");
        }

        if errors.is_empty() {
            Ok(NewClient { name, account, industry, city, website, phone, email })
        } else {
            Err(errors)
        }
    }
}

impl NewClient {
    /// The client's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The code it is known by, unique among clients.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Its line of business, or nothing.
    #[must_use]
    pub fn industry(&self) -> &str {
        &self.industry
    }

    /// Where it sits, or nothing.
    #[must_use]
    pub fn city(&self) -> &str {
        &self.city
    }

    /// Its website, `http://…` or `https://…`, or nothing.
    #[must_use]
    pub fn website(&self) -> &str {
        &self.website
    }

    /// Its phone number, or nothing.
    #[must_use]
    pub fn phone(&self) -> &str {
        &self.phone
    }

    /// Its e-mail address, or nothing.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

/// The trimmed text, or why it is refused.
fn one_line(text: &str, limit: usize, presence: Presence) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return match presence {
            Presence::Required => Err("is missing".to_owned()),
            Presence::Optional => Ok(String::new()),
        };
    }
    if trimmed.chars().count() > limit {
        return Err(format!("must have at most {limit} characters"));
    }
    text::check(trimmed).map_err(|reason| reason.to_string())?;
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> ClientInput {
        ClientInput { name: "3M".into(), account: "MMM".into(), ..ClientInput::default() }
    }

    #[test]
    fn fields_are_trimmed() {
        let client = ClientInput {
            name: "  Brown–Forman ".into(),
            account: "\tBF.B\n".into(),
            industry: " Consumer Staples".into(),
            city: "Louisville, Kentucky ".into(),
            website: " brown-forman.example.com ".into(),
            phone: " +1 502 585-1100 ".into(),
            email: " info@brown-forman.example.com ".into(),
        }
        .validate()
        .unwrap();
        assert_eq!(client.name(), "Brown–Forman");
        assert_eq!(client.account(), "BF.B");
        assert_eq!(client.industry(), "Consumer Staples");
        assert_eq!(client.city(), "Louisville, Kentucky");
        assert_eq!(client.website(), "https://brown-forman.example.com");
        assert_eq!(client.phone(), "+1 502 585-1100");
        assert_eq!(client.email(), "info@brown-forman.example.com");
    }

    #[test]
    fn all_errors_come_at_once() {
        let errors = ClientInput {
            name: " ".into(),
            account: "x".repeat(MAX_ACCOUNT_CHARS + 1),
            website: "javascript:alert(1)".into(),
            email: "nobody".into(),
            ..ClientInput::default()
        }
        .validate()
        .unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["account", "email", "name", "website"]);
        assert_eq!(errors.of("name"), ["Name is missing."]);
        assert_eq!(errors.of("account"), ["Account must have at most 40 characters."]);
    }

    #[test]
    fn limits_count_characters_not_bytes() {
        let client = ClientInput { name: "桜".repeat(MAX_NAME_CHARS), ..sound() };
        assert!(client.validate().is_ok());
        let client = ClientInput { name: "桜".repeat(MAX_NAME_CHARS + 1), ..sound() };
        assert_eq!(client.validate().unwrap_err().of("name"), ["Name must have at most 200 characters."]);
    }

    #[test]
    fn deceptive_characters_are_refused_in_every_field() {
        let with = |text: &str| ClientInput { city: text.into(), ..sound() }.validate();
        assert_eq!(
            with("a\u{202e}b").unwrap_err().of("city"),
            ["City must not contain characters that change the direction of writing."]
        );
        assert_eq!(with("a\0b").unwrap_err().of("city"), ["City must not contain the NUL character."]);
        assert_eq!(with("a\nb").unwrap_err().of("city"), ["City must be a single line."]);
    }

    #[test]
    fn markup_is_text_and_passes() {
        // Escaping belongs to the templates; refusing `<` would refuse honest names.
        let client = ClientInput { name: "<script>alert(1)</script>".into(), ..sound() };
        assert_eq!(client.validate().unwrap().name(), "<script>alert(1)</script>");
    }

    #[test]
    fn fields_that_are_not_a_clients_have_nowhere_to_go() {
        let input: ClientInput =
            serde_json::from_str(r#"{"name":"3M","account":"MMM","id":7,"role":"admin"}"#).unwrap();
        assert_eq!(input, sound());
    }
}
