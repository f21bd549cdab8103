//! How an event is written: the format of server-sent events.

use std::fmt::Write as _;

use super::table::Event;

/// How long a browser waits before it comes again, in milliseconds.
const RETRY_MS: u32 = 2_000;

/// A comment: it keeps the connection from looking dead.
pub(super) const BEAT: &str = ": beat\n\n";

/// What a stream begins with. `last_ms`: how long ago the last event was that concerned it, so that a browser can tell
/// whether something happened between its page and its stream.
pub(super) fn opening(last_ms: u128) -> String {
    let mut text = format!("retry: {RETRY_MS}\n\n");
    write(&mut text, "", "live", &format!("{{\"last_ms\":{last_ms}}}"));
    text
}

/// One event, twice: by its name for a page's own script, which listens to it by that, and without a name, with the name
/// and the topic inside. There is no way for a script to listen to events whatever they are called.
pub(super) fn frame(event: &Event) -> String {
    let mut text = String::with_capacity(2 * event.json.len() + 128);
    // Writing to a text does not fail.
    let _ = writeln!(text, "id: {}", event.number);
    write(&mut text, &event.topic, &event.name, &event.json);
    text
}

fn write(text: &mut String, topic: &str, name: &str, json: &str) {
    let topic = serde_json::Value::from(topic);
    let _ = write!(text, "event: {name}\ndata: {json}\n\n");
    let _ = write!(text, "data: {{\"topic\":{topic},\"event\":\"{name}\",\"data\":{json}}}\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_written_by_its_name_and_without_one() {
        let event = Event { number: 7, topic: "deals/\"1\"".into(), name: "moved".into(), json: "{\"id\":1}".into() };
        let written = "id: 7\nevent: moved\ndata: {\"id\":1}\n\n\
                       data: {\"topic\":\"deals/\\\"1\\\"\",\"event\":\"moved\",\"data\":{\"id\":1}}\n\n";
        assert_eq!(frame(&event), written);
    }

    #[test]
    fn a_stream_begins_with_how_to_come_again() {
        assert!(opening(5).starts_with("retry: 2000\n\nevent: live\ndata: {\"last_ms\":5}\n\n"));
    }
}
