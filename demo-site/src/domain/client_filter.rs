//! What a list of clients is narrowed to and sorted by, as addresses, saved views and forms say it.
//!
//! An address is a visitor's word: what makes no sense in it is treated as not asked for.

use toolcrib::adapter::fold;

/// The orders of the list; `-` before one turns it round.
pub const ORDERS: [&str; 6] = ["name", "account", "industry", "city", "updated", "owner"];

/// The longest text searched for, in characters.
const MOST_Q_CHARS: usize = 200;

/// The longest industry or city, in characters: that of the client's fields.
const MOST_CHARS: usize = 100;

/// What is asked of the list of clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFilter {
    /// The words searched for, as typed.
    pub q: String,
    /// Whose clients.
    pub owner: Option<Owner>,
    /// Those with this tag.
    pub tag: Option<i64>,
    /// Those of this line of business.
    pub industry: String,
    /// Those that sit here.
    pub city: String,
    /// Private ones only, or all others.
    pub private: Option<bool>,
    /// The order, one of [`ORDERS`]; empty for the usual one.
    pub sort: String,
}

/// Whose clients are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Those of whoever asks: a saved view means everybody's own.
    Me,
    /// Those nobody looks after.
    Nobody,
    /// Those of this user.
    User(i64),
}

impl Owner {
    /// What an address or a form says: `me`, `none`, or a user's id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "me" => Some(Self::Me),
            "none" => Some(Self::Nobody),
            id => id.parse().ok().map(Self::User),
        }
    }

    /// The user it stands for, seen by `viewer`; none for nobody.
    #[must_use]
    pub fn id(self, viewer: i64) -> Option<i64> {
        match self {
            Self::Me => Some(viewer),
            Self::Nobody => None,
            Self::User(id) => Some(id),
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::Nobody => f.write_str("none"),
            Self::User(id) => write!(f, "{id}"),
        }
    }
}

impl ClientFilter {
    /// Reads what an address asks for: `value` answers a parameter by its name.
    #[must_use]
    pub fn read<'a>(value: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name: &str, most: usize| {
            let typed = value(name).unwrap_or_default().trim();
            if typed.contains(char::is_control) { String::new() } else { typed.chars().take(most).collect() }
        };
        let sort = text("sort", MOST_CHARS);
        let is_known = ORDERS.contains(&sort.strip_prefix('-').unwrap_or(&sort));
        Self {
            q: text("q", MOST_Q_CHARS),
            owner: value("owner").and_then(Owner::parse),
            tag: value("tag").and_then(|tag| tag.parse().ok()),
            industry: text("industry", MOST_CHARS),
            city: text("city", MOST_CHARS),
            private: match value("private") {
                Some("yes") => Some(true),
                Some("no") => Some(false),
                _ => None,
            },
            sort: if is_known { sort } else { String::new() },
        }
    }

    /// Reads a query as [`Self::query`] writes it.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self::read(|name| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str()))
    }

    /// The same as parameters of an address, those that say nothing left out.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("q", self.q.clone()),
            ("owner", self.owner.map(|owner| owner.to_string()).unwrap_or_default()),
            ("tag", self.tag.map(|tag| tag.to_string()).unwrap_or_default()),
            ("industry", self.industry.clone()),
            ("city", self.city.clone()),
            ("private", self.private_text().to_owned()),
            ("sort", self.sort.clone()),
        ];
        pairs.retain(|(_, value)| !value.is_empty());
        pairs
    }

    /// The query of an address; empty where nothing is asked for.
    #[must_use]
    pub fn query(&self) -> String {
        encoded(&self.pairs())
    }

    /// The query without one of its parameters.
    #[must_use]
    pub fn query_without(&self, name: &str) -> String {
        let mut pairs = self.pairs();
        pairs.retain(|(other, _)| *other != name);
        encoded(&pairs)
    }

    /// `yes`, `no`, or nothing: what the control for private ones holds.
    #[must_use]
    pub fn private_text(&self) -> &'static str {
        match self.private {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        }
    }

    /// Whether it shows less than all clients.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.pairs().iter().any(|(name, _)| *name != "sort")
    }
}

fn encoded(pairs: &[(&'static str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The longest name of a tag, in characters.
pub const MOST_TAG_CHARS: usize = 40;

/// The most tags of one client.
pub const MOST_TAGS: usize = 20;

/// The tags somebody typed, separated by commas: each once, whatever its case.
///
/// # Errors
/// What ends a sentence that begins with the field's name.
pub fn tag_names(typed: &str) -> Result<Vec<String>, &'static str> {
    let mut names: Vec<String> = Vec::new();
    for name in typed.split(',').map(str::trim).filter(|name| !fold(name).trim().is_empty()) {
        if name.chars().count() > MOST_TAG_CHARS {
            return Err("must have tags of at most 40 characters");
        }
        if name.contains(char::is_control) {
            return Err("must not have control characters");
        }
        if names.iter().all(|other| fold(other) != fold(name)) {
            names.push(name.to_owned());
        }
    }
    if names.len() > MOST_TAGS { Err("must have at most 20 tags") } else { Ok(names) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_was_written() {
        let filter = ClientFilter {
            q: "saint & paul=x".into(),
            owner: Some(Owner::User(7)),
            tag: Some(3),
            industry: "Häuser".into(),
            city: "東京".into(),
            private: Some(false),
            sort: "-owner".into(),
        };
        assert_eq!(ClientFilter::from_query(&filter.query()), filter);
        assert!(filter.is_narrowed());
        let less = ClientFilter::from_query(&filter.query_without("tag"));
        assert_eq!(less, ClientFilter { tag: None, ..filter });
        for owner in [Owner::Me, Owner::Nobody] {
            let filter = ClientFilter { owner: Some(owner), ..ClientFilter::default() };
            assert_eq!(ClientFilter::from_query(&filter.query()), filter);
        }
    }

    #[test]
    fn what_makes_no_sense_is_not_asked_for() {
        let filter = ClientFilter::from_query("owner=them&tag=x&private=perhaps&sort=password&city=a%00b&page=3");
        assert_eq!(filter, ClientFilter::default());
        assert!(!ClientFilter::from_query("sort=city").is_narrowed());
        assert_eq!(ClientFilter::from_query(&format!("q={}", "x".repeat(999))).q.len(), 200);
        assert_eq!(ClientFilter::default().query(), "");
    }

    #[test]
    fn tags_are_typed_with_commas_between_them() {
        assert_eq!(tag_names(" VIP, trade fair ,, vip,Köln ").unwrap(), ["VIP", "trade fair", "Köln"]);
        assert!(tag_names(&"x".repeat(41)).is_err());
        assert!(tag_names(&"桜".repeat(40)).is_ok());
        assert!(tag_names("a\u{0}b").is_err());
        let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
        assert!(tag_names(&many.join(",")).is_err());
    }
}
