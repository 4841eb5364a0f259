//! What is measured of outputs and of picks.

use super::mnist_1d;
use super::parameters::ExpertData;
use crate::task::mnist;
use kernels::{Packed, Real};

/// What a row's target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predicted {
    /// A number, judged by the squared error.
    Number,
    /// One of so many classes, judged by the cross-entropy.
    Class(usize),
}

impl Predicted {
    /// o, the outputs of an expert.
    pub(super) fn outputs(self) -> usize {
        match self {
            Self::Number => 1,
            Self::Class(classes) => classes,
        }
    }
}

/// What the targets of these rows are.
pub(super) fn predicted(data: ExpertData) -> Predicted {
    match data {
        ExpertData::Clusters => Predicted::Number,
        ExpertData::Mnist1d => Predicted::Class(mnist_1d::CLASSES),
        ExpertData::Mnist => Predicted::Class(mnist::CLASSES),
    }
}

/// Mean loss and accuracy of outputs ([n, o]) for targets ([n, 1]).
pub(super) fn judge(
    outputs: &Packed<f32>,
    targets: &Packed<f32>,
    predicted: Predicted,
) -> (f64, f64) {
    let (numbers, targets) = (outputs.unpack(), targets.to_columns());
    let (mut loss, mut right) = (0.0, 0.0);
    for (output, &target) in numbers.chunks_exact(predicted.outputs()).zip(&targets) {
        match predicted {
            Predicted::Number => loss += f64::from(output[0] - target).powi(2),
            Predicted::Class(_) => {
                let top = output.iter().fold(f32::NEG_INFINITY, |top, &x| top.max(x));
                let wide = |x: f32| f64::from(x - top);
                let sum: f64 = output.iter().map(|&x| Real::exp(wide(x))).sum();
                let truth = target as usize;
                loss += Real::ln(sum) - wide(output[truth]);
                let first = output.iter().position(|&x| x == top);
                right += f64::from(u8::from(first == Some(truth)));
            }
        }
    }
    (loss / targets.len() as f64, right / targets.len() as f64)
}

/// The rows of each expert: their standard deviation divided by their mean, and the share of experts that have
/// none. A row may have several experts, or none; without any expert, the deviation is the largest that it can be.
pub(super) fn loads(picks: &[usize], experts: usize) -> (f64, f64) {
    let mut counts = vec![0.0; experts];
    picks.iter().for_each(|&k| counts[k] += 1.0);
    let mean = picks.len() as f64 / experts as f64;
    let variance = counts.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / experts as f64;
    let dead = counts.iter().filter(|&&n| n == 0.0).count();
    let largest = (experts as f64 - 1.0).sqrt();
    let variation = if picks.is_empty() { largest } else { variance.sqrt() / mean };
    (variation, dead as f64 / experts as f64)
}
