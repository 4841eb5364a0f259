//! Takes only training steps of the seed question's network, for profilers and `scripts/instructions`:
//! `cargo run -p model --example steps -- reinmax 100`.

use estimators::{Noise, Registry};
use model::{Optimizer, TaskKind, task::ArgmaxIndex};
use std::error::Error;
use toml::Table;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, steps] = arguments.as_slice() else {
        return Err("usage: steps KIND STEPS".into());
    };
    let steps: u64 = steps.parse()?;
    // Few rows, because generating them is not part of a step.
    let task = ArgmaxIndex { categories: 8, rows: 256, validation_rows: 1, ..Default::default() };
    let mut training = task.open(".".as_ref())?.start(0, 128, &Optimizer::adam(0.01));
    let mut estimator = Registry::standard().get(kind)?.build(Table::new())?.build_f32();
    let noise = Noise::named(&["estimator"]);
    let mut loss = f64::NAN;
    for step in 0..steps {
        loss = training.step(step, &mut *estimator, &noise)?;
    }
    println!("{kind}: {loss} after {steps} steps");
    Ok(())
}
