//! A file with clients.

use toolcrib::prelude::*;

use crate::db::import;
use crate::domain::csv_import;
use crate::pages::words::sentence;

/// The form of an import, and, once it was sent, what came of each row.
#[derive(Debug, Clone, Default, Adapter)]
pub struct ImportFile {
    #[field(required, label = "CSV file", hint = "UTF-8 text, the first line names the columns, at most 16 MB.")]
    file: FileField,
}

/// What is done with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub enum ImportAction {
    /// Its new clients are stored.
    #[action(label = "Import", right = "import")]
    Import,
}

impl Execute for ImportAction {
    type Adapter = ImportFile;

    async fn execute(self, form: &mut Form<ImportFile>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let Some(upload) = form.value().file.0.clone() else { return Ok(Done::new()) };
        let rows = match csv_import::read(&upload.bytes) {
            Ok(rows) => rows,
            Err(refusal) => {
                form.refuse_in_words(ImportFile::FILE, sentence(&refusal.to_string()));
                return Ok(Done::new());
            }
        };
        let report = import::apply(cx.tx().await?, rows, now_micros()).await?;
        Ok(Done::new().answer(crate::pages::import::report(cx, report)?))
    }
}
