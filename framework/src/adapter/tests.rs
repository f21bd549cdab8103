//! Adapters that this folder's tests share.

use super::*;

/// Makes an adapter of a struct, as the derive does.
macro_rules! adapter {
    ($name:ident, $table:expr, { $($field:ident: $type:ty = $info:expr,)* }) => {
        #[derive(Debug, Clone, Default)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }

        impl Adapter for $name {
            const INFO: AdapterInfo = {
                const FIELDS: &[FieldInfo] = &[$($info.column(stringify!($field)).column_type(<$type>::COLUMN),)*];
                AdapterInfo::new("note", FIELDS).table($table)
            };

            fn field(&self, id: FieldId) -> Option<&dyn FieldValue> {
                let fields: [&dyn FieldValue; Self::INFO.fields().len()] = [$(&self.$field,)*];
                fields.get(id.index()).copied()
            }

            fn field_mut(&mut self, id: FieldId) -> Option<&mut dyn FieldValue> {
                let fields: [&mut dyn FieldValue; Self::INFO.fields().len()] = [$(&mut self.$field,)*];
                fields.into_iter().nth(id.index())
            }
        }
    };
}

const TABLE: TableInfo = TableInfo::new("notes", "id")
    .version("version")
    .search("search")
    .sort(&[
        SortInfo { name: "title", column: "title", descending: false },
        SortInfo { name: "pages", column: "pages", descending: true },
        SortInfo { name: "secret", column: "secret", descending: false },
    ])
    .page_size(10, 50);

adapter!(Note, TABLE, {
    title: String = FieldInfo::new("title", "Title").unique(true).filter(true),
    pages: Option<i64> = FieldInfo::new("pages", "Pages").filter(true),
    done: bool = FieldInfo::new("done", "Done").kind(Kind::Check),
    secret: String = FieldInfo::new("secret", "Secret").view("secrets").filter(true),
});

adapter!(Shared, TABLE.merge(), {
    title: String = FieldInfo::new("title", "Title"),
    pages: Option<i64> = FieldInfo::new("pages", "Pages"),
    text: String = FieldInfo::new("text", "Text").kind(Kind::Lines),
});

pub(crate) const TITLE: FieldId = FieldId::new(0);
pub(crate) const PAGES: FieldId = FieldId::new(1);
pub(crate) const DONE: FieldId = FieldId::new(2);
pub(crate) const SECRET: FieldId = FieldId::new(3);

/// The pairs of an address's query.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
