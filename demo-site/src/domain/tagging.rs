//! Tags as somebody types them into a form, while others may change them too.

use toolcrib::adapter::fold;

/// Tags as one text: `trade fair, VIP`.
#[must_use]
pub fn text<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The tags a client gets: those it has, without those that somebody took out of the form, with those that somebody
/// wrote into it. Two who change different tags both get what they want.
#[must_use]
pub fn merged(stored: &[String], shown: &str, typed: &[String]) -> Vec<String> {
    let shown: Vec<String> = shown.split(',').map(|name| fold(name.trim())).collect();
    let is_typed = |name: &String| typed.iter().any(|other| fold(other) == fold(name));
    let is_shown = |name: &String| shown.contains(&fold(name));
    let mut names: Vec<String> = stored.iter().filter(|name| !is_shown(name) || is_typed(name)).cloned().collect();
    for name in typed.iter().filter(|name| !is_shown(name)) {
        if names.iter().all(|other| fold(other) != fold(name)) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn two_who_change_different_tags_both_get_their_way() {
        // Somebody else took `b` away and added `x`.
        assert_eq!(merged(&names("a c x"), "a, b, c", &names("a b new")), names("a x new"));
        assert_eq!(merged(&names("a"), "a", &names("A B")), names("a B"));
        assert_eq!(merged(&names("a"), "", &names("a")), names("a"));
        assert_eq!(merged(&names("a b"), "a, b", &[]), Vec::<String>::new());
        assert_eq!(merged(&names("Köln"), " köln ", &[]), Vec::<String>::new());
        assert_eq!(text(names("a b").iter().map(String::as_str)), "a, b");
    }
}
