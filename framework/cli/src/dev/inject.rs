//! Puts the one script tag into a page.

/// A page with the script at the end of its head; `None` where there is no head, as in a fragment.
pub(super) fn with_script(page: &[u8], script: &str) -> Option<Vec<u8>> {
    let at = find(page, b"</head")?;
    let tag = format!("<script type=\"module\" src=\"{script}\"></script>\n");
    let mut with = Vec::with_capacity(page.len() + tag.len());
    with.extend_from_slice(page.get(..at)?);
    with.extend_from_slice(tag.as_bytes());
    with.extend_from_slice(page.get(at..)?);
    Some(with)
}

fn find(page: &[u8], tag: &[u8]) -> Option<usize> {
    page.windows(tag.len()).position(|window| window.eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_the_last_of_the_head() {
        let page = with_script(b"<html><head><title>x</title></HEAD><body>", "/s.js?page=1.0").expect("a head");
        let expected =
            "<html><head><title>x</title><script type=\"module\" src=\"/s.js?page=1.0\"></script>\n</HEAD><body>";
        assert_eq!(String::from_utf8(page).expect("text"), expected);
    }

    #[test]
    fn fragments_and_other_things_stay_as_they_are() {
        assert_eq!(with_script(b"<p>head</p>", "/s.js"), None);
        assert_eq!(with_script(b"", "/s.js"), None);
        assert_eq!(with_script(b"\xff</hea", "/s.js"), None);
    }
}
