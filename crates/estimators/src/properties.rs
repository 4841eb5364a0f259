//! What is known of an estimator, and what it needs of an objective.

/// What is known of an estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Properties {
    /// For which losses its mean is the gradient.
    pub unbiased: Unbiased,
    /// What it needs of the objective.
    pub needs: Domain,
    /// Whether it draws.
    pub stochastic: bool,
    /// What it costs, per row and estimate.
    pub evaluations: Evaluations,
    /// Whether that is the most it may cost, and the logits decide.
    pub at_most: bool,
    /// Whether the components of each estimate add up to 0, as those of the gradient do.
    pub sums_to_zero: bool,
    /// Whether a constant added to the logits leaves each estimate as it is.
    pub ignores_shifts: bool,
}

impl Properties {
    /// Of an estimator that draws, keeps the symmetries of the softmax, and is not known to be
    /// unbiased.
    pub(crate) fn new(needs: Domain, evaluations: Evaluations) -> Self {
        Self {
            unbiased: Unbiased::Never,
            needs,
            stochastic: true,
            evaluations,
            at_most: false,
            sums_to_zero: true,
            ignores_shifts: true,
        }
    }
}

/// For which losses an estimator's mean is the gradient of the expected loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbiased {
    /// For every loss.
    Always,
    /// For losses that are quadratic in the choice.
    Quadratic,
    /// For losses that are linear in the choice.
    Linear,
    /// For hardly any.
    Never,
    /// It is the gradient of another objective: of a relaxed choice, or another distribution.
    OtherObjective,
}

impl Unbiased {
    /// What it means, in a word or two.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Quadratic => "quadratic losses",
            Self::Linear => "linear losses",
            Self::Never => "no",
            Self::OtherObjective => "of another objective",
        }
    }
}

/// Where an objective is defined, and where an estimator needs it to be. The later ones include
/// the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Values at the vertices of the simplex.
    Vertices,
    /// And a gradient there.
    VertexGradients,
    /// Values and gradients everywhere on the simplex.
    Interior,
}

impl Domain {
    /// What it means, for a reader.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Vertices => "values at the vertices",
            Self::VertexGradients => "gradients at the vertices",
            Self::Interior => "values and gradients inside the simplex",
        }
    }
}

/// How often an objective is asked, per row and estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evaluations {
    /// Losses at vertices.
    pub hard: u64,
    /// Gradients of the loss at vertices.
    pub hard_gradient: u64,
    /// Losses off the vertices.
    pub relaxed: u64,
    /// Gradients of the loss off the vertices.
    pub relaxed_gradient: u64,
}

impl Evaluations {
    /// `n` losses at vertices.
    pub fn vertices(n: u64) -> Self {
        Self { hard: n, ..Self::default() }
    }

    /// `n` losses at vertices, with their gradients.
    pub fn differentiated(n: u64) -> Self {
        Self { hard: n, hard_gradient: n, ..Self::default() }
    }

    /// `n` losses off the vertices, with their gradients.
    pub fn interior(n: u64) -> Self {
        Self { relaxed: n, relaxed_gradient: n, ..Self::default() }
    }
}
