use askama::Template;
use toolcrib::prelude::*;

#[derive(Debug, Clone, Default, Adapter)]
#[adapter(table = "notes", sort(newest = "-id"), page_size = 20)]
pub(crate) struct Note {
    #[field(required, max_chars = 80)]
    title: String,
    #[field(kind = "lines", max_chars = 2_000, hint = "Nobody else needs to understand it.")]
    body: String,
    due: Option<Day>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub(crate) enum NoteAction {
    #[action(label = "Add the note", message = "The note has been added.")]
    Add,
    #[action(label = "Delete", no_fields, danger, message = "The note is gone.")]
    Delete,
}

impl Execute for NoteAction {
    type Adapter = Note;

    async fn execute(self, form: &mut Form<Note>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        match self {
            Self::Add => form.save(cx).await,
            Self::Delete => form.remove(cx).await,
        }
    }
}

#[derive(Template)]
#[template(path = "notes.html", blocks = ["notes"])]
struct Notes {
    list: Paged<Note>,
    form: Form<Note>,
}

pub(crate) struct NotesPage;

impl PageModule for NotesPage {
    const INFO: PageInfo = PageInfo::new("notes", "/").title("Notes").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let notes = Notes { list: cx.paged().await?, form: cx.form_of(Note::default()).in_place("notes") };
        cx.render_part(&notes, &notes.as_notes())
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Note::default());
        cx.execute::<NoteAction>(form).await
    }
}
