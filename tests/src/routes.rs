//! The demo's own list of its pages.

use std::ffi::OsStr;
use std::time::Duration;

use crate::Server;
use crate::command;

/// One line of `demo-site routes`.
#[derive(Debug, Clone)]
pub struct Route {
    /// The pattern, like `/clients/{id}`.
    pub pattern: String,
    methods: String,
    /// Who may open it: `everybody`, `signed in`, `right …`.
    pub access: String,
}

impl Route {
    /// Whether it can be opened by its address alone.
    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.takes("GET")
    }

    /// Whether it takes that method.
    #[must_use]
    pub fn takes(&self, wanted: &str) -> bool {
        self.methods.split(", ").any(|method| method == wanted)
    }

    /// Whether its answer goes on until somebody leaves.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.pattern.ends_with("/live")
    }

    /// Whether it is meant for programs and spreadsheets, not for eyes.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.is_stream() || [".json", ".csv", ".ics"].iter().any(|ending| self.pattern.ends_with(ending))
    }
}

/// All of them.
///
/// # Panics
///
/// When the demo does not list them.
#[must_use]
pub fn routes(server: &Server) -> Vec<Route> {
    let listed = command::run(&[OsStr::new("routes")], server.folder(), &[], Duration::from_secs(20));
    assert_eq!(listed.code, Some(0), "{}", listed.output);
    let routes: Vec<_> = listed.output.lines().map(route).collect();
    assert!(routes.iter().any(|route| route.pattern == "/login"), "not the list of pages: {}", listed.output);
    routes
}

/// Columns are separated by two spaces or more.
fn route(line: &str) -> Route {
    let columns: Vec<_> = line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    let [pattern, methods, _name, access] = columns.as_slice() else { panic!("not a page: {line:?}") };
    Route { pattern: (*pattern).to_owned(), methods: (*methods).to_owned(), access: (*access).to_owned() }
}
