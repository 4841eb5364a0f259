use super::SquaredPick;
use crate::{Choice, Context, Domain, Losses, Objective, Result};
use kernels::tape::Node;
use kernels::{Data, Packed, Real, rowwise};
use std::rc::Rc;

/// f(z) = (Σ_k k z_k − y)²: the squared error of the *number* of the chosen category, from 0 to K − 1.
///
/// There is one latent per row, and y is [B, 1]. The loss depends on the choice through its number i only:
/// its derivative 2 (i − y) is the difference of the derivatives for any two neighboring categories.
///
/// ```
/// use estimators::objectives::SquaredIndex;
/// use estimators::{Dims, Kind, Noise, gradient, kinds::Exact};
/// let objective = SquaredIndex::new(3, &[1.2]);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let (mut exact, noise) = (Exact {}.build(), &mut Noise::named(&["example"]));
/// let gradient = gradient(&mut *exact, &[0.0; 3], dims, &objective, None, noise)?;
/// // The mean of (0 − 1.2)², (1 − 1.2)² and (2 − 1.2)².
/// assert!((gradient.losses[0] - 2.12f64 / 3.0).abs() < 1e-12);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SquaredIndex<E: Real>(SquaredPick<E>);

impl<E: Real> SquaredIndex<E> {
    /// The objective for K categories with these targets.
    ///
    /// # Panics
    /// If there are no categories or no targets.
    pub fn new(categories: usize, targets: &[E]) -> Self {
        Self::with_targets(categories, Rc::new(Packed::from_columns(targets, targets.len())))
    }

    /// The objective for K categories with these targets, [B, 1].
    ///
    /// # Panics
    /// If there are no categories, or the targets are not one column.
    pub fn with_targets(categories: usize, targets: Rc<Packed<E>>) -> Self {
        Self(SquaredPick::with_targets(Self::numbers(targets.rows(), categories), targets))
    }

    /// The numbers 0 to K − 1 in each of B rows, [B, K], as values for a [`SquaredPick`].
    ///
    /// # Panics
    /// If there are no categories.
    pub fn numbers(rows: usize, categories: usize) -> Node<E> {
        rowwise! {
            fn count(=> numbers) {
                for k in 0..numbers.len() {
                    numbers[k] = V::splat(E::of(k as f64));
                }
            }
        }
        let mut numbers = Packed::scratch(rows, categories);
        count(&mut numbers);
        Node::constant(numbers)
    }

    /// The same objective with inputs for a learned baseline, [B, width].
    pub fn with_context(self, rows: Rc<Data<E>>) -> Self {
        Self(self.0.with_context(rows))
    }
}

impl<E: Real> Objective<E> for SquaredIndex<E> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        self.0.loss(choice)
    }

    fn domain(&self) -> Domain {
        self.0.domain()
    }

    fn context(&self) -> Option<Context<'_, E>> {
        self.0.context()
    }
}
