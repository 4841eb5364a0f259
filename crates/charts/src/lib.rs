//! The figures: numbers in, one self-contained SVG out.
//!
//! Statistics are made elsewhere. Every figure is a pure function of its input structure and a
//! [`Palette`]: the same input gives the same bytes, on any machine and in any order.
//!
//! | figure | input | question |
//! |---|---|---|
//! | [`convergence()`] | [`Figure`] | how does the deployed loss fall along training? |
//! | [`variance()`] | [`Figure`] | how noisy is the gradient along training? |
//! | [`bias_variance()`] | [`Figure`] | what does an estimator trade, bias or variance? |
//! | [`final_values()`] | [`FinalFigure`] | which estimator ends best, and how sure is that? |
//! | [`sensitivity()`] | [`Figure`] | how much does a parameter of the estimator matter? |
//!
//! Three rules hold in all of them:
//!
//! - **A colour is a kind.** [`Palette`] gives each kind of estimator one colour, dash and marker,
//!   the same in every figure; variants of a kind share the colour.
//! - **What cannot be drawn is said.** Infinite, missing, zero or negative values never become a
//!   mark at a made-up place: a line is cut, marked × and called diverged; a zero on a log axis
//!   moves to a strip labelled 0; a series without a finite value is named below its panel.
//! - **Few enough lines to read.** A panel of more than [`MOST_SERIES`] series is split by family
//!   into small multiples that repeat the reference in grey.
//!
//! ```
//! use charts::{Figure, Palette, Panel, Point, Series, convergence};
//!
//! let palette = Palette::new(&[("exact", "exact"), ("reinmax", "straight-through")])
//!     .with_reference("exact");
//! let points = (0..5)
//!     .map(|i| f64::from(i) * 50.0)
//!     .map(|x| Point { x, y: 9.0 / (1.0 + x), low: 8.0 / (1.0 + x), high: 10.0 / (1.0 + x) })
//!     .collect();
//! let series = Series {
//!     label: "reinmax temperature=1.1".into(),
//!     kind: "reinmax".into(),
//!     family: "straight-through".into(),
//!     points,
//!     runs: 20,
//!     ..Series::default()
//! };
//! let figure = Figure {
//!     title: "Convergence".into(),
//!     x_label: "step".into(),
//!     y_label: "validation loss".into(),
//!     panels: vec![Panel { title: "categories=3".into(), series: vec![series] }],
//!     ..Figure::default()
//! };
//! let svg = convergence(&figure, &palette);
//! assert!(svg.contains("reinmax temperature=1.1") && svg.contains("n = 20 runs per series"));
//! ```

mod axis;
mod band;
mod bias_variance;
mod book;
mod color;
mod declutter;
mod final_values;
mod forest;
mod forest_drawing;
mod frame;
mod label;
#[cfg(test)]
mod laws;
mod line_drawing;
mod line_panel;
mod lines;
mod mark;
mod number;
mod page;
mod palette;
mod place;
mod reach;
mod replication;
mod rows;
mod scatter;
mod scatter_labels;
mod sheet;
mod split;
mod steps;
mod style;
mod text;
mod ticks;
mod trace;
mod words;

pub use bias_variance::bias_variance;
pub use final_values::final_values;
pub use lines::{convergence, sensitivity, variance};
pub use palette::Palette;
pub use split::MOST_SERIES;
pub use style::{Dash, Marker, Shape, Style};

/// One statistic with its interval: at `x`, the value `y` in `[low, high]`.
///
/// Any of `y`, `low` and `high` may be infinite or NaN; such values are named, never drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The training step, the parameter's value, or (in [`bias_variance()`]) the total variance.
    pub x: f64,
    /// The central value over the runs.
    pub y: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

/// What one cell of an experiment gave: a curve, or a path of (variance, bias) pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The name that is written, such as `gumbel-softmax temperature=0.5`. Unique in its panel.
    pub label: String,
    /// The estimator's kind, such as `gumbel-softmax`: decides the colour.
    pub kind: String,
    /// The family of the kind: decides the panel when a panel must be split.
    pub family: String,
    /// The statistics, in the order of training or of the parameter.
    pub points: Vec<Point>,
    /// Where the value is known to be, as (x, y): drawn as rings by [`sensitivity()`].
    pub expected: Vec<(f64, f64)>,
    /// How many runs the statistics stand on, failed ones included.
    pub runs: usize,
    /// How many of the runs diverged or failed.
    pub failures: usize,
}

/// The series that share a pair of axes, such as those of one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// What is common to the series, such as `categories=8`.
    pub title: String,
    /// The series, in the order in which they are named.
    pub series: Vec<Series>,
}

/// How a value becomes a length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Logarithmic if every finite value is positive and the largest is more than 20 times the
    /// smallest, else linear.
    #[default]
    Auto,
    /// Equal differences, equal lengths.
    Linear,
    /// Equal ratios, equal lengths; zero and negative values are named, not drawn.
    Log,
}

/// The input of [`convergence()`], [`variance()`], [`bias_variance()`] and [`sensitivity()`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// The heading.
    pub title: String,
    /// What the horizontal axis measures, shared by all panels.
    pub x_label: String,
    /// What the vertical axis measures, shared by all panels.
    pub y_label: String,
    /// The horizontal scale. Automatic is linear for [`convergence()`] and [`variance()`], whose
    /// steps begin at 0 or near it; [`bias_variance()`] is always logarithmic.
    pub x_scale: Scale,
    /// The vertical scale; [`variance()`] and [`bias_variance()`] are always logarithmic.
    pub y_scale: Scale,
    /// Text below the panels; how many runs there are and what the marks mean is added to it.
    pub caption: String,
    /// The panels, side by side.
    pub panels: Vec<Panel>,
}

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
    /// The rows, in any order.
    pub rows: Vec<FinalRow>,
}

/// How the rows of several panels are ordered; always the best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowOrder {
    /// By the mean rank over the panels: a row stands at one height in all of them.
    #[default]
    Shared,
    /// Each panel by its own values.
    Own,
}

/// Which end of the axis is the good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Better {
    /// A loss.
    #[default]
    Lower,
    /// An accuracy.
    Higher,
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
    /// How rows are ordered.
    pub order: RowOrder,
    /// Draw a dashed line at the value of the palette's reference kind.
    pub reference_line: bool,
    /// Text below the panels; how many runs there are and what the marks mean is added to it.
    pub caption: String,
    /// The panels, side by side.
    pub panels: Vec<FinalPanel>,
}
