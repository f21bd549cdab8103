//! One application variable as it stands in a snapshot.

use std::fmt;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::value::Value;

/// Longest excerpt of a value in a report, in bytes.
const EXCERPT_MAX: usize = 200;

/// A variable: its content, and the version that changes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Grows with every change. Of a plain value it is the version its row has, too.
    pub(crate) version: u64,
    /// Whether it lives in the database or in memory only.
    pub(crate) durable: bool,
    pub(crate) content: Content,
}

/// What a variable holds. A copy of it shares all entries with the original, so that a change of
/// one entry costs the depth of a tree.
///
/// Trees, not hash maps: their keys may come from visitors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Value(Value),
    Counter(i64),
    Queue(Queue),
    Map(Map),
    Bag(Bag),
}

/// Items by position, the first in front.
pub(crate) type Queue = RedBlackTreeMapSync<u64, Value>;

/// Entries by key.
pub(crate) type Map = RedBlackTreeMapSync<Arc<str>, MapEntry>;

/// Items by their JSON text: two items are the same if their texts are.
pub(crate) type Bag = RedBlackTreeMapSync<Arc<str>, BagItem>;

/// An entry of a map; it has a version of its own, since two keys never conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MapEntry {
    pub(crate) value: Value,
    pub(crate) version: u64,
}

/// An item of a bag, and how often it is in it: at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BagItem {
    pub(crate) value: Value,
    pub(crate) count: i64,
}

/// What sort of variable a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Value,
    Counter,
    Queue,
    Map,
    Bag,
}

impl Kind {
    /// The word for it, as it is stored and shown.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Counter => "counter",
            Self::Queue => "queue",
            Self::Map => "map",
            Self::Bag => "bag",
        }
    }

    /// The kind a stored word stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Value, Self::Counter, Self::Queue, Self::Map, Self::Bag].into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Cell {
    pub(crate) fn kind(&self) -> Kind {
        self.content.kind()
    }

    /// The largest number given out for anything in it: versions of entries and positions as well.
    pub(crate) fn largest_number(&self) -> u64 {
        let inner = match &self.content {
            Content::Value(_) | Content::Counter(_) | Content::Bag(_) => None,
            Content::Queue(items) => items.last().map(|(position, _)| *position),
            Content::Map(entries) => entries.values().map(|entry| entry.version).max(),
        };
        self.version.max(inner.unwrap_or(0))
    }
}

impl Content {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Value(_) => Kind::Value,
            Self::Counter(_) => Kind::Counter,
            Self::Queue(_) => Kind::Queue,
            Self::Map(_) => Kind::Map,
            Self::Bag(_) => Kind::Bag,
        }
    }

    /// A few words about it for a report: of a value its text, cut where it is long.
    pub(crate) fn excerpt(&self) -> String {
        match self {
            Self::Value(value) => excerpt(value.json()),
            Self::Counter(count) => count.to_string(),
            Self::Queue(items) => format!("queue of {}", items.size()),
            Self::Map(entries) => format!("map of {}", entries.size()),
            Self::Bag(items) => format!("bag of {}", items.values().map(|item| i128::from(item.count)).sum::<i128>()),
        }
    }
}

/// At most 200 bytes of a text, cut between two characters.
pub(crate) fn excerpt(text: &str) -> String {
    if text.len() <= EXCERPT_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(EXCERPT_MAX - '…'.len_utf8());
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_from_its_word() {
        for kind in [Kind::Value, Kind::Counter, Kind::Queue, Kind::Map, Kind::Bag] {
            assert_eq!(Kind::from_word(&kind.to_string()), Some(kind));
        }
        assert_eq!(Kind::from_word("list"), None);
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        for width in [199, 200, 201, 500] {
            for letter in ["a", "ä", "€", "😀"] {
                let text = letter.repeat(width);
                let cut = excerpt(&text);
                assert!(cut.len() <= 200, "{} bytes", cut.len());
                if text.len() <= 200 {
                    assert_eq!(cut, text);
                } else {
                    assert!(text.starts_with(cut.strip_suffix('…').unwrap()));
                    assert!(cut.len() > 190);
                }
            }
        }
    }

    #[test]
    fn a_changed_copy_leaves_the_original_alone() {
        let value = Value::from_json("1".into());
        let first = Queue::new_sync().insert(1, value.clone());
        let second = first.insert(2, value);
        assert_eq!((first.size(), second.size()), (1, 2));
    }
}
