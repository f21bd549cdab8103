//! The words inside `#[adapter(…)]`, `#[field(…)]`, `#[action(…)]` and `#[choice(…)]`.

use std::collections::BTreeSet;

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Expr, ExprPath, Ident, Lit, LitStr, Meta, Result, Token, UnOp, parenthesized};

use crate::mistakes::Mistakes;
use crate::names::plain;

/// How a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `required`
    Flag,
    /// `label = "…"`
    Text,
    /// `max = 10`
    Number,
    /// `page_size = 25`: 1 or more
    Count,
    /// `check = path::to::function`
    Path,
    /// `column = "…"` or `column = false`
    Column,
    /// `sort(title, "-due", newest = "-created_at")`
    Orders,
}

impl Form {
    /// What to write.
    fn sample(self, word: &str) -> String {
        match self {
            Self::Flag => format!("`{word}`, without a value"),
            Self::Text => format!("`{word} = \"…\"`"),
            Self::Number => format!("`{word} = 10`, a whole number of 64 bits"),
            Self::Count => format!("`{word} = 10`, a whole number from 1"),
            Self::Path => format!("`{word} = path::to::function`"),
            Self::Column => format!("`{word} = \"…\"`, or `{word} = false` for none"),
            Self::Orders => format!("`{word}(title, \"-due\", newest = \"-created_at\")`"),
        }
    }
}

/// The words an attribute knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vocabulary {
    /// `field` of `#[field(…)]`.
    pub(crate) attribute: &'static str,
    /// In the order of the alphabet.
    pub(crate) words: &'static [(&'static str, Form)],
}

impl Vocabulary {
    fn form(self, word: &Ident) -> Result<Form> {
        let name = plain(word);
        let known = self.words.iter().find(|(known, _)| *known == name);
        known.map(|(_, form)| *form).ok_or_else(|| Error::new(word.span(), self.unknown(&name)))
    }

    fn unknown(self, name: &str) -> String {
        let attribute = self.attribute;
        let all: Vec<_> = self.words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let nearest = nearest(name, self.words.iter().map(|(word, _)| *word));
        let guess = nearest.map(|word| format!(" Did you mean `{word}`?")).unwrap_or_default();
        format!("`#[{attribute}(…)]` has no `{name}`.{guess} It has {}", all.join(", "))
    }
}

/// The word a slip of the pen was meant to be.
pub(crate) fn nearest<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = |word: &'a str| (strsim::jaro_winkler(name, word), word);
    let best = words.map(near).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness >= 0.75).map(|(_, word)| word)
}

/// An order of `sort(…)`.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// What the address says.
    pub(crate) name: String,
    /// The column, or the field it belongs to.
    pub(crate) column: String,
    pub(crate) descending: bool,
    /// Whether the column was given on its own: it need not be a field's.
    pub(crate) named: bool,
    /// Where the column is written.
    pub(crate) place: proc_macro2::TokenStream,
}

enum Given {
    Flag,
    Text(LitStr),
    Number(i64, Expr),
    Path(ExprPath),
    Off,
    Orders(Vec<Order>),
}

/// The words that were given, each at most once and in its form.
#[derive(Default)]
pub(crate) struct Words(Vec<(Ident, Given)>);

impl Words {
    /// Reads all attributes of this name.
    pub(crate) fn read(attributes: &[Attribute], vocabulary: Vocabulary, mistakes: &mut Mistakes) -> Self {
        let mut words = Self::default();
        let mut seen = BTreeSet::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(vocabulary.attribute)) {
            let Meta::List(list) = &attribute.meta else {
                let name = vocabulary.attribute;
                mistakes.at(&attribute.meta, format!("write `#[{name}(…)]`, or leave the attribute out"));
                continue;
            };
            let parser = |input: ParseStream<'_>| {
                words.read_list(input, vocabulary, &mut seen, mistakes);
                Ok(())
            };
            let parsed = parser.parse2(list.tokens.clone());
            mistakes.take(parsed);
        }
        words
    }

    fn read_list(
        &mut self,
        input: ParseStream<'_>,
        vocabulary: Vocabulary,
        seen: &mut BTreeSet<String>,
        mistakes: &mut Mistakes,
    ) {
        while !input.is_empty() {
            match read_word(input, vocabulary) {
                Ok((word, given)) if seen.insert(plain(&word)) => self.0.push((word, given)),
                Ok((word, _)) => mistakes.at(&word, format!("`{word}` is given twice: leave one out")),
                Err(mistake) => mistakes.add(mistake),
            }
            // After a mistake the next word begins after the next comma.
            while !input.is_empty() && !input.peek(Token![,]) {
                let _ = input.parse::<TokenTree>();
            }
            let _ = input.parse::<Option<Token![,]>>();
        }
    }

    /// The word itself, where it was given: to point at.
    pub(crate) fn key(&self, word: &str) -> Option<&Ident> {
        self.0.iter().map(|(key, _)| key).find(|key| plain(key) == word)
    }

    /// Every word that was given.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Ident> {
        self.0.iter().map(|(key, _)| key)
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.key(word).is_some()
    }

    fn given(&self, word: &str) -> Option<&Given> {
        self.0.iter().find(|(key, _)| plain(key) == word).map(|(_, given)| given)
    }

    pub(crate) fn text(&self, word: &str) -> Option<&LitStr> {
        if let Some(Given::Text(text)) = self.given(word) { Some(text) } else { None }
    }

    /// A number and where it stands.
    pub(crate) fn number(&self, word: &str) -> Option<(i64, &Expr)> {
        if let Some(Given::Number(number, place)) = self.given(word) { Some((*number, place)) } else { None }
    }

    pub(crate) fn path(&self, word: &str) -> Option<&ExprPath> {
        if let Some(Given::Path(path)) = self.given(word) { Some(path) } else { None }
    }

    pub(crate) fn is_off(&self, word: &str) -> bool {
        matches!(self.given(word), Some(Given::Off))
    }

    pub(crate) fn orders(&self, word: &str) -> &[Order] {
        if let Some(Given::Orders(orders)) = self.given(word) { orders } else { &[] }
    }
}

fn read_word(input: ParseStream<'_>, vocabulary: Vocabulary) -> Result<(Ident, Given)> {
    let word = Ident::parse_any(input)
        .map_err(|mistake| Error::new(mistake.span(), "a word was expected here, such as `label = \"…\"`"))?;
    let form = vocabulary.form(&word)?;
    let wrong = |place: &dyn ToTokens| Error::new_spanned(place, format!("write {}", form.sample(&plain(&word))));
    let given = if form == Form::Orders {
        if !input.peek(syn::token::Paren) {
            return Err(wrong(&word));
        }
        let inner;
        parenthesized!(inner in input);
        Given::Orders(read_orders(&word, &inner)?)
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        let value = input
            .parse::<Expr>()
            .map_err(|mistake| Error::new(mistake.span(), format!("write {}", form.sample(&plain(&word)))))?;
        read_value(form, value).map_err(|refused| match refused {
            Refused::Form(value) => wrong(&value),
            Refused::Empty(text) => Error::new(text.span(), format!("`{word}` is empty: write a text or leave it out")),
        })?
    } else if form == Form::Flag {
        Given::Flag
    } else {
        return Err(wrong(&word));
    };
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(Error::new(
            input.span(),
            format!("a comma was expected here: write {}", form.sample(&plain(&word))),
        ));
    }
    Ok((word, given))
}

enum Refused {
    Form(Box<Expr>),
    Empty(LitStr),
}

fn read_value(form: Form, value: Expr) -> std::result::Result<Given, Refused> {
    match (form, value) {
        (Form::Text | Form::Column, Expr::Lit(value)) => match value.lit {
            Lit::Str(text) if text.value().trim().is_empty() => Err(Refused::Empty(text)),
            Lit::Str(text) => Ok(Given::Text(text)),
            Lit::Bool(off) if form == Form::Column && !off.value => Ok(Given::Off),
            _ => Err(Refused::Form(Box::new(Expr::Lit(value)))),
        },
        (Form::Path, Expr::Path(path)) => Ok(Given::Path(path)),
        (Form::Number | Form::Count, value) => match whole_number(&value) {
            Some(number) if form == Form::Number || number >= 1 => Ok(Given::Number(number, value)),
            _ => Err(Refused::Form(Box::new(value))),
        },
        (_, value) => Err(Refused::Form(Box::new(value))),
    }
}

fn whole_number(value: &Expr) -> Option<i64> {
    let digits = |value: &Expr| match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse::<i128>().ok(),
            _ => None,
        },
        _ => None,
    };
    let number = match value {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => digits(&unary.expr).map(|number| -number),
        value => digits(value),
    };
    i64::try_from(number?).ok()
}

fn read_orders(word: &Ident, input: ParseStream<'_>) -> Result<Vec<Order>> {
    let orders = input.parse_terminated(read_order, Token![,])?;
    if orders.is_empty() {
        return Err(Error::new(word.span(), format!("`{word}` is empty: name an order or leave it out")));
    }
    Ok(orders.into_iter().collect())
}

fn read_order(input: ParseStream<'_>) -> Result<Order> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let (column, descending) = direction(&text)?;
        return Ok(Order { name: column.clone(), column, descending, named: false, place: text.into_token_stream() });
    }
    let Ok(name) = Ident::parse_any(input) else {
        return Err(input.error(format!("write {}", Form::Orders.sample("sort"))));
    };
    if !input.peek(Token![=]) {
        let column = plain(&name);
        let place = name.into_token_stream();
        return Ok(Order { name: column.clone(), column, descending: false, named: false, place });
    }
    input.parse::<Token![=]>()?;
    let text: LitStr = input.parse().map_err(|mistake| {
        Error::new(mistake.span(), format!("write `{name} = \"column\"` or `{name} = \"-column\"`"))
    })?;
    let (column, descending) = direction(&text)?;
    Ok(Order { name: plain(&name), column, descending, named: true, place: text.into_token_stream() })
}

/// `-due` is `due`, the greatest first.
fn direction(text: &LitStr) -> Result<(String, bool)> {
    let value = text.value();
    let (column, descending) = value.strip_prefix('-').map_or((value.as_str(), false), |column| (column, true));
    if column.is_empty() {
        return Err(Error::new(text.span(), "write a field's name, or `-` and its name for the greatest first"));
    }
    Ok((column.to_owned(), descending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_has_a_nearest_word() {
        let words = ["required", "read_only", "max_chars", "min_chars", "label", "max"];
        let find = |name| nearest(name, words.into_iter());
        assert_eq!(find("requird"), Some("required"));
        assert_eq!(find("readonly"), Some("read_only"));
        assert_eq!(find("maxchars"), Some("max_chars"));
        assert_eq!(find("xyzzy"), None);
    }

    #[test]
    fn numbers_reach_both_ends_of_64_bits() {
        let number = |text: &str| whole_number(&syn::parse_str(text).unwrap());
        assert_eq!(number("1_000"), Some(1_000));
        assert_eq!(number("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(number("9223372036854775808"), None);
        assert_eq!(number("1.5"), None);
    }
}
