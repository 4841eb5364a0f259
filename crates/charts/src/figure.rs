//! The input of the figures.

/// One statistic with its interval: at `x`, the value `y` in `[low, high]`.
///
/// Any of `y`, `low` and `high` may be infinite or NaN. Such values are reported in words, not drawn.
/// A point without an interval has NaN for both bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The training step, the value of the parameter, or the total variance (in
    /// [`bias_variance()`](crate::bias_variance())).
    pub x: f64,
    /// The central value over the runs.
    pub y: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

impl Point {
    pub(crate) fn has_interval(&self) -> bool {
        !self.low.is_nan() && !self.high.is_nan()
    }
}

/// The results of one cell of an experiment: a curve, or a path of (variance, bias) pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the figure, such as `gumbel-softmax temperature=0.5`. Unique in its panel.
    pub label: String,
    /// The estimator's kind, such as `gumbel-softmax`, which determines the color.
    pub kind: String,
    /// The family of the kind, by which a crowded panel is split.
    pub family: String,
    /// The statistics, ordered by training step or parameter value.
    pub points: Vec<Point>,
    /// Known values as (x, y), drawn as rings by [`sensitivity()`](crate::sensitivity()).
    pub expected: Vec<(f64, f64)>,
    /// The number of runs, including failed ones.
    pub runs: usize,
    /// The number of runs that diverged or failed.
    pub failures: usize,
}

/// A value to compare with, such as a known optimum or the result of a simple baseline: a dotted
/// gray line with its name at the edge of the plot.
///
/// It widens the axis only as long as the data keep at least two thirds of it. A reference that is not
/// on the axis is named below the panel, with its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Its name.
    pub label: String,
    /// Its value, in the unit of the metric.
    pub value: f64,
}

/// Series that share a pair of axes, such as those of one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// What the series have in common, such as `categories=8`.
    pub title: String,
    /// The series, in the order of their labels.
    pub series: Vec<Series>,
    /// Values drawn as horizontal lines. [`bias_variance()`](crate::bias_variance()) only names them
    /// in its description.
    pub references: Vec<Reference>,
}

/// How an axis maps values to lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Logarithmic if every finite value is positive and the largest is more than 20 times the
    /// smallest, else linear.
    #[default]
    Auto,
    /// Equal differences have equal lengths.
    Linear,
    /// Equal ratios have equal lengths. Zero and negative values are reported in words, not drawn.
    Log,
}

/// Which end of the axis is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Better {
    /// A loss.
    #[default]
    Lower,
    /// An accuracy.
    Higher,
}

/// The input of [`convergence()`], [`variance()`], [`bias_variance()`] and [`sensitivity()`].
///
/// [`convergence()`]: crate::convergence()
/// [`variance()`]: crate::variance()
/// [`bias_variance()`]: crate::bias_variance()
/// [`sensitivity()`]: crate::sensitivity()
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// The heading.
    pub title: String,
    /// What the horizontal axis measures, shared by all panels.
    pub x_label: String,
    /// What the vertical axis measures, shared by all panels.
    pub y_label: String,
    /// The horizontal scale. [`bias_variance()`](crate::bias_variance()) is always logarithmic.
    /// [`Scale::Auto`] is linear for [`convergence()`](crate::convergence()) and
    /// [`variance()`](crate::variance()), whose steps start at 0 or near it.
    pub x_scale: Scale,
    /// The vertical scale. [`variance()`](crate::variance()) and
    /// [`bias_variance()`](crate::bias_variance()) are always logarithmic.
    pub y_scale: Scale,
    /// Text below the panels. The number of runs and the meaning of the marks are appended.
    pub caption: String,
    /// The width of the document in pixels, as far as labels leave room for plots; else plots have a
    /// width of their own.
    pub width: Option<f64>,
    /// The panels, side by side.
    pub panels: Vec<Panel>,
}
