//! The demo's own list of its pages.

use std::ffi::OsStr;
use std::time::Duration;

use toolcrib_tests::Server;
use toolcrib_tests::command;

/// One line of `demo-site routes`.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// The pattern, like `/clients/{id}`.
    pub(crate) pattern: String,
    methods: String,
    /// Who may open it: `everybody`, `signed in`, `right …`.
    pub(crate) access: String,
}

impl Route {
    /// Whether it can be opened by its address alone.
    pub(crate) fn is_opened(&self) -> bool {
        self.methods.split(", ").any(|method| method == "GET")
    }

    /// Whether it is meant for programs and spreadsheets, not for eyes.
    pub(crate) fn is_data(&self) -> bool {
        [".json", ".csv"].iter().any(|ending| self.pattern.ends_with(ending))
    }
}

/// All of them.
pub(crate) fn routes(server: &Server) -> Vec<Route> {
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
