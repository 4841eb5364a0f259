//! Values to compare metrics with, computed once for each seed and budget.

use crate::Result;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a run may spend: its references are trained with the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Budget {
    /// Training steps.
    pub steps: u64,
    /// Steps between evaluations; the last step has one too.
    pub evaluate_every: u64,
    /// B, rows of a batch.
    pub batch: usize,
}

impl Budget {
    /// Whether there is an evaluation before a step.
    pub fn is_evaluated(&self, step: u64) -> bool {
        step.is_multiple_of(self.evaluate_every) || step == self.steps
    }
}

/// Whether to go on with a long computation.
pub type GoOn<'a> = &'a dyn Fn() -> bool;

/// Values that follow from a seed and a budget.
type Values = Arc<Mutex<Option<Vec<f64>>>>;

/// The values that were computed so far. They depend on nothing but their key, so that remembering
/// them changes only the time that it takes.
#[derive(Default)]
pub(super) struct Memory(Mutex<BTreeMap<(u64, Budget), Values>>);

impl Memory {
    /// The values of a seed and a budget. Threads that ask at the same time wait for the one that
    /// computes them. Nothing is remembered if the computation stopped or failed.
    pub(super) fn get(
        &self,
        seed: u64,
        budget: &Budget,
        compute: impl FnOnce() -> Result<Option<Vec<f64>>>,
    ) -> Result<Option<Vec<f64>>> {
        let place = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry((seed, *budget)).or_default())
        };
        let mut values = place.lock().unwrap_or_else(PoisonError::into_inner);
        if values.is_none() {
            *values = compute()?;
        }
        Ok(values.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const BUDGET: Budget = Budget { steps: 10, evaluate_every: 4, batch: 2 };

    #[test]
    fn evaluations_come_in_even_steps_and_at_the_end() {
        let evaluated: Vec<u64> = (0..=10).filter(|&step| BUDGET.is_evaluated(step)).collect();
        assert_eq!(evaluated, [0, 4, 8, 10]);
    }

    #[test]
    fn threads_share_one_computation() {
        let (memory, computed) = (Memory::default(), AtomicUsize::new(0));
        let get = |seed: u64, budget: Budget| {
            let compute = || {
                std::thread::sleep(std::time::Duration::from_millis(20));
                Ok(Some(vec![seed as f64, computed.fetch_add(1, Ordering::SeqCst) as f64]))
            };
            memory.get(seed, &budget, compute).unwrap().unwrap()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| get(7, BUDGET))).collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), [7.0, 0.0]);
            }
        });
        assert_eq!(get(8, BUDGET), [8.0, 1.0]);
        assert_eq!(get(7, Budget { batch: 3, ..BUDGET }), [7.0, 2.0]);
        assert_eq!(get(7, BUDGET), [7.0, 0.0]);
    }

    #[test]
    fn what_was_stopped_is_computed_again() {
        let memory = Memory::default();
        assert_eq!(memory.get(0, &BUDGET, || Ok(None)).unwrap(), None);
        assert_eq!(memory.get(0, &BUDGET, || Ok(Some(vec![1.0]))).unwrap(), Some(vec![1.0]));
        assert_eq!(memory.get(0, &BUDGET, || Ok(None)).unwrap(), Some(vec![1.0]));
    }
}
