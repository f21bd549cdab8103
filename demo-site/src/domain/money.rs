//! The currencies deals are made in, and what an amount typed in whole units and hundredths is in their minor units.

/// The currencies offered.
pub const CURRENCIES: [&str; 8] = ["EUR", "USD", "GBP", "CHF", "SEK", "CZK", "PLN", "JPY"];

/// The one a form begins with.
pub const USUAL: &str = "EUR";

/// Why an amount is none of its currency; completes a sentence that begins with the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number: {currency} has no hundredths")]
pub struct NoHundredths {
    currency: &'static str,
}

/// The minor units of an amount in hundredths.
///
/// # Errors
/// [`NoHundredths`] for a broken amount of a currency without any.
pub fn minor(hundredths: i64, currency: &str) -> Result<i64, NoHundredths> {
    match currency {
        "JPY" if hundredths % 100 == 0 => Ok(hundredths / 100),
        "JPY" => Err(NoHundredths { currency: "JPY" }),
        _ => Ok(hundredths),
    }
}

/// The hundredths of an amount in minor units.
#[must_use]
pub fn hundredths(minor: i64, currency: &str) -> i64 {
    if currency == "JPY" { minor.saturating_mul(100) } else { minor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_comes_back_as_it_was_typed() {
        for currency in CURRENCIES {
            assert_eq!(minor(123_400, currency).map(|minor| hundredths(minor, currency)), Ok(123_400), "{currency}");
        }
        assert_eq!(minor(1_250, "EUR"), Ok(1_250));
        assert_eq!(minor(125_000, "JPY"), Ok(1_250));
    }

    #[test]
    fn yen_have_no_hundredths() {
        let told = minor(1_250, "JPY").unwrap_err().to_string();
        assert_eq!(told, "must be a whole number: JPY has no hundredths");
    }
}
