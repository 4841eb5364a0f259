//! The input of the figures.

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

/// A value to compare with, such as a known optimum or the result of a simple baseline: a dotted
/// gray line with its name at the edge of the plot.
///
/// It widens the axis only while the data keep at least two thirds of it. A reference that is not on
/// the axis is named below the panel, with its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Its name.
    pub label: String,
    /// Its value, on the scale of the metric.
    pub value: f64,
}

/// The series that share a pair of axes, such as those of one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// What is common to the series, such as `categories=8`.
    pub title: String,
    /// The series, in the order in which they are named.
    pub series: Vec<Series>,
    /// Horizontal lines. [`bias_variance()`] only names them in its description.
    pub references: Vec<Reference>,
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

/// Which end of the axis is the good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Better {
    /// A loss.
    #[default]
    Lower,
    /// An accuracy.
    Higher,
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
