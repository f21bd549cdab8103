//! Bars: how long each is, where it stands, and what is written beside it.
//!
//! A chart is rows of bars that lie, with their names on the left and their values on the right: that is readable on a phone as well,
//! where a chart is hardly wider than [`WIDTH`] pixels. Values in, places out; templates draw them.

/// The width of a chart, in units of its own.
pub const WIDTH: i64 = 340;
/// Where bars begin; left of it is the name.
pub const LEFT: i64 = 92;
/// The longest bar; right of it is room for its value.
const LONGEST: i64 = 164;
/// How high a bar is, and how far it is to the next.
const BAR: i64 = 12;
const STEP: i64 = 15;
/// The room between rows.
const GAP: i64 = 8;
/// The most letters of a name.
const LETTERS: usize = 13;

/// A value, and what is written beside its bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Which series it is of: a word of the stylesheet.
    pub series: &'static str,
    /// What decides about the length.
    pub amount: i64,
    /// What is written.
    pub text: String,
}

/// Values with one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What people read.
    pub name: String,
    /// A bar each.
    pub values: Vec<Value>,
}

/// A chart, ready to be drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chart {
    /// Its height.
    pub height: i64,
    /// Its rows, from top to bottom.
    pub rows: Vec<Lane>,
}

/// One row of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its name, shortened to the room there is.
    pub name: String,
    /// Where the name stands.
    pub y: i64,
    /// Its bars.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Which series it is of.
    pub series: &'static str,
    /// Its upper edge.
    pub y: i64,
    /// Its length.
    pub width: i64,
    /// Its height.
    pub height: i64,
    /// Where its value stands.
    pub text_x: i64,
    /// The same, from top to bottom.
    pub text_y: i64,
    /// Its value.
    pub text: String,
}

/// Lays bars out. The greatest value has the longest bar; what is above nothing is seen.
#[must_use]
pub fn bars(entries: &[Entry]) -> Chart {
    let greatest = entries.iter().flat_map(|entry| &entry.values).map(|value| value.amount).max().unwrap_or(0).max(1);
    let mut y = 0;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let first = y;
        let mut bars = Vec::with_capacity(entry.values.len());
        for value in &entry.values {
            let width = length(value.amount, greatest);
            bars.push(Bar {
                series: value.series,
                y,
                width,
                height: BAR,
                text_x: LEFT + width + 5,
                text_y: y + BAR - 2,
                text: value.text.clone(),
            });
            y += STEP;
        }
        rows.push(Lane { name: shortened(&entry.name), y: first + BAR - 2, bars });
        y += GAP;
    }
    Chart { height: (y - GAP).max(STEP), rows }
}

fn length(amount: i64, greatest: i64) -> i64 {
    if amount <= 0 {
        return 0;
    }
    let length = i128::from(amount) * i128::from(LONGEST) / i128::from(greatest);
    i64::try_from(length).unwrap_or(LONGEST).clamp(1, LONGEST)
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    name.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// An amount in few letters: `950`, `12.3k`, `1.2M`. `places` is how many digits the currency's minor unit has.
#[must_use]
pub fn compact(minor: i64, places: u32) -> String {
    let whole = minor.unsigned_abs() / 10_u64.saturating_pow(places).max(1);
    let sign = if minor < 0 && whole > 0 { "−" } else { "" };
    let units = [(1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")];
    let Some((unit, letter)) = units.into_iter().find(|(unit, _)| whole >= *unit) else {
        return format!("{sign}{whole}");
    };
    let tenths = u128::from(whole) * 10 / u128::from(unit);
    if tenths >= 1_000 || tenths.is_multiple_of(10) {
        return format!("{sign}{}{letter}", tenths / 10);
    }
    format!("{sign}{}.{}{letter}", tenths / 10, tenths % 10)
}

/// What a part is of a whole, in per cent; none of nothing.
#[must_use]
pub fn per_cent(part: i64, whole: i64) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    // Rounded to the nearest.
    i64::try_from((i128::from(part) * 200 + i128::from(whole)) / (i128::from(whole) * 2)).ok()
}

/// What a forecast counts of an amount that comes with a probability in per cent.
#[must_use]
pub fn weighted(amount: i64, probability: i64) -> i64 {
    i64::try_from(i128::from(amount) * i128::from(probability) / 100).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, amounts: &[i64]) -> Entry {
        let value = |amount: &i64| Value { series: "open", amount: *amount, text: amount.to_string() };
        Entry { name: name.to_owned(), values: amounts.iter().map(value).collect() }
    }

    #[test]
    fn the_greatest_value_has_the_longest_bar_and_none_leaves_the_chart() {
        let chart =
            bars(&[entry("Lead", &[200]), entry("A stage with a long name", &[100, 1]), entry("Won", &[0, -5])]);
        let widths: Vec<_> = chart.rows.iter().flat_map(|row| &row.bars).map(|bar| bar.width).collect();
        assert_eq!(widths, [LONGEST, LONGEST / 2, 1, 0, 0]);
        let bottom = chart.rows.iter().flat_map(|row| &row.bars).map(|bar| bar.y + bar.height).max();
        assert!(bottom <= Some(chart.height), "{chart:?}");
        assert_eq!(chart.rows[1].name, "A stage with…");
        let huge = bars(&[entry("x", &[i64::MAX, i64::MIN, i64::MAX / 2])]);
        assert!(huge.rows[0].bars.iter().all(|bar| bar.text_x < WIDTH && bar.width <= LONGEST), "{huge:?}");
        assert!(bars(&[]).rows.is_empty());
    }

    #[test]
    fn bars_do_not_lie_on_each_other() {
        let chart = bars(&[entry("Jan", &[1, 2]), entry("Feb", &[3, 4])]);
        let all: Vec<_> = chart.rows.iter().flat_map(|row| &row.bars).collect();
        assert!(all.windows(2).all(|pair| pair[0].y + pair[0].height <= pair[1].y), "{chart:?}");
    }

    #[test]
    fn amounts_are_short() {
        for (minor, places, short) in [
            (95_000, 2, "950"),
            (12_340_000, 2, "123k"),
            (1_234_000, 2, "12.3k"),
            (100_000, 2, "1k"),
            (1_250_000, 0, "1.2M"),
            (-500_000_000, 2, "−5M"),
            (-5, 2, "0"),
            (0, 2, "0"),
            (i64::MAX, 0, "9223372T"),
        ] {
            assert_eq!(compact(minor, places), short, "{minor}");
        }
    }

    #[test]
    fn parts_are_rounded_and_nothing_has_none() {
        assert_eq!(per_cent(1, 3), Some(33));
        assert_eq!(per_cent(2, 3), Some(67));
        assert_eq!(per_cent(0, 5), Some(0));
        assert_eq!(per_cent(1, 0), None);
        assert_eq!(per_cent(i64::MAX, i64::MAX), Some(100));
        assert_eq!(weighted(10_000, 30), 3_000);
        assert_eq!(weighted(i64::MAX, 100), i64::MAX);
    }
}
