//! What is fixed about an adapter, its fields and its actions: readable without any value.

use super::{Choice, ColumnType, Kind};

/// Longest text a field takes unless it says otherwise, in characters.
pub(super) const DEFAULT_MAX_CHARS: usize = 1_000;

/// What is fixed about an adapter. `#[derive(Adapter)]` writes it.
#[derive(Debug, Clone, Copy)]
pub struct AdapterInfo {
    name: &'static str,
    fields: &'static [FieldInfo],
    table: Option<TableInfo>,
}

impl AdapterInfo {
    /// An adapter and its fields.
    #[must_use]
    pub const fn new(name: &'static str, fields: &'static [FieldInfo]) -> Self {
        Self { name, fields, table: None }
    }

    /// The table its rows live in (W37).
    #[must_use]
    pub const fn table(mut self, table: TableInfo) -> Self {
        self.table = Some(table);
        self
    }

    /// Its name: the type's in snake case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its fields, in the order of the struct.
    #[must_use]
    pub const fn fields(&self) -> &'static [FieldInfo] {
        self.fields
    }

    /// The table its rows live in, where it has one.
    #[must_use]
    pub const fn table_info(&self) -> Option<&TableInfo> {
        self.table.as_ref()
    }

    /// One field.
    #[must_use]
    pub fn field(&self, id: FieldId) -> Option<&'static FieldInfo> {
        self.fields.get(id.0)
    }

    /// The number and the info of every field.
    pub fn numbered(&self) -> impl Iterator<Item = (FieldId, &'static FieldInfo)> + use<> {
        self.fields.iter().enumerate().map(|(index, field)| (FieldId(index), field))
    }

    /// A field by its name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(FieldId, &'static FieldInfo)> {
        self.numbered().find(|(_, field)| field.name == name)
    }
}

/// One field of an adapter. The derive makes a constant of it for every field, so that a
/// template that names a field which is not there does not compile: `Note::TITLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub(crate) usize);

impl FieldId {
    /// The field at a place of the struct: for the derive.
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// Its place in the struct, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// The table an adapter's rows live in.
#[derive(Debug, Clone, Copy)]
pub struct TableInfo {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) version: Option<&'static str>,
    pub(crate) merge: bool,
    pub(crate) list: ListInfo,
}

/// How a table is listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListInfo {
    /// Columns a list may be sorted by, the first being the order nobody asked for.
    pub(crate) sort: &'static [SortInfo],
    /// The column with the folded text that a search looks through.
    pub(crate) search: Option<&'static str>,
    pub(crate) page_size: u32,
    pub(crate) max_page_size: u32,
}

/// An order a list may have.
#[derive(Debug, Clone, Copy)]
pub struct SortInfo {
    /// What the address says.
    pub name: &'static str,
    /// The column.
    pub column: &'static str,
    /// Whether the greatest comes first where nothing else is asked for.
    pub descending: bool,
}

impl TableInfo {
    /// A table and the column of its key, a 64-bit integer the database makes.
    #[must_use]
    pub const fn new(name: &'static str, key: &'static str) -> Self {
        let list = ListInfo { sort: &[], search: None, page_size: 25, max_page_size: 200 };
        Self { name, key, version: None, merge: false, list }
    }

    /// The column that goes up with every change.
    #[must_use]
    pub const fn version(mut self, column: &'static str) -> Self {
        self.version = Some(column);
        self
    }

    /// Two edits that touch different fields are both stored. Without it the later one is shown
    /// what the earlier one changed, and decides.
    #[must_use]
    pub const fn merge(mut self) -> Self {
        self.merge = true;
        self
    }

    /// The orders a list may have, the first being the one nobody asked for.
    #[must_use]
    pub const fn sort(mut self, sort: &'static [SortInfo]) -> Self {
        self.list.sort = sort;
        self
    }

    /// The column a search looks through: folded text (see [`crate::adapter::fold`]).
    #[must_use]
    pub const fn search(mut self, column: &'static str) -> Self {
        self.list.search = Some(column);
        self
    }

    /// Rows of a page, and the most a visitor may ask for.
    #[must_use]
    pub const fn page_size(mut self, size: u32, max: u32) -> Self {
        self.list.page_size = size;
        self.list.max_page_size = max;
        self
    }
}

/// What is fixed about a field.
#[derive(Debug, Clone, Copy)]
pub struct FieldInfo {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) kind: Kind,
    pub(crate) column_type: ColumnType,
    pub(crate) multiple: bool,
    pub(crate) required: bool,
    pub(crate) min_chars: usize,
    pub(crate) max_chars: usize,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) view: Option<&'static str>,
    pub(crate) modify: Option<&'static str>,
    pub(crate) read_only: bool,
    pub(crate) session: Option<&'static str>,
    pub(crate) column: Option<&'static str>,
    pub(crate) unique: bool,
    pub(crate) filter: bool,
    pub(crate) autocomplete: &'static str,
    pub(crate) choices: fn() -> Vec<Choice>,
}

fn no_choices() -> Vec<Choice> {
    Vec::new()
}

/// Sets one part of the info.
macro_rules! with {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub const fn $name(mut self, $name: $type) -> Self {
            self.$name = $value;
            self
        }
    )*};
}

impl FieldInfo {
    /// A field without limits of its own: a line of text.
    #[must_use]
    pub const fn new(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            hint: "",
            kind: Kind::Line,
            column_type: ColumnType::Text,
            multiple: false,
            required: false,
            min_chars: 0,
            max_chars: DEFAULT_MAX_CHARS,
            min: None,
            max: None,
            view: None,
            modify: None,
            read_only: false,
            session: None,
            column: None,
            unique: false,
            filter: false,
            autocomplete: "off",
            choices: no_choices,
        }
    }

    with! {
        /// A sentence under the control.
        hint: &'static str = hint;
        /// The control.
        kind: Kind = kind;
        /// What the column holds.
        column_type: ColumnType = column_type;
        /// Whether it takes several values.
        multiple: bool = multiple;
        /// Whether it must have a value.
        required: bool = required;
        /// Fewest characters of a value that is there.
        min_chars: usize = min_chars;
        /// Most characters of a value.
        max_chars: usize = max_chars;
        /// The least number.
        min: i64 = Some(min);
        /// The greatest number.
        max: i64 = Some(max);
        /// The right to see it (W31).
        view: &'static str = Some(view);
        /// The right to change it (W33).
        modify: &'static str = Some(modify);
        /// Whether nobody changes it by a form.
        read_only: bool = read_only;
        /// The session field it is read from and written to (W32).
        session: &'static str = Some(session);
        /// The column it is stored in.
        column: &'static str = Some(column);
        /// Whether no two rows have the same value.
        unique: bool = unique;
        /// Whether a list may be narrowed by its value.
        filter: bool = filter;
        /// What a browser may fill in, in HTML's words.
        autocomplete: &'static str = autocomplete;
        /// The values to choose from.
        choices: fn() -> Vec<Choice> = choices;
    }

    /// Its name: that of the struct's field, the form's control and, if not said otherwise, the
    /// column.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What people call it.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        self.label
    }

    /// The control.
    #[must_use]
    pub const fn control(&self) -> Kind {
        self.kind
    }
}

/// What is fixed about an action: a command that a form gives (W35).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionInfo {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) right: Option<&'static str>,
    pub(crate) success: Option<&'static str>,
    pub(crate) failure: Option<&'static str>,
    pub(crate) message: Option<&'static str>,
    pub(crate) reads_fields: bool,
    pub(crate) danger: bool,
}

impl ActionInfo {
    /// An action that everybody may execute who gets the page.
    #[must_use]
    pub const fn new(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            right: None,
            success: None,
            failure: None,
            message: None,
            reads_fields: true,
            danger: false,
        }
    }

    with! {
        /// The right to execute it.
        right: &'static str = Some(right);
        /// The page to go to afterwards; without one, the page itself.
        success: &'static str = Some(success);
        /// The page that shows a refused form; without one, the page itself.
        failure: &'static str = Some(failure);
        /// What the next page says once.
        message: &'static str = Some(message);
        /// Whether it reads and checks the form's fields. Deleting does not.
        reads_fields: bool = reads_fields;
        /// Whether its button warns.
        danger: bool = danger;
    }

    /// Its name, as forms send it in `_action`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What its button says.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        self.label
    }

    /// The right to execute it.
    #[must_use]
    pub const fn required_right(&self) -> Option<&'static str> {
        self.right
    }
}
