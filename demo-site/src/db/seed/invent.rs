//! Companies without end: each is made of its number and the seed, whatever the others are.
//!
//! Times are told as how long ago they were, so that the same seed makes the same records at any moment.

use super::facts::{Facts, tongue_of};
use super::happenings::{self, Event, Happened, Task};
use super::names::Tongue;
use super::random::Random;
use super::story::{DAY, HOUR, Seller};
use crate::adapters::Client;

/// One company in fifty is another one again, written differently.
const DUPLICATE_EVERY: u64 = 50;

/// A company and all that belongs to it.
#[derive(Debug)]
pub(super) struct Invented {
    pub(super) client: Client,
    pub(super) owner: Option<Seller>,
    pub(super) private: bool,
    /// Places in the list of tags.
    pub(super) tags: Vec<usize>,
    pub(super) created_ago: i64,
    pub(super) updated_ago: i64,
    pub(super) persons: Vec<Person>,
    pub(super) deals: Vec<Deal>,
    pub(super) happened: Vec<Happened>,
    pub(super) task: Option<Task>,
    pub(super) events: Vec<Event>,
    pub(super) account: Option<Account>,
}

#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) title: &'static str,
    pub(super) email: String,
    pub(super) phone: String,
}

#[derive(Debug)]
pub(super) struct Deal {
    pub(super) title: String,
    pub(super) stage: Stage,
    pub(super) amount_minor: i64,
    pub(super) currency: &'static str,
    /// In so many days.
    pub(super) expected_in: i64,
    pub(super) closed_ago: Option<i64>,
    pub(super) created_ago: i64,
    /// The place of the person it is made with.
    pub(super) person: usize,
}

/// How far a deal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// At one of the open stages, counted from the first.
    Open(usize),
    Won,
    Lost,
}

/// An account at another company, and what came of looking at it.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) provider: &'static str,
    pub(super) reference: String,
    pub(super) state: &'static str,
    pub(super) message: &'static str,
}

/// The company with a number, from 0.
pub(super) fn company(seed: u64, number: u64) -> Invented {
    let original = if is_duplicate(number) { number - 1 } else { number };
    let mut random = Random::new(seed ^ original.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let (tongue, ordinal) = tongue_of(original);
    let facts = Facts::of(tongue, ordinal.wrapping_add(seed), original, &mut random);
    // What follows is another story for the one that is there twice.
    let random = &mut Random::new(seed ^ number.wrapping_mul(0x9e6c_63d0_876a_68ee));
    let mut client = facts.client(tongue, number);
    if is_duplicate(number) {
        client.name = facts.written_differently(random);
    }
    let created_ago = random.between(20 * DAY..=700 * DAY);
    let persons = persons(tongue, &facts, random);
    let deals = deals(&facts, persons.len(), created_ago, random);
    let happened = happenings::happened(created_ago, persons.len(), deals.len(), random);
    let owner = match random.between(0..=19) {
        0 => None,
        1..=10 => Some(Seller::Anna),
        _ => Some(Seller::Boris),
    };
    let private = owner.is_some() && random.between(0..=99) == 0;
    Invented {
        owner,
        private,
        tags: tags(random),
        created_ago,
        updated_ago: happened.iter().map(|happened| happened.ago).min().unwrap_or(created_ago),
        task: happenings::task(random),
        events: happenings::events(created_ago, owner, random),
        account: account(number, random),
        client,
        persons,
        deals,
        happened,
    }
}

/// Whether the company with this number is the one before it, written differently.
pub(super) fn is_duplicate(number: u64) -> bool {
    number % DUPLICATE_EVERY == DUPLICATE_EVERY - 1
}

const TITLES: &[&str] = &[
    "Head of purchasing",
    "Managing director",
    "Plant manager",
    "Chief accountant",
    "Technical lead",
    "Assistant",
    "Head of sales",
    "",
];

fn persons(tongue: &'static Tongue, facts: &Facts, random: &mut Random) -> Vec<Person> {
    (1..=random.between(2..=4))
        .map(|extension| {
            let (given, family) = (random.pick(tongue.given), random.pick(tongue.family));
            let name = match (tongue.family_first, tongue.spaced) {
                (true, _) => format!("{}{}", family.0, given.0),
                (false, _) => format!("{} {}", given.0, family.0),
            };
            Person {
                name,
                title: random.pick(TITLES),
                email: format!("{}.{}{extension}@{}", given.1, family.1, facts.domain),
                phone: format!("{} ext. {extension}", facts.phone),
            }
        })
        .collect()
}

const WHAT: &[&str] =
    &["Yearly maintenance", "Pilot", "Spare parts", "Replacement of the line", "Training", "Extension"];
const WHERE: &[&str] =
    &["for two sites", "of the warehouse", "for the night shift", "in the north hall", "abroad", "for the lab"];

fn deals(facts: &Facts, persons: usize, created_ago: i64, random: &mut Random) -> Vec<Deal> {
    // 1.6 of them on average.
    let count = random.pick(&[0, 1, 1, 1, 2, 2, 2, 2, 3, 2]);
    (0..count)
        .map(|_| {
            let stage = random.pick(&[
                Stage::Open(0),
                Stage::Open(1),
                Stage::Open(2),
                Stage::Won,
                Stage::Won,
                Stage::Won,
                Stage::Lost,
                Stage::Lost,
            ]);
            let started = random.between(DAY..=created_ago);
            let closed_ago = (!matches!(stage, Stage::Open(_))).then(|| random.between(HOUR..=started.min(545 * DAY)));
            Deal {
                title: format!("{} {}", random.pick(WHAT), random.pick(WHERE)),
                stage,
                amount_minor: random.between(12..=980) * 50_000,
                currency: facts.currency,
                expected_in: random.between(-10..=150),
                closed_ago,
                created_ago: started,
                person: usize::try_from(random.between(0..=9)).unwrap_or_default() % persons.max(1),
            }
        })
        .collect()
}

/// The names of the tags.
pub(super) const TAGS: &[&str] = &[
    "Key account",
    "Newsletter",
    "Trade fair",
    "Prospect",
    "Partner",
    "Café",
    "Pays late",
    "Reference",
    "Export",
    "Public",
];

fn tags(random: &mut Random) -> Vec<usize> {
    let mut tags: Vec<_> =
        (0..random.between(0..=2)).map(|_| usize::try_from(random.between(0..=9)).unwrap_or_default()).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn account(number: u64, random: &mut Random) -> Option<Account> {
    if random.between(0..=15) > 0 {
        return None;
    }
    let (state, message) = random.pick(&[
        ("sound", ""),
        ("sound", ""),
        ("unchecked", ""),
        ("broken", "The reference is not known there."),
        ("unreachable", "There was no answer."),
    ]);
    let provider = random.pick(&["ledger", "parcels", "payments"]);
    Some(Account { provider, reference: format!("ACC-{:06}", number + 1), state, message })
}
