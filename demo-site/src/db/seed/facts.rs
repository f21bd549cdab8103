//! What a company is known by: its script, its name, where it is.

use super::names::{CYRILLIC, GREEK, INDUSTRIES, JAPANESE, LATIN, Tongue, Word};
use super::names_of_asia::{ARABIC, CHINESE, DEVANAGARI, KOREAN};
use super::random::Random;
use crate::adapters::Client;

/// How many of [`TURN`] companies write which script.
const WHEEL: [(&Tongue, u64); 8] = [
    (&LATIN, 27),
    (&CYRILLIC, 5),
    (&JAPANESE, 4),
    (&GREEK, 3),
    (&ARABIC, 3),
    (&CHINESE, 3),
    (&KOREAN, 3),
    (&DEVANAGARI, 2),
];

/// How many companies the wheel turns by.
const TURN: u64 = 50;

/// Steps through all names in an order nobody sees; it divides no number of names.
const STRIDE: u64 = 7_919;

/// The script of a company, and how many with that script came before it.
pub(super) fn tongue_of(number: u64) -> (&'static Tongue, u64) {
    let mut place = number % TURN;
    for (tongue, share) in WHEEL {
        if place < share {
            return (tongue, number / TURN * share + place);
        }
        place -= share;
    }
    (&LATIN, number)
}

/// What a company is known by.
pub(super) struct Facts {
    name: String,
    form: &'static str,
    form_first: bool,
    pub(super) domain: String,
    industry: &'static str,
    city: &'static str,
    pub(super) currency: &'static str,
    pub(super) phone: String,
}

impl Facts {
    pub(super) fn of(tongue: &'static Tongue, ordinal: u64, number: u64, random: &mut Random) -> Self {
        let (head, second, trade) = combined(tongue, ordinal);
        let space = if tongue.spaced { " " } else { "" };
        let (city, currency, prefix) = random.pick(tongue.cities);
        Self {
            name: format!("{}{space}{}{space}{trade}", head.0, second.0),
            form: random.pick(tongue.forms),
            form_first: tongue.form_first,
            domain: format!("{}-{}-{number}.example.com", head.1, second.1),
            industry: random.pick(INDUSTRIES),
            city,
            currency,
            phone: format!("{prefix}{:02} {:02}", random.between(0..=99), random.between(0..=99)),
        }
    }

    fn named(&self, form: &str) -> String {
        match (form, self.form_first) {
            ("", _) => self.name.clone(),
            (_, true) => format!("{}{}", form, self.name),
            (_, false) => format!("{} {}", self.name, form),
        }
    }

    pub(super) fn client(&self, tongue: &Tongue, number: u64) -> Client {
        let name = if tongue.spaced || tongue.form_first {
            self.named(self.form)
        } else {
            format!("{}{}", self.name, self.form)
        };
        Client {
            name,
            account: format!("TC-{}", number + 1025),
            industry: self.industry.to_owned(),
            city: self.city.to_owned(),
            website: format!("https://www.{}", self.domain),
            phone: self.phone.clone(),
            email: format!("office@{}", self.domain),
            ..Client::default()
        }
    }

    /// As somebody in a hurry types it: without the legal form, in capitals, without accents.
    pub(super) fn written_differently(&self, random: &mut Random) -> String {
        match random.between(0..=3) {
            0 => self.name.clone(),
            1 => self.named(self.form).to_uppercase(),
            2 => toolcrib::adapter::fold(&self.named(self.form)),
            _ => self.named(self.form).replace(' ', "  "),
        }
    }
}

/// Another combination for each number, until all are used up.
fn combined(tongue: &'static Tongue, ordinal: u64) -> (Word, Word, &'static str) {
    let (heads, seconds, trades) = (tongue.heads.len() as u64, tongue.seconds.len() as u64, tongue.trades.len() as u64);
    let place = ordinal.wrapping_mul(STRIDE) % (heads * seconds * trades);
    (
        at(tongue.heads, place % heads),
        at(tongue.seconds, place / heads % seconds),
        at(tongue.trades, place / heads / seconds),
    )
}

fn at<T: Copy + Default>(items: &[T], place: u64) -> T {
    usize::try_from(place).ok().and_then(|place| items.get(place)).copied().unwrap_or_default()
}
