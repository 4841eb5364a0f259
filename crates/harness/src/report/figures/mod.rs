//! The figures of a results folder: one file each. A figure decides which series stand in which
//! panel; drawing is the business of `charts`, statistics are that of `results`.

mod bias_variance;
mod budget;
mod convergence;
mod course;
mod final_values;
mod overview;
mod points;
mod profile;
mod sensitivity;
mod source;
mod variance;
mod words;

pub use source::Excerpt;
pub(super) use words::capitalized;

use crate::report::computed::Computed;
use crate::results::Summary;
use anyhow::Result;
use charts::Drawing;
use points::{bounds, curve, point, scale, scale_of_losses};
use registry::UnknownName;
use source::{Source, grouped};
use words::{axis, measured_on, parameter};

/// A figure as it is shown and stored.
pub struct Drawn {
    /// The name of its file, without extension.
    pub name: String,
    /// What it shows, for the report.
    pub about: &'static str,
    /// The picture.
    pub drawing: Drawing,
    /// What its horizontal axis measures, where there are other forms.
    pub axis: &'static str,
    /// The same values along other horizontal axes.
    pub forms: Vec<Form>,
    /// Another axis and its file, where the form is no part of the page, as it differs from run to run.
    pub picture: Option<(&'static str, &'static str)>,
    /// Whether it is a part of another figure, for a page with less room; the report does without it.
    pub is_excerpt: bool,
}

/// A figure along another horizontal axis.
pub struct Form {
    /// What the axis measures.
    pub axis: &'static str,
    /// The name of its file, without extension.
    pub name: String,
    /// The picture.
    pub drawing: Drawing,
}

impl Drawn {
    /// A figure of one form.
    fn new(name: impl Into<String>, about: &'static str, drawing: Drawing) -> Self {
        Self {
            name: name.into(),
            about,
            drawing,
            axis: "",
            forms: vec![],
            picture: None,
            is_excerpt: false,
        }
    }
}

/// The figures, in the order of the report. Each draws itself as often as it applies.
const ALL: &[fn(&Source<'_>) -> Vec<Drawn>] = &[
    overview::draw,
    convergence::draw,
    final_values::draw,
    budget::draw,
    course::draw,
    profile::draw,
    variance::draw,
    bias_variance::draw,
    sensitivity::draw,
];

/// Draws the figures of a results folder.
pub(super) fn draw(summary: &Summary<'_>, computed: &Computed) -> Vec<Drawn> {
    let source = Source::new(summary, computed);
    ALL.iter().flat_map(|draw| draw(&source)).collect()
}

/// Draws a part of a figure.
///
/// # Errors
/// If it is unknown, or the statistics cannot be computed.
pub fn excerpt(summary: &Summary<'_>, name: &str, excerpt: &Excerpt) -> Result<Drawing> {
    let computed = Computed::of(summary)?;
    let source = Source { excerpt: Some(excerpt), ..Source::new(summary, &computed) };
    let mut known = vec![];
    for figure in ALL.iter().flat_map(|draw| draw(&source)) {
        let forms = figure.forms.into_iter().map(|form| (form.name, form.drawing));
        for (other, drawing) in std::iter::once((figure.name, figure.drawing)).chain(forms) {
            if other == name {
                return Ok(drawing);
            }
            known.push(other);
        }
    }
    Err(UnknownName::new("figure", name, known).into())
}

/// The name and content of the picture of curves along time.
pub(super) fn timing(summary: &Summary<'_>, computed: &Computed) -> Option<(&'static str, String)> {
    let drawing = convergence::timing(&Source::new(summary, computed))?;
    Some((convergence::TIMING, drawing.svg))
}
