//! docs/your-network.md quotes the examples and the errors as they are, and what it says of tapes is true.

use crate::examples::{bias_and_variance, routing::Routed};
use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use estimators::kinds::{Arm, Exact, ReinMax, SoftArgmax, StraightThrough};
use estimators::{
    Dims, Domain, Error, Estimator, Kind, Logits, Noise, Registry, SquaredPick, Surrogate, refusal,
};
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn page() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("docs/your-network.md")).unwrap()
}

/// The blocks of the page in this language, each with the last example that is linked above it.
fn blocks(page: &str, language: &str) -> Vec<(String, String)> {
    let (mut found, mut example, mut open) = (vec![], String::new(), None);
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take().map(|text| (example.clone(), text))),
            (Some(tag), None) if tag == language => open = Some(String::new()),
            (None, Some(text)) => text.push_str(&format!("{line}\n")),
            _ => {}
        }
        let linked = line.split("](../crates/estimators/examples/").nth(1);
        if let Some((name, _)) = linked.and_then(|rest| rest.split_once(')')) {
            example = name.to_owned();
        }
    }
    found
}

/// The lines without their indentation.
fn trimmed(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn the_page_quotes_the_examples() {
    let blocks = blocks(&page(), "rust");
    for (example, quoted) in &blocks {
        let file = Path::new(ROOT).join("crates/estimators/examples").join(example);
        let file = trimmed(&std::fs::read_to_string(file).unwrap());
        for part in trimmed(quoted).split("// …\n") {
            assert!(file.contains(part), "{example} has no\n{part}");
        }
    }
    for example in ["hard_attention", "routing", "discrete_code", "bias_and_variance"] {
        let is_quoted = |(name, _): &(String, String)| *name == format!("{example}.rs");
        assert!(blocks.iter().any(is_quoted), "{example} is not quoted");
    }
}

#[test]
fn the_dependencies_are_those_of_the_own_crate() {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("docs/own-estimator/Cargo.toml"));
    let (_, quoted) = &blocks(&page(), "toml")[0];
    let [quoted, manifest] =
        [quoted, &manifest.unwrap()].map(|text| text.parse::<toml::Table>().unwrap());
    assert_eq!(quoted["dependencies"]["dfdx"], manifest["dependencies"]["dfdx"]);
    assert_eq!(quoted["profile"], manifest["profile"]);
}

fn estimate(
    mut estimator: Box<dyn Estimator<f32>>,
    logits: Vec<f32>,
    losses: Vec<f32>,
) -> estimators::Result<Surrogate<f32>> {
    let (device, rows) = (Cpu::default(), losses.len() / 3);
    let logits = device.tensor_from_vec(logits, (rows, 1, 3)).leaky_trace();
    let routed = Routed(device.tensor_from_vec(losses, (rows, 3)));
    estimator.estimate(Logits::of(logits)?, &routed, &mut Noise::named(&["your network"]))
}

#[test]
fn the_errors_are_those_on_the_page() {
    let with_row = |row: [f32; 3]| {
        let logits = [vec![0.0; 15], row.to_vec()].concat();
        estimate(Exact {}.build(), logits, vec![0.0; 18]).err().unwrap().to_string()
    };
    let refuses = |estimator: &dyn Estimator<f32>, latents, categories, domain| {
        refusal(estimator, Dims { batch: 1, latents, categories }, domain).unwrap()
    };
    let soft: Box<dyn Estimator<f32>> = SoftArgmax::default().build();
    let cold = "temperature = 0.0".parse().unwrap();
    let gumbel = Registry::standard().get("gumbel-softmax").unwrap().build(cold).err().unwrap();
    let errors = [
        Error::WrongProduct.to_string(),
        with_row([0.0, 1.0, f32::NAN]),
        with_row([f32::NEG_INFINITY; 3]),
        estimate(SoftArgmax::default().build(), vec![0.0; 3], vec![0.0; 3])
            .err()
            .unwrap()
            .to_string(),
        refuses(&*soft, 1, 4, Domain::Vertices),
        refuses(&*Exact {}.build(), 16, 4, Domain::Interior),
        refuses(&*Arm {}.build(), 1, 4, Domain::Interior),
        refuses(&*soft, 1, 1, Domain::Interior),
        gumbel.to_string(),
    ];
    let quoted = blocks(&page(), "text").into_iter().map(|(_, text)| text.trim().to_owned());
    assert_eq!(quoted.collect::<Vec<_>>(), errors);
}

/// Even where the objective has no gradient for the choice.
#[test]
fn straight_through_without_samples_measures_the_argmax() {
    let argmax = || StraightThrough { sample: false, ..Default::default() }.build();
    let logits = vec![0.0, 2.0, 1.0, 3.0, -1.0, 2.0];
    let found = estimate(argmax(), logits, vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0]).unwrap();
    assert_eq!(found.losses.to_columns(), [2.0, 8.0]);
}

#[test]
fn a_further_term_is_added_to_the_scalar() {
    let device = Cpu::default();
    let weights = device.tensor_from_vec(vec![0.5f32, -1.0, 2.0], (1, 3));
    let gradient = |factor: f32| {
        let penalty = (weights.leaky_trace().square() * factor).sum::<Rank0, _>();
        let (penalty, tape) = penalty.split_tape();
        let logits = weights.clone().put_tape(tape).reshape_like(&(1, 1, 3));
        let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
        let mut exact = Exact {}.build();
        let noise = &mut Noise::named(&["unused"]);
        let surrogate = exact.surrogate(Logits::of(logits).unwrap(), &objective, noise).unwrap();
        (surrogate.scalar + penalty).backward().get(&weights).as_vec()
    };
    let (without, with) = (gradient(0.0), gradient(10.0));
    for ((with, without), weight) in with.iter().zip(without).zip(weights.as_vec()) {
        assert!((with - without - 20.0 * weight).abs() < 1e-4);
    }
}

/// No error says that a network is not on the tape.
#[test]
fn weights_off_the_tape_do_not_move() {
    let device = Cpu::default();
    let mut network = device.build_module::<(Linear<2, 3>, Linear<2, 3>), f32>();
    let before = network.clone();
    let x = device.tensor_from_vec(vec![0.5, -1.0], (1, Const::<2>));
    let logits = network.0.forward(x.clone().traced(network.alloc_grads()));
    let values = network.1.forward(x).reshape_like(&(1, 3));
    let objective = SquaredPick::new(values, &[1.0]);
    let logits = Logits::of(logits.reshape_like(&(1, 1, 3))).unwrap();
    let noise = &mut Noise::named(&["your network"]);
    let surrogate = ReinMax::default().build().surrogate(logits, &objective, noise).unwrap();
    let mut adam = Adam::new(&network, AdamConfig::default());
    adam.update(&mut network, &surrogate.backward().unwrap()).unwrap();
    assert_ne!(network.0.weight.array(), before.0.weight.array());
    assert_eq!(network.1.weight.array(), before.1.weight.array());
}

#[test]
fn a_measured_bias_tells_biased_from_unbiased() {
    let measure = |name| bias_and_variance::measure(name).unwrap();
    let [exact, biased, unbiased] =
        ["exact", "straight-through", "reinforce-loo"].map(|name| measure(name).unwrap());
    assert!(exact.bias == 0.0 && exact.deviation == 0.0);
    assert!(biased.bias > 5.0 * biased.error, "{} ± {}", biased.bias, biased.error);
    assert!(unbiased.bias < 3.0 * unbiased.error, "{} ± {}", unbiased.bias, unbiased.error);
    assert!(biased.deviation < unbiased.deviation);
    assert!(measure("arm").is_err_and(|reason| reason.contains("2 categories")));
}
