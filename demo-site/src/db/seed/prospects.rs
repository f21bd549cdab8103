//! Invented leads.

use toolcrib::adapter::{fold, fold_all};
use toolcrib::db::{Conn, DbError};

use super::ground::Ground;
use super::insert::Insert;
use super::invent;
use super::random::Random;
use super::story::{DAY, HOUR, Seller};

/// Leads are made of companies nobody has as a client: these have numbers from here.
const FIRST: u64 = 1_000_000;

/// Who may become a client.
#[derive(Debug)]
pub(super) struct Lead {
    name: String,
    company: String,
    title: &'static str,
    email: String,
    phone: String,
    source: &'static str,
    status: &'static str,
    amount_minor: i64,
    notes: &'static str,
    owner: Seller,
    private: bool,
    created_ago: i64,
    updated_ago: i64,
}

/// The lead with a number, from 0.
pub(super) fn lead(seed: u64, number: u64) -> Lead {
    let company = invent::company(seed, FIRST + number * 2);
    let mut random = Random::new(seed ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
    let random = &mut random;
    let person = company.persons.into_iter().next();
    let (name, title, email, phone) =
        person.map(|person| (person.name, person.title, person.email, person.phone)).unwrap_or_default();
    let created_ago = random.between(DAY..=180 * DAY);
    Lead {
        name,
        company: company.client.name,
        title,
        email,
        phone,
        source: random.pick(&["Trade fair", "Website", "Referral", "Cold call", "Newsletter"]),
        status: random.pick(&["new", "new", "working", "working", "qualified", "lost"]),
        amount_minor: random.between(0..=400) * 50_000,
        notes: random.pick(&[
            "",
            "Wants to see a machine at work.",
            "Budget only next year.",
            "Met at the trade fair.",
        ]),
        owner: random.pick(&[Seller::Anna, Seller::Boris]),
        private: random.between(0..=49) == 0,
        created_ago,
        updated_ago: random.between(HOUR..=created_ago),
    }
}

/// Stores so many leads.
pub(super) async fn store(conn: &mut Conn, ground: &Ground, seed: u64, count: u64) -> Result<(), DbError> {
    let mut insert = Insert::into(
        "leads (name, company, title, email, phone, source, status, amount_minor, notes, owner_id, private, search, \
         sort_name, created_at, updated_at)",
    );
    for lead in (0..count).map(|number| lead(seed, number)) {
        insert.row(vec![
            lead.name.as_str().into(),
            lead.company.as_str().into(),
            lead.title.into(),
            lead.email.as_str().into(),
            lead.phone.into(),
            lead.source.into(),
            lead.status.into(),
            lead.amount_minor.into(),
            lead.notes.into(),
            ground.user(lead.owner).into(),
            lead.private.into(),
            fold_all(&[&lead.name, &lead.company, &lead.email]).into(),
            fold(&lead.name).into(),
            (ground.now - lead.created_ago).into(),
            (ground.now - lead.updated_ago).into(),
        ]);
    }
    insert.execute(conn).await
}
