//! Adapters and forms over real HTTP: rights, checks, actions, what is left of a refused form (W30-W36).

use askama::Template;

use crate::support::prelude::*;

on_both_engines! {
    a_field_that_may_not_be_seen_is_not_in_the_source,
    a_forged_field_is_refused_whatever_the_form_showed,
    sending_back_what_was_shown_is_no_change,
    all_mistakes_come_at_once_and_the_next_visitor_sees_none,
    an_action_needs_its_right_its_name_and_to_be_enabled,
    what_an_action_wrote_before_it_refused_is_gone,
    a_form_may_be_answered_or_refused_before_the_action,
    success_leads_to_the_page_named_with_its_message_once,
    a_refused_form_is_shown_by_the_failure_page,
    a_form_sent_twice_is_executed_once,
    a_form_sent_by_many_at_once_is_executed_once,
    a_refused_form_may_be_mended_and_sent_again,
    session_fields_are_each_visitors_own,
    values_of_every_kind_come_through,
    one_of_several_values_that_is_not_offered_is_refused,
    a_file_arrives_with_its_name,
    hostile_values_are_refused_or_shown_as_text,
    json_gets_every_error_by_field,
    a_script_gets_the_part_with_the_errors_or_what_comes_next,
    templates_see_the_application_the_session_and_the_pages,
}

/// Somebody who works here.
#[derive(Debug, Clone, Default, Adapter)]
struct Person {
    #[field(required, max_chars = 20)]
    name: String,
    #[field(kind = "email", label = "E-mail")]
    email: String,
    #[field(view = "pay.view", modify = "pay.change", min = 0, max = 1000)]
    salary: Option<i64>,
    #[field(read_only)]
    number: i64,
    #[field(session = "Nickname", max_chars = 10)]
    nickname: String,
    #[field(check = no_shouting)]
    motto: String,
}

fn no_shouting(motto: &str) -> Result<(), &'static str> {
    if motto.contains('!') { Err("must not shout") } else { Ok(()) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
enum PersonAction {
    #[action(message = "Saved.")]
    Save,
    #[action(right = "fire", no_fields, danger)]
    Fire,
    #[action(success = "welcome", message = "Hired.")]
    Hire,
    #[action(failure = "help")]
    Ask,
    #[action(no_fields)]
    Closed,
}

impl Execute for PersonAction {
    type Adapter = Person;

    fn is_enabled(self, _: &Form<Person>) -> bool {
        self != Self::Closed
    }

    async fn before_execute(self, form: &mut Form<Person>, _: &mut Context<'_>) -> Result<Flow, PageError> {
        match form.value().name.as_str() {
            "Nobody" => form.refuse(Person::NAME, "is nobody"),
            "Odysseus" => return Ok(Flow::Handled(Response::text("sailed on"))),
            _ => {}
        }
        Ok(Flow::Continue)
    }

    async fn execute(self, form: &mut Form<Person>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let body = form.value().name.clone();
        db::query("INSERT INTO notes (body) VALUES ($1)").bind(&body).execute(cx.tx().await?).await?;
        cx.application().update(&SAVED, |count| count.unwrap_or(0) + 1)?;
        cx.session_mut().set(&LAST, &body)?;
        if body == "Late" {
            form.refuse_all("It is too late.");
        }
        Ok(Done::new())
    }
}

const SAVED: AppVar<i64> = AppVar::new("Saved");
const LAST: SessionField<String> = SessionField::new("last");

#[derive(Template)]
#[template(
    ext = "html",
    blocks = ["form"],
    source = r#"{%- let frame = ("frame"|value::<toolcrib::page::Frame>)? -%}
<h1>People</h1>{% for flash in frame.flashes() %}<p role="status">{{ flash }}</p>{% endfor %}
<div id="people">{% block form %}{{ form.error_list() }}{{ form.start() }}{{ form.fields() }}
{{ form.button(PersonAction::Save) }}{{ form.button(PersonAction::Fire) }}</form>{% endblock %}</div>
<p>shown: {{ form.row().text(Person::SALARY) }}.</p>"#
)]
struct People {
    form: Form<Person>,
}

fn stored() -> Person {
    Person { name: "Ada".into(), salary: Some(777), number: 4, motto: "Onward".into(), ..Person::default() }
}

struct PeoplePage;

impl PageModule for PeoplePage {
    const INFO: PageInfo = PageInfo::new("people", "/people").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let people = People { form: cx.form_of(stored()).in_place("people") };
        cx.render_part(&people, &people.as_form())
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(stored());
        cx.execute::<PersonAction>(form).await
    }
}

page!(Welcome, PageInfo::new("welcome", "/welcome"), show(cx) {
    let flashes = cx.frame().flashes().join("|");
    Ok(Response::text(format!("welcome [{flashes}]")))
});

page!(Help, PageInfo::new("help", "/help"), show(cx) {
    let form = cx.form_of(Person::default());
    let last = cx.session().get(&LAST)?.unwrap_or_default();
    Ok(Response::text(format!("help: {} typed={} last={last}", form.errors(), form.control(Person::NAME).map(|name| name.value().to_owned()).unwrap_or_default())))
});

/// Values of every kind, shown as JSON.
#[derive(Debug, Clone, Default, Adapter)]
struct Kinds {
    lines: String,
    whole: i64,
    part: f64,
    maybe: Option<i64>,
    yes: bool,
    day: Option<Day>,
    sum: Amount,
    #[field(kind = "url")]
    link: String,
    colour: Colour,
    colours: Vec<Colour>,
    #[field(kind = "lines")]
    text: String,
    #[field(label = "The file")]
    file: FileField,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Choices)]
enum Colour {
    #[default]
    Red,
    #[choice(label = "Dark blue")]
    DarkBlue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
enum KindsAction {
    Send,
}

impl Execute for KindsAction {
    type Adapter = Kinds;

    async fn execute(self, form: &mut Form<Kinds>, _: &mut Context<'_>) -> Result<Done, PageError> {
        let file = form.value().file.0.as_ref().map(|file| (file.file_name.clone(), file.bytes.len()));
        let mut json = form.row().to_json();
        json["sent"] = serde_json::json!(file);
        json["shown"] = form.row().text(Kinds::COLOURS).into();
        Ok(Done::new().json(json))
    }
}

#[derive(Template)]
#[template(ext = "html", source = "{{ form.whole(KindsAction::Send) }}")]
struct KindsForm {
    form: Form<Kinds>,
}

struct KindsPage;

impl PageModule for KindsPage {
    const INFO: PageInfo = PageInfo::new("kinds", "/kinds").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Kinds::default());
        cx.render(KindsForm { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Kinds::default());
        cx.execute::<KindsAction>(form).await
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{%- let frame = ("frame"|value::<toolcrib::page::Frame>)? -%}
{%- let application = frame.application() -%}{%- let session = frame.session() -%}{%- let end_user = frame.end_user() -%}
title={{ application }} saved={{ application.text("Saved") }} last={{ session.text("last") }} key=[{{ session.text("toolcrib.user") }}]
user={% if let Some(user) = end_user %}{{ user.display_name }}{% endif %} page={{ frame.page().name() }}
pages={% for page in frame.pages() %}{{ page.name() }} {% endfor %}"#
)]
struct Lent;

page!(LentPage, PageInfo::new("lent", "/lent"), show(cx) { cx.render(Lent) });
page!(Secret, PageInfo::new("secret", "/secret").right("fire"), show(_cx) { Ok(Response::text("secret")) });

/// One instance of each page: whoever comes next gets the one that was used before.
async fn site(engine: Engine) -> Running {
    Running::start(engine, "pool.max = 1\npages.app.max = 32", |site| {
        site.app_module::<PlainApp>()
            .page::<PeoplePage>()
            .page::<Welcome>()
            .page::<Help>()
            .page::<KindsPage>()
            .page::<LentPage>()
            .page::<Secret>()
    })
    .await
}

const SAVE: (&str, &str) = ("_action", "save");

/// Whether a page has a number by itself, not as a part of a key, whose digits are drawn by chance.
fn shows(page: &str, number: &str) -> bool {
    let word = |letter: char| letter.is_ascii_alphanumeric();
    page.split(|letter| !word(letter)).any(|found| found == number)
}

async fn a_field_that_may_not_be_seen_is_not_in_the_source(engine: Engine) {
    let site = site(engine).await;
    let (clerk, boss) = (site.visitor(), site.visitor());
    clerk.sign_in("clerk", "").await;
    boss.sign_in("boss", "pay.view").await;
    let source = clerk.read("/people").await;
    assert!(!shows(&source, "777") && !source.contains("alary"), "{source}");
    assert!(source.contains("shown: ."), "{source}");
    let source = boss.read("/people").await;
    assert!(shows(&source, "777") && source.contains("Salary"), "{source}");
    assert!(!source.contains(r#"name="salary""#), "what may only be seen has a control: {source}");
    let anonymous = site.visitor().read("/people").await;
    assert!(!shows(&anonymous, "777"), "{anonymous}");
}

async fn a_forged_field_is_refused_whatever_the_form_showed(engine: Engine) {
    let site = site(engine).await;
    let (clerk, viewer, payer) = (site.visitor(), site.visitor(), site.visitor());
    clerk.sign_in("clerk", "").await;
    viewer.sign_in("viewer", "pay.view").await;
    payer.sign_in("payer", "pay.view pay.change").await;
    for (who, fields) in [
        (&clerk, [SAVE, ("name", "Forged"), ("salary", "1")]),
        // The value that is stored, from somebody who may not know it.
        (&clerk, [SAVE, ("name", "Forged"), ("salary", "777")]),
        (&viewer, [SAVE, ("name", "Forged"), ("salary", "1")]),
        (&payer, [SAVE, ("name", "Forged"), ("number", "5")]),
    ] {
        let answer = who.post("/people", &fields).await.expect_status(403);
        assert!(answer.text().contains("may not be changed by you"), "{answer:?}");
    }
    assert_eq!(site.notes("Forged").await, 0);
    payer.post("/people", &[SAVE, ("name", "Paid"), ("salary", "5")]).await.expect_status(303);
    assert_eq!(site.notes("Paid").await, 1);
}

async fn sending_back_what_was_shown_is_no_change(engine: Engine) {
    let site = site(engine).await;
    let viewer = site.visitor();
    viewer.sign_in("viewer", "pay.view").await;
    let fields = [SAVE, ("name", "Same"), ("salary", " 777 "), ("number", "4"), ("role", "admin"), ("user[role]", "x")];
    viewer.post("/people", &fields).await.expect_status(303);
    assert_eq!(site.notes("Same").await, 1);
}

/// AC-22: one instance serves both.
async fn all_mistakes_come_at_once_and_the_next_visitor_sees_none(engine: Engine) {
    let site = site(engine).await;
    let (first, second) = (site.visitor(), site.visitor());
    let fields = [SAVE, ("name", " "), ("email", "typed nonsense"), ("motto", "Hurry!"), ("nickname", "much too long")];
    let refused = first.post("/people", &fields).await.expect_status(422).text();
    for told in [
        "Field Name requires a value.",
        "Field E-mail must be an address like name@example.org.",
        "Field Motto must not shout.",
        "Field Nickname must have at most 10 characters.",
        r#"value="typed nonsense""#,
        r#"aria-describedby="f-email-error""#,
        r##"href="#f-email""##,
        "4 things need your attention",
    ] {
        assert!(refused.contains(told), "{told} in {refused}");
    }
    let fresh = second.read("/people").await;
    assert!(
        !fresh.contains("typed nonsense") && !fresh.contains("aria-invalid") && !fresh.contains("attention"),
        "{fresh}"
    );
    let again = first.read("/people").await;
    assert!(!again.contains("typed nonsense") && !again.contains("aria-invalid"), "{again}");
    assert_eq!(site.number("SELECT COUNT(*) FROM notes").await, 0);
}

async fn an_action_needs_its_right_its_name_and_to_be_enabled(engine: Engine) {
    let site = site(engine).await;
    let (clerk, boss) = (site.visitor(), site.visitor());
    boss.sign_in("boss", "fire").await;
    assert!(!clerk.read("/people").await.contains(r#"value="fire""#));
    assert!(boss.read("/people").await.contains(r#"value="fire""#));
    clerk.post("/people", &[("_action", "fire")]).await.expect_status(403);
    clerk.post("/people", &[("_action", "closed")]).await.expect_status(403);
    for fields in [vec![("_action", "promote")], vec![("_action", "")], vec![], vec![("_action", "Save")]] {
        clerk.post("/people", &fields).await.expect_status(400);
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM notes").await, 0);
    // It reads no fields: what is wrong with them does not matter.
    boss.post("/people", &[("_action", "fire"), ("name", "")]).await.expect_status(303);
    assert_eq!(site.notes("Ada").await, 1);
}

async fn what_an_action_wrote_before_it_refused_is_gone(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    visitor.post("/people", &[SAVE, ("name", "Early")]).await.expect_status(303);
    let refused = visitor.post("/people", &[SAVE, ("name", "Late"), ("nickname", "Tardy")]).await.expect_status(422);
    assert!(refused.text().contains("It is too late."), "{refused:?}");
    assert_eq!((site.notes("Early").await, site.notes("Late").await), (1, 0));
    let lent = visitor.read("/lent").await;
    assert!(lent.contains("saved=1 last=Early"), "{lent}");
    assert!(!visitor.read("/people").await.contains("Tardy"));
}

async fn a_form_may_be_answered_or_refused_before_the_action(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let refused = visitor.post("/people", &[SAVE, ("name", "Nobody")]).await.expect_status(422).text();
    assert!(refused.contains("Field Name is nobody."), "{refused}");
    let handled = visitor.post("/people", &[SAVE, ("name", "Odysseus")]).await.expect_status(200).text();
    assert_eq!(handled, "sailed on");
    assert_eq!(site.number("SELECT COUNT(*) FROM notes").await, 0);
}

async fn success_leads_to_the_page_named_with_its_message_once(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let answer = visitor.post("/people", &[("_action", "hire"), ("name", "Grace")]).await.expect_status(303);
    assert_eq!(answer.location(), "/welcome");
    assert_eq!(visitor.read("/welcome").await, "welcome [Hired.]");
    assert_eq!(visitor.read("/welcome").await, "welcome []");
    let answer = visitor.post("/people?page=2", &[SAVE, ("name", "Grace")]).await.expect_status(303);
    assert_eq!(answer.location(), "/people");
}

async fn a_refused_form_is_shown_by_the_failure_page(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let answer = visitor.post("/people", &[("_action", "ask"), ("name", "Late")]).await;
    assert_eq!(answer.text(), "help: It is too late. typed=Late last=");
    assert_eq!(site.notes("Late").await, 0);
}

async fn a_form_sent_twice_is_executed_once(engine: Engine) {
    let site = site(engine).await;
    let (visitor, other) = (site.visitor(), site.visitor());
    let fields = [("_action", "hire"), ("name", "Twice"), ("_once", "0123456789abcdef")];
    let token = visitor.token().await;
    for _ in 0..3 {
        let answer = visitor.post_with(&token, "/people", &fields).await.expect_status(303);
        assert_eq!(answer.location(), "/welcome");
    }
    assert_eq!(site.notes("Twice").await, 1);
    assert_eq!(visitor.read("/welcome").await, "welcome [Hired.]", "the message is told once, too");
    // Somebody signed in is somebody else.
    other.sign_in("other", "").await;
    other.post("/people", &fields).await.expect_status(303);
    assert_eq!(site.notes("Twice").await, 2);
    let form = visitor.read("/people").await;
    let keys: Vec<&str> =
        form.split(r#"name="_once" value=""#).skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(keys.len() == 1 && keys[0].len() >= 32, "{keys:?}");
}

async fn a_form_sent_by_many_at_once_is_executed_once(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let token = visitor.token().await;
    let answers = all_at_once(16, |_| {
        let (visitor, token) = (visitor.clone(), token.clone());
        async move {
            let fields = [("_action", "hire"), ("name", "Once"), ("_once", "fedcba9876543210")];
            visitor.post_with(&token, "/people", &fields).await
        }
    })
    .await;
    for answer in answers {
        assert_eq!((answer.status, answer.location()), (303, "/welcome"), "{answer:?}");
    }
    assert_eq!(site.notes("Once").await, 1);
}

async fn a_refused_form_may_be_mended_and_sent_again(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    visitor.post("/people", &[SAVE, ("name", ""), ("_once", "aaaa")]).await.expect_status(422);
    visitor.post("/people", &[SAVE, ("name", "Late"), ("_once", "aaaa")]).await.expect_status(422);
    visitor.post("/people", &[SAVE, ("name", "Mended"), ("_once", "aaaa")]).await.expect_status(303);
    visitor.post("/people", &[SAVE, ("name", "Mended"), ("_once", "aaaa")]).await.expect_status(303);
    assert_eq!(site.notes("Mended").await, 1);
}

/// W32, AC-6.
async fn session_fields_are_each_visitors_own(engine: Engine) {
    let site = site(engine).await;
    let (anna, boris) = (site.visitor(), site.visitor());
    anna.post("/people", &[SAVE, ("name", "Anna"), ("nickname", "Annie")]).await.expect_status(303);
    boris.post("/people", &[SAVE, ("name", "Boris"), ("nickname", "Bo")]).await.expect_status(303);
    assert!(anna.read("/people").await.contains(r#"value="Annie""#));
    assert!(boris.read("/people").await.contains(r#"value="Bo""#));
    let fresh = site.visitor().read("/people").await;
    assert!(!fresh.contains("Annie") && !fresh.contains(r#"value="Bo""#), "{fresh}");
    // What was not sent stays.
    anna.post("/people", &[SAVE, ("name", "Anna")]).await.expect_status(303);
    assert!(anna.read("/people").await.contains(r#"value="Annie""#));
}

async fn values_of_every_kind_come_through(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let fields = [
        ("lines", "  plain  "),
        ("whole", "-12"),
        ("part", "1.5"),
        ("maybe", ""),
        ("yes", ""),
        ("yes", "on"),
        ("day", "2026-03-31"),
        ("sum", "12.5"),
        ("link", "Example.org/a"),
        ("colour", "dark_blue"),
        ("colours", ""),
        ("colours", "red"),
        ("colours", "dark_blue"),
        ("text", "one\r\ntwo"),
    ];
    let answer = visitor.post_json("/kinds", &fields).await.expect_status(200).json();
    let expected = serde_json::json!({
        "lines": "plain", "whole": -12, "part": 1.5, "maybe": null, "yes": true, "day": "2026-03-31", "sum": 1250,
        "link": "https://Example.org/a", "colour": "dark_blue", "colours": ["red", "dark_blue"], "text": "one\ntwo",
        "file": null, "sent": null, "shown": "Red, Dark blue",
    });
    assert_eq!(answer, expected);
    let none = visitor.post_json("/kinds", &[("colours", ""), ("yes", "")]).await.expect_status(200).json();
    assert_eq!((&none["colours"], &none["yes"]), (&serde_json::json!([]), &serde_json::json!(false)));
    let form = visitor.read("/kinds").await;
    assert!(form.contains("multipart/form-data") && form.contains("Dark blue"), "{form}");
}

async fn one_of_several_values_that_is_not_offered_is_refused(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    for (field, value) in [
        ("colour", "green"),
        ("colours", "green"),
        ("whole", "12.5"),
        ("whole", "9999999999999999999999"),
        ("part", "NaN"),
        ("day", "2026-02-30"),
        ("sum", "1.234"),
        ("sum", "99999999999999999999"),
        ("maybe", "x"),
        ("yes", "perhaps"),
        ("link", "javascript:alert(1)"),
    ] {
        let answer = visitor.post_json("/kinds", &[(field, value)]).await.expect_status(422).json();
        assert!(answer["errors"][field].is_array(), "{field}={value}: {answer}");
    }
    let answer = visitor.post_json("/kinds", &[("whole", "1"), ("whole", "2")]).await.expect_status(422).json();
    assert_eq!(answer["errors"]["whole"][0], "Field Whole was sent twice.");
}

async fn a_file_arrives_with_its_name(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let answer =
        visitor.post_file("/kinds", "file", "l\"ist<x>.csv", b"a,b\n".to_vec()).await.expect_status(200).json();
    assert_eq!(answer["sent"][1], 4, "{answer}");
}

async fn hostile_values_are_refused_or_shown_as_text(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let megabyte = "x".repeat(900_000);
    for value in ["a\0b", "\u{202e}gpj", "line\nbreak", "\u{1b}[2J", "\u{200b}", megabyte.as_str()] {
        visitor.post("/people", &[SAVE, ("name", value)]).await.expect_status(422);
    }
    let markup = r#""><script>alert(1)</script>"#;
    let page = visitor.post("/people", &[SAVE, ("name", ""), ("motto", markup)]).await.expect_status(422).text();
    assert!(!page.contains("<script>") && page.contains("&#60;script&#62;"), "{page}");
    visitor.post("/people", &[SAVE, ("name", "<b>x</b>")]).await.expect_status(303);
    assert_eq!(site.notes("<b>x</b>").await, 1);
}

async fn json_gets_every_error_by_field(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let answer = visitor.post_json("/people", &[SAVE, ("name", ""), ("email", "x")]).await.expect_status(422).json();
    let expected = serde_json::json!({"errors": {
        "name": ["Field Name requires a value."],
        "email": ["Field E-mail must be an address like name@example.org."],
    }});
    assert_eq!(answer, expected);
    let late = visitor.post_json("/people", &[SAVE, ("name", "Late")]).await.expect_status(422).json();
    assert_eq!(late["errors"]["form"][0], "It is too late.");
    let done = visitor.post_json("/people", &[SAVE, ("name", "Fine")]).await.expect_status(200).json();
    assert_eq!(done, serde_json::json!({"done": true}));
}

async fn a_script_gets_the_part_with_the_errors_or_what_comes_next(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let part = visitor.post_fetch("/people", &[SAVE, ("name", "")]).await.expect_status(422).text();
    assert!(
        part.contains("requires a value") && !part.contains("<h1>") && part.contains(r#"data-part="people""#),
        "{part}"
    );
    let stays = visitor.post_fetch("/people", &[SAVE, ("name", "Here")]).await.expect_status(200).json();
    assert_eq!(stays, serde_json::json!({"message": "Saved."}));
    let leaves =
        visitor.post_fetch("/people", &[("_action", "hire"), ("name", "Away")]).await.expect_status(200).json();
    assert_eq!(leaves, serde_json::json!({"location": "/welcome"}));
    assert_eq!(visitor.read("/welcome").await, "welcome [Hired.]");
}

async fn templates_see_the_application_the_session_and_the_pages(engine: Engine) {
    let site = site(engine).await;
    let visitor = site.visitor();
    let before = visitor.read("/lent").await;
    assert!(before.contains("title=A site under test saved= last= key=[]"), "{before}");
    assert!(before.contains("page=lent") && before.contains("people ") && !before.contains("secret"), "{before}");
    visitor.sign_in("Zoë <z>", "fire").await;
    visitor.post("/people", &[SAVE, ("name", "Seen")]).await.expect_status(303);
    let after = visitor.read("/lent").await;
    assert!(after.contains("saved=1 last=Seen key=[]"), "{after}");
    assert!(after.contains("user=Zoë &#60;z&#62;") && after.contains("secret"), "{after}");
}
