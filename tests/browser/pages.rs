//! Every page of the demo, by its own list of pages: none may be hard to use, too wide or broken.

use toolcrib_tests::Places;
use toolcrib_tests::Route;
use toolcrib_tests::Server;
use toolcrib_tests::routes;

use crate::support::prelude::*;

in_a_browser! {
    every_page_is_sound_for_an_administrator,
    every_page_is_sound_for_somebody_who_may_only_look,
    every_page_is_sound_for_nobody,
    pages_are_sound_in_the_dark,
    a_page_can_be_used_without_a_mouse,
}

/// Keys, as `WebDriver` names them.
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';

async fn every_page_is_sound_for_an_administrator(stage: &Stage) {
    let server = stage.site().start().await;
    let admin = stage.signed_in(&server, "admin").await;
    let mut findings = Findings::default();
    for (route, address) in tour(&server).await {
        admin.open(&address).await;
        let (status, form) = (shown_status(&admin).await, asks_to_sign_in(&admin).await);
        // Who has signed in and asks for the form gets it, and a new session by it.
        let expected = form == (route.pattern == "/login");
        assert!(status == 200 && expected, "{address} is not shown to an administrator: {status}");
        findings.inspect(&admin, &format!("{address} as admin")).await;
    }
    findings.are_none();
}

/// The parts that a right hides are seen by administrators only: here without them, at one width.
async fn every_page_is_sound_for_somebody_who_may_only_look(stage: &Stage) {
    let server = stage.site().start().await;
    let vera = stage.signed_in(&server, "vera").await;
    let mut findings = Findings::default();
    for (route, address) in tour(&server).await {
        vera.open(&address).await;
        let refused = route.access.starts_with("right") && route.access != "right view";
        // A saved view is its owner's.
        let is_hers = !address.starts_with("/clients/views/");
        let expected = match (refused, is_hers) {
            (true, _) => 403,
            (false, true) => 200,
            (false, false) => 404,
        };
        assert_eq!(shown_status(&vera).await, expected, "{address} as vera");
        if !refused {
            findings.accessibility(&vera, &format!("{address} as vera")).await;
        }
        findings.inspect_layout(&vera, &format!("{address} as vera")).await;
    }
    findings.are_none();
}

/// Pages for everybody are shown; the others ask to sign in, in their place.
async fn every_page_is_sound_for_nobody(stage: &Stage) {
    let server = stage.site().start().await;
    let nobody = stage.browser(&server).await;
    let mut findings = Findings::default();
    let mut asked = 0;
    for (route, address) in tour(&server).await {
        nobody.open(&address).await;
        let open = route.access == "everybody";
        assert_eq!(shown_status(&nobody).await, 200, "{address} as nobody");
        assert_eq!(asks_to_sign_in(&nobody).await, !open || route.pattern == "/login", "{address} as nobody");
        if open {
            findings.inspect(&nobody, &format!("{address} as nobody")).await;
        } else {
            // The same form everywhere.
            asked += 1;
            findings.inspect_layout(&nobody, &format!("{address} as nobody")).await;
        }
    }
    assert!(asked > 0, "no page asked nobody to sign in");
    findings.are_none();
}

async fn pages_are_sound_in_the_dark(stage: &Stage) {
    let server = stage.site().start().await;
    let admin = stage.signed_in(&server, "admin").await;
    admin.colours("dark").await;
    let mut findings = Findings::default();
    let card = format!("/clients/{}", best_known_client(&server).await);
    let forms =
        ["/", "/clients", "/clients/new", "/import", "/search?q=a", "/examples/race", "/login", "/clients/987654321"];
    let tools = routes(&server).into_iter().filter(|route| route.pattern.starts_with("/tools/"));
    let tools = tools.filter(|route| route.is_opened() && !route.is_data()).map(|route| route.pattern);
    for path in forms.map(str::to_owned).into_iter().chain(tools).chain([card]) {
        admin.open(&path).await;
        findings.accessibility(&admin, &format!("{path} in the dark")).await;
    }
    findings.are_none();
}

/// The first key leads to the link past the menu, and that link to the page's main part.
async fn a_page_can_be_used_without_a_mouse(stage: &Stage) {
    let server = stage.site().start().await;
    let admin = stage.signed_in(&server, "admin").await;
    admin.open("/clients").await;
    admin.press(TAB).await;
    assert_eq!(admin.look("return document.activeElement.getAttribute('href')").await, "#main");
    admin.press(ENTER).await;
    admin.until("the main part has the focus", "return document.activeElement.closest('main') !== null").await;
}

/// All pages a browser can open by their address, in the order of the list.
async fn tour(server: &Server) -> Vec<(Route, String)> {
    let places = Places::of(server, best_known_client(server).await).await;
    let pages = routes(server).into_iter().filter(|route| route.is_opened() && !route.is_data());
    let tour: Vec<_> = pages.map(|route| (route.clone(), address(&route.pattern, &places))).collect();
    assert!(tour.len() > 10, "too few pages: {tour:?}");
    tour
}

/// An address that the pattern stands for. A page with another kind of address must be added here to be looked at.
fn address(pattern: &str, places: &Places) -> String {
    let address =
        places.address(pattern).replace("/tools/users/{id}", "/tools/users/1").replace("/roles/{name}", "/roles/admin");
    assert!(!address.contains('{'), "this tour has no address for {pattern}: give it one in `Places`");
    address
}

/// The client of whom most is known.
async fn best_known_client(server: &Server) -> i64 {
    let sql = "SELECT client_id FROM activities GROUP BY client_id ORDER BY COUNT(*) DESC, client_id LIMIT 1";
    server.database().number(sql).await
}

async fn shown_status(browser: &Browser) -> u64 {
    let status = browser.look("return performance.getEntriesByType('navigation')[0].responseStatus").await;
    status.as_u64().unwrap_or_else(|| panic!("no status: {status}"))
}

async fn asks_to_sign_in(browser: &Browser) -> bool {
    browser
        .look("return document.querySelector('main [name=\"password\"][autocomplete=\"current-password\"]') !== null")
        .await
        == true
}
