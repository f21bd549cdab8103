//! How likely it is that two clients are one, and why.

use toolcrib::adapter::fold;

/// The legal forms a company's name may end with, folded, without dots.
const LEGAL_FORMS: [&str; 24] = [
    "ab",
    "ag",
    "as",
    "bv",
    "co",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "incorporated",
    "kg",
    "kk",
    "limited",
    "llc",
    "llp",
    "ltd",
    "nv",
    "oy",
    "plc",
    "pty",
    "sa",
    "sarl",
    "se",
    "spa",
];

/// Whoever has an address there says nothing about a company.
const FREE_MAIL: [&str; 8] =
    ["gmail.com", "gmx.de", "hotmail.com", "icloud.com", "outlook.com", "proton.me", "web.de", "yahoo.com"];

/// What of a client is compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compared<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it sits.
    pub city: &'a str,
    /// Its website.
    pub website: &'a str,
    /// Its e-mail address.
    pub email: &'a str,
    /// Its phone number.
    pub phone: &'a str,
}

/// Why two clients may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// From 0 to 100.
    pub score: i64,
    /// What they have in common, in a few words each.
    pub reasons: Vec<&'static str>,
}

/// A name without case, punctuation and legal forms: what is left of `Acme Tools, Inc.` is `acme tools`.
#[must_use]
pub fn stem(name: &str) -> String {
    // Dots vanish, so that `S.A.` is a word; what else is no letter stands between words.
    let folded: String = fold(name)
        .chars()
        .filter(|letter| *letter != '.')
        .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
        .collect();
    let mut words: Vec<&str> = folded.split_whitespace().collect();
    // A name that is nothing but legal forms keeps the first word.
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL_FORMS.contains(word)) {
        words.pop();
    }
    words.join(" ")
}

/// The host of a website, without `www.`.
#[must_use]
pub fn host(website: &str) -> String {
    let folded = fold(website);
    let rest = folded.split_once("://").map_or(folded.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// The domain of an e-mail address; nothing where everybody may have one there.
#[must_use]
pub fn mail_domain(email: &str) -> String {
    let domain = fold(email.rsplit_once('@').map_or("", |(_, domain)| domain));
    if FREE_MAIL.contains(&domain.as_str()) { String::new() } else { domain }
}

/// What speaks for two clients being one; nothing where nothing does.
#[must_use]
pub fn compare(one: Compared<'_>, other: Compared<'_>) -> Option<Suspicion> {
    let digits = |phone: &str| phone.chars().filter(char::is_ascii_digit).collect::<String>();
    let same = |one: String, other: String| !one.is_empty() && one == other;
    let same_city = same(fold(one.city), fold(other.city));
    let findings = [
        (same(stem(one.name), stem(other.name)), 50, "same name"),
        (same(host(one.website), host(other.website)), 40, "same website"),
        (same(fold(one.email), fold(other.email)), 40, "same e-mail address"),
        (
            fold(one.email) != fold(other.email) && same(mail_domain(one.email), mail_domain(other.email)),
            30,
            "same e-mail domain",
        ),
        (digits(one.phone).len() > 5 && digits(one.phone) == digits(other.phone), 20, "same phone number"),
    ];
    let mut reasons: Vec<&'static str> = Vec::new();
    let mut score = 0;
    for (_, points, reason) in findings.into_iter().filter(|(found, _, _)| *found) {
        score += points;
        reasons.push(reason);
    }
    // A city alone is no suspicion.
    if score > 0 && same_city {
        score += 10;
        reasons.push("same city");
    }
    (score > 0).then(|| Suspicion { score: score.min(100), reasons })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_has_no_legal_form() {
        for name in ["Acme Tools", "ACME Tools, Inc.", "acme-tools GmbH & Co. KG", "Acme Tools S.A."] {
            assert_eq!(stem(name), "acme tools", "{name}");
        }
        assert_eq!(stem("AG"), "ag");
        assert_eq!(stem("Sägewerk AG"), stem("sägewerk"));
        assert_eq!(stem("株式会社 桜"), "株式会社 桜");
    }

    #[test]
    fn hosts_and_domains_are_bare() {
        assert_eq!(host("https://www.Acme.example.com/about?x"), "acme.example.com");
        assert_eq!(host("acme.example.com:8080"), "acme.example.com");
        assert_eq!(mail_domain("Info@Acme.example"), "acme.example");
        assert_eq!(mail_domain("someone@gmail.com"), "");
        assert_eq!(mail_domain("nobody"), "");
    }

    #[test]
    fn what_they_have_in_common_is_said() {
        let acme = Compared {
            name: "Acme Tools Ltd",
            city: "Leeds",
            website: "https://acme.example",
            email: "info@acme.example",
            phone: "+44 113 496",
        };
        let twin = Compared { name: "ACME Tools", email: "sales@acme.example", city: "leeds", ..acme };
        let suspicion = compare(acme, twin).unwrap();
        assert_eq!(suspicion.score, 100);
        assert_eq!(
            suspicion.reasons,
            ["same name", "same website", "same e-mail domain", "same phone number", "same city"]
        );
        let neighbour = Compared { name: "Boats", city: "Leeds", ..Compared::default() };
        assert_eq!(compare(acme, neighbour), None);
        assert_eq!(compare(Compared::default(), Compared::default()), None);
    }
}
