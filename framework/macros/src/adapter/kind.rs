//! Controls by name, and what is known of a type without compiling it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{GenericArgument, Ident, LitStr, PathArguments, Type};

use crate::words::nearest;

/// The controls `kind = "…"` names, and the variants of `Kind`.
const KINDS: &[(&str, &str)] = &[
    ("line", "Line"),
    ("lines", "Lines"),
    ("email", "Email"),
    ("url", "Url"),
    ("phone", "Phone"),
    ("password", "Password"),
    ("number", "Number"),
    ("day", "Day"),
    ("check", "Check"),
    ("select", "Select"),
    ("file", "File"),
    ("hidden", "Hidden"),
];

/// Those whose value is a text somebody types.
const TEXTS: &[&str] = &["Line", "Lines", "Email", "Url", "Phone", "Password", "Hidden"];

/// A variant of `Kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(pub(super) &'static str);

impl Kind {
    /// The control of this name.
    pub(super) fn named(name: &LitStr) -> syn::Result<Self> {
        let text = name.value();
        if let Some((_, variant)) = KINDS.iter().find(|(known, _)| *known == text) {
            return Ok(Self(variant));
        }
        let nearest = nearest(&text, KINDS.iter().map(|(known, _)| *known));
        let guess = nearest.map(|known| format!(" Did you mean `{known}`?")).unwrap_or_default();
        let all: Vec<_> = KINDS.iter().map(|(known, _)| format!("`{known}`")).collect();
        Err(syn::Error::new(name.span(), format!("there is no kind `{text}`.{guess} There are {}", all.join(", "))))
    }

    /// The control a type has by itself, as far as its name tells.
    pub(super) fn of(type_: &Type) -> Option<Self> {
        let Type::Path(path) = type_ else { return None };
        let last = path.path.segments.last()?;
        let variant = match last.ident.to_string().as_str() {
            "String" => "Line",
            "i64" | "i32" | "u32" | "f64" | "Amount" => "Number",
            "bool" => "Check",
            "Day" => "Day",
            "FileField" => "File",
            "Vec" => "Select",
            "Option" => return Self::of(only_argument(&last.arguments)?),
            _ => return None,
        };
        Some(Self(variant))
    }

    pub(super) fn is_text(self) -> bool {
        TEXTS.contains(&self.0)
    }

    pub(super) fn is_number(self) -> bool {
        self.0 == "Number"
    }

    pub(super) fn is_file(self) -> bool {
        self.0 == "File"
    }

    /// Its name as `kind = "…"` has it.
    pub(super) fn name(self) -> &'static str {
        KINDS.iter().find(|(_, variant)| *variant == self.0).map_or("", |(name, _)| name)
    }

    pub(super) fn path(self) -> TokenStream {
        let variant = format_ident!("{}", self.0);
        quote!(::toolcrib::adapter::Kind::#variant)
    }
}

/// A pattern of all kinds that are texts, for what only the compiler knows.
pub(super) fn text_pattern() -> TokenStream {
    let variants = TEXTS.iter().map(|name| Ident::new(name, Span::call_site()));
    quote!(#(::toolcrib::adapter::Kind::#variants)|*)
}

fn only_argument(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(type_) => Some(type_),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_tells_its_control_by_its_name() {
        let kind = |text: &str| Kind::of(&syn::parse_str(text).unwrap()).map(Kind::name);
        assert_eq!(kind("String"), Some("line"));
        assert_eq!(kind("Option<toolcrib::adapter::Amount>"), Some("number"));
        assert_eq!(kind("Vec<String>"), Some("select"));
        assert_eq!(kind("Option<FileField>"), Some("file"));
        assert_eq!(kind("Stage"), None);
        assert_eq!(kind("(i64, i64)"), None);
    }
}
