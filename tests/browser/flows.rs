//! What people do all day, in one browser and in two at once, with the mouse and without.

use std::fmt::Write as _;

use toolcrib_tests::Server;

use crate::support::prelude::*;

in_a_browser! {
    a_search_from_the_keyboard_leads_to_a_card_with_its_panels,
    who_edits_is_seen_by_the_others_and_collides_with_them,
    a_move_on_the_board_is_seen_in_the_other_browser_within_a_second,
    a_card_of_the_board_is_dragged_with_the_mouse,
    an_import_runs_while_one_looks_and_is_undone,
    two_clients_are_merged_and_the_merge_is_undone,
    an_activity_is_added_in_its_place,
    the_days_work_needs_no_mouse,
}

/// Keys, as `WebDriver` names them.
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const RIGHT: char = '\u{e014}';
const DOWN: char = '\u{e015}';

/// The panels of the card are there.
const PANELS: &str = "return document.querySelectorAll('[data-tracking-id]').length >= 3 \
    && !document.querySelector('[data-panel] .panel__failed')";

async fn a_search_from_the_keyboard_leads_to_a_card_with_its_panels(stage: &Stage) {
    let server = stage.site().start().await;
    let anna = stage.signed_in(&server, "anna").await;
    find_with_keys(&anna, "angstr").await;
    assert!(anna.text().await.contains("Ångström"), "{}", anna.text().await);
    anna.until("the panels of the card are loaded", PANELS).await;
}

/// Types into the search and opens the first client it finds.
async fn find_with_keys(browser: &Browser, typed: &str) {
    browser.press('/').await;
    assert_eq!(browser.look("return document.activeElement.id").await, "quick-search");
    browser.type_keys(typed).await;
    let found = "return document.querySelector('#quick-found [role=\"option\"]') !== null";
    browser.until("something is found", found).await;
    browser.press(DOWN).await;
    browser.press(ENTER).await;
    browser.until("a card is open", "return /^\\/clients\\/\\d+$/.test(location.pathname)").await;
}

async fn who_edits_is_seen_by_the_others_and_collides_with_them(stage: &Stage) {
    let server = stage.site().start().await;
    let id = server.signed_in("anna").await.create(&NewClient::valid()).await;
    let (anna, boris) = (stage.signed_in(&server, "anna").await, stage.signed_in(&server, "boris").await);
    let edit = format!("/clients/{id}/edit");
    boris.open(&edit).await;
    anna.open(&edit).await;
    let seen = "return document.querySelector('[data-presence]')?.innerText.includes('Anna Lindqvist is editing')";
    boris.until("Boris sees that Anna is editing", seen).await;
    anna.fill("city", "Antwerpen").await;
    anna.send("city").await;
    boris.fill("city", "Bratislava").await;
    boris.expects(409).await;
    boris.send("city").await;
    let text = boris.text().await;
    assert!(text.contains("Antwerpen") && text.contains("changed by another user"), "{text}");
    assert_eq!(boris.value("city").await, "Bratislava", "what he typed is kept");
    boris.send("city").await;
    assert_eq!(boris.path().await, format!("/clients/{id}"), "{}", boris.text().await);
    let gone = "return !document.querySelector('[data-presence]')?.innerText.includes('Boris Novák is editing')";
    anna.until("Boris has left the form", gone).await;
}

/// Two browsers on the board, each listening to what happens there.
async fn on_the_board(stage: &Stage, server: &Server) -> (std::sync::Arc<Browser>, std::sync::Arc<Browser>) {
    let (anna, boris) = (stage.signed_in(server, "anna").await, stage.signed_in(server, "boris").await);
    anna.open("/deals").await;
    boris.open("/deals").await;
    let admin = server.signed_in("admin").await;
    holds_within("both boards listen", Duration::from_secs(20), async || {
        admin.get_json("/tools/status.json").await.json()["live"]["streams"].as_u64() >= Some(2)
    })
    .await;
    (anna, boris)
}

/// The first deal of the first column that has one, and the column after it.
const FIRST: &str = "const card = document.querySelector('[data-deal]'); \
    const lane = card.closest('[data-stage]'); \
    return [card.dataset.deal, lane.nextElementSibling.dataset.stage]";

/// Notes when a deal is first seen in a column.
fn watch(deal: &str, stage: &str) -> String {
    format!(
        "window.seen = 0; const look = () => {{ \
         if (!window.seen && document.querySelector('[data-stage=\"{stage}\"] [data-deal=\"{deal}\"]')) window.seen = Date.now(); }}; \
         new MutationObserver(look).observe(document.getElementById('board'), {{ childList: true, subtree: true }}); return true"
    )
}

async fn first_deal(browser: &Browser) -> (String, String) {
    let first = browser.look(FIRST).await;
    let part = |index: usize| first[index].as_str().unwrap_or_default().to_owned();
    (part(0), part(1))
}

async fn a_move_on_the_board_is_seen_in_the_other_browser_within_a_second(stage: &Stage) {
    let server = stage.site().start().await;
    let (anna, boris) = on_the_board(stage, &server).await;
    let (deal, next) = first_deal(&anna).await;
    boris.look(&watch(&deal, &next)).await;
    anna.look(&format!("document.getElementById('grip-{deal}').focus(); return true")).await;
    anna.press(ENTER).await;
    anna.press(RIGHT).await;
    let dropped = anna.look("return Date.now()").await.as_u64().expect("a time");
    anna.press(ENTER).await;
    boris.until("Boris sees the card in its new column", "return window.seen > 0").await;
    let seen = boris.look("return window.seen").await.as_u64().expect("a time");
    assert!(seen.saturating_sub(dropped) <= 1_000, "seen after {} ms", seen.saturating_sub(dropped));
    let stored = format!("SELECT stage_id FROM deals WHERE id = {deal}");
    assert_eq!(server.database().number(&stored).await.to_string(), next);
}

async fn a_card_of_the_board_is_dragged_with_the_mouse(stage: &Stage) {
    let server = stage.site().start().await;
    let (anna, boris) = on_the_board(stage, &server).await;
    let (deal, next) = first_deal(&anna).await;
    boris.look(&watch(&deal, &next)).await;
    // What the browser sends while somebody drags.
    let drag = format!(
        "const card = document.querySelector('[data-deal=\"{deal}\"]'); \
         const target = document.querySelector('[data-stage=\"{next}\"] [data-cards]'); \
         const box = target.getBoundingClientRect(); const dataTransfer = new DataTransfer(); \
         const send = (on, name) => on.dispatchEvent(new DragEvent(name, {{ bubbles: true, cancelable: true, dataTransfer, \
             clientX: box.left + 20, clientY: box.top + 5 }})); \
         send(card, 'dragstart'); send(target, 'dragover'); send(target, 'drop'); send(card, 'dragend'); return true"
    );
    anna.look(&drag).await;
    boris.until("Boris sees the card in its new column", "return window.seen > 0").await;
    let stored = format!("SELECT stage_id FROM deals WHERE id = {deal}");
    assert_eq!(server.database().number(&stored).await.to_string(), next);
}

async fn an_import_runs_while_one_looks_and_is_undone(stage: &Stage) {
    let server = stage.site().start().await;
    let anna = stage.signed_in(&server, "anna").await;
    let before = server.database().number("SELECT COUNT(*) FROM clients").await;
    let mut file = String::from("Firma;Account;Ort\r\n");
    for number in 0..2_000 {
        let _ = write!(file, "Müller {number};IMP-{number};Köln\r\n");
    }
    anna.open("/import").await;
    anna.choose_file("file", "firmen.csv", file.as_bytes()).await;
    anna.send("file").await;
    let configured = anna.text().await;
    assert!(configured.contains("Müller 0"), "no preview: {configured}");
    anna.press_button("start").await;
    // The page is never loaded again: what happens arrives by itself.
    anna.look("window.stayed = true; return true").await;
    let done = "return document.querySelector('[name=\"action\"][value=\"undo\"]') !== null";
    anna.until("the import is done", done).await;
    assert_eq!(anna.look("return window.stayed === true").await, true, "the page was loaded anew");
    assert_eq!(server.database().number("SELECT COUNT(*) FROM clients").await, before + 2_000);
    anna.press_button("undo").await;
    let undone = "return document.querySelector('progress') === null && \
                  document.querySelector('[name=\"action\"][value=\"undo\"]') === null";
    anna.until("the import is undone", undone).await;
    assert_eq!(server.database().number("SELECT COUNT(*) FROM clients").await, before);
}

async fn two_clients_are_merged_and_the_merge_is_undone(stage: &Stage) {
    let server = stage.site().start().await;
    let api = server.signed_in("anna").await;
    let other = NewClient::valid();
    let (kept, gone) = (api.create(&NewClient::valid()).await, api.create(&other).await);
    let person = [("account", other.account()), ("name", "Mia Moved")];
    api.post_form_json("/persons", &person).await.expect_status(200);
    let anna = stage.signed_in(&server, "anna").await;
    anna.open(&format!("/clients/{kept}/merge/{gone}")).await;
    anna.press_button("merge").await;
    assert!(anna.path().await.starts_with("/merges/"), "{}", anna.text().await);
    let merge = anna.path().await;
    anna.open(&format!("/clients/{gone}")).await;
    assert_eq!(anna.path().await, format!("/clients/{kept}"), "the address of the one that is gone leads to the other");
    anna.until("the panels of the card are loaded", PANELS).await;
    assert!(anna.text().await.contains("Mia Moved"), "{}", anna.text().await);
    anna.open(&merge).await;
    anna.press_button("undo").await;
    anna.open(&format!("/clients/{gone}")).await;
    assert_eq!(anna.path().await, format!("/clients/{gone}"));
    anna.until("the panels of the card are loaded", PANELS).await;
    assert!(anna.text().await.contains("Mia Moved"), "she is back: {}", anna.text().await);
}

async fn an_activity_is_added_in_its_place(stage: &Stage) {
    let server = stage.site().start().await;
    let id = server.signed_in("anna").await.create(&NewClient::valid()).await;
    let (anna, boris) = (stage.signed_in(&server, "anna").await, stage.signed_in(&server, "boris").await);
    for browser in [&anna, &boris] {
        browser.open(&format!("/clients/{id}")).await;
        browser.until("the panels of the card are loaded", PANELS).await;
    }
    anna.look(
        "window.stayed = true; document.querySelector('[data-panel$=\"activities\"] summary')?.click(); return true",
    )
    .await;
    anna.fill("subject", "Asked for a second offer").await;
    anna.look("document.querySelector('main [name=\"subject\"]').form.requestSubmit(); return true").await;
    let told = "return document.querySelector('main').innerText.includes('Asked for a second offer')";
    anna.until("the call is on the timeline", told).await;
    assert_eq!(anna.look("return window.stayed === true").await, true, "the page was loaded anew");
    boris.until("and on Boris's", told).await;
}

/// Presses the tabulator until the focus is on what the selector names.
async fn tab_to(browser: &Browser, selector: &str) {
    for _ in 0..120 {
        browser.press(TAB).await;
        if browser.look(&format!("return document.activeElement.matches('{selector}')")).await == true {
            return;
        }
    }
    panic!("the keyboard does not reach {selector} on {}", browser.path().await);
}

async fn the_days_work_needs_no_mouse(stage: &Stage) {
    let server = stage.site().start().await;
    let anna = stage.browser(&server).await;
    anna.open("/login").await;
    tab_to(&anna, "[name=\"username\"]").await;
    anna.type_keys("anna").await;
    tab_to(&anna, "[name=\"password\"]").await;
    anna.type_keys(PASSWORD).await;
    anna.press(ENTER).await;
    anna.until("she is signed in", "return document.querySelector('#quick-search') !== null").await;
    find_with_keys(&anna, "angstr").await;
    tab_to(&anna, "a[href$=\"/edit\"]").await;
    anna.press(ENTER).await;
    anna.until("the form is open", "return document.querySelector('main [name=\"city\"]') !== null").await;
    tab_to(&anna, "[name=\"city\"]").await;
    anna.type_keys(" am Neckar").await;
    anna.press(ENTER).await;
    anna.until("it is saved", "return document.querySelector('main').innerText.includes('am Neckar')").await;
    tab_to(&anna, "nav a[href=\"/deals\"]").await;
    anna.press(ENTER).await;
    anna.until("the board is open", "return document.querySelector('[data-deal]') !== null").await;
    let (deal, next) = first_deal(&anna).await;
    tab_to(&anna, &format!("#grip-{deal}")).await;
    anna.press(ENTER).await;
    anna.press(RIGHT).await;
    anna.press(ENTER).await;
    let stored = format!("SELECT stage_id FROM deals WHERE id = {deal}");
    holds_within("the move is stored", Duration::from_secs(10), async || {
        server.database().number(&stored).await.to_string() == next
    })
    .await;
}
