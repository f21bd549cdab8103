//! One field of the client's form: what it is, what was typed, what is wrong with it.

use crate::domain::FieldErrors;
use crate::domain::client::ClientInput;

/// What is fixed about a field.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    kind: &'static str,
    hint: &'static str,
    required: bool,
    value: fn(&ClientInput) -> &str,
}

/// The fields in the order of the form.
///
/// None has a `maxlength`: a browser would cut a pasted text without a word, the form says so.
pub(super) const FIELDS: [Spec; 7] = [
    Spec { required: true, ..Spec::new("name", "Name", |input| &input.name) },
    Spec {
        required: true,
        hint: "A short code that no other client has.",
        ..Spec::new("account", "Account", |input| &input.account)
    },
    Spec::new("industry", "Industry", |input| &input.industry),
    Spec::new("city", "City", |input| &input.city),
    // Not of kind `url`, which wants a scheme; `example.org` will do here.
    Spec { hint: "An address like https://example.org.", ..Spec::new("website", "Website", |input| &input.website) },
    Spec { kind: "tel", ..Spec::new("phone", "Phone", |input| &input.phone) },
    Spec { kind: "email", ..Spec::new("email", "E-mail", |input| &input.email) },
];

/// A field as the template shows it.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    pub(super) hint: &'static str,
    pub(super) required: bool,
    pub(super) value: &'a str,
    pub(super) errors: &'a [String],
    /// What is stored, where it differs from what was typed.
    pub(super) stored: Option<&'a str>,
}

impl Spec {
    const fn new(name: &'static str, label: &'static str, value: fn(&ClientInput) -> &str) -> Self {
        Self { name, label, kind: "text", hint: "", required: false, value }
    }
}

impl<'a> Field<'a> {
    pub(super) fn of(
        spec: &Spec,
        input: &'a ClientInput,
        errors: &'a FieldErrors,
        stored: Option<&'a ClientInput>,
    ) -> Self {
        let value = (spec.value)(input);
        Self {
            name: spec.name,
            label: spec.label,
            kind: spec.kind,
            hint: spec.hint,
            required: spec.required,
            value,
            errors: errors.of(spec.name),
            stored: stored.map(spec.value).filter(|stored| *stored != value.trim()),
        }
    }

    /// The ids of what explains the field, for `aria-describedby`.
    pub(super) fn described_by(&self) -> String {
        let parts =
            [("error", !self.errors.is_empty()), ("stored", self.stored.is_some()), ("hint", !self.hint.is_empty())];
        let shown = parts.iter().filter(|(_, shown)| *shown);
        shown.map(|(part, _)| format!("f-{}-{part}", self.name)).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_described_by_what_is_shown_beside_it() {
        let input = ClientInput { account: " ACME ".into(), ..ClientInput::default() };
        let errors = FieldErrors::one("account", "Account belongs to another client already.");
        let stored = ClientInput { account: "ACME".into(), ..ClientInput::default() };
        let field = Field::of(&FIELDS[1], &input, &errors, Some(&stored));
        assert_eq!(field.value, " ACME ", "typed values are kept as they were typed");
        assert_eq!(field.stored, None, "spaces around a value are no difference");
        assert_eq!(field.described_by(), "f-account-error f-account-hint");
    }
}
