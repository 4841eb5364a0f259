use crate::{Choice, Context, Domain, Logits, Losses, Objective, Result};
use kernels::tape::{Node, Recording, record};
use kernels::{Packed, Real, rows, rowwise};
use std::rc::Rc;

/// f(z) with the probability p_k of each category as its gate: at a one-hot choice the output of the chosen
/// category is scaled by p_D, as in a mixture of experts, y = p_D E_D.
///
/// The gates are on the tape of the logits. So every estimator of a choice estimates the gradient of
/// Σ_i p_i F_i(p_i) here, where F_i(m) is the loss of category i with its output scaled by m: the gates'
/// own part by differentiation, and that of the choice in its own way. A choice that brings gates along
/// ([`Choice::is_gated`]) is evaluated with these instead. The objective inside has to be defined at points
/// that do not sum to 1.
///
/// ```
/// use estimators::objectives::Gated;
/// use estimators::{Dims, Estimator, Kind, Logits, Node, Noise, Packed, SquaredPick, kinds::Exact};
/// // F_i(m) = (m v_i − 0.7)²
/// let values = SquaredPick::of(&[0.3, 1.1], &[0.7]);
/// let leaf = Node::new(Packed::pack(&[0.25f64, 0.75].map(f64::ln), 2));
/// let (objective, logits) = Gated::new(values, Logits::new(leaf.clone(), 1, Default::default()));
/// let (mut exact, noise) = (Exact {}.build(), &mut Noise::named(&["example"]));
/// exact.surrogate(logits, &objective, noise)?.backward()?;
/// let gradient = leaf.take().map(|gradient| gradient.unpack()).unwrap_or_default();
/// // (F₁(p₁) + p₁ F₁′(p₁) − F₂(p₂) − p₂ F₂′(p₂)) p₁ p₂
/// assert!((gradient[0] - 0.0140625).abs() < 1e-12);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gated<E: Real, O> {
    objective: O,
    /// p, [B·L, K]
    gates: Node<E>,
}

impl<E: Real, O: Objective<E>> Gated<E, O> {
    /// The objective with the softmax of these logits, or of those that they bring for gates
    /// ([`Logits::with_gates`]), and the logits again.
    pub fn new(objective: O, logits: Logits<E>) -> (Self, Logits<E>) {
        let Logits { node, gates, dims, mut tape } = logits;
        let gated = Self::on(objective, gates.as_ref().unwrap_or(&node), &mut tape);
        (gated, Logits { node, gates, dims, tape })
    }

    /// The objective with the softmax of these logits ([B·L, K]) as gates, on their tape.
    pub fn on(objective: O, logits: &Node<E>, tape: &mut Recording<E>) -> Self {
        rowwise! {
            fn add_product(p, g => v) {
                rows::add_jacobian_product(p, g, V::splat(E::ONE), v);
            }
        }
        let p = Rc::new(rows::softmax(logits.numbers(), E::ONE));
        let (of_slopes, logits) = (Rc::clone(&p), logits.clone());
        let gates = record(tape, Node::new(p), move |gradient| {
            let mut v = Packed::zeros(gradient.rows(), gradient.columns());
            add_product(&of_slopes, &gradient, &mut v);
            logits.add(v);
        });
        Self { objective, gates }
    }

    /// The objective inside.
    pub fn inner(&self) -> &O {
        &self.objective
    }

    /// The choice with its gates.
    fn gate(&self, choice: Choice<E>) -> Choice<E> {
        let (dims, gates) = (choice.dims(), self.gates.clone());
        if !choice.wants_gradient()
            && let Some(picks) = choice.shared_picks()
        {
            let mut tape = choice.into_tape();
            let picked = rows::gather(gates.numbers(), &picks);
            let of_picks = Rc::clone(&picks);
            let picked = record(&mut tape, picked, move |gradient| {
                gates.add(rows::scatter_add(&of_picks, &gradient, gates.columns()));
            });
            return Choice::gated(picks, picked, dims, tape);
        }
        let (points, mut tape) = choice.into_points();
        let weights = record(&mut tape, products(&points, &gates), move |gradient| {
            gates.add(sums_of_products(&gradient, &points, gates.columns()));
            if points.wants_gradient() {
                points.add(products(&gradient, &gates));
            }
        });
        Choice::weighted(weights, dims, tape)
    }
}

/// x_sk p_k, [rows, S·K].
fn products<E: Real>(x: &Packed<E>, p: &Packed<E>) -> Packed<E> {
    rowwise! {
        fn multiply(p => x) {
            for x in x.chunks_exact_mut(p.len()) {
                for k in 0..p.len() {
                    x[k] = x[k] * p[k];
                }
            }
        }
    }
    let mut product = x.clone();
    multiply(p, &mut product);
    product
}

/// Σ_s x_sk z_sk, [rows, K].
fn sums_of_products<E: Real>(x: &Packed<E>, z: &Packed<E>, categories: usize) -> Packed<E> {
    rowwise! {
        fn sum(x, z => sums) {
            let categories = sums.len();
            for (x, z) in x.chunks_exact(categories).zip(z.chunks_exact(categories)) {
                for k in 0..categories {
                    sums[k] += x[k] * z[k];
                }
            }
        }
    }
    let mut sums = Packed::zeros(x.rows(), categories);
    sum(x, z, &mut sums);
    sums
}

impl<E: Real, O: Objective<E>> Objective<E> for Gated<E, O> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        let choice = if choice.is_gated() { choice } else { self.gate(choice) };
        self.objective.loss(choice)
    }

    fn domain(&self) -> Domain {
        Domain::GatedGradients
    }

    fn context(&self) -> Option<Context<'_, E>> {
        self.objective.context()
    }
}
