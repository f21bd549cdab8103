//! The table adapter and lists by the page: what two people save is not lost, and no address of a list fails (W37, W38,
//! AC-21).

use toolcrib::adapter::ActionInfo;
use toolcrib::adapter::Actions;
use toolcrib::adapter::Adapter;
use toolcrib::adapter::AdapterInfo;
use toolcrib::adapter::Done;
use toolcrib::adapter::Execute;
use toolcrib::adapter::FieldId;
use toolcrib::adapter::FieldInfo;
use toolcrib::adapter::FieldType;
use toolcrib::adapter::FieldValue;
use toolcrib::adapter::Form;
use toolcrib::adapter::Row;
use toolcrib::adapter::SortInfo;
use toolcrib::adapter::TableInfo;
use toolcrib_tests::html::input_value;

use crate::support::prelude::*;

on_both_engines! {
    the_later_of_two_edits_is_refused_and_keeps_what_was_typed,
    the_refused_form_may_be_saved_again_knowingly,
    of_two_simultaneous_saves_exactly_one_is_stored,
    simultaneous_saves_of_different_fields_are_merged_where_the_table_says_so,
    a_row_that_is_gone_is_not_found,
    a_stale_deletion_is_refused,
    a_row_that_others_refer_to_is_not_deleted,
    a_value_of_another_row_is_refused,
    of_two_rows_with_the_same_value_made_at_once_one_is_stored,
    of_two_rows_given_the_same_value_at_once_one_is_stored,
    what_may_not_be_seen_is_not_told,
    a_program_that_sends_no_originals_is_judged_by_the_version,
    an_unchanged_form_writes_nothing,
    no_address_of_a_list_fails,
    a_list_is_searched_sorted_and_narrowed,
    a_value_that_does_not_fit_is_an_error_with_its_place,
}

const TABLES: [&str; 2] = [
    "CREATE TABLE items (id INTEGER PRIMARY KEY, version BIGINT NOT NULL, name TEXT NOT NULL UNIQUE, \
     phone TEXT NOT NULL, email TEXT, pages BIGINT, open BOOLEAN NOT NULL, secret TEXT NOT NULL, search TEXT NOT NULL)",
    "CREATE TABLE parts (item_id BIGINT NOT NULL REFERENCES items (id))",
];

const TABLE: TableInfo = TableInfo::new("items", "id")
    .version("version")
    .search("search")
    .sort(&[
        SortInfo { name: "name", column: "name", descending: false },
        SortInfo { name: "pages", column: "pages", descending: true },
        SortInfo { name: "secret", column: "secret", descending: false },
    ])
    .page_size(10, 50);

#[derive(askama::Template)]
#[template(ext = "html", source = "{{ form.start() }}{{ form.error_list() }}{{ form.fields() }}</form>")]
struct FormPage<A: Adapter> {
    form: Form<A>,
}

macro_rules! item {
    ($name:ident, $action:ident, $page:ident, $path:literal, $table:expr) => {
        #[derive(Debug, Clone, Default)]
        struct $name {
            name: String,
            phone: String,
            email: Option<String>,
            pages: Option<i64>,
            open: bool,
            secret: String,
        }

        impl Adapter for $name {
            const INFO: AdapterInfo = {
                const FIELDS: &[FieldInfo] = &[
                    FieldInfo::new("name", "Name").column("name").required(true).unique(true),
                    FieldInfo::new("phone", "Phone").column("phone"),
                    FieldInfo::new("email", "E-mail").column("email"),
                    FieldInfo::new("pages", "Pages")
                        .column("pages")
                        .column_type(<i64 as FieldType>::COLUMN)
                        .filter(true),
                    FieldInfo::new("open", "Open").column("open").column_type(<bool as FieldType>::COLUMN),
                    FieldInfo::new("secret", "Secret").column("secret").view("secrets").filter(true),
                ];
                AdapterInfo::new("item", FIELDS).table($table)
            };

            fn field(&self, id: FieldId) -> Option<&dyn FieldValue> {
                let fields: [&dyn FieldValue; 6] =
                    [&self.name, &self.phone, &self.email, &self.pages, &self.open, &self.secret];
                fields.get(id.index()).copied()
            }

            fn field_mut(&mut self, id: FieldId) -> Option<&mut dyn FieldValue> {
                let fields: [&mut dyn FieldValue; 6] = [
                    &mut self.name,
                    &mut self.phone,
                    &mut self.email,
                    &mut self.pages,
                    &mut self.open,
                    &mut self.secret,
                ];
                fields.into_iter().nth(id.index())
            }
        }

        #[derive(Debug, Clone, Copy, PartialEq)]
        enum $action {
            Save,
            Delete,
        }

        impl Actions for $action {
            const ALL: &'static [Self] = &[Self::Save, Self::Delete];

            fn info(self) -> &'static ActionInfo {
                const SAVE: ActionInfo = ActionInfo::new("save", "Save");
                const DELETE: ActionInfo = ActionInfo::new("delete", "Delete").reads_fields(false);
                match self {
                    Self::Save => &SAVE,
                    Self::Delete => &DELETE,
                }
            }
        }

        impl Execute for $action {
            type Adapter = $name;

            async fn execute(self, form: &mut Form<$name>, cx: &mut Context<'_>) -> Result<Done, PageError> {
                // Proof that a refusal leaves nothing.
                db::query("INSERT INTO notes (body) VALUES ('executed')").execute(cx.tx().await?).await?;
                match self {
                    Self::Save => {
                        let search = toolcrib::adapter::fold_all(&[&form.value().name, &form.value().phone]);
                        form.also("search", search);
                        form.save(cx).await
                    }
                    Self::Delete => form.remove(cx).await,
                }
            }
        }

        struct $page;

        impl $page {
            async fn form(cx: &mut Context<'_>) -> Result<Form<$name>, PageError> {
                match cx.path::<String>("id")?.as_str() {
                    "new" => Ok(cx.form_of($name::default())),
                    "any" => Ok(cx.form_of($name::default()).of_any_row()),
                    _ => {
                        let key = cx.path("id")?;
                        let row = Row::find(cx.read().await?, key).await?.or_not_found()?;
                        Ok(cx.form_of(row))
                    }
                }
            }
        }

        impl PageModule for $page {
            const INFO: PageInfo = PageInfo::new(stringify!($page), $path).accepts_post();

            async fn create(_: &Site) -> Result<Self, CreateError> {
                Ok(Self)
            }

            fn initialize(&mut self) {}

            async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
                let form = Self::form(cx).await?;
                cx.render(&FormPage { form })
            }

            async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
                let form = Self::form(cx).await?;
                cx.execute::<$action>(form).await
            }
        }
    };
}

item!(Item, ItemAction, ItemPage, "/items/{id}", TABLE);
item!(Merged, MergedAction, MergedPage, "/merged/{id}", TABLE.merge());

page!(List, PageInfo::new("list", "/list"), show(cx) {
    let list = match cx.query_param("only") {
        Some(phone) => {
            let phone = phone.to_owned();
            cx.paged_where::<Item>("phone = $1 OR phone = $2", vec![phone.into(), "nobody's".into()]).await?
        }
        None => cx.paged::<Item>().await?,
    };
    let names: Vec<_> = list.rows().iter().map(|row| row.text(FieldId::new(0))).collect();
    let (page, pages, total) = (list.page(), list.pages(), list.total());
    let heading = list.heading("name", "Name");
    Ok(Response::html(format!("{page}/{pages} of {total}: {}{heading}{}", names.join(" "), list.pager())))
});

async fn site(engine: Engine) -> Running {
    let site = Running::start(engine, "", |site| {
        site.app_module::<PlainApp>().page::<ItemPage>().page::<MergedPage>().page::<List>()
    })
    .await;
    let mut tx = site.site.db().begin().await.expect("a transaction");
    for table in TABLES {
        let table = match engine {
            Engine::Sqlite => table.to_owned(),
            Engine::Postgres | Engine::TwoNodes => {
                table.replace("INTEGER PRIMARY KEY", "BIGINT PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY")
            }
        };
        db::query_built(table).execute(&mut tx).await.expect("a table");
    }
    tx.commit().await.expect("a commit");
    site
}

async fn item(site: &Running, name: &str) -> i64 {
    let mut tx = site.site.db().begin().await.expect("a transaction");
    let insert = "INSERT INTO items (version, name, phone, email, pages, open, secret, search) \
                  VALUES (1, $1, '1', NULL, $2, TRUE, 's', $1) RETURNING id";
    let pages = name.bytes().last().map(|byte| i64::from(byte % 2));
    let key = db::query(insert).bind(name).bind(pages).scalar(&mut tx).await.expect("a key");
    tx.commit().await.expect("a commit");
    key
}

/// The form as a browser has it: its hidden fields, its texts and what is typed over them.
fn filled(page: &str, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs = vec![("_action".to_owned(), "save".to_owned())];
    for name in ["_csrf", "_once", "_row", "version", "name", "phone", "email", "pages"] {
        let typed = typed.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned());
        pairs.extend(typed.or_else(|| input_value(page, name)).map(|value| (name.to_owned(), value)));
        let original = format!("_original.{name}");
        pairs.extend(input_value(page, &original).map(|value| (original, value)));
    }
    pairs
}

async fn send(visitor: &Visitor, path: &str, page: &str, typed: &[(&str, &str)]) -> Answer {
    let pairs = filled(page, typed);
    let token = pairs.iter().find(|(name, _)| name == "_csrf").map(|(_, value)| value.clone()).expect("a token");
    let pairs: Vec<(&str, &str)> =
        pairs.iter().filter(|(name, _)| name != "_csrf").map(|(name, value)| (name.as_str(), value.as_str())).collect();
    visitor.post_with(&token, path, &pairs).await
}

/// Everything that is stored of the only item.
async fn stored(site: &Running) -> String {
    let mut conn = site.site.db().read().await.expect("a connection");
    let row = "SELECT name || ' ' || phone || ' ' || COALESCE(email, '-') || ' ' || version FROM items";
    db::query(row).scalar(&mut conn).await.expect("a row")
}

async fn the_later_of_two_edits_is_refused_and_keeps_what_was_typed(engine: Engine) {
    let site = site(engine).await;
    let path = format!("/items/{}", item(&site, "milk").await);
    let (ann, ben) = (site.visitor(), site.visitor());
    let (anns, bens) = (ann.read(&path).await, ben.read(&path).await);
    send(&ann, &path, &anns, &[("phone", "22")]).await.expect_status(303);
    let answer = send(&ben, &path, &bens, &[("email", "ben@example.org")]).await.expect_status(409).text();
    assert!(answer.contains("Field Phone changed by another user."), "{answer}");
    assert_eq!(stored(&site).await, "milk 22 - 2");
    assert_eq!(input_value(&answer, "email").as_deref(), Some("ben@example.org"), "typed values are kept");
    assert_eq!(input_value(&answer, "phone").as_deref(), Some("22"), "what only the other changed is taken over");
    assert_eq!(site.notes("executed").await, 1, "a refusal leaves nothing");
}

async fn the_refused_form_may_be_saved_again_knowingly(engine: Engine) {
    let site = site(engine).await;
    let path = format!("/items/{}", item(&site, "milk").await);
    let (ann, ben) = (site.visitor(), site.visitor());
    let (anns, bens) = (ann.read(&path).await, ben.read(&path).await);
    send(&ann, &path, &anns, &[("phone", "22")]).await.expect_status(303);
    let refused = send(&ben, &path, &bens, &[("phone", "33")]).await.expect_status(409).text();
    assert!(refused.contains("Stored now: <ins>22</ins>") && refused.contains("<del>1</del>"), "{refused}");
    send(&ben, &path, &refused, &[]).await.expect_status(303);
    assert_eq!(stored(&site).await, "milk 33 - 3");
}

async fn pairs_of_saves(engine: Engine, path: &str, second: &'static str) -> (Vec<[u16; 2]>, Running) {
    let site = site(engine).await;
    let path = format!("{path}/{}", item(&site, "milk").await);
    let visitors = [site.visitor(), site.visitor()];
    let mut outcomes = Vec::new();
    for round in 0..50 {
        let mut pages = Vec::new();
        for visitor in &visitors {
            pages.push(visitor.read(&path).await);
        }
        let answers = all_at_once(2, |number| {
            let (visitor, page, path) = (visitors[number].clone(), pages[number].clone(), path.clone());
            async move {
                let field = ["phone", second][number];
                send(&visitor, &path, &page, &[(field, &format!("{round}-{number}"))]).await.status
            }
        })
        .await;
        let mut answers = [answers[0], answers[1]];
        answers.sort_unstable();
        outcomes.push(answers);
    }
    (outcomes, site)
}

async fn of_two_simultaneous_saves_exactly_one_is_stored(engine: Engine) {
    for second in ["phone", "email"] {
        let (outcomes, site) = pairs_of_saves(engine, "/items", second).await;
        assert_eq!(outcomes, vec![[303, 409]; 50], "{second}");
        assert_eq!(site.number("SELECT version FROM items").await, 51, "{second}");
    }
}

async fn simultaneous_saves_of_different_fields_are_merged_where_the_table_says_so(engine: Engine) {
    let (outcomes, site) = pairs_of_saves(engine, "/merged", "email").await;
    assert_eq!(outcomes, vec![[303, 303]; 50]);
    assert_eq!(stored(&site).await, "milk 49-0 49-1 101");
    let (outcomes, _site) = pairs_of_saves(engine, "/merged", "phone").await;
    assert_eq!(outcomes, vec![[303, 409]; 50]);
}

async fn a_row_that_is_gone_is_not_found(engine: Engine) {
    let site = site(engine).await;
    let path = format!("/items/{}", item(&site, "milk").await);
    let visitor = site.visitor();
    let page = visitor.read(&path).await;
    visitor.post(&path, &[("_action", "delete")]).await.expect_status(303);
    send(&visitor, &path, &page, &[("phone", "22")]).await.expect_status(404);
    // Of a row that the form itself names, on a page that lets it.
    let gone = send(&visitor, "/items/any", &page, &[("phone", "22")]).await.expect_status(404).text();
    assert!(gone.contains("Row not found in items."), "{gone}");
    // Elsewhere a row named by the form is no row of the page's.
    send(&visitor, "/items/new", &page, &[("phone", "22")]).await.expect_status(303);
    assert_eq!(site.number("SELECT COUNT(*) FROM items").await, 1);
    let gone = visitor.post("/items/new", &[("_action", "delete"), ("_row", "999")]).await.expect_status(404).text();
    assert!(gone.contains("Row not found in items."), "{gone}");
}

async fn a_stale_deletion_is_refused(engine: Engine) {
    let site = site(engine).await;
    let path = format!("/items/{}", item(&site, "milk").await);
    let visitor = site.visitor();
    let page = visitor.read(&path).await;
    send(&visitor, &path, &page, &[("phone", "22")]).await.expect_status(303);
    let stale = [("_action", "delete"), ("version", "1"), ("_original.phone", "1")];
    let answer = visitor.post(&path, &stale).await.expect_status(409).text();
    assert!(answer.contains("Field Phone changed by another user."), "{answer}");
    assert_eq!(stored(&site).await, "milk 22 - 2");
    visitor.post(&path, &[("_action", "delete"), ("version", "2")]).await.expect_status(303);
    assert_eq!(site.number("SELECT COUNT(*) FROM items").await, 0);
}

async fn a_row_that_others_refer_to_is_not_deleted(engine: Engine) {
    let site = site(engine).await;
    let key = item(&site, "milk").await;
    let mut tx = site.site.db().begin().await.expect("a transaction");
    db::query("INSERT INTO parts (item_id) VALUES ($1)").bind(key).execute(&mut tx).await.expect("a part");
    tx.commit().await.expect("a commit");
    let visitor = site.visitor();
    let answer = visitor.post(&format!("/items/{key}"), &[("_action", "delete")]).await.expect_status(422).text();
    assert!(answer.contains("Other rows refer to this one."), "{answer}");
}

async fn a_value_of_another_row_is_refused(engine: Engine) {
    const TAKEN: &str = "Field Name belongs to another row already.";
    let site = site(engine).await;
    item(&site, "milk").await;
    let visitor = site.visitor();
    let new = visitor.read("/items/new").await;
    let answer = send(&visitor, "/items/new", &new, &[("name", "milk")]).await.expect_status(422).text();
    assert!(answer.contains(TAKEN), "{answer}");
    send(&visitor, "/items/new", &answer, &[("name", "bread"), ("phone", "5")]).await.expect_status(303);
    assert_eq!(site.number("SELECT version FROM items WHERE name = 'bread'").await, 1);
    assert_eq!(site.number("SELECT COUNT(*) FROM items").await, 2);
    let path = format!("/items/{}", site.number("SELECT id FROM items WHERE name = 'bread'").await);
    let page = visitor.read(&path).await;
    let answer = send(&visitor, &path, &page, &[("name", "milk")]).await.expect_status(422).text();
    assert!(answer.contains(TAKEN), "{answer}");
    send(&visitor, &path, &page, &[("name", "bread"), ("phone", "6")]).await.expect_status(303);
}

async fn of_two_rows_with_the_same_value_made_at_once_one_is_stored(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    for round in 0..10 {
        let name = format!("item{round}");
        let mut pages = Vec::new();
        for _ in 0..2 {
            pages.push(visitor.read("/items/new").await);
        }
        let mut answers = all_at_once(2, |number| {
            let (visitor, page, name) = (visitor.clone(), pages[number].clone(), name.clone());
            async move { send(&visitor, "/items/new", &page, &[("name", &name)]).await.status }
        })
        .await;
        answers.sort_unstable();
        assert_eq!(answers, [303, 422]);
    }
}

async fn of_two_rows_given_the_same_value_at_once_one_is_stored(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let paths = [format!("/items/{}", item(&site, "a").await), format!("/items/{}", item(&site, "b").await)];
    for round in 0..20 {
        let mut pages = Vec::new();
        for path in &paths {
            pages.push(visitor.read(path).await);
        }
        let mut answers = all_at_once(2, |number| {
            let (visitor, page, path) = (visitor.clone(), pages[number].clone(), paths[number].clone());
            let name = format!("same{round}");
            async move { send(&visitor, &path, &page, &[("name", &name)]).await.status }
        })
        .await;
        answers.sort_unstable();
        assert_eq!(answers, [303, 422], "round {round}");
    }
}

async fn what_may_not_be_seen_is_not_told(engine: Engine) {
    let site = site(engine).await;
    let path = format!("/items/{}", item(&site, "milk").await);
    let (insider, outsider) = (site.visitor(), site.visitor());
    insider.sign_in("ida", "secrets").await;
    let page = outsider.read(&path).await;
    insider.post(&path, &[("_action", "save"), ("version", "1"), ("secret", "hush")]).await.expect_status(303);
    let answer = send(&outsider, &path, &page, &[("phone", "22")]).await.expect_status(409).text();
    assert!(answer.contains("This row was changed by another user."), "{answer}");
    assert!(!answer.contains("Secret") && !answer.contains("hush"), "{answer}");
    // Guessing at it tells nothing.
    let guess = [("_action", "save"), ("version", "2"), ("_original.secret", "guess"), ("phone", "22")];
    outsider.post(&path, &guess).await.expect_status(303);
}

async fn a_program_that_sends_no_originals_is_judged_by_the_version(engine: Engine) {
    let site = site(engine).await;
    let path = format!("/items/{}", item(&site, "milk").await);
    let program = site.visitor();
    let save = async |version: &'static str, phone: &'static str| {
        program.post(&path, &[("_action", "save"), ("version", version), ("phone", phone)]).await.status
    };
    assert_eq!(save("1", "22").await, 303);
    assert_eq!(save("1", "33").await, 409);
    assert_eq!(save("2", "33").await, 303);
    assert_eq!(save("1", "33").await, 303, "what is so already is no change");
    assert_eq!(stored(&site).await, "milk 33 - 3");
}

async fn an_unchanged_form_writes_nothing(engine: Engine) {
    let site = site(engine).await;
    let path = format!("/items/{}", item(&site, "milk").await);
    let visitor = site.visitor();
    let page = visitor.read(&path).await;
    send(&visitor, &path, &page, &[("phone", " 1 "), ("pages", "01")]).await.expect_status(303);
    assert_eq!(stored(&site).await, "milk 1 - 1");
}

async fn no_address_of_a_list_fails(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    assert!(visitor.read("/list?page=3").await.starts_with("1/1 of 0: "));
    for number in 0..25 {
        item(&site, &format!("n{number:02}")).await;
    }
    for (query, begin) in [
        ("", "1/3 of 25: n00 n01 n02"),
        ("page=0", "1/3 of 25: n00"),
        ("page=-1", "1/3 of 25: n00"),
        ("page=9999999", "3/3 of 25: n20"),
        ("page=99999999999999999999", "3/3 of 25: n20"),
        ("page=abc", "1/3 of 25: n00"),
        ("page=2&page=3", "2/3 of 25: n10"),
        ("size=0", "1/25 of 25: n00<"),
        ("size=9999", "1/1 of 25: n00"),
        ("sort=-name", "1/3 of 25: n24 n23"),
        ("secret=guess", "1/3 of 25: n00"),
        ("pages=many&q=%00", "1/3 of 25: n00"),
        ("q=%25", "1/1 of 0: <"),
        ("q=%FF&page=%FF", "1/"),
    ] {
        let text = visitor.read(&format!("/list?{query}")).await;
        assert!(text.starts_with(begin), "{query}: {text}");
    }
    for query in ["sort=nonsense", "sort=name;--", "sort=-secret", "sort=--name"] {
        visitor.get(&format!("/list?{query}")).await.expect_status(400);
    }
}

async fn a_list_is_searched_sorted_and_narrowed(engine: Engine) {
    let site = site(engine).await;
    for number in 0..25 {
        item(&site, &format!("n{number:02}")).await;
    }
    let visitor = site.visitor();
    let list = async |query: &str| visitor.read(&format!("/list?{query}")).await;
    assert!(list("q=N1+1").await.starts_with("1/1 of 10: n10 n11"));
    assert!(list("q=n1&pages=1").await.starts_with("1/1 of 5: n11 n13 n15 n17 n19"));
    let sorted = list("sort=pages&page=2").await;
    assert!(sorted.starts_with("2/3 of 25: n03 n01 n24 n22"), "rows alike are in the order of their keys: {sorted}");
    assert!(sorted.contains("href=\"/list?sort=pages&#38;page=3\""), "{sorted}");
    assert!(list("").await.contains("<th scope=\"col\" aria-sort=\"ascending\"><a href=\"/list?sort=-name\">"));
    assert!(list("only=1&q=n0").await.starts_with("1/1 of 10: n00"));
    assert!(list("only=2").await.starts_with("1/1 of 0: "));
}

async fn a_value_that_does_not_fit_is_an_error_with_its_place(engine: Engine) {
    // PostgreSQL's columns hold nothing of another type.
    if engine == Engine::Postgres {
        return;
    }
    let site = site(engine).await;
    let key = item(&site, "milk").await;
    let mut tx = site.site.db().begin().await.expect("a transaction");
    db::query("UPDATE items SET pages = 'many'").execute(&mut tx).await.expect("a row");
    let found = Row::<Item>::find(&mut tx, key).await;
    let Err(DbError::Query(source)) = &found else { panic!("{found:?}") };
    assert!(source.to_string().contains(&format!("table items, row {key}: what column pages holds")), "{source}");
    tx.commit().await.expect("a commit");
    site.visitor().get(&format!("/items/{key}")).await.expect_status(500);
}
