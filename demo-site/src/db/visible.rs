//! Who may see what: a private record is its owner's alone, for everybody else it does not exist.
//!
//! What belongs to a client (persons, deals, activities, accounts) is as visible as the client. The
//! conditions here are parts of statements; the viewer's id is bound where they say.

/// The condition that the row of `clients` in this statement is there for the viewer `$viewer`: it is not somebody else's private
/// one, and was not merged into another.
#[must_use]
pub fn client(viewer: usize) -> String {
    format!("(clients.merged_into IS NULL AND (NOT clients.private OR clients.owner_id = ${viewer}))")
}

/// The condition that what belongs to the client in `column` is there for the viewer `$viewer`. A record of no client is.
#[must_use]
pub fn of_client(column: &str, viewer: usize) -> String {
    format!(
        "({column} IS NULL OR {column} NOT IN \
         (SELECT id FROM clients AS hidden WHERE hidden.private AND hidden.owner_id IS DISTINCT FROM ${viewer}))"
    )
}

/// The condition that the row of `leads` in this statement is there for the viewer `$viewer`.
#[must_use]
pub fn lead(viewer: usize) -> String {
    format!("(NOT leads.private OR leads.owner_id = ${viewer})")
}

#[cfg(test)]
mod tests {
    use toolcrib::db::{self, Db};

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! { a_private_client_and_what_belongs_to_it_is_its_owners_alone }

    async fn a_private_client_and_what_belongs_to_it_is_its_owners_alone(db: Db) {
        let mut tx = db.begin().await.unwrap();
        for statement in [
            "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
             VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
            "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
             (1, 'A', 'Hers', '', '', 1, TRUE, 1, 1), (2, 'B', 'Open', '', '', 1, FALSE, 1, 1), \
             (3, 'C', 'Nobody''s', '', '', NULL, TRUE, 1, 1)",
            "INSERT INTO clients (id, account, name, search, sort_name, merged_into, created_at, updated_at) \
             VALUES (4, 'D', 'Gone', '', '', 2, 1, 1)",
            "INSERT INTO activities (client_id, kind, subject, happened_at, author, created_at, updated_at) VALUES \
             (1, 'note', 'hers', 1, '', 1, 1), (2, 'note', 'open', 1, '', 1, 1), (NULL, 'task', 'of none', 1, '', 1, 1)",
            "INSERT INTO leads (name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
             ('hers', '', '', 1, TRUE, 1, 1), ('open', '', '', 1, FALSE, 1, 1)",
        ] {
            db::query(statement).execute(&mut tx).await.unwrap();
        }
        let clients = format!("SELECT account FROM clients WHERE {} ORDER BY id", client(1));
        let activities = format!("SELECT subject FROM activities WHERE {} ORDER BY id", of_client("client_id", 1));
        let leads = format!("SELECT name FROM leads WHERE {} ORDER BY id", lead(1));
        let expected: [(i64, [&[&str]; 3]); 2] = [
            (1, [&["A", "B"], &["hers", "open", "of none"], &["hers", "open"]]),
            (2, [&["B"], &["open", "of none"], &["open"]]),
        ];
        for (viewer, expected) in expected {
            for (select, expected) in [&clients, &activities, &leads].into_iter().zip(expected) {
                let seen = db::query_built(select.clone()).bind(viewer).scalars::<String>(&mut tx).await.unwrap();
                assert_eq!(seen, expected, "{viewer}: {select}");
            }
        }
    }
}
