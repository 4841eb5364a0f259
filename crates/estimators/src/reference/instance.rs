use super::format::Numbers;
use super::table::Table;
use crate::objectives::{BitPower, BitSumSquares, ExpDot, Quadratic, SquaredPick};
use crate::{Dims, Objective, Result};
use ::registry::{Fault, UnknownName};
use kernels::Packed;
use kernels::tape::Node;
use serde::Deserialize;
use serde_json::Value;

/// A problem instance in `f64`: logits and an objective.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The dimensions.
    pub dims: Dims,
    /// [B, L, K]
    pub logits: Vec<f64>,
    spec: ObjectiveSpec,
}

#[derive(Clone, Debug)]
enum ObjectiveSpec {
    SquaredPick { values: Vec<f64>, targets: Vec<f64> },
    ExpDot { weights: Vec<f64> },
    BitPower(BitPower),
    BitSumSquares(BitSumSquares),
    Quadratic(Quadratic),
}

/// An objective, and the node of its parameters, if it has any.
pub(super) type ObjectiveAndParameters = (Box<dyn Objective<f64>>, Option<Node<f64>>);

const KINDS: [&str; 5] = ["squared-pick", "exp-dot", "bit-power", "bit-sum-squares", "quadratic"];

impl Instance {
    /// The instance of a table.
    ///
    /// # Errors
    /// If the objective is unknown, or its parameters do not fit the logits.
    pub fn new(table: &Table) -> Result<Self, Fault> {
        let logits: Vec<f64> = table.logits.iter().flatten().flatten().copied().collect();
        let (batch, latents) = (table.logits.len(), table.logits[0].len());
        let dims = Dims { batch, latents, categories: logits.len() / batch / latents };
        let get = |key: &str| {
            let numbers =
                table.objective.get(key).and_then(|value| Numbers::deserialize(value).ok());
            numbers.unwrap_or_default().0
        };
        let need = |key: &str, count: usize| {
            let found = get(key);
            let allowed = format!("{count} numbers");
            if found.len() == count {
                Ok(found)
            } else {
                Err(Fault::value(&format!("objective.{key}"), found.len(), allowed))
            }
        };
        let kind = table.objective.get("kind").and_then(Value::as_str).unwrap_or_default();
        let spec = match kind {
            "squared-pick" if latents == 1 => ObjectiveSpec::SquaredPick {
                values: need("values", dims.elements())?,
                targets: need("targets", batch)?,
            },
            "exp-dot" => {
                ObjectiveSpec::ExpDot { weights: need("weights", latents * dims.categories)? }
            }
            "bit-power" if dims.categories == 2 => ObjectiveSpec::BitPower(BitPower {
                center: need("c", 1)?[0],
                power: need("p", 1)?[0],
            }),
            "bit-sum-squares" if dims.categories == 2 => {
                ObjectiveSpec::BitSumSquares(BitSumSquares { targets: need("targets", latents)? })
            }
            "quadratic" => {
                let width = latents * dims.categories;
                let (a, b) = (need("a", width * width)?, need("b", width)?);
                ObjectiveSpec::Quadratic(Quadratic { a, b })
            }
            _ if KINDS.contains(&kind) => {
                let found = format!("{kind} with {dims:?}");
                return Err(Fault::value("objective", found, "dimensions for which it is defined"));
            }
            _ => return Err(Fault::Key(UnknownName::new("objective", kind, KINDS))),
        };
        Ok(Self { dims, logits, spec })
    }

    /// The instance repeated `times` times along the batch, for as many independent draws.
    pub(super) fn repeated(&self, times: usize) -> (Dims, Vec<f64>, ObjectiveAndParameters) {
        let dims = Dims { batch: self.dims.batch * times, ..self.dims };
        (dims, self.logits.repeat(times), self.objective(times))
    }

    fn objective(&self, times: usize) -> ObjectiveAndParameters {
        let batch = self.dims.batch * times;
        match &self.spec {
            ObjectiveSpec::SquaredPick { values, targets } => {
                let categories = self.dims.categories;
                let values = Node::new(Packed::pack(&values.repeat(times), categories));
                let objective = SquaredPick::new(values.clone(), &targets.repeat(times));
                (Box::new(objective), Some(values))
            }
            ObjectiveSpec::ExpDot { weights } => {
                let objective = ExpDot::of(&weights.repeat(batch), batch);
                let parameters = objective.parameters().cloned();
                (Box::new(objective), parameters)
            }
            ObjectiveSpec::BitPower(loss) => (Box::new(loss.of::<f64>(batch)), None),
            ObjectiveSpec::BitSumSquares(loss) => (Box::new(loss.clone().of::<f64>(batch)), None),
            ObjectiveSpec::Quadratic(loss) => (Box::new(loss.clone().of::<f64>(batch)), None),
        }
    }

    /// Whether all rows share the objective's parameters, whose gradient is then a sum over rows.
    pub(super) fn shares_parameters(&self) -> bool {
        matches!(self.spec, ObjectiveSpec::ExpDot { .. })
    }

    /// A bound on the derivative of the mean loss over rows for any of the objective's own parameters,
    /// at any point of the simplex.
    pub(super) fn parameter_scale(&self) -> Result<f64> {
        Ok(match &self.spec {
            // 2 (Σ z_k v_k − y) z_k
            ObjectiveSpec::SquaredPick { values, targets } => {
                let rows = values.chunks_exact(self.dims.categories).zip(targets);
                let errors = rows.flat_map(|(row, y)| row.iter().map(move |v| (v - y).abs()));
                2.0 * errors.fold(0.0, f64::max) / self.dims.batch as f64
            }
            // f z_k
            ObjectiveSpec::ExpDot { .. } => self.loss_scale()?,
            ObjectiveSpec::BitPower(_)
            | ObjectiveSpec::BitSumSquares(_)
            | ObjectiveSpec::Quadratic(_) => 0.0,
        })
    }

    /// The largest |f| over the joint outcomes, or over the first 4096 of them.
    pub(super) fn loss_scale(&self) -> Result<f64> {
        let dims = self.dims;
        let outcomes = dims.outcomes().unwrap_or(usize::MAX).min(4096);
        let (objective, _) = self.objective(1);
        let picks = crate::mechanisms::enumeration::lexicographic::<f64>(dims, outcomes);
        let losses = crate::mechanisms::score::losses_at(&*objective, picks, dims)?;
        Ok(losses.unpack().into_iter().map(f64::abs).fold(0.0, f64::max))
    }
}
