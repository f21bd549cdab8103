//! `#[derive(Choices)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::mistakes::Mistakes;
use crate::variants;
use crate::words::{Form, Vocabulary};

const WORDS: Vocabulary = Vocabulary { attribute: "choice", words: &[("label", Form::Text), ("value", Form::Text)] };

/// What the derive makes of a type.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let Some(choices) = variants::read(input, "choice", WORDS, &mut mistakes) else {
        return mistakes.with(TokenStream::new());
    };
    let type_ = &input.ident;
    let idents: Vec<_> = choices.iter().map(|choice| &choice.ident).collect();
    let names: Vec<_> = choices.iter().map(|choice| &choice.name).collect();
    let labels: Vec<_> = choices.iter().map(|choice| &choice.label).collect();
    let values = values(type_);
    mistakes.with(quote! {
        const _: () = {
            #[automatically_derived]
            impl #type_ {
                /// As it is stored, typed and written in JSON.
                #[must_use]
                #[allow(dead_code, unreachable_pub, reason = "not every site asks for it")]
                pub const fn as_str(self) -> &'static str {
                    text(&self)
                }
            }

            #[automatically_derived]
            impl ::toolcrib::adapter::FieldType for #type_ {
                const KIND: ::toolcrib::adapter::Kind = ::toolcrib::adapter::Kind::Select;

                fn choices() -> ::std::vec::Vec<::toolcrib::adapter::Choice> {
                    ::std::vec![#(::toolcrib::adapter::Choice::new(#names, #labels)),*]
                }
            }

            const fn text(choice: &#type_) -> &'static str {
                match choice {
                    #(#type_::#idents => #names,)*
                }
            }

            const fn label(choice: &#type_) -> &'static str {
                match choice {
                    #(#type_::#idents => #labels,)*
                }
            }

            fn parse(text: &str) -> ::core::option::Option<#type_> {
                match text {
                    #(#names => ::core::option::Option::Some(#type_::#idents),)*
                    _ => ::core::option::Option::None,
                }
            }

            #values
        };
    })
}

fn values(type_: &syn::Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::toolcrib::adapter::FieldValue for #type_ {
            fn texts(&self) -> ::std::vec::Vec<::std::string::String> {
                ::std::vec![::std::borrow::ToOwned::to_owned(text(self))]
            }

            fn display(&self) -> ::std::string::String {
                ::std::borrow::ToOwned::to_owned(label(self))
            }

            fn read(
                &mut self,
                typed: &[::std::string::String],
            ) -> ::core::result::Result<(), ::std::string::String> {
                let choice = typed.first().and_then(|text| parse(text));
                *self = choice.ok_or_else(|| ::std::borrow::ToOwned::to_owned("must be one of the values offered"))?;
                ::core::result::Result::Ok(())
            }

            fn to_column(&self) -> ::toolcrib::db::Value {
                ::toolcrib::db::Value::Text(::core::option::Option::Some(::std::borrow::ToOwned::to_owned(text(self))))
            }

            fn from_column(&mut self, stored: ::toolcrib::db::Value) -> bool {
                let ::toolcrib::db::Value::Text(::core::option::Option::Some(text)) = stored else { return false };
                parse(&text).map(|choice| *self = choice).is_some()
            }

            fn to_json(&self) -> ::toolcrib::adapter::Json {
                ::core::convert::From::from(text(self))
            }

            fn from_json(&mut self, json: &::toolcrib::adapter::Json) -> bool {
                json.as_str().and_then(parse).map(|choice| *self = choice).is_some()
            }
        }
    }
}
