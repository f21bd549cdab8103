//! `#[derive(Actions)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::mistakes::Mistakes;
use crate::variants::{self, Named};
use crate::words::{Form, Vocabulary};

const WORDS: Vocabulary = Vocabulary {
    attribute: "action",
    words: &[
        ("danger", Form::Flag),
        ("failure", Form::Text),
        ("label", Form::Text),
        ("message", Form::Text),
        ("no_fields", Form::Flag),
        ("right", Form::Text),
        ("success", Form::Text),
    ],
};

/// What the derive makes of a type.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let Some(actions) = variants::read(input, "action", WORDS, &mut mistakes) else {
        return mistakes.with(TokenStream::new());
    };
    let type_ = &input.ident;
    let all = actions.iter().map(|action| &action.ident);
    let infos = actions.iter().map(info);
    mistakes.with(quote! {
        #[automatically_derived]
        impl ::toolcrib::adapter::Actions for #type_ {
            const ALL: &'static [Self] = &[#(Self::#all),*];

            fn info(self) -> &'static ::toolcrib::adapter::ActionInfo {
                match self {
                    #(#infos)*
                }
            }
        }
    })
}

fn info(action: &Named) -> TokenStream {
    let Named { ident, name, label, words } = action;
    let texts = ["right", "success", "failure", "message"].into_iter().filter_map(|word| {
        let (key, text) = (words.key(word)?, words.text(word)?);
        Some(quote!(.#key(#text)))
    });
    let no_fields = words.has("no_fields").then(|| quote!(.reads_fields(false)));
    let danger = words.has("danger").then(|| quote!(.danger(true)));
    quote! {
        Self::#ident => {
            const INFO: ::toolcrib::adapter::ActionInfo =
                ::toolcrib::adapter::ActionInfo::new(#name, #label) #(#texts)* #no_fields #danger;
            &INFO
        }
    }
}
