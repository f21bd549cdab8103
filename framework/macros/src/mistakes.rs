//! Mistakes, collected: an author reads all of them at once, each at its own place.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Error, Generics, Result};

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Option<Error>);

impl Mistakes {
    /// Notes one, at these tokens.
    pub(crate) fn at(&mut self, place: impl ToTokens, message: impl std::fmt::Display) {
        self.add(Error::new_spanned(place, message));
    }

    /// Notes one that syn made.
    pub(crate) fn add(&mut self, mistake: Error) {
        match &mut self.0 {
            Some(all) => all.combine(mistake),
            None => self.0 = Some(mistake),
        }
    }

    /// Goes on without what is wrong.
    pub(crate) fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }

    /// Refuses parameters: such a type would not have one info.
    pub(crate) fn generics(&mut self, generics: &Generics, what: &str) {
        if !generics.params.is_empty() {
            self.at(
                generics,
                format!("{what} has no type parameters, no constants and no lifetimes: write plain types"),
            );
        } else if let Some(clause) = &generics.where_clause {
            self.at(clause, format!("{what} has no `where`: write plain types"));
        }
    }

    /// The mistakes, beside what could be written in spite of them: so that a use of the type
    /// is no second mistake.
    pub(crate) fn with(self, expansion: TokenStream) -> TokenStream {
        let mut tokens = self.0.map(|mistakes| mistakes.into_compile_error()).unwrap_or_default();
        tokens.extend(expansion);
        tokens
    }
}
