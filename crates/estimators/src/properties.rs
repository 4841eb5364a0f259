//! Properties of estimators, and what they require of an objective.

use std::fmt;

/// Properties of an estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Properties {
    /// For which losses it is unbiased.
    pub unbiased: Unbiased,
    /// What it requires of the objective.
    pub needs: Domain,
    /// Whether it is random.
    pub stochastic: bool,
    /// Evaluations of the objective, per row and estimate.
    pub evaluations: Evaluations,
    /// Whether `evaluations` is an upper bound, because the number depends on the logits.
    pub at_most: bool,
    /// Whether the components of each estimate sum to 0, as those of the gradient do.
    pub sums_to_zero: bool,
    /// Whether estimates stay the same if a constant is added to all logits.
    pub ignores_shifts: bool,
}

impl Properties {
    /// Of a random estimator that is not known to be unbiased, whose components sum to zero, and that ignores
    /// a constant in all logits.
    pub fn new(needs: Domain, evaluations: Evaluations) -> Self {
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

/// For which losses the mean of an estimator is the gradient of the expected loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbiased {
    /// For every loss.
    Always,
    /// For losses that are quadratic in the choice.
    Quadratic,
    /// For losses that are linear in the choice.
    Linear,
    /// For almost none.
    Never,
    /// The mean is the gradient of another objective, such as the loss of a relaxed choice.
    OtherObjective,
}

impl Unbiased {
    /// In a few words.
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

/// Where an objective is defined, or where an estimator requires it to be. Each variant includes the
/// earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Values at the vertices of the simplex (one-hot choices).
    Vertices,
    /// Values and gradients at the vertices.
    VertexGradients,
    /// Values and gradients everywhere on the simplex.
    Interior,
    /// Values of gated picks, whose output is m·E_D with a gate m in [0, 1], and their derivatives for the
    /// gate: along the pick alone, so that one category is evaluated.
    GatedPicks,
    /// Gradients at gated picks for the weights of all categories.
    GatedGradients,
}

impl Domain {
    /// In a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Vertices => "values at the vertices",
            Self::VertexGradients => "gradients at the vertices",
            Self::Interior => "values and gradients inside the simplex",
            Self::GatedPicks => "values and derivatives of gated picks",
            Self::GatedGradients => "gradients at gated picks",
        }
    }
}

/// How often an objective is evaluated, per row and estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evaluations {
    /// Losses at vertices.
    pub hard: u64,
    /// Gradients of the loss at vertices.
    pub hard_gradient: u64,
    /// Losses inside the simplex.
    pub relaxed: u64,
    /// Gradients of the loss inside the simplex.
    pub relaxed_gradient: u64,
    /// Losses of gated picks.
    pub gated: u64,
    /// Derivatives of the loss for the gate of a pick.
    pub gated_slope: u64,
    /// Gradients of the loss at gated picks for the weights of all categories.
    pub gated_gradient: u64,
    /// The same, with stand-ins for the outputs of categories that are not picked.
    pub gated_filled: u64,
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

    /// `n` losses inside the simplex, with their gradients.
    pub fn interior(n: u64) -> Self {
        Self { relaxed: n, relaxed_gradient: n, ..Self::default() }
    }

    /// `n` losses of gated picks, with their derivatives along the pick.
    pub fn gated_picks(n: u64) -> Self {
        Self { gated: n, gated_slope: n, ..Self::default() }
    }

    /// `n` losses of gated picks, with their gradients for the weights of all categories.
    pub fn gated_gradients(n: u64) -> Self {
        Self { gated: n, gated_gradient: n, ..Self::default() }
    }

    /// `n` losses of gated picks, with their gradients for the weights of all categories, of which those that
    /// are not picked have stand-ins for their outputs.
    pub fn gated_filled(n: u64) -> Self {
        Self { gated: n, gated_filled: n, ..Self::default() }
    }

    /// All losses.
    pub fn losses(self) -> u64 {
        self.hard + self.relaxed + self.gated
    }

    /// All gradients, but not derivatives along a pick, nor gradients with stand-ins.
    pub fn gradients(self) -> u64 {
        self.hard_gradient + self.relaxed_gradient + self.gated_gradient
    }

    /// All derivatives along a pick, and gradients with stand-ins for what is not picked.
    pub fn slopes(self) -> u64 {
        self.gated_slope + self.gated_filled
    }

    /// The most experts that have to be evaluated for a row, if each of K categories is one: a network that
    /// computes what the loss depends on if its category is chosen. A loss at a vertex needs one, whatever it
    /// is used for, and so does the derivative along a pick, with stand-ins for others or without; a gradient for the choice needs all K, and so does
    /// a loss inside the simplex. What an expert computes for a row is the same in each of its losses.
    ///
    /// ```
    /// use estimators::Evaluations;
    /// assert_eq!(Evaluations::vertices(4).experts(64), 4);
    /// assert_eq!(Evaluations::differentiated(1).experts(64), 64);
    /// assert_eq!(Evaluations::gated_picks(1).experts(64), 1);
    /// ```
    pub fn experts(self, categories: usize) -> u64 {
        let all = categories as u64;
        if self.relaxed + self.gradients() > 0 { all } else { all.min(self.hard + self.gated) }
    }
}

impl fmt::Display for Evaluations {
    /// Losses, gradients (∇) and derivatives along a pick (∂), such as `1 + 1∇`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.losses())?;
        for (count, sign) in [(self.gradients(), '∇'), (self.slopes(), '∂')] {
            if count > 0 {
                write!(f, " + {count}{sign}")?;
            }
        }
        Ok(())
    }
}
