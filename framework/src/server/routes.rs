//! Which page answers a path.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use crate::page::PageInfo;

/// Longest path looked at, in bytes.
const PATH_LIMIT: usize = 2_048;

/// The paths of all published pages.
///
/// Fixed parts are compared without regard to case, a slash at the end is ignored (W21). A fixed
/// segment goes before a parameter: `/clients/new` is not the client called `new`.
#[derive(Debug, Default)]
pub(super) struct Routes {
    fixed: HashMap<String, usize>,
    patterns: Vec<(Vec<Segment>, usize)>,
    default: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Fixed(String),
    Parameter(&'static str),
}

/// A page found for a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) page: usize,
    pub(super) params: Vec<(String, String)>,
}

/// Two pages want the same path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Clash {
    pub(super) other: usize,
}

impl Routes {
    /// Adds a page under its number.
    pub(super) fn add(&mut self, page: usize, info: &PageInfo) -> Result<(), Clash> {
        let segments: Vec<Segment> = split(info.path()).map(segment).collect();
        let is_fixed = |segment: &Segment| matches!(segment, Segment::Fixed(_));
        if segments.iter().all(is_fixed) {
            return match self.fixed.insert(normal(info.path()), page) {
                Some(other) => Err(Clash { other }),
                None => Ok(()),
            };
        }
        let same_shape = |(other, _): &&(Vec<Segment>, usize)| {
            other.len() == segments.len()
                && other.iter().zip(&segments).all(|pair| match pair {
                    (Segment::Fixed(one), Segment::Fixed(other)) => one == other,
                    (Segment::Parameter(_), Segment::Parameter(_)) => true,
                    _ => false,
                })
        };
        if let Some((_, other)) = self.patterns.iter().find(same_shape) {
            return Err(Clash { other: *other });
        }
        self.patterns.push((segments, page));
        // `Fixed` sorts before `Parameter`, segment by segment.
        self.patterns.sort();
        Ok(())
    }

    /// Says which page answers `/` where none has that path itself.
    pub(super) fn set_default(&mut self, page: usize) {
        self.default = Some(page);
    }

    /// Finds the page for a path as sent, percent-encoded.
    pub(super) fn find(&self, path: &str) -> Option<Found> {
        if path.len() > PATH_LIMIT {
            return None;
        }
        let fixed = normal(path);
        if let Some(page) = self.fixed.get(&fixed) {
            return Some(Found { page: *page, params: Vec::new() });
        }
        if fixed == "/" {
            return self.default.map(|page| Found { page, params: Vec::new() });
        }
        let given: Vec<&str> = split(path).collect();
        self.patterns
            .iter()
            .find_map(|(segments, page)| fit(segments, &given).map(|params| Found { page: *page, params }))
    }
}

fn fit(segments: &[Segment], given: &[&str]) -> Option<Vec<(String, String)>> {
    if segments.len() != given.len() {
        return None;
    }
    let mut params = Vec::new();
    for (segment, given) in segments.iter().zip(given) {
        match segment {
            Segment::Fixed(text) if text.eq_ignore_ascii_case(given) => {}
            Segment::Fixed(_) => return None,
            Segment::Parameter(name) => {
                let value = percent_decode_str(given).decode_utf8().ok()?;
                params.push(((*name).to_owned(), value.into_owned()));
            }
        }
    }
    Some(params)
}

fn segment(text: &'static str) -> Segment {
    match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => Segment::Parameter(name),
        None => Segment::Fixed(text.to_ascii_lowercase()),
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}

/// Lower case, one slash in front, none behind.
fn normal(path: &str) -> String {
    let mut normal = String::with_capacity(path.len() + 1);
    normal.push('/');
    normal.push_str(path.trim_matches('/'));
    normal.make_ascii_lowercase();
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: PageInfo = PageInfo::new("home", "/");
    const CLIENT: PageInfo = PageInfo::new("client", "/clients/{id}");
    const NEW: PageInfo = PageInfo::new("new", "/clients/new");
    const PANEL: PageInfo = PageInfo::new("panel", "/clients/{id}/panels/deals");
    const ANY: PageInfo = PageInfo::new("any", "/clients/{id}/panels/{panel}");
    const ABOUT: PageInfo = PageInfo::new("about", "/About");

    fn routes() -> Routes {
        let mut routes = Routes::default();
        for (page, info) in [HOME, CLIENT, ANY, NEW, PANEL, ABOUT].iter().enumerate() {
            routes.add(page, info).expect("no clash");
        }
        routes
    }

    fn find(path: &str) -> Option<Found> {
        routes().find(path)
    }

    #[test]
    fn case_and_a_slash_at_the_end_make_no_difference() {
        for path in ["/about", "/about/", "/ABOUT", "about"] {
            assert_eq!(find(path).map(|found| found.page), Some(5), "{path}");
        }
        assert_eq!(find("/").map(|found| found.page), Some(0));
    }

    #[test]
    fn parameters_keep_their_case_and_are_decoded() {
        let found = find("/Clients/B%C3%A9la%20X").expect("a page");
        assert_eq!(found.params, [("id".to_owned(), "Béla X".to_owned())]);
    }

    #[test]
    fn a_fixed_segment_goes_before_a_parameter() {
        assert_eq!(find("/clients/new").map(|found| found.page), Some(3));
        assert_eq!(find("/clients/3/panels/deals").map(|found| found.page), Some(4));
        assert_eq!(find("/clients/3/panels/x").map(|found| found.page), Some(2));
    }

    #[test]
    fn nonsense_finds_nothing() {
        for path in ["/nothing", "/clients/%FF", "/clients/1/2", "/about/x"] {
            assert_eq!(find(path), None, "{path}");
        }
        assert_eq!(find(&format!("/clients/{}", "x".repeat(3_000))), None);
    }

    #[test]
    fn two_pages_on_one_path_clash() {
        let mut routes = routes();
        const ALIAS: PageInfo = PageInfo::new("alias", "/clients/{number}/");
        const ALSO: PageInfo = PageInfo::new("also", "/ABOUT/");
        assert_eq!(routes.add(9, &ALIAS), Err(Clash { other: 1 }));
        assert_eq!(routes.add(9, &ALSO), Err(Clash { other: 5 }));
    }
}
