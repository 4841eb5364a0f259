//! What a task measures.

/// A number that tells how good a network is, and what everything that shows it has to know.
///
/// Axis labels, table headers, rankings and checks of experiment files all read these declarations.
///
/// ```
/// use model::{Better, Metric};
/// let accuracy = Metric::higher("accuracy", "accuracy").bounded_by(0.0);
/// assert_eq!((accuracy.better, accuracy.failed), (Better::Higher, Some(0.0)));
/// let entropy = Metric::neutral("entropy", "entropy of the classifier").in_unit("nats");
/// assert_eq!((entropy.failed, entropy.axis().as_str()), (None, "entropy of the classifier, nats"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// Its name in records and experiment files, in kebab-case.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What it measures, as a sentence that continues the label; may be empty.
    pub note: &'static str,
    /// Its unit; empty for none.
    pub unit: &'static str,
    /// Which values are good.
    pub better: Better,
    /// What a failed run counts as: the worst possible value. None if no value is better than another.
    pub failed: Option<f64>,
    /// Whether values differ by ratios, so that an axis is logarithmic.
    pub is_ratio: bool,
    /// The metric, of other rows, that chooses settings and the stopping step. None where a metric
    /// chooses for itself, and is read at the last step.
    pub chosen_by: Option<&'static str>,
    /// Whether it is the mean loss that the estimator met in the training steps since the evaluation
    /// before. Training itself records it, for every task that declares such a metric; there is none
    /// before the first step.
    pub over_steps: bool,
}

/// Which values of a metric are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Low ones, as of a loss.
    Lower,
    /// High ones, as of an accuracy.
    Higher,
    /// Neither.
    Neither,
}

impl Better {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
            Self::Neither => "neither",
        }
    }

    /// The value of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Lower, Self::Higher, Self::Neither].into_iter().find(|better| better.name() == name)
    }
}

impl Metric {
    /// A loss or an error: a failed run counts as +∞.
    pub const fn lower(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Better::Lower, Some(f64::INFINITY))
    }

    /// An accuracy or a score: a failed run counts as −∞, or as the bound of
    /// [`Metric::bounded_by`].
    pub const fn higher(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Better::Higher, Some(f64::NEG_INFINITY))
    }

    /// A number of which no value is better than another: failed runs do not count.
    pub const fn neutral(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Better::Neither, None)
    }

    const fn new(
        name: &'static str,
        label: &'static str,
        better: Better,
        failed: Option<f64>,
    ) -> Self {
        let (note, unit, is_ratio, chosen_by, over_steps) = ("", "", false, None, false);
        Self { name, label, note, unit, better, failed, is_ratio, chosen_by, over_steps }
    }

    /// The same metric, whose worst value is a finite number.
    pub const fn bounded_by(self, worst: f64) -> Self {
        Self { failed: Some(worst), ..self }
    }

    /// The same metric with a unit.
    pub const fn in_unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// The same metric with a note.
    pub const fn with_note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// The same metric, where another one, of rows that are not reported, chooses settings and the
    /// stopping step.
    pub const fn chosen_by(self, name: &'static str) -> Self {
        Self { chosen_by: Some(name), ..self }
    }

    /// The same metric, as the mean of the loss that the estimator met in the training steps since the
    /// evaluation before.
    pub const fn over_steps(self) -> Self {
        Self { over_steps: true, ..self }
    }

    /// The same metric, on logarithmic axes.
    pub const fn as_ratio(self) -> Self {
        Self { is_ratio: true, ..self }
    }

    /// The label with its unit.
    pub fn axis(&self) -> String {
        match self.unit {
            "" => self.label.to_owned(),
            unit => format!("{}, {unit}", self.label),
        }
    }
}

/// A run has diverged when its ranking metric is worse than at first by this many times its first
/// value, however finite it is.
pub const DIVERGED: f64 = 1e6;

impl Metric {
    /// Whether a value says that training has diverged, where the metric was `first` at the first
    /// evaluation: it is not finite, or worse than `first` by more than [`DIVERGED`] times its size.
    pub fn has_diverged(&self, first: f64, value: f64) -> bool {
        let worse_by = match self.better {
            Better::Lower => value - first,
            Better::Higher => first - value,
            Better::Neither => 0.0,
        };
        // A first value of 0 has no size to compare with.
        !value.is_finite() || (first != 0.0 && worse_by > DIVERGED * first.abs())
    }
}

/// Mean entropy of the classifier's distributions.
pub const ENTROPY: Metric =
    Metric::neutral("entropy", "entropy").with_note("of the classifier").in_unit("nats");

/// Experts of a mixture that are evaluated for a row.
pub const EXPERTS_PER_ROW: Metric = Metric::neutral("experts-per-row", "experts per row")
    .with_note("the experts that are evaluated for a row, when deployed");

/// The loss that the estimator meets on its way, on the rows of an evaluation: at its sample, at its
/// relaxed point, or in expectation. [`TRAINING_LOSS`] is that of the steps themselves.
pub const FORWARD_LOSS: Metric = Metric::lower("forward-loss", "forward loss")
    .with_note("the loss that the estimator meets on its way; not comparable between estimators");

/// The mean loss that the estimator met in the training steps since the evaluation before: the mean of
/// an epoch, where an epoch is `evaluate-every` steps. The network changes meanwhile, and the rows are
/// those trained on. It includes the penalty ([`crate::Forward::penalty`]), and no entropy bonus.
///
/// A task that is published with another name for it can declare `Metric { label: …, ..TRAINING_LOSS }`.
pub const TRAINING_LOSS: Metric = Metric::lower("training-loss", "training loss")
    .with_note("mean over the steps since the evaluation before, as the estimator met it")
    .over_steps();

/// A value beside which a metric is read: a floor, or what a plain baseline reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// Its name in records, in kebab-case.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// The name of the metric it belongs to.
    pub metric: &'static str,
    /// What it is to an estimator.
    pub role: Role,
}

/// What a reference is to an estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing can be better, as with the least loss that is possible.
    Floor,
    /// It is told what estimators have to find out: how far they are from that.
    Informed,
    /// A method that chooses nothing and knows what estimators know: what they have to beat.
    Rival,
}

/// A picture of what a network has learned, shown in the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Its name in kebab-case.
    pub name: &'static str,
    /// What it shows.
    pub caption: String,
    /// Pixels of a line.
    pub width: usize,
    /// Gray levels, line after line: 0 is black, 255 white.
    pub pixels: Vec<u8>,
}

impl Artifact {
    /// Square tiles of `side` × `side` pixels, `columns` per line, with a gap of one pixel between them.
    /// A tile that is short of pixels is filled up with black.
    pub fn grid(
        name: &'static str,
        caption: String,
        tiles: &[Vec<u8>],
        side: usize,
        columns: usize,
    ) -> Self {
        let lines = tiles.len().div_ceil(columns.max(1));
        let width = columns * (side + 1) - 1;
        let mut pixels = vec![127; width * (lines * (side + 1) - 1)];
        for (index, tile) in tiles.iter().enumerate() {
            let (left, top) = (index % columns * (side + 1), index / columns * (side + 1));
            for y in 0..side {
                for x in 0..side {
                    let gray = tile.get(y * side + x).copied().unwrap_or(0);
                    pixels[(top + y) * width + left + x] = gray;
                }
            }
        }
        Self { name, caption, width, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finite_numbers_can_have_diverged() {
        let loss = Metric::lower("loss", "loss");
        for (first, value, expected) in [
            (2.0, 1e32, true),
            (2.0, 2.1e6, true),
            (2.0, 1.9e6, false),
            (2e-9, 1.0, true),
            (-2.0, 1e6, false),
            (-2.0, 3e6, true),
            (-2.0, -1e32, false),
            (0.0, 1e32, false),
            (0.0, f64::INFINITY, true),
            (f64::NAN, f64::NAN, true),
        ] {
            assert_eq!(loss.has_diverged(first, value), expected, "{first} {value}");
        }
        let score = Metric::higher("score", "score");
        assert!(score.has_diverged(2.0, -1e32) && !score.has_diverged(2.0, 1e32));
        assert!(!ENTROPY.has_diverged(1.0, 1e32));
    }

    #[test]
    fn tiles_are_laid_out_line_by_line() {
        let tiles = [vec![1, 2, 3, 4], vec![5, 6, 7], vec![9]];
        let grid = Artifact::grid("grid", String::new(), &tiles, 2, 2);
        assert_eq!(grid.width, 5);
        let lines: Vec<&[u8]> = grid.pixels.chunks(5).collect();
        assert_eq!(lines[0], [1, 2, 127, 5, 6]);
        assert_eq!(lines[1], [3, 4, 127, 7, 0]);
        assert_eq!(lines[2], [127; 5]);
        assert_eq!(lines[3], [9, 0, 127, 127, 127]);
        assert_eq!(lines.len(), 5);
    }
}
