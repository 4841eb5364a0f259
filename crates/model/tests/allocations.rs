//! After the first steps, a training step allocates no arrays of numbers, only bookkeeping.

use estimators::{Noise, Registry};
use model::{Optimizer, TaskKind, task::ArgmaxIndex};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;
use toml::Table;

const BATCH: usize = 128;

/// Allocations of this thread.
#[derive(Clone, Copy, Default)]
struct Asked {
    times: usize,
    largest: usize,
}

thread_local! {
    static ASKED: Cell<Asked> = const { Cell::new(Asked { times: 0, largest: 0 }) };
}

struct Counting;

// SAFETY: passes every call on to the system's allocator and allocates nothing itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ASKED.try_with(|asked| {
            let Asked { times, largest } = asked.get();
            asked.set(Asked { times: times + 1, largest: largest.max(layout.size()) });
        });
        // SAFETY: by the caller's contract, which is the same.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: by the caller's contract, which is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations of a step after warm-up.
#[allow(clippy::unwrap_used)]
fn asked_in_a_step(kind: &str) -> Asked {
    let task = ArgmaxIndex { categories: 8, ..Default::default() }.open(Path::new(".")).unwrap();
    let mut training = task.start(0, BATCH, &Optimizer::adam(0.01));
    let mut estimator =
        Registry::standard().get(kind).unwrap().build(Table::new()).unwrap().build_f32();
    let noise = Noise::named(&["estimator"]);
    let mut step = |step| training.step(step, &mut *estimator, &noise).unwrap();
    (0..20).for_each(|i| assert!(step(i).is_finite()));
    ASKED.set(Asked::default());
    step(20);
    ASKED.get()
}

#[test]
fn a_step_allocates_no_numbers() {
    for kind in [
        "exact",
        "soft-argmax",
        "straight-through",
        "gumbel-softmax",
        "st-gumbel-softmax",
        "gumbel-rao",
        "reinmax",
        "reinforce",
        "reinforce-loo",
        "mve",
        "mve-int",
        "reinmax-rao",
        "redge",
        "group-mean",
        "grpo",
    ] {
        let Asked { times, largest } = asked_in_a_step(kind);
        // Nodes of the tape and their contents, once each.
        assert!((1..=24).contains(&times), "{kind}: {times} allocations");
        // The smallest array of numbers has one per row.
        assert!(largest < BATCH * size_of::<f32>(), "{kind}: {largest} bytes at once");
    }
}

#[test]
fn the_allocator_counts() {
    ASKED.set(Asked::default());
    drop(black_box(vec![1_u8; 1000]));
    drop(black_box(vec![1_u8; 10]));
    let Asked { times, largest } = ASKED.get();
    assert_eq!((times, largest), (2, 1000));
}
