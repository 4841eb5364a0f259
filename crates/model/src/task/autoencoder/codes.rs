use kernels::tape::{Node, Recording, record};
use kernels::{Packed, Real, rows, rowwise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a decoder reads of a latent's category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Codes {
    /// K numbers: 1 for the category, 0 for the others.
    #[default]
    OneHot,
    /// One number: the category's own, divided by K − 1. Its derivative is all that a gradient needs, and
    /// the slope between two categories side by side is the same for all of them.
    Integer,
}

impl Codes {
    /// Numbers that the decoder reads.
    pub(super) fn width(self, latents: usize, categories: usize) -> usize {
        match self {
            Self::OneHot => latents * categories,
            Self::Integer => latents,
        }
    }

    /// What the decoder reads, given the category of each latent ([B·L, 1]): [B, width].
    pub(super) fn of_categories(
        self,
        picks: &Packed<f32>,
        latents: usize,
        categories: usize,
    ) -> Packed<f32> {
        match self {
            Self::OneHot => rows::one_hots(picks, categories).reshape(latents * categories),
            Self::Integer => {
                let each: Vec<f32> =
                    picks.unpack().into_iter().map(|pick| pick * unit::<f32>(categories)).collect();
                Packed::pack(&each, latents)
            }
        }
    }

    /// What the decoder reads of points of the simplex, [S·B, L·K]: [S·B, width]. Between categories it
    /// is their mean.
    pub(super) fn of_points<E: Real>(
        self,
        points: Node<E>,
        categories: usize,
        tape: &mut Recording<E>,
    ) -> Node<E> {
        if self == Self::OneHot {
            return points;
        }
        let width = points.numbers().columns();
        let each = points.numbers().clone().reshape(categories);
        let mut numbers = Packed::scratch(each.rows(), 1);
        means(&each, unit(categories), &mut numbers);
        let numbers = numbers.reshape(width / categories);
        if !points.wants_gradient() {
            return Node::constant(numbers);
        }
        record(tape, numbers, move |gradient| {
            let gradient = gradient.reshape(1);
            let mut slopes = Packed::scratch(gradient.rows(), categories);
            spread(&gradient, unit(categories), &mut slopes);
            points.add(slopes.reshape(width));
        })
    }
}

/// The distance of two categories side by side, 1/(K − 1).
fn unit<E: Real>(categories: usize) -> E {
    E::of(1.0 / (categories - 1) as f64)
}

rowwise! {
    /// Σ_k k u x_k
    fn means(points; unit => mean) {
        let mut sum = V::zero();
        for k in 1..points.len() {
            sum = V::splat(E::of(k as f64)).mul_add(points[k], sum);
        }
        mean[0] = sum * unit;
    }
}

rowwise! {
    /// k u g
    fn spread(gradient; unit => slopes) {
        let each = gradient[0] * unit;
        for k in 0..slopes.len() {
            slopes[k] = V::splat(E::of(k as f64)) * each;
        }
    }
}
