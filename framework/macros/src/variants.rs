//! Enums without values: what `Actions` and `Choices` have in common.

use std::collections::BTreeMap;

use syn::{Data, DeriveInput, Fields, Ident, LitStr, Variant};

use crate::mistakes::Mistakes;
use crate::names;
use crate::words::{Vocabulary, Words};

/// A variant and what its attribute says.
pub(crate) struct Named {
    pub(crate) ident: Ident,
    /// What forms send for it: in snake case, or as given.
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) words: Words,
}

/// The variants of an enum; nothing where it is none. `what` is what a variant stands for.
pub(crate) fn read(
    input: &DeriveInput,
    what: &str,
    vocabulary: Vocabulary,
    mistakes: &mut Mistakes,
) -> Option<Vec<Named>> {
    let name = &input.ident;
    let several = format!("{what}s");
    mistakes.generics(&input.generics, &format!("an enum of {several}"));
    let Data::Enum(data) = &input.data else {
        mistakes.at(name, format!("{several} are an enum without values: write `enum {name} {{ … }}`"));
        return None;
    };
    if data.variants.is_empty() {
        mistakes.at(name, format!("no {what}s: write at least one variant"));
    }
    let named: Vec<_> = data.variants.iter().map(|variant| Named::read(variant, what, vocabulary, mistakes)).collect();
    let mut seen = BTreeMap::new();
    for variant in &named {
        if let Some(other) = seen.insert(variant.name.clone(), variant.ident.clone()) {
            let (ident, name) = (&variant.ident, &variant.name);
            let message = format!("`{other}` and `{ident}` would both be the {what} `{name}`: rename one");
            match variant.words.text("value") {
                Some(value) => mistakes.at(value, message),
                None => mistakes.at(ident, message),
            }
        }
    }
    let can_be_written = input.generics.params.is_empty()
        && !data.variants.is_empty()
        && data.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit));
    can_be_written.then_some(named)
}

impl Named {
    fn read(variant: &Variant, what: &str, vocabulary: Vocabulary, mistakes: &mut Mistakes) -> Self {
        let ident = variant.ident.clone();
        if !matches!(variant.fields, Fields::Unit) {
            mistakes.at(&variant.fields, format!("this {what} has values of its own: write `{ident}` alone"));
        }
        let words = Words::read(&variant.attrs, vocabulary, mistakes);
        let snake = names::snake(&ident);
        let label = words.text("label").map_or_else(|| names::label(&snake), LitStr::value);
        if label.is_empty() {
            let message =
                format!("no label follows from this name: write `#[{}(label = \"…\")]`", vocabulary.attribute);
            mistakes.add(syn::Error::new(ident.span(), message));
        }
        let value = words.text("value");
        if let Some(value) = value.filter(|value| value.value().trim() != value.value()) {
            mistakes.add(syn::Error::new(value.span(), "what is typed is trimmed: leave out the space around it"));
        }
        let name = value.map_or(snake, LitStr::value);
        Self { ident, name, label, words }
    }
}
