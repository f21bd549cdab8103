//! Who works at the companies, what they may buy, and what happened so far.

use super::companies::{Company, people};
use super::random::Random;

pub(super) const HOUR: i64 = 3_600_000_000;
pub(super) const DAY: i64 = 24 * HOUR;

/// The company that came last came this long ago, and those before it a week earlier each.
const YOUNGEST: i64 = 30 * DAY;

const TITLES: &[&str] =
    &["Head of purchasing", "Managing director", "Plant manager", "Chief accountant", "Technical lead"];

const DEALS: &[&str] = &[
    "Yearly maintenance",
    "Pilot at two sites",
    "Spare parts framework agreement",
    "Replacement of the old line",
    "Training for the night shift",
    "Extension of the warehouse",
];

pub(super) const ACTIVITIES: &[(&str, &str, &str)] = &[
    ("call", "Asked for delivery times", "Needs an answer before the board meets."),
    ("call", "Complaint about a late delivery", "Apologised; the carrier is looking into it."),
    ("call", "Could not be reached", ""),
    ("meeting", "Visit to the plant", "Saw the old line at work. It will not last the winter."),
    ("meeting", "Presentation of the offer", "Liked the terms, wants two more references."),
    ("meeting", "Lunch at the trade fair", ""),
    ("email", "Sent the offer", "Valid for six weeks."),
    ("email", "Sent references", ""),
    ("email", "Confirmed the order", "Delivery in two parts, as discussed."),
    ("note", "New head of purchasing", "Comes from a company that was a client of ours."),
    ("note", "Pays within ten days", ""),
    ("note", "Closed over the holidays", "Nobody there for three weeks."),
    ("task", "Prepare the renewal", ""),
    ("task", "Check the discount", "More than the usual five per cent needs a signature."),
];

/// The users who work with clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seller {
    Anna,
    Boris,
}

impl Seller {
    /// The name to sign in with.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Anna => "anna",
            Self::Boris => "boris",
        }
    }

    /// The name to show.
    pub(super) const fn display_name(self) -> &'static str {
        match self {
            Self::Anna => "Anna Lindqvist",
            Self::Boris => "Boris Novák",
        }
    }
}

#[derive(Debug)]
pub(super) struct Contact {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) email: String,
    pub(super) phone: String,
}

#[derive(Debug)]
pub(super) struct Deal {
    pub(super) title: &'static str,
    pub(super) stage: &'static str,
    pub(super) amount_minor: i64,
    pub(super) expected_at: Option<i64>,
    /// When it was won or lost.
    pub(super) closed_at: Option<i64>,
    pub(super) created_at: i64,
}

#[derive(Debug)]
pub(super) struct Activity {
    pub(super) kind: &'static str,
    pub(super) subject: &'static str,
    pub(super) body: &'static str,
    pub(super) happened_at: i64,
    /// Who noted it.
    pub(super) author: Seller,
}

impl Activity {
    /// Whether it was something to do; in a story all of that is done.
    pub(super) fn is_task(&self) -> bool {
        self.kind == "task"
    }
}

/// What is made up about one company.
#[derive(Debug)]
pub(super) struct Story {
    /// Who looks after it.
    pub(super) owner: Seller,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) contacts: Vec<Contact>,
    pub(super) deals: Vec<Deal>,
    pub(super) activities: Vec<Activity>,
}

/// Makes up what happened with the company at `index` until `now`.
pub(super) fn tell(index: usize, company: &Company, now: i64) -> Story {
    // A seed per company: adding one changes nothing about the others.
    let position = i64::try_from(index).unwrap_or_default();
    let mut random = Random::new(0x70_0c_1b ^ position.unsigned_abs());
    let random = &mut random;

    let created_at = now - YOUNGEST - (24 - position).max(0) * 7 * DAY;
    let contacts = contacts(company, random);
    let deals = (0..random.between(1..=3)).map(|_| deal(random, created_at, now)).collect();
    let mut activities: Vec<_> = (0..random.between(4..=15)).map(|_| activity(random, created_at, now)).collect();
    activities.sort_by_key(|activity| activity.happened_at);
    let updated_at = activities.last().map_or(created_at, |activity| activity.happened_at);
    let owner = if index.is_multiple_of(2) { Seller::Anna } else { Seller::Boris };
    Story { owner, created_at, updated_at, contacts, deals, activities }
}

fn contacts(company: &Company, random: &mut Random) -> Vec<Contact> {
    let people = people(company.script);
    let count = usize::try_from(random.between(2..=4)).unwrap_or(2).min(people.len());
    // Consecutive people, from anywhere: nobody is there twice.
    let first = usize::try_from(random.between(0..=9)).unwrap_or_default();
    let everybody = people.iter().cycle().skip(first % people.len());
    everybody
        .take(count)
        .zip(TITLES.iter().cycle().skip(first))
        .zip(1..)
        .map(|(((name, mailbox), title), extension)| Contact {
            name,
            title,
            email: format!("{mailbox}@{}", company.domain),
            phone: format!("{} ext. {extension}", company.phone),
        })
        .collect()
}

fn deal(random: &mut Random, since: i64, now: i64) -> Deal {
    let stage = random.pick(&["lead", "qualified", "proposal", "won", "lost"]);
    let open = !matches!(stage, "won" | "lost");
    let title = random.pick(DEALS);
    let amount_minor = random.between(12..=980) * 50_000;
    let expected_at = open.then(|| now + random.between(5..=120) * DAY);
    let created_at = random.between(since..=now - DAY);
    // Half way between then and now: no number is drawn for it.
    let closed_at = (!open).then(|| created_at + (now - created_at) / 2);
    Deal { title, stage, amount_minor, expected_at, closed_at, created_at }
}

fn activity(random: &mut Random, since: i64, now: i64) -> Activity {
    let (kind, subject, body) = random.pick(ACTIVITIES);
    Activity {
        kind,
        subject,
        body,
        happened_at: random.between(since..=now - HOUR),
        author: random.pick(&[Seller::Anna, Seller::Boris]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::companies::COMPANIES;
    use super::*;

    const NOW: i64 = 1_700_000_000_000_000;

    #[test]
    fn the_story_is_the_same_every_time() {
        let told = |now| {
            format!(
                "{:?}",
                COMPANIES.iter().enumerate().map(|(index, company)| tell(index, company, now)).collect::<Vec<_>>()
            )
        };
        assert_eq!(told(NOW), told(NOW));
    }

    #[test]
    fn the_story_is_long_enough_and_ends_before_now() {
        let mut days = Vec::new();
        for (index, company) in COMPANIES.iter().enumerate() {
            let story = tell(index, company, NOW);
            assert!((2..=4).contains(&story.contacts.len()));
            assert!((1..=3).contains(&story.deals.len()));
            assert!((4..=15).contains(&story.activities.len()));
            assert!(story.created_at <= story.updated_at);
            for activity in &story.activities {
                assert!((story.created_at..NOW).contains(&activity.happened_at));
            }
            for deal in &story.deals {
                assert!((story.created_at..NOW).contains(&deal.created_at));
                assert_eq!(deal.expected_at.is_none(), matches!(deal.stage, "won" | "lost"));
            }
            days.push((NOW - story.updated_at) / DAY);
        }
        assert!(days.iter().any(|days| *days < 14), "{days:?}");
    }

    #[test]
    fn nobody_works_twice_at_a_company() {
        for (index, company) in COMPANIES.iter().enumerate() {
            let mut names: Vec<_> = tell(index, company, NOW).contacts.iter().map(|contact| contact.name).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{}", company.name);
        }
    }
}
