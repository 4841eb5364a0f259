use kernels::Noise;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// How the images of a batch are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Batches {
    /// In an epoch each image is met once, in an order of its own.
    #[default]
    Epochs,
    /// Each is drawn from all of them.
    Replacement,
}

/// The order of the images in each epoch, as far as a stream says.
pub(in crate::task) struct Epochs {
    stream: Noise,
    /// The last epoch that was asked for, which most steps ask for again.
    last: RefCell<(u64, Vec<usize>)>,
}

impl Epochs {
    /// Epochs of `rows` images, whose substreams give the orders.
    pub(in crate::task) fn new(stream: Noise, rows: usize) -> Self {
        let first = stream.at(0).permutation(rows);
        Self { stream, last: RefCell::new((0, first)) }
    }

    /// The images of a step. Those that do not fill a batch are left out of their epoch; a batch that is
    /// larger than an epoch meets images again.
    pub(in crate::task) fn images(&self, step: u64, batch: usize) -> Vec<usize> {
        let (known, order) = &mut *self.last.borrow_mut();
        let rows = order.len();
        let steps = (rows / batch.max(1)).max(1) as u64;
        let epoch = step / steps;
        if *known != epoch {
            (*known, *order) = (epoch, self.stream.at(epoch).permutation(rows));
        }
        let first = (step % steps) as usize * batch;
        (first..first + batch).map(|place| order[place % rows]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(rows: usize) -> Epochs {
        Epochs::new(Noise::named(&["epochs"]), rows)
    }

    #[test]
    fn an_epoch_is_a_permutation() {
        let epochs = epochs(12);
        let epoch = |e: u64| -> Vec<usize> {
            (3 * e..3 * e + 3).flat_map(|step| epochs.images(step, 4)).collect()
        };
        let all: Vec<Vec<usize>> = (0..5).map(epoch).collect();
        for order in &all {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..12).collect::<Vec<_>>());
            assert_eq!(all.iter().filter(|other| *other == order).count(), 1, "{order:?}");
        }
    }

    /// The batch of a step does not depend on which steps were asked for before.
    #[test]
    fn a_step_has_its_images() {
        let (forward, backward) = (epochs(100), epochs(100));
        let ahead: Vec<Vec<usize>> = (0..40).map(|step| forward.images(step, 8)).collect();
        for step in (0..40).rev() {
            assert_eq!(backward.images(step, 8), ahead[step as usize]);
        }
        // 12 steps of 8 images make an epoch; four images are left out of it.
        let mut first = ahead[..12].concat();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 96);
    }

    #[test]
    fn a_batch_may_be_larger_than_an_epoch() {
        let epochs = epochs(3);
        for step in 0..4 {
            let images = epochs.images(step, 7);
            assert_eq!((images.len(), &images[..3], images[6]), (7, &images[3..6], images[0]));
        }
        assert_ne!([0, 1, 2].map(|e| epochs.images(e, 3)), [0; 3].map(|e| epochs.images(e, 3)));
    }
}
