//! Templates shown from sample data, in every state they can have.
//!
//! Samples lie beside the template, as `list.samples.json` beside `list.html`: one object whose keys
//! are the states (`empty`, `one`, `many`, `errors`, `conflict`, `denied` …) and whose values the fields
//! of the template's struct. A state's `frame` says who looks and what the flashes are:
//! `"frame": {"rights": ["edit"], "flashes": ["Saved."]}`.

use std::any::Any;
use std::fmt;

use askama::Template;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Frame, PageInfo, Site};
use crate::session::{EndUser, Session};

/// A template and its samples.
#[derive(Clone, Copy)]
pub struct Preview {
    template: &'static str,
    samples: &'static str,
    render: fn(Value, &Frame) -> Result<String, String>,
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview").field("template", &self.template).finish_non_exhaustive()
    }
}

/// A sample that cannot be shown. The message names template, state and what does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{template}, {state}: {reason}")]
pub struct PreviewError {
    template: &'static str,
    state: String,
    reason: String,
}

impl Preview {
    pub(crate) fn of<T: Template + DeserializeOwned>(template: &'static str, samples: &'static str) -> Self {
        Self { template, samples, render: render::<T> }
    }

    /// The template's path.
    #[must_use]
    pub fn template(&self) -> &'static str {
        self.template
    }

    /// The names of its states, in the order of the alphabet.
    ///
    /// # Errors
    /// [`PreviewError`] where the samples are no JSON object.
    pub fn states(&self) -> Result<Vec<String>, PreviewError> {
        Ok(self.parsed()?.into_iter().map(|(state, _)| state).collect())
    }

    /// The template in one of its states.
    ///
    /// # Errors
    /// [`PreviewError`] where there is no such state, or it does not fit.
    pub fn render(&self, site: &Site, state: &str) -> Result<String, PreviewError> {
        let failed = |reason: String| PreviewError { template: self.template, state: state.to_owned(), reason };
        let mut sample = self.parsed()?.remove(state).ok_or_else(|| failed("there is no such state".to_owned()))?;
        let frame = sample.as_object_mut().and_then(|fields| fields.remove("frame"));
        let frame = frame_of(site, frame).map_err(failed)?;
        (self.render)(sample, &frame).map_err(failed)
    }

    fn parsed(&self) -> Result<Map<String, Value>, PreviewError> {
        serde_json::from_str(self.samples).map_err(|error| PreviewError {
            template: self.template,
            state: "samples".to_owned(),
            reason: error.to_string(),
        })
    }
}

fn render<T: Template + DeserializeOwned>(sample: Value, frame: &Frame) -> Result<String, String> {
    let template: T = serde_json::from_value(sample).map_err(|error| error.to_string())?;
    let frame: &dyn Any = frame;
    template.render_with_values(&("frame", frame)).map_err(|error| error.to_string())
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FrameSample {
    rights: Option<Vec<String>>,
    flashes: Vec<String>,
}

/// What surrounds a sample: the site's own frame, seen by somebody made up.
fn frame_of(site: &Site, sample: Option<Value>) -> Result<Frame, String> {
    let sample: FrameSample =
        sample.map_or_else(|| Ok(FrameSample::default()), serde_json::from_value).map_err(|error| error.to_string())?;
    let end_user = sample.rights.map(|rights| EndUser {
        id: "0".to_owned(),
        name: "sample".to_owned(),
        display_name: "Sam Sample".to_owned(),
        rights,
    });
    Ok(Frame {
        site: site.clone(),
        session: Session::default(),
        page: PageInfo::new("preview", "/tools/preview").title("Preview"),
        path: "/tools/preview".to_owned(),
        end_user,
        csrf_token: "sample".to_owned(),
        flashes: sample.flashes,
        request_id: "sample".to_owned(),
        assets: site.parts().assets.clone(),
    })
}

impl Site {
    /// The templates that can be shown from samples, in the order they were registered; none outside
    /// a development profile.
    #[must_use]
    pub fn previews(&self) -> &[Preview] {
        &self.parts().previews
    }
}
