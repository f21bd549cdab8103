//! What open pages are told: server-sent events.
//!
//! Every page carries the number of the site it came from. A page that connects late, since it was hidden or loaded
//! during the switch, is told what it missed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::broadcast;

use super::notice::Notice;

/// Most events a slow page may lag behind; it is told to load anew then.
const BACKLOG: usize = 64;

/// The number of pages that are notices: no site's.
const NO_SITE: u64 = 0;

/// The text of one event, ready to be sent.
pub(super) type Event = Arc<str>;

/// What all pages are told.
#[derive(Debug)]
pub(super) struct Hub {
    state: Mutex<State>,
    events: broadcast::Sender<Event>,
}

#[derive(Debug)]
struct State {
    site: u64,
    style: u64,
    /// Style sheets that changed since this site's start.
    styles: Vec<String>,
    notice: Option<Arc<Notice>>,
    /// How many notices there were.
    notices: u64,
}

impl Hub {
    /// Numbers go on from run to run, so a page of an earlier run is told to load anew.
    pub(super) fn new() -> Self {
        let start = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs().max(1));
        let state = State { site: start.saturating_mul(1_000), style: 0, styles: Vec::new(), notice: None, notices: 0 };
        Self { state: Mutex::new(state), events: broadcast::Sender::new(BACKLOG) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a page of the present site carries.
    pub(super) fn mark(&self) -> String {
        let state = self.state();
        format!("{}.{}", state.site, state.style)
    }

    /// What the page of the present notice carries.
    pub(super) fn notice_mark(&self) -> String {
        format!("{NO_SITE}.{}", self.state().notices)
    }

    /// Another site is behind the door: every page loads anew.
    pub(super) fn reload(&self) {
        let mut state = self.state();
        (state.site, state.style, state.notice) = (state.site + 1, 0, None);
        state.styles.clear();
        self.send("reload", &state.site.to_string());
    }

    /// A style sheet has another text.
    pub(super) fn style(&self, name: &str) {
        let mut state = self.state();
        state.style += 1;
        if !state.styles.iter().any(|known| known == name) {
            state.styles.push(name.to_owned());
        }
        let text = style(&state, name);
        self.send("style", &text);
    }

    /// The site cannot be built or started.
    pub(super) fn problem(&self, notice: Arc<Notice>) {
        let mut state = self.state();
        self.send("problem", &json(&*notice));
        state.notice = Some(notice);
        state.notices += 1;
    }

    /// Whether pages show a problem.
    pub(super) fn has_notice(&self) -> bool {
        self.state().notice.is_some()
    }

    /// It is as it was before the problem.
    pub(super) fn mended(&self) {
        let mut state = self.state();
        if state.notice.take().is_some() {
            self.send("mended", "{}");
        }
    }

    /// What a page with this mark has missed, and whatever comes.
    pub(super) fn listen(&self, mark: &str) -> (Vec<Event>, broadcast::Receiver<Event>) {
        let state = self.state();
        let (site, seen) = mark.split_once('.').unwrap_or((mark, "0"));
        let mut missed = Vec::new();
        if let Some(notice) = &state.notice {
            // The page of this very notice knows.
            if site == NO_SITE.to_string() && seen == state.notices.to_string() {
                return (missed, self.events.subscribe());
            }
            missed.push(event("problem", &json(&**notice)));
        } else if site != state.site.to_string() {
            missed.push(event("reload", &state.site.to_string()));
        } else if seen != state.style.to_string() {
            missed.extend(state.styles.iter().map(|name| event("style", &style(&state, name))));
        }
        (missed, self.events.subscribe())
    }

    fn send(&self, name: &str, data: &str) {
        // Nobody may be listening.
        let _ = self.events.send(event(name, data));
    }
}

/// What a page is told that has fallen behind.
pub(super) fn lagged() -> Event {
    event("reload", "0")
}

fn style(state: &State, name: &str) -> String {
    json(&serde_json::json!({ "name": name, "mark": format!("{}.{}", state.site, state.style) }))
}

/// On one line: JSON escapes line breaks.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

fn event(name: &str, data: &str) -> Event {
    format!("event: {name}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(hub: &Hub, mark: &str) -> Vec<String> {
        hub.listen(mark).0.iter().map(|event| event.lines().next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_page_is_told_what_it_missed() {
        let hub = Hub::new();
        hub.reload();
        let mark = hub.mark();
        assert_eq!(missed(&hub, &mark), Vec::<String>::new());
        assert_eq!(missed(&hub, "0.0"), ["event: reload"]);
        hub.style("app.css");
        hub.style("app.css");
        assert_eq!(missed(&hub, &mark), ["event: style"]);
        assert_eq!(missed(&hub, &hub.mark()), Vec::<String>::new());
        hub.problem(Arc::new(Notice::default()));
        assert_eq!(missed(&hub, &mark), ["event: problem"]);
        let notice = hub.notice_mark();
        assert_eq!(missed(&hub, &notice), Vec::<String>::new());
        hub.problem(Arc::new(Notice::default()));
        assert_eq!(missed(&hub, &notice), ["event: problem"]);
        hub.reload();
        assert_eq!(missed(&hub, &mark), ["event: reload"]);
    }

    #[tokio::test]
    async fn an_event_is_one_line_whatever_it_says() {
        let hub = Hub::new();
        let (_, mut events) = hub.listen("0.0");
        hub.problem(Arc::new(Notice::of("a\nb", "\n\nevent: reload\n", "")));
        let event = events.recv().await.expect("an event");
        assert_eq!(event.matches('\n').count(), 3, "{event}");
        hub.mended();
        hub.mended();
        assert_eq!(&*events.recv().await.expect("an event"), "event: mended\ndata: {}\n\n");
        assert!(events.try_recv().is_err(), "told once");
    }
}
