//! What is asked for.

use crate::load::Script;
use crate::sites::{Site, Visitor};

/// Something to be measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    ask: Ask,
}

#[derive(Debug, Clone, Copy)]
enum Ask {
    /// A page, without a cookie.
    Page(&'static str),
    /// The card of a client, another one for each.
    Card,
    /// A form without a session, and what `mode` it has.
    Post(&'static str, &'static str),
    /// A panel of the card, which takes the lock of its client: another one for each, or the same for all.
    Panel { same: bool },
}

/// All cases, in the order of the table.
pub(crate) const CASES: [Case; 9] = [
    Case { name: "page, no variable, no session", ask: Ask::Page("/examples") },
    Case { name: "page that reads a variable", ask: Ask::Page("/examples/tally") },
    Case { name: "client card, signed in", ask: Ask::Card },
    Case { name: "post: counter", ask: Ask::Post("/examples/rc-tally", "") },
    Case { name: "post: read, write (all one tally)", ask: Ask::Post("/examples/tally", "") },
    Case { name: "post: update", ask: Ask::Post("/examples/sales", "update") },
    Case { name: "post: application lock", ask: Ask::Post("/examples/sales", "locked") },
    Case { name: "panel, a cluster lock each", ask: Ask::Panel { same: false } },
    Case { name: "panel, one cluster lock for all", ask: Ask::Panel { same: true } },
];

impl Case {
    /// What each of `count` clients sends to each node.
    pub(crate) fn scripts(&self, site: &Site, count: usize) -> Vec<Script> {
        (0..count).map(|client| site.ports().map(|port| (port, self.request(site, client, port))).collect()).collect()
    }

    fn request(&self, site: &Site, client: usize, port: u16) -> Vec<u8> {
        let nobody = Visitor { cookies: String::new(), token: String::new() };
        let (user, guest) = (&site.users[client], &site.guests[client]);
        match self.ask {
            Ask::Page(path) => get(path, &nobody, port),
            Ask::Card => get(&format!("/clients/{}", site.clients[client]), user, port),
            Ask::Panel { same } => {
                let client = site.clients[if same { 0 } else { client }];
                get(&format!("/clients/{client}/panels/contacts"), user, port)
            }
            Ask::Post(path, mode) => post(path, mode, guest, port),
        }
    }
}

fn get(path: &str, visitor: &Visitor, port: u16) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n{}\r\n", cookies(visitor))
        .into_bytes()
}

fn post(path: &str, mode: &str, visitor: &Visitor, port: u16) -> Vec<u8> {
    let body = format!("_csrf={}&mode={mode}", visitor.token);
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n{}\r\n{body}",
        cookies(visitor)
    )
    .into_bytes()
}

fn cookies(visitor: &Visitor) -> String {
    if visitor.cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", visitor.cookies) }
}
