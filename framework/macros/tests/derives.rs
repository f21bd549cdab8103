//! What the derives write, what they refuse and how they say it.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test -p toolcrib-macros --test derives`, then read what changed.

mod clean;
mod written;

#[test]
fn mistakes_are_told_where_they_are_made() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/fail/*.rs");
}
