//! The input of a figure of final values.

use crate::figure::{Better, Reference, Scale};

/// One row of a [`final_values()`] figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalRow {
    /// The name that is written. Unique in its panel.
    pub label: String,
    /// The estimator's kind: decides the colour.
    pub kind: String,
    /// The central value (interquartile mean); an infinite one is drawn as "→ diverged".
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// The value of each seed, drawn as a faint dot; may be empty.
    pub samples: Vec<f64>,
    /// How many runs the row stands on, failed ones included.
    pub runs: usize,
    /// How many of the runs diverged or failed.
    pub failures: usize,
}

/// The rows that share an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalPanel {
    /// What is common to the rows, such as `categories=8`.
    pub title: String,
    /// The rows, in any order; they are drawn best first.
    pub rows: Vec<FinalRow>,
    /// Vertical lines.
    pub references: Vec<Reference>,
}

/// The input of [`final_values()`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalFigure {
    /// The heading.
    pub title: String,
    /// What the horizontal axis measures, shared by all panels.
    pub x_label: String,
    /// The horizontal scale.
    pub x_scale: Scale,
    /// Which values are good.
    pub better: Better,
    /// Draw a dashed line at the value of the palette's reference kind.
    pub reference_line: bool,
    /// Text below the panels; how many runs there are and what the marks mean is added to it.
    pub caption: String,
    /// The panels, side by side.
    pub panels: Vec<FinalPanel>,
}
