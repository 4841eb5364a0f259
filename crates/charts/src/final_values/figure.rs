//! The input of [`final_values()`](crate::final_values()).

use crate::figure::{Better, Reference, Scale};

/// One row of a [`final_values()`](crate::final_values()) figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalRow {
    /// Its name in the figure. Unique in its panel.
    pub label: String,
    /// The estimator's kind, which determines the color.
    pub kind: String,
    /// The central value (interquartile mean); an infinite one is drawn as "→ diverged".
    pub value: f64,
    /// Lower end of the 95 % interval; NaN without one.
    pub low: f64,
    /// Upper end of the 95 % interval; NaN without one.
    pub high: f64,
    /// The value of each seed, drawn as a faint dot; may be empty.
    pub samples: Vec<f64>,
    /// The number of runs, including failed ones.
    pub runs: usize,
    /// The number of runs that diverged or failed.
    pub failures: usize,
}

impl FinalRow {
    pub(crate) fn has_interval(&self) -> bool {
        !self.low.is_nan() && !self.high.is_nan()
    }
}

/// Rows that share an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalPanel {
    /// What the rows have in common, such as `categories=8`.
    pub title: String,
    /// The rows, in any order; they are drawn best first.
    pub rows: Vec<FinalRow>,
    /// Values drawn as vertical lines.
    pub references: Vec<Reference>,
}

/// The input of [`final_values()`](crate::final_values()).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalFigure {
    /// The heading.
    pub title: String,
    /// What the horizontal axis measures, shared by all panels.
    pub x_label: String,
    /// The horizontal scale.
    pub x_scale: Scale,
    /// Which values are better.
    pub better: Better,
    /// Whether to draw a dashed line at the value of the palette's reference kind.
    pub reference_line: bool,
    /// Text below the panels. The number of runs and the meaning of the marks are appended.
    pub caption: String,
    /// The width of the document in pixels, as far as labels leave room for plots; else plots have a
    /// width of their own.
    pub width: Option<f64>,
    /// The panels, side by side.
    pub panels: Vec<FinalPanel>,
}
