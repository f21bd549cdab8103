use toolcrib::prelude::*;

#[derive(Clone, Default, Adapter)]
#[adapter(key = "k", version = "v", merge, search = "s", sort(title), page_size = 1)]
struct NoTable {
    title: String,
}

#[derive(Clone, Default, Adapter)]
#[adapter(tabel = "notes")]
struct Unknown {
    title: String,
}

#[derive(Clone, Default, Adapter)]
#[adapter(table = "notes; drop", key = "my id", sort("-"), max_page_size = 10)]
struct Names {
    title: String,
}

#[derive(Clone, Default, Adapter)]
#[adapter(table = "notes", sort(title, tilte, "-due", title, user, x = "a b"), page_size = 500)]
struct Orders {
    title: String,
    #[field(session = "User")]
    user: String,
    #[field(column = "title")]
    other: String,
    #[field(column = "no name")]
    bad: String,
    #[field(column = false, filter)]
    none: String,
    #[field(column = "file")]
    file: toolcrib::adapter::FileField,
}

#[derive(Clone, Default, Adapter)]
#[adapter(table = "notes", sort, page_size = 0, max_page_size = 5000000000)]
struct Forms {
    title: String,
}

fn main() {}
