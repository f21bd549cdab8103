//! The code of an adapter.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Index};

use super::field::Field;
use super::kind::text_pattern;
use super::table::Table;
use crate::names;
use crate::words::Order;

/// The implementation and the constants.
pub(super) fn adapter(input: &DeriveInput, table: Option<&Table>, fields: &[Field]) -> TokenStream {
    let type_ = &input.ident;
    let name = names::snake(type_);
    let infos = fields.iter().map(info);
    let table = table.map(table_info);
    let places = || (0..fields.len()).map(Index::from);
    let (reads, writes) = (places().zip(fields).map(read), places().zip(fields).map(write));
    let checks = places().zip(fields).filter_map(check);
    let limits = fields.iter().flat_map(limits);
    let (constants, support) = (constants(input, fields), support());
    quote! {
        #[allow(dead_code, reason = "without fields nothing is read, and `NoField` is for mistakes")]
        const _: () = {
            #support

            const FIELDS: &[::toolcrib::adapter::FieldInfo] = &[#(#infos),*];

            #[automatically_derived]
            impl ::toolcrib::adapter::Adapter for #type_ {
                const INFO: ::toolcrib::adapter::AdapterInfo =
                    ::toolcrib::adapter::AdapterInfo::new(#name, FIELDS)#table;

                fn field(
                    &self,
                    id: ::toolcrib::adapter::FieldId,
                ) -> ::core::option::Option<&dyn ::toolcrib::adapter::FieldValue> {
                    match id.index() {
                        #(#reads)*
                        _ => ::core::option::Option::None,
                    }
                }

                fn field_mut(
                    &mut self,
                    id: ::toolcrib::adapter::FieldId,
                ) -> ::core::option::Option<&mut dyn ::toolcrib::adapter::FieldValue> {
                    match id.index() {
                        #(#writes)*
                        _ => ::core::option::Option::None,
                    }
                }

                fn check(
                    &mut self,
                    id: ::toolcrib::adapter::FieldId,
                ) -> ::core::result::Result<(), ::std::string::String> {
                    match id.index() {
                        #(#checks)*
                        _ => ::core::result::Result::Ok(()),
                    }
                }
            }

            #constants
            #(#limits)*
        };
    }
}

/// What the code of every adapter calls.
fn support() -> TokenStream {
    quote! {
        /// What a field has from its type.
        const fn of<T: ::toolcrib::adapter::FieldType>(
            info: ::toolcrib::adapter::FieldInfo,
            column: ::core::option::Option<&'static str>,
        ) -> ::toolcrib::adapter::FieldInfo {
            let info = info.kind(T::KIND).column_type(T::COLUMN).multiple(T::MULTIPLE).choices(T::choices);
            match column {
                // The type may be a file by another name.
                ::core::option::Option::Some(column)
                    if !::core::matches!(T::KIND, ::toolcrib::adapter::Kind::File) => info.column(column),
                _ => info,
            }
        }

        struct Read<'a, T>(&'a T);
        struct Write<'a, T>(&'a mut T);

        impl<'a, T: ::toolcrib::adapter::FieldValue> Read<'a, T> {
            fn value(self) -> ::core::option::Option<&'a dyn ::toolcrib::adapter::FieldValue> {
                ::core::option::Option::Some(self.0)
            }
        }

        impl<'a, T: ::toolcrib::adapter::FieldValue> Write<'a, T> {
            fn value(self) -> ::core::option::Option<&'a mut dyn ::toolcrib::adapter::FieldValue> {
                ::core::option::Option::Some(self.0)
            }
        }

        /// Takes what is no field: `of` has refused it, once is enough.
        trait NoField: ::core::marker::Sized {
            fn value<R>(self) -> ::core::option::Option<R> {
                ::core::option::Option::None
            }
        }

        impl<T> NoField for T {}
    }
}

fn constants(input: &DeriveInput, fields: &[Field]) -> TokenStream {
    let (type_, visibility) = (&input.ident, &input.vis);
    let mut seen = BTreeSet::from(["INFO".to_owned()]);
    let constants = fields.iter().enumerate().filter(|(_, field)| seen.insert(field.constant.to_string()));
    let constants = constants.map(|(index, field)| {
        let (constant, doc) = (&field.constant, format!("The field `{}`.", field.name));
        quote!(#[doc = #doc] #visibility const #constant: ::toolcrib::adapter::FieldId =
            ::toolcrib::adapter::FieldId::new(#index);)
    });
    quote! {
        #[automatically_derived]
        #[allow(unreachable_pub, reason = "the struct may be public and its module not")]
        impl #type_ { #(#constants)* }
    }
}

fn info(field: &Field) -> TokenStream {
    let (name, label, type_, words) = (&field.name, &field.label, &field.type_, &field.words);
    let column = match &field.column {
        Some(column) => quote!(::core::option::Option::Some(#column)),
        None => quote!(::core::option::Option::None),
    };
    let kind = field.kind.map(|kind| {
        let path = kind.path();
        quote!(.kind(#path))
    });
    let texts = ["hint", "view", "modify", "session", "autocomplete"].into_iter().filter_map(|word| {
        let (key, text) = (words.key(word)?, words.text(word)?);
        Some(quote!(.#key(#text)))
    });
    let flags = ["required", "read_only", "unique", "filter"].into_iter().filter_map(|word| {
        let key = words.key(word)?;
        Some(quote!(.#key(true)))
    });
    let numbers = ["min", "max", "min_chars", "max_chars"].into_iter().filter_map(|word| {
        let (key, (_, number)) = (words.key(word)?, words.number(word)?);
        Some(quote!(.#key(#number)))
    });
    let choices = words.path("choices").map(|path| quote!(.choices(#path)));
    let start = quote_spanned!(type_.span()=> of::<#type_>);
    quote! {
        #start(::toolcrib::adapter::FieldInfo::new(#name, #label), #column)
            #kind #(#texts)* #(#flags)* #(#numbers)* #choices
    }
}

fn read((place, field): (Index, &Field)) -> TokenStream {
    let ident = &field.ident;
    quote!(#place => Read(&self.#ident).value(),)
}

fn write((place, field): (Index, &Field)) -> TokenStream {
    let ident = &field.ident;
    quote!(#place => Write(&mut self.#ident).value(),)
}

fn check((place, field): (Index, &Field)) -> Option<TokenStream> {
    let path = field.words.path("check")?;
    // Where the function does not fit the field, the function is what is pointed at.
    let mut ident = field.ident.clone();
    ident.set_span(path.span());
    Some(quote_spanned! {path.span()=>
        #place => #path(&mut self.#ident).map_err(|refused| ::std::string::ToString::to_string(&refused)),
    })
}

/// Limits that a type of the site's own may have no use for: only the compiler knows its control.
fn limits(field: &Field) -> Vec<TokenStream> {
    if field.known_kind.is_some() {
        return Vec::new();
    }
    let texts = text_pattern();
    let text = (quote!(#texts), "for text, and this type's control is for something else: leave it out");
    let number = (quote!(::toolcrib::adapter::Kind::Number), "for numbers, and this type is none: leave it out");
    let words = [("min_chars", &text), ("max_chars", &text), ("min", &number), ("max", &number)];
    let limits = words.into_iter().filter_map(|(word, (pattern, why))| {
        let (key, type_) = (field.words.key(word)?, &field.type_);
        let message = format!("`{word}` is {why}");
        Some(quote_spanned! {key.span()=>
            const _: () = ::core::assert!(
                ::core::matches!(<#type_ as ::toolcrib::adapter::FieldType>::KIND, #pattern),
                #message
            );
        })
    });
    limits.collect()
}

fn table_info(table: &Table) -> TokenStream {
    let Table { name, key, page_size, max_page_size, .. } = table;
    let version = table.version.as_ref().map(|column| quote!(.version(#column)));
    let search = table.search.as_ref().map(|column| quote!(.search(#column)));
    let merge = table.merge.then(|| quote!(.merge()));
    let orders = table.orders.iter().map(|Order { name, column, descending, .. }| {
        quote!(::toolcrib::adapter::SortInfo { name: #name, column: #column, descending: #descending })
    });
    let sort = (!table.orders.is_empty()).then(|| quote!(.sort(&[#(#orders),*])));
    quote! {
        .table(
            ::toolcrib::adapter::TableInfo::new(#name, #key)
                #version #search #merge #sort
                .page_size(#page_size, #max_page_size)
        )
    }
}
