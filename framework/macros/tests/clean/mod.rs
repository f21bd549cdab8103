//! What must compile without a warning, in the least of words. That it does is most of the test.
#![deny(warnings, missing_docs)]

mod inner {
    use toolcrib::prelude::*;

    #[derive(Clone, Default, Adapter)]
    pub(super) struct Empty {}

    #[derive(Clone, Default, Adapter)]
    pub(super) struct Private {
        pub(super) title: String,
        #[field()]
        not_shown: bool,
    }

    #[derive(Clone, Copy, PartialEq, Actions)]
    pub(in crate::clean::inner) enum One {
        Only,
    }

    #[derive(Choices)]
    enum NotEvenCopy {
        A,
        #[choice()]
        B,
    }

    // Names of the prelude that a site shadows do no harm.
    #[expect(dead_code, reason = "it is only in the way")]
    struct Option;
    #[expect(dead_code, reason = "it is only in the way")]
    struct Result;

    #[derive(Clone, Default, Adapter)]
    #[adapter(table = "t", key = "key")]
    pub(crate) struct Shadowed {
        name: String,
    }

    pub(super) fn all() -> usize {
        let choice = NotEvenCopy::A;
        let shadowed = Shadowed::default();
        let private = Private::default();
        let _ = (private.not_shown, shadowed.name, NotEvenCopy::B.as_str());
        choice.as_str().len() + One::ALL.len() + Empty::INFO.fields().len() + Private::TITLE.index()
    }
}

#[test]
fn the_least_of_words_is_enough() {
    let _ = (inner::Empty {}, inner::Private::default().title);
    assert_eq!(inner::all(), 2);
}
