//! A finished figure: as one document, and in pieces for a page that lays it out.

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The whole figure: one self-contained SVG document.
    pub svg: String,
    /// Its heading.
    pub title: String,
    /// The text below the panels.
    pub caption: String,
    /// The number of panels in a row, where there is room for them.
    pub columns: usize,
    /// Its panels, row by row. Their texts are those of the document.
    pub panels: Vec<Piece>,
}

/// A panel in pieces: its plot is an SVG of its own, as wide as the screen of a phone, and the page
/// writes its texts.
///
/// The plot has no background. What belongs to a series is in groups with the attribute
/// `data-series`, its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// What the series have in common.
    pub title: String,
    /// A warning about the number of runs.
    pub warning: Option<String>,
    /// What the plot cannot show.
    pub notes: Vec<String>,
    /// The plot.
    pub svg: String,
    /// The series, in the order of the plot from top to bottom, then the references. Empty if their
    /// names are in the plot.
    pub legend: Vec<LegendEntry>,
    /// What a pointer on the plot can read.
    pub readout: Option<Readout>,
}

/// A series or a reference in a legend.
#[derive(Clone, Debug, PartialEq)]
pub struct LegendEntry {
    /// Its name.
    pub label: String,
    /// Such as `n=20, 2 failed`.
    pub remarks: Vec<String>,
    /// A piece of its line with its marker, as an SVG.
    pub swatch: String,
    /// Whether it is a reference, which has no group in the plot.
    pub is_reference: bool,
}

/// The values of a plot at each `x`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readout {
    /// What the horizontal axis measures.
    pub x_label: String,
    /// The values of `x`, ascending.
    pub x: Vec<f64>,
    /// Where they are: shares of the width of the SVG.
    pub at: Vec<f64>,
    /// The upper and the lower end of the plot: shares of the height of the SVG.
    pub ends: [f64; 2],
    /// The label of each series, and its value and interval at each `x`, where it is drawn.
    pub series: Vec<(String, Vec<Option<[f64; 3]>>)>,
}
