//! Whose a private record is.

/// Why a record may not be stored like this: a private one is there for its owner alone, so whoever stores it must be
/// that owner, or it would vanish before their eyes.
#[must_use]
pub fn refusal(private: bool, owner: Option<i64>, viewer: i64) -> Option<&'static str> {
    (private && owner != Some(viewer)).then_some("Only the owner sees a private client: choose yourself as the owner.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_record_is_its_owners() {
        assert_eq!(refusal(true, Some(1), 1), None);
        assert!(refusal(true, Some(2), 1).is_some() && refusal(true, None, 1).is_some());
        assert!(refusal(false, None, 1).is_none() && refusal(false, Some(2), 1).is_none());
    }
}
