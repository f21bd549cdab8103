use askama::Template;
use toolcrib::prelude::*;

const WORDS: AppVar<Vec<String>> = AppVar::new("Words");

/// Most words kept.
const KEPT: usize = 20;

/// Most characters of a word, and of a name.
const LONGEST: usize = 80;

#[derive(Template)]
#[template(path = "guests.html", blocks = ["words"])]
struct View {
    words: Vec<String>,
}

/// `/`: what everybody said.
pub(crate) struct Guests;

/// `/live`: the stream of it.
pub(crate) struct GuestsLive;

/// `/enter`: who one is.
pub(crate) struct Enter;

impl PageModule for Guests {
    const INFO: PageInfo = PageInfo::new("guests", "/").title("Guests").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let view = View { words: cx.application().get(&WORDS)?.unwrap_or_default() };
        cx.render_part(&view, &view.as_words())
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let word = text(cx, "word")?;
        let mut words = cx.application().get(&WORDS)?.unwrap_or_default();
        words.insert(0, word);
        words.truncate(KEPT);
        cx.application().set(&WORDS, &words)?;
        cx.publish("guests", "said", &words.len());
        cx.redirect("/")
    }
}

impl PageModule for GuestsLive {
    const INFO: PageInfo = PageInfo::new("guests-live", "/live");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        Ok(cx.live(&["guests"]).present("guests", "here"))
    }
}

impl PageModule for Enter {
    const INFO: PageInfo = PageInfo::new("enter", "/enter").post_only();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Err(PageError::NotFound)
    }

    /// Anybody may be anybody here.
    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let name = text(cx, "name")?;
        cx.sign_in(&EndUser { id: name.clone(), display_name: name.clone(), name, rights: Vec::new() })?;
        cx.redirect("/")
    }
}

fn text(cx: &Context<'_>, field: &str) -> Result<String, PageError> {
    let text = cx.form_param(field).unwrap_or_default().trim();
    match text.chars().count() {
        1..=LONGEST => Ok(text.to_owned()),
        _ => Err(PageError::bad_request(format!("Between 1 and {LONGEST} characters, please."))),
    }
}
