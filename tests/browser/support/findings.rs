//! What is wrong with pages, gathered over a tour.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Browser;
use super::axe;

/// The widths at which no page may be wider than its window: a telephone, a tablet, a desk.
const WIDTHS: [u32; 3] = [360, 768, 1280];

/// The widths at which axe-core looks: between the two nothing changes but sizes.
const AUDITED: [u32; 2] = [360, 1280];

/// How much wider the page is than the window, and the elements that stick out. What lies in a box that scrolls is in
/// nobody's way.
const TOO_WIDE: &str = "const page = document.scrollingElement, over = page.scrollWidth - page.clientWidth;
    if (over <= 0) return null;
    const boxed = (element) => {
        for (let box = element.parentElement; box && box !== document.body; box = box.parentElement)
            if (getComputedStyle(box).overflowX !== 'visible') return true;
        return false;
    };
    const out = [...document.body.querySelectorAll('*')]
        .filter((element) => element.getBoundingClientRect().right > page.clientWidth + 0.5 && !boxed(element))
        .map((element) => element.outerHTML.slice(0, element.outerHTML.indexOf('>') + 1));
    return `${over} px too wide: ${out.slice(-3).join(' ')}`";

/// What was found, each once, with the places where it was.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: BTreeMap<String, Vec<String>>,
}

impl Findings {
    /// Looks at the page that is open: its layout at every width, its accessibility at two.
    pub(crate) async fn inspect(&mut self, browser: &Browser, page: &str) {
        for width in WIDTHS {
            browser.width(width).await;
            self.layout(browser, page, width).await;
            if AUDITED.contains(&width) {
                self.accessibility(browser, &format!("{page} at {width} px")).await;
            }
        }
    }

    /// Looks at the layout at every width.
    pub(crate) async fn inspect_layout(&mut self, browser: &Browser, page: &str) {
        for width in WIDTHS {
            browser.width(width).await;
            self.layout(browser, page, width).await;
        }
    }

    async fn layout(&mut self, browser: &Browser, page: &str, width: u32) {
        if let Value::String(found) = browser.look(TOO_WIDE).await {
            self.add(found, format!("{page} at {width} px"));
        }
    }

    /// Looks at the accessibility as the page is now.
    pub(crate) async fn accessibility(&mut self, browser: &Browser, place: &str) {
        for breach in axe::breaches(browser).await {
            let found = format!("{} ({}): {}; {}", breach.rule, breach.impact, breach.element, breach.advice);
            self.add(found, place.to_owned());
        }
    }

    /// Notes something else that is wrong.
    pub(crate) fn add(&mut self, found: String, place: String) {
        self.found.entry(found).or_default().push(place);
    }

    /// Fails the test if anything was found, and names all of it.
    pub(crate) fn are_none(self) {
        let lines = self.found.iter().map(|(found, places)| format!("- {found}\n  on {}", places.join(", ")));
        assert!(self.found.is_empty(), "{} found:\n{}", self.found.len(), lines.collect::<Vec<_>>().join("\n"));
    }
}
