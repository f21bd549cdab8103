//! Whether a lock kept its promise: critical sections of one name never overlap, unless both only read.

use std::collections::BTreeMap;

use super::Fault;
use super::Kind;

/// How a lock was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By one at a time.
    Exclusive,
    /// Together with others who only read.
    ReadOnly,
}

/// A stay under a lock, as it was seen from inside. All times are of one machine's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The lock's name.
    pub name: String,
    /// How it was held.
    pub access: Access,
    /// When it was had, in microseconds.
    pub entered: i64,
    /// When it was about to be given back. The one who enters in the same microsecond came later.
    pub left: i64,
    /// Which client was inside, and on which node.
    pub who: String,
}

/// Checks that no two sections of one name overlap, unless both only read.
///
/// # Errors
///
/// One [`Fault`] for each section that began while another one lasted.
pub fn check(sections: &[Section]) -> Result<(), Vec<Fault>> {
    let mut by_name: BTreeMap<&str, Vec<&Section>> = BTreeMap::new();
    for section in sections {
        by_name.entry(&section.name).or_default().push(section);
    }
    let faults: Vec<_> = by_name.into_values().flat_map(of_one_name).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn of_one_name(mut sections: Vec<&Section>) -> Vec<Fault> {
    sections.sort_by_key(|section| (section.entered, section.left));
    let mut faults = Vec::new();
    // Of all that began earlier those that lasted longest.
    let (mut worker, mut anybody): (Option<&Section>, Option<&Section>) = (None, None);
    for section in sections {
        if section.left < section.entered {
            faults.push(Fault::new(Kind::Backwards, [format!("{section:?}")]));
            continue;
        }
        let opponent = if section.access == Access::Exclusive { anybody } else { worker };
        if let Some(opponent) = opponent.filter(|opponent| opponent.left > section.entered) {
            let by = opponent.left.min(section.left) - section.entered;
            let evidence = [format!("{opponent:?}"), format!("{section:?}"), format!("together for {by} µs")];
            faults.push(Fault::new(Kind::Overlap, evidence));
        }
        anybody = longer(anybody, section);
        if section.access == Access::Exclusive {
            worker = longer(worker, section);
        }
    }
    faults
}

fn longer<'a>(one: Option<&'a Section>, other: &'a Section) -> Option<&'a Section> {
    Some(one.filter(|one| one.left >= other.left).unwrap_or(other))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn section(name: &str, access: Access, entered: i64, left: i64) -> Section {
        Section { name: name.into(), access, entered, left, who: String::new() }
    }

    fn work(entered: i64, left: i64) -> Section {
        section("lathe", Access::Exclusive, entered, left)
    }

    fn watch(entered: i64, left: i64) -> Section {
        section("lathe", Access::ReadOnly, entered, left)
    }

    fn kinds(sections: &[Section]) -> Vec<Kind> {
        check(sections).map_or_else(|faults| faults.iter().map(|fault| fault.kind).collect(), |()| Vec::new())
    }

    #[test]
    fn one_after_the_other_is_sound() {
        assert_eq!(kinds(&[]), []);
        assert_eq!(kinds(&[work(20, 30), work(0, 10), work(10, 20), work(30, 30)]), []);
    }

    #[test]
    fn an_overlap_of_one_microsecond_is_found() {
        assert_eq!(kinds(&[work(0, 10), work(9, 20)]), [Kind::Overlap]);
        let faults = check(&[work(0, 10), work(9, 20)]).unwrap_err();
        assert!(faults[0].to_string().ends_with("together for 1 µs"), "{}", faults[0]);
    }

    #[test]
    fn one_within_another_is_found_however_many_were_between() {
        assert_eq!(kinds(&[work(0, 100), watch(200, 201)]), []);
        assert_eq!(kinds(&[watch(0, 100), watch(5, 6), work(99, 99)]), [Kind::Overlap]);
        assert_eq!(kinds(&[work(0, 100), watch(5, 6), watch(7, 8)]), [Kind::Overlap, Kind::Overlap]);
    }

    #[test]
    fn those_who_only_read_may_be_together_but_with_nobody_who_writes() {
        assert_eq!(kinds(&[watch(0, 10), watch(5, 15), watch(5, 7)]), []);
        assert_eq!(kinds(&[watch(0, 10), work(9, 12)]), [Kind::Overlap]);
        assert_eq!(kinds(&[work(0, 10), watch(9, 12)]), [Kind::Overlap]);
    }

    #[test]
    fn names_have_nothing_to_do_with_one_another() {
        assert_eq!(kinds(&[work(0, 10), section("saw", Access::Exclusive, 0, 10)]), []);
    }

    #[test]
    fn who_left_before_entering_is_found() {
        assert_eq!(kinds(&[work(10, 9)]), [Kind::Backwards]);
    }

    /// Rounds one after the other: in each one works, or some watch together.
    fn sound() -> impl Strategy<Value = Vec<Section>> {
        let round = (0..3_i64, any::<bool>(), proptest::collection::vec((0..20_i64, 0..20_i64), 1..5));
        proptest::collection::vec(round, 1..40).prop_map(|rounds| {
            let (mut now, mut sections) = (0, Vec::new());
            for (gap, works, stays) in rounds {
                now += gap;
                let last = now + 40;
                if works {
                    sections.push(work(now, last));
                } else {
                    sections.extend(stays.iter().map(|(from, long)| watch(now + from, now + from + long)));
                }
                now = last;
            }
            sections
        })
    }

    proptest! {
        #[test]
        fn sound_histories_are_accepted(sections in sound()) {
            prop_assert_eq!(check(&sections), Ok(()));
        }

        #[test]
        fn one_who_works_while_anybody_is_inside_is_found(sections in sound(), turn in any::<prop::sample::Index>(), by in 1..40_i64) {
            let mut sections = sections;
            let other = turn.get(&sections).clone();
            prop_assume!(other.left > other.entered);
            let entered = (other.left - by).max(other.entered);
            sections.push(work(entered, other.left + 5));
            prop_assert!(check(&sections).is_err());
        }
    }
}
