//! The input of [`heat_map()`](crate::heat_map()).

use crate::figure::Better;

/// The value of one combination of two parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tile {
    /// The index of its column.
    pub column: usize,
    /// The index of its row.
    pub row: usize,
    /// The central value over the runs. One that is not finite is a cross.
    pub value: f64,
    /// A known value to compare with, written below it.
    pub known: Option<f64>,
    /// The number of runs, including failed ones.
    pub runs: usize,
    /// The number of runs that diverged or failed.
    pub failures: usize,
}

/// Tiles that share a pair of axes, such as those of one estimator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatPanel {
    /// What the tiles have in common, such as `reinmax`.
    pub title: String,
    /// The values of the parameter along the horizontal axis, from left to right.
    pub columns: Vec<String>,
    /// The values of the parameter along the vertical axis, from the bottom to the top.
    pub rows: Vec<String>,
    /// The tiles; a place without one stays empty.
    pub tiles: Vec<Tile>,
}

/// The input of [`heat_map()`](crate::heat_map()).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatFigure {
    /// The heading.
    pub title: String,
    /// The parameter along the horizontal axis.
    pub x_label: String,
    /// The parameter along the vertical axis.
    pub y_label: String,
    /// Which values are better: they are darker.
    pub better: Better,
    /// Text below the panels. The meaning of the colors and marks is appended.
    pub caption: String,
    /// The width of the document in pixels, as far as labels leave room; else tiles have a width of
    /// their own.
    pub width: Option<f64>,
    /// The panels, side by side.
    pub panels: Vec<HeatPanel>,
}
