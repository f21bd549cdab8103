//! Names that follow from names: of adapters, actions and choices, of constants, and labels.

use heck::ToSnakeCase;
use quote::format_ident;
use syn::Ident;
use syn::ext::IdentExt;

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Of a type or a variant: `SendMail` is `send_mail`.
pub(crate) fn snake(ident: &Ident) -> String {
    plain(ident).to_snake_case()
}

/// What people read for a name in snake case: `owner_id` is `Owner id`.
pub(crate) fn label(snake: &str) -> String {
    let words = snake.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The constant of a field: `owner_id` is `OWNER_ID`. It lies where the field lies.
pub(crate) fn constant(field: &Ident) -> Ident {
    format_ident!("{}", plain(field).to_uppercase(), span = field.span())
}

/// Whether it can stand for a column, or for a table (then with a schema before a dot), unquoted.
pub(crate) fn is_sql_name(name: &str, parts: usize) -> bool {
    let is_part = |part: &str| {
        let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        part.bytes().next().is_some_and(letter) && part.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
    };
    name.split('.').count() <= parts && name.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(name: &str) -> Ident {
        syn::parse_str(name).unwrap()
    }

    #[test]
    fn a_variant_is_named_in_snake_case() {
        let names = ["Add", "SendMail", "HTMLPage", "Stage2", "Send_Mail"].map(|name| snake(&ident(name)));
        assert_eq!(names, ["add", "send_mail", "html_page", "stage2", "send_mail"]);
    }

    #[test]
    fn a_label_has_words_and_one_capital() {
        let labels = ["title", "owner_id", "_line__2", "école", "_"].map(label);
        assert_eq!(labels, ["Title", "Owner id", "Line 2", "École", ""]);
    }

    #[test]
    fn a_raw_name_loses_its_mark() {
        assert_eq!(plain(&ident("r#type")), "type");
        assert_eq!(snake(&ident("r#Type")), "type");
        assert_eq!(constant(&ident("r#type")).to_string(), "TYPE");
    }

    #[test]
    fn a_constant_is_the_name_in_capitals() {
        let names = ["title", "line_2", "_x"].map(|name| constant(&ident(name)).to_string());
        assert_eq!(names, ["TITLE", "LINE_2", "_X"]);
    }

    #[test]
    fn only_plain_words_are_names_of_columns() {
        for good in ["id", "owner_id", "_x", "Line2"] {
            assert!(is_sql_name(good, 1), "{good}");
        }
        for bad in ["", "2x", "a b", "a;b", "a.b", "é", "\"a\""] {
            assert!(!is_sql_name(bad, 1), "{bad}");
        }
        assert!(is_sql_name("crm.notes", 2));
        assert!(!is_sql_name("a.b.c", 2));
        assert!(!is_sql_name("crm.", 2));
    }
}
