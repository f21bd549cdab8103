//! What happened with invented companies, and what is to be done.

use super::random::Random;
use super::story::{ACTIVITIES, DAY, HOUR, Seller};

/// A call, a meeting, an e-mail, a note, or a task that is done.
#[derive(Debug)]
pub(super) struct Happened {
    pub(super) kind: &'static str,
    pub(super) subject: &'static str,
    pub(super) body: String,
    pub(super) ago: i64,
    pub(super) author: Seller,
    /// The place of the person it was with.
    pub(super) person: Option<usize>,
    /// The place of the deal it was about.
    pub(super) deal: Option<usize>,
}

/// Something to do.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) subject: &'static str,
    pub(super) owner: Seller,
    /// So many days from today; less than none is overdue.
    pub(super) in_days: i64,
    /// So long after midnight; none for the whole day.
    pub(super) at: i64,
}

/// What the program noted.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) kind: &'static str,
    pub(super) body: &'static str,
    pub(super) actor: Seller,
    pub(super) ago: i64,
}

/// What some notes say, in several languages.
const REMARKS: &[&str] = &[
    "Prefers to be called in the morning.",
    "Rückruf nächste Woche, Angebot für Größe L.",
    "Préfère être contacté par courriel.",
    "Просит счёт до конца месяца.",
    "Θέλει νέα προσφορά.",
    "来週の会議で決めるそうです。",
    "يفضل التسليم في نهاية الشهر.",
    "希望下个月交货。",
    "다음 주에 다시 연락 바랍니다.",
    "अगले सप्ताह फिर बात करेंगे।",
    "",
    "",
];

const TASKS: &[&str] = &[
    "Call back about the offer",
    "Send references",
    "Prepare the renewal",
    "Ask for the delivery address",
    "Check the discount",
    "Arrange a visit",
    "Write the minutes",
];

/// What happened since a company came: a dozen things on average.
pub(super) fn happened(since: i64, persons: usize, deals: usize, random: &mut Random) -> Vec<Happened> {
    let count = random.between(4..=20);
    let mut happened: Vec<_> = (0..count)
        .map(|_| {
            let (kind, subject, body) = random.pick(ACTIVITIES);
            let body = match (kind, random.pick(REMARKS)) {
                ("note", remark) if !remark.is_empty() => format!("{body}\n{remark}").trim().to_owned(),
                _ => body.to_owned(),
            };
            Happened {
                kind,
                subject,
                body,
                ago: random.between(HOUR..=since),
                author: random.pick(&[Seller::Anna, Seller::Boris]),
                person: place(random, persons),
                deal: place(random, deals),
            }
        })
        .collect();
    happened.sort_by_key(|happened| std::cmp::Reverse(happened.ago));
    happened
}

/// One of so many, or none, each as likely.
fn place(random: &mut Random, count: usize) -> Option<usize> {
    let count = i64::try_from(count).unwrap_or_default();
    usize::try_from(random.between(-1..=count - 1)).ok()
}

/// Something to do with one company in fifteen, around today.
pub(super) fn task(random: &mut Random) -> Option<Task> {
    if random.between(0..=14) > 0 {
        return None;
    }
    Some(Task {
        subject: random.pick(TASKS),
        owner: random.pick(&[Seller::Anna, Seller::Boris]),
        in_days: random.between(-12..=45),
        at: random.pick(&[0, 9 * HOUR, 11 * HOUR, 14 * HOUR + HOUR / 2, 16 * HOUR]),
    })
}

/// What the program noted since a company came.
pub(super) fn events(since: i64, owner: Option<Seller>, random: &mut Random) -> Vec<Event> {
    let actor = owner.unwrap_or(Seller::Boris);
    let mut events = vec![Event { kind: "added", body: "Was added", actor, ago: since }];
    if random.between(0..=2) == 0 {
        let (kind, body) = random.pick(&[
            ("changed", "Phone was changed"),
            ("changed", "City was changed"),
            ("moved", "Moved “Pilot” from Lead to Qualified"),
            ("tagged", "Was tagged Newsletter"),
        ]);
        events.push(Event { kind, body, actor, ago: random.between(DAY..=since) });
    }
    events
}
