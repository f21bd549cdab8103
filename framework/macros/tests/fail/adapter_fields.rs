use toolcrib::prelude::*;

#[derive(Clone, Default, Adapter)]
struct Words {
    #[field(requird, xyzzy, label)]
    unknown: String,
    #[field(required, max_chars = 3)]
    #[field(required)]
    twice: String,
    #[field(label = "", hint = " ")]
    empty: String,
    #[field(label = 3, required = true, min = "x", max_chars = 0, check = "path", column = true)]
    forms: i64,
    #[field(label "x", required)]
    comma: String,
    #[field]
    bare: String,
    #[field(skip, required)]
    skipped: String,
    __: String,
}

#[derive(Clone, Default, Adapter)]
struct Limits {
    #[field(min_chars = 1, max_chars = 2)]
    number: i64,
    #[field(kind = "check", max_chars = 2)]
    ticked: bool,
    #[field(min = 1)]
    text: String,
    #[field(min = 10, max = -10)]
    exchanged: Option<i64>,
    #[field(min_chars = 10, max_chars = 9)]
    exchanged_chars: String,
    #[field(min_chars = 1001)]
    above_default: String,
    #[field(kind = "textarea")]
    kind: String,
    #[field(kind = "emial")]
    slip: String,
    #[field(kind = "file")]
    no_file: String,
}

#[derive(Clone, Default, Adapter)]
struct NoTable {
    #[field(column = "x")]
    column: String,
    #[field(unique, filter)]
    unique: String,
    #[field(session = "S", unique, filter, column = "x")]
    session: String,
    info: String,
    same: String,
    Same: String,
}

fn main() {
    // No second mistake where the first is known.
    let _ = (Words::INFO, Limits::NUMBER, NoTable::COLUMN);
}
