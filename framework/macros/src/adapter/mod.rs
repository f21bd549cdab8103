//! `#[derive(Adapter)]`.

mod field;
mod kind;
mod table;
mod write;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Fields};

use crate::mistakes::Mistakes;
use field::Field;
use table::Table;

/// What the derive makes of a type.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    mistakes.generics(&input.generics, "an adapter");
    let name = &input.ident;
    let members = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(members) => Some(members),
            _ => None,
        },
        Data::Enum(_) | Data::Union(_) => None,
    };
    let Some(members) = members else {
        mistakes.at(name, format!("an adapter is a struct whose fields have names: write `struct {name} {{ … }}`"));
        return mistakes.with(TokenStream::new());
    };
    let mut table = Table::read(&input.attrs, &mut mistakes);
    let fields: Vec<_> =
        members.named.iter().filter_map(|member| Field::read(member, table.is_some(), &mut mistakes)).collect();
    constants_differ(&fields, &mut mistakes);
    columns_differ(&fields, &mut mistakes);
    if let Some(table) = &mut table {
        table.find_orders(&fields, &mut mistakes);
    }
    let generic = !input.generics.params.is_empty();
    let expansion = if generic { TokenStream::new() } else { write::adapter(input, table.as_ref(), &fields) };
    mistakes.with(expansion)
}

fn constants_differ(fields: &[Field], mistakes: &mut Mistakes) {
    let mut seen = BTreeMap::new();
    for field in fields {
        let constant = field.constant.to_string();
        if constant == "INFO" {
            let message = "a field cannot be named `info`: its constant would hide `Adapter::INFO`. \
                           Name it `information`, and its column by `#[field(column = \"info\")]`";
            mistakes.at(&field.ident, message);
        }
        if let Some(other) = seen.insert(constant.clone(), field.name.clone()) {
            let name = &field.name;
            let message = format!("`{other}` and `{name}` would both have the constant `{constant}`: rename one");
            mistakes.at(&field.ident, message);
        }
    }
}

fn columns_differ(fields: &[Field], mistakes: &mut Mistakes) {
    let mut seen = BTreeMap::new();
    for field in fields {
        let Some(column) = &field.column else { continue };
        if let Some(other) = seen.insert(column.clone(), field.name.clone()) {
            let message = format!(
                "`{other}` has the column `{column}` already: give another by `#[field(column = \"…\")]`, or none by \
                 `#[field(column = false)]`"
            );
            mistakes.at(field.column_place(), message);
        }
    }
}
