//! Addresses with text in them.

use std::fmt::Write as _;

/// Joins a path and its parameters, each percent-encoded. Empty ones are left out.
pub(super) fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut link = path.to_owned();
    let mut separator = '?';
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        link.push(separator);
        link.push_str(name);
        link.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                link.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(link, "%{byte:02X}");
            }
        }
        separator = '&';
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_and_empty_ones_left_out() {
        assert_eq!(with_query("/clients", &[]), "/clients");
        assert_eq!(
            with_query("/clients", &[("q", "a&b=\"ü"), ("sort", ""), ("page", "2")]),
            "/clients?q=a%26b%3D%22%C3%BC&page=2"
        );
    }
}
