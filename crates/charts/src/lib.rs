//! Figures of experiments with estimators: numbers in, one self-contained SVG out.
//!
//! The caller computes the statistics. Every figure is a pure function of its input and a
//! [`Palette`]: the same input gives the same bytes on any machine. A [`Drawing`] is one document, and
//! the same panels in pieces, for a page that lays them out itself.
//!
//! | figure | input | question |
//! |---|---|---|
//! | [`convergence()`] | [`Figure`] | how does the deployed loss fall during training? |
//! | [`variance()`] | [`Figure`] | how noisy is the gradient during training? |
//! | [`bias_variance()`] | [`Figure`] | how does an estimator trade bias for variance? |
//! | [`final_values()`] | [`FinalFigure`] | which estimator ends best, and how certain is that? |
//! | [`sensitivity()`] | [`Figure`] | how much does a parameter of the estimator matter? |
//! | [`heat_map()`] | [`HeatFigure`] | how do two parameters matter together? |
//!
//! All figures follow three rules:
//!
//! - **One color per kind.** [`Palette`] gives each kind of estimator a color, dash and marker, the
//!   same in every figure. Variants of a kind share its color.
//! - **Values that cannot be drawn are reported in words.** An infinite, missing, zero or negative
//!   value never becomes a mark at a made-up place. A line is cut, marked with × and called diverged;
//!   a zero on a log axis moves to a strip labeled 0; a series without finite values is named below
//!   its panel.
//! - **Few enough lines to read.** A panel with more than [`MOST_SERIES`] series is split by family
//!   into small multiples that repeat the reference in gray.
//!
//! ```
//! use charts::{Figure, Palette, Panel, Point, Series, convergence};
//!
//! let kinds = [("exact", "exact"), ("reinmax", "straight-through")];
//! let palette = Palette::new(&kinds, &["reinmax"])
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
//!     panels: vec![Panel { title: "categories=3".into(), series: vec![series], ..Panel::default() }],
//!     ..Figure::default()
//! };
//! let drawing = convergence(&figure, &palette);
//! let svg = &drawing.svg;
//! assert!(svg.contains("reinmax temperature=1.1") && svg.contains("n = 20 runs per series"));
//! ```

mod axis;
mod bias_variance;
mod drawing;
mod figure;
mod final_values;
mod heat_map;
mod label_column;
mod lines;
mod page;
mod reference;
mod style;
mod svg;
#[cfg(test)]
mod tests;
mod text;

pub use bias_variance::bias_variance;
pub use drawing::{Drawing, LegendEntry, Piece, Readout};
pub use figure::{Better, Figure, Panel, Point, Reference, Scale, Series};
pub use final_values::figure::{FinalFigure, FinalPanel, FinalRow};
pub use final_values::final_values;
pub use heat_map::figure::{HeatFigure, HeatPanel, Tile};
pub use heat_map::heat_map;
pub use lines::{convergence, sensitivity, variance};
pub use page::small_multiples::MOST_SERIES;
pub use style::palette::Palette;
pub use style::{Dash, Marker, Shape, Style};
