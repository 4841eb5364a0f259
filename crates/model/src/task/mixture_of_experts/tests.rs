use super::judge::{Predicted, judge, loads};
use super::references::{declared, equal_cost};
use super::seeded::Seeded;
use super::{ExpertData, Loaded, MixtureOfExperts, mnist_1d};
use crate::data::Folders;
use crate::probe::{AtParameters, Probe};
use crate::task::{Budget, Instance, Streams, Task};
use crate::training::{Learner, Training};
use crate::{Batch, TaskKind};
use estimators::{
    Choice, Deployment, Dims, Domain, Estimator, Kind, Noise, Objective, Registry, kinds,
};
use kernels::tape::{Node, Recording, Weights, weigh};
use kernels::{Packed, Parameters, rows};
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

fn small(data: ExpertData) -> MixtureOfExperts {
    let (rows, validation_rows, test_rows) = (60, 20, 30);
    let sizes = MixtureOfExperts { rows, validation_rows, test_rows, ..Default::default() };
    MixtureOfExperts { data, experts: 3, expert_hidden: vec![4], clusters: 3, ..sizes }
}

fn seeded(task: &MixtureOfExperts) -> (Seeded, Parameters<f64>) {
    loaded(task).instance(&Streams::new("mixture-of-experts", 0))
}

fn loaded(task: &MixtureOfExperts) -> Loaded {
    task.clone().load(&Folders::default()).unwrap()
}

fn batch(seeded: &Seeded, rows: usize) -> Batch<f64> {
    seeded.batch(rows, &mut Noise::named(&["tests", "batch"])).cast()
}

/// Losses, and the gradients for all parameters and for what the choice carries.
fn outcome(
    task: &MixtureOfExperts,
    rows: usize,
    choose: impl FnOnce(Dims, &mut Recording<f64>) -> (Choice<f64>, Option<Node<f64>>),
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (seeded, parameters) = seeded(task);
    let objective = seeded.network.mixture(&parameters, &batch(&seeded, rows));
    let (choice, node) = choose(loaded(task).dims(rows), &mut Recording::default());
    let samples = choice.samples();
    let losses = objective.loss(choice).unwrap();
    let numbers = losses.numbers().unpack();
    let (f, tape) = losses.into_node();
    let weights: Vec<f64> = (0..rows * samples).map(|i| 0.5 + (i % 5) as f64).collect();
    let scalar = weigh(tape, f, Weights::Each(Packed::pack(&weights, samples))).unwrap();
    dfdx::prelude::Backward::backward(scalar);
    let slopes = node.and_then(|node| node.take()).map_or(vec![], |slopes| slopes.unpack());
    (numbers, parameters.gradient(), slopes)
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 1e-11, "{i}: {found} for {expected}");
    }
}

/// One expert for each row, grouped, against all experts for all rows.
#[test]
fn grouped_experts_compute_what_all_experts_do() {
    for (data, latents) in
        [(ExpertData::Clusters, 1), (ExpertData::Mnist1d, 1), (ExpertData::Clusters, 2)]
    {
        let task = MixtureOfExperts { picks: latents, ..small(data) };
        for (rows, samples) in [(1, 1), (19, 1), (40, 3)] {
            let count = rows * latents * samples;
            let numbers: Vec<f64> = (0..count).map(|i| (i * i % 3) as f64).collect();
            let picks = Rc::new(Packed::pack(&numbers, samples));
            let gates: Vec<f64> = (0..count).map(|i| 0.2 + (i % 7) as f64 * 0.1).collect();
            let alone = outcome(&task, rows, |dims, _| {
                (Choice::vertices(Rc::clone(&picks), dims, Recording::default()), None)
            });
            let points = rows::one_hots(&picks, 3);
            let among = outcome(&task, rows, |dims, _| {
                (Choice::interior(Node::new(points), dims, Recording::default()), None)
            });
            assert_close(&alone.0, &among.0);
            assert_close(&alone.1, &among.1);
            let gated = |is_spread: bool| {
                outcome(&task, rows, |dims, _| {
                    let node = Node::new(Packed::pack(&gates, samples));
                    let choice =
                        Choice::gated(Rc::clone(&picks), node.clone(), dims, Recording::default());
                    let choice = if is_spread { choice.spread() } else { choice };
                    (choice, Some(node))
                })
            };
            let (one, all) = (gated(false), gated(true));
            assert_close(&one.0, &all.0);
            assert_close(&one.1, &all.1);
            assert_close(&one.2, &all.2);
            assert!(one.2.iter().any(|slope| slope.abs() > 1e-3));
        }
        if latents > 1 {
            continue;
        }
        let every = |listed: bool| {
            outcome(&task, 5, |dims, _| {
                let picks = Rc::new(Packed::pack(&[0.0, 1.0, 2.0].repeat(5), 3));
                let choice = match listed {
                    true => Choice::vertices(picks, dims, Recording::default()),
                    false => Choice::every(dims, Recording::default()),
                };
                (choice, None)
            })
        };
        let (listed, every) = (every(true), every(false));
        assert_close(&listed.0, &every.0);
        assert_close(&listed.1, &every.1);
    }
}

/// Weights that are 0 for some experts: computed where they are not, against all experts for all rows.
#[test]
fn active_experts_compute_what_all_experts_do() {
    for (data, picks) in
        [(ExpertData::Clusters, 1), (ExpertData::Mnist1d, 1), (ExpertData::Clusters, 2)]
    {
        let task = MixtureOfExperts { picks, ..small(data) };
        for rows in [1, 19, 40] {
            let weight = |i: usize| if i * i % 5 < 2 { 0.0 } else { 0.3 + (i % 7) as f64 };
            let weights: Vec<f64> = (0..rows * picks * 3).map(weight).collect();
            let of = |is_active: bool| {
                outcome(&task, rows, |dims, _| {
                    let node = Node::new(Packed::pack(&weights, 3));
                    let tape = Recording::default();
                    let choice = match is_active {
                        true => Choice::active(node.clone(), dims, tape),
                        false => Choice::weighted(node.clone(), dims, tape),
                    };
                    (choice, Some(node))
                })
            };
            let (active, all) = (of(true), of(false));
            assert_close(&active.0, &all.0);
            assert_close(&active.1, &all.1);
            let mut slopes = all.2;
            slopes.iter_mut().zip(&weights).for_each(|(x, w)| *x *= f64::from(u8::from(*w > 0.0)));
            assert_close(&active.2, &slopes);
        }
    }
}

/// The exact gradient of the expected loss of gated outputs, for all parameters, against differences.
#[test]
fn the_gradient_of_a_gated_mixture() {
    for (gated, picks) in [(false, 1), (true, 1), (false, 2), (true, 2)] {
        let task = MixtureOfExperts { gated, picks, ..small(ExpertData::Clusters) };
        let (seeded, mut parameters) = seeded(&task);
        let batch = batch(&seeded, 7);
        let (mut exact, noise) = (kinds::Exact {}.build(), &mut Noise::named(&["exact"]));
        let mut loss = |parameters: &Parameters<f64>| {
            let (logits, objective, _) = seeded.forward(parameters, &batch).split();
            let surrogate = exact.surrogate(logits, &*objective, noise).unwrap();
            let loss = surrogate.loss();
            drop(objective);
            surrogate.backward().unwrap();
            loss
        };
        loss(&parameters);
        let gradient = parameters.gradient();
        for (i, g) in gradient.into_iter().enumerate().step_by(5) {
            let mut at = |step: f64| {
                parameters.values_mut()[i] += step;
                let loss = loss(&parameters);
                parameters.values_mut()[i] -= step;
                loss
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (g - slope).abs() < 1e-7,
                "gated = {gated}, {picks} picks, {i}: {g} for {slope}"
            );
        }
    }
}

/// A probe's exact gradient of gated outputs, Σ_i p_i F_i(q_i) with gates q, against differences: that of the
/// picks' probabilities p and that of gates, which a bias makes different.
#[test]
fn a_probe_measures_gates_too() {
    for balance_bias in [0.0, 0.1] {
        let task = MixtureOfExperts { balance_bias, ..small(ExpertData::Clusters) };
        let (seeded, mut parameters) = seeded(&task);
        let (batch, dims) = (batch(&seeded, 7), loaded(&task).dims(7));
        let mut bias = [0.0; 3];
        if balance_bias > 0.0 {
            bias = [0.4, -0.3, 1.2];
            parameters.hold(bias.to_vec());
        }
        let mixture = seeded.network.mixture(&parameters, &batch);
        let expected = |theta: &[f64]| -> f64 {
            let biased: Vec<f64> =
                theta.iter().zip(bias.iter().cycle()).map(|(t, b)| t + b).collect();
            let [q, p] = [theta, &biased].map(|x| rows::softmax(&Packed::pack(x, 3), 1.0));
            let of_expert = |i: usize| {
                let picks = Rc::new(Packed::filled(7, 1, i as f64));
                let gates = Node::new(q.column(i));
                let choice = Choice::gated(picks, gates, dims, Recording::default());
                let losses = mixture.loss(choice).unwrap().numbers().unpack();
                losses.iter().zip(p.column(i).unpack()).map(|(f, p)| f * p).sum::<f64>() / 7.0
            };
            (0..3).map(of_expert).sum()
        };
        let forward = seeded.forward(&parameters, &batch);
        let mut theta = forward.gates.as_ref().unwrap_or(&forward.logits).unpack();
        let instance = Rc::new(seeded);
        let probe =
            AtParameters::new(instance, parameters.frozen(), batch, dims, loaded(&task).domain());
        let (mut exact, noise) = (kinds::Exact {}.build(), &mut Noise::named(&["exact"]));
        let mut draws = vec![];
        // Eighteen are drawn side by side, the last alone.
        probe.draw(&mut *exact, 19, noise, &mut |gradient| draws.push(gradient.to_vec())).unwrap();
        for i in 0..theta.len() {
            let mut at = |step: f64| {
                theta[i] += step;
                let loss = expected(&theta);
                theta[i] -= step;
                loss
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            for g in draws.iter().map(|gradient| gradient[i]) {
                assert!((g - slope).abs() < 1e-8, "bias {balance_bias}, {i}: {g} for {slope}");
            }
        }
    }
}

#[test]
fn estimators_of_gates_need_a_gate() {
    let plain = MixtureOfExperts { gated: false, ..MixtureOfExperts::default() };
    let switch: Box<dyn Estimator<f64>> = kinds::Switch::default().build();
    let why = |task: &MixtureOfExperts| {
        let task = loaded(task);
        estimators::refusal(&*switch, task.dims(4), task.domain())
    };
    assert_eq!(why(&MixtureOfExperts::default()), None);
    let reason = why(&plain).unwrap();
    assert!(reason.contains("derivatives of gated picks"), "{reason}");
    assert_eq!(loaded(&plain).domain(), Domain::Interior);
}

/// A bias decides which expert is picked, and is not in its gate; loads move it, and nothing else does.
#[test]
fn biases_follow_the_loads() {
    let task = MixtureOfExperts { balance_bias: 0.5, ..small(ExpertData::Clusters) };
    let (seeded, mut parameters) = seeded(&task);
    let batch = batch(&seeded, 20);
    let plain = seeded.forward(&parameters, &batch);
    parameters.hold(vec![40.0, 0.0, 0.0]);
    let forward = seeded.forward(&parameters, &batch);
    assert_eq!(rows::argmax(&forward.logits).to_columns(), [0.0; 20]);
    assert_eq!(forward.held.as_deref(), Some(&[39.5, 0.5, 0.5][..]));
    let theta = forward.gates.as_ref().unwrap().unpack();
    assert_close(&theta, &plain.gates.as_ref().unwrap().unpack());
    // The loss of the gates that the router gives, not of gates of nearly 1.
    let p = rows::softmax(&Packed::pack(&theta, 3), 1.0);
    let gates = Node::new(p.column(0));
    let picks = Rc::new(Packed::filled(20, 1, 0.0));
    let mixture = seeded.network.mixture(&parameters, &batch);
    let choice = Choice::gated(picks, gates, loaded(&task).dims(20), Recording::default());
    let expected = mixture.loss(choice).unwrap().numbers().unpack();
    for kind in ["switch", "dense-mixer", "default-moe", "sparsemixer", "reinforce", "exact"] {
        let entry = Registry::standard().get(kind).unwrap().clone();
        let mut estimator = entry.build(Default::default()).unwrap().build_f64();
        let (logits, objective, _) = seeded.forward(&parameters, &batch).split();
        let noise = &mut Noise::named(&["bias"]);
        let surrogate = estimator.surrogate(logits, &*objective, noise).unwrap();
        assert_close(&surrogate.losses.unpack(), &expected);
        surrogate.backward().unwrap();
    }
    assert_eq!(parameters.held(), [40.0, 0.0, 0.0]);
}

/// Of picks by the argmax, the gradient for the router is that of the gates alone, whatever the bias.
#[test]
fn a_bias_has_no_gradient() {
    let task = MixtureOfExperts { balance_bias: 0.1, ..small(ExpertData::Clusters) };
    let (seeded, mut parameters) = seeded(&task);
    let batch = batch(&seeded, 7);
    parameters.hold(vec![0.4, -0.3, 1.2]);
    let loss = |parameters: &Parameters<f64>| {
        let (logits, objective, _) = seeded.forward(parameters, &batch).split();
        let (mut switch, noise) = (kinds::Switch::default().build(), &mut Noise::named(&["x"]));
        let surrogate = switch.surrogate(logits, &*objective, noise).unwrap();
        let loss = surrogate.loss();
        drop(objective);
        surrogate.backward().unwrap();
        loss
    };
    loss(&parameters);
    for (i, g) in parameters.gradient().into_iter().enumerate() {
        let mut at = |step: f64| {
            parameters.values_mut()[i] += step;
            let loss = loss(&parameters);
            parameters.values_mut()[i] -= step;
            loss
        };
        let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
        assert!((g - slope).abs() < 1e-7, "{i}: {g} for {slope}");
    }
}

/// Training moves biases by their own rate, whatever the optimizer; measuring does not.
#[test]
fn training_moves_biases_by_their_own_rate() {
    let task = MixtureOfExperts { balance_bias: 0.25, ..small(ExpertData::Clusters) };
    let start = |rate: f64| {
        let optimizer = crate::Optimizer::adam(rate);
        Learner::start(&loaded(&task), &Streams::new("mixture-of-experts", 0), 16, &optimizer)
    };
    for rate in [1e-3, 1e-2] {
        let (mut plain, mut measured) = (start(rate), start(rate));
        let noise = Noise::named(&["moving"]);
        let build = || -> Box<dyn Estimator<f32>> { kinds::DefaultMoe::default().build() };
        let (mut a, mut b) = (build(), build());
        for step in 0..5 {
            measured.evaluate(&mut *b, &mut noise.at(90)).unwrap();
            let probe = measured.probe(step + 1);
            probe.draw(&mut *b, 2, &mut noise.at(91), &mut |_| ()).unwrap();
            let losses = plain.step(step, &mut *a, &noise).unwrap();
            assert_eq!(losses, measured.step(step, &mut *b, &noise).unwrap());
            let held = plain.parameters().held();
            assert_eq!(held, measured.parameters().held());
            assert!(held.iter().all(|b| (b / 0.25).fract() == 0.0), "{held:?}");
        }
        assert!(plain.parameters().held().iter().any(|b| *b != 0.0));
    }
}

#[test]
fn penalties_are_part_of_the_loss() {
    let plain = small(ExpertData::Clusters);
    let task = MixtureOfExperts { balance_loss: 0.3, z_loss: 0.2, ..plain.clone() };
    let penalty = |task: &MixtureOfExperts| {
        let (seeded, parameters) = seeded(task);
        seeded.forward(&parameters, &batch(&seeded, 9)).split().2
    };
    assert_eq!(penalty(&plain), 0.0);
    assert!(penalty(&task) > 0.2, "{}", penalty(&task));
}

#[test]
fn loads_and_losses_by_hand() {
    let (variation, dead) = loads(&[0, 0, 0, 2], 4);
    // Counts 3, 0, 1, 0 around 1.
    assert!((variation - 1.5f64.sqrt()).abs() < 1e-12 && dead == 0.5);
    assert_eq!(loads(&[], 5), (2.0, 1.0));
    let outputs = Packed::pack(&[1.0f32, 0.0, 0.0, 2.0], 2);
    let (loss, accuracy) = judge(&outputs, &Packed::pack(&[0.0, 0.0], 1), Predicted::Class(2));
    let expected = ((1.0 + (-1f64).exp()).ln() + (1.0 + 2f64.exp()).ln()) / 2.0;
    assert!((loss - expected).abs() < 1e-6 && accuracy == 0.5);
    let numbers = Packed::pack(&[1.0f32, 3.0], 1);
    assert_eq!(judge(&numbers, &Packed::pack(&[0.0, 1.0], 1), Predicted::Number).0, 2.5);
}

#[test]
fn a_dense_network_costs_as_much_as_the_router_and_an_expert() {
    // 8 · 8 + (8 · 8 + 8): 136, and 15 · 9 = 135 is less.
    assert_eq!(equal_cost(&MixtureOfExperts::default()), [8, 16, 1]);
    let deep = MixtureOfExperts {
        expert_hidden: vec![4, 4],
        router_hidden: vec![5],
        experts: 2,
        ..Default::default()
    };
    // 8 · 5 + 5 · 2 + 8 · 4 + 4 · 4 + 4 = 102; 8 · 6 + 36 + 6 = 90, 8 · 7 + 49 + 7 = 112.
    assert_eq!(equal_cost(&deep), [8, 7, 7, 1]);
}

#[test]
fn references_are_declared_and_computed() {
    let budget = Budget { steps: 30, evaluate_every: 10, batch: 16 };
    for data in [ExpertData::Clusters, ExpertData::Mnist1d] {
        let task = small(data);
        let streams = Streams::new("mixture-of-experts", 1);
        let (seeded, _) = loaded(&task).instance::<f32>(&streams);
        let values = seeded.references(&streams, &budget, &|| true).unwrap().unwrap();
        assert_eq!(values.len(), declared(&task).len());
        assert!(values.iter().all(|value| value.is_finite() && *value > 0.0), "{values:?}");
        assert_eq!(seeded.references(&streams, &budget, &|| false).unwrap(), None);
    }
    let more = MixtureOfExperts { clusters: 4, ..small(ExpertData::Clusters) };
    assert!(declared(&more).iter().all(|reference| reference.name != "oracle-router"));
}

/// 32 % for logistic regression: of 4000 rows, in 4000 steps of 100.
#[test]
fn logistic_regression_reaches_what_is_published_of_mnist_1d() {
    let task = MixtureOfExperts { data: ExpertData::Mnist1d, experts: 1, ..Default::default() };
    let budget = Budget { steps: 4000, evaluate_every: 500, batch: 100 };
    let accuracy = |seed: u64| {
        let streams = Streams::new("mixture-of-experts", seed);
        let (seeded, _) = loaded(&task).instance::<f32>(&streams);
        let values = seeded.references(&streams, &budget, &|| true).unwrap().unwrap();
        assert_eq!(declared(&task)[1].name, "linear");
        values[1]
    };
    let mean = (0..3).map(accuracy).sum::<f64>() / 3.0;
    // 2.5 standard errors: of one published run and three of ours, each on 1000 rows.
    assert!((mean - 0.32).abs() < 0.0425, "{mean}");
}

#[test]
fn metrics_of_a_training() {
    for data in [ExpertData::Clusters, ExpertData::Mnist1d] {
        let task = small(data);
        let opened = task.clone().open(Path::new("")).unwrap();
        let mut training = opened.start(0, 16, &crate::Optimizer::adam(0.01));
        let mut estimator = Registry::standard()
            .get("switch")
            .unwrap()
            .build(Default::default())
            .unwrap()
            .build_f32();
        let noise = Noise::named(&["metrics"]);
        for step in 0..20 {
            training.step(step, &mut *estimator, &noise).unwrap();
        }
        let values = training.evaluate(&mut *estimator, &mut noise.at(0)).unwrap();
        let names: Vec<&str> = values.iter().map(|(metric, _)| metric.name).collect();
        assert!(names.contains(&"load-variation") && names.contains(&"soft-hard-gap"));
        assert!(values.iter().all(|(_, value)| value.is_finite()), "{values:?}");
    }
    assert_eq!(small(ExpertData::Mnist1d).width(), mnist_1d::POINTS);
}

/// With weights max(θ, 0), what is deployed has the loss that training has, and uses the experts above 0.
#[test]
fn rectified_weights_are_deployed_as_they_are_trained() {
    let task = small(ExpertData::Clusters);
    let (seeded, parameters): (Seeded, Parameters<f32>) =
        loaded(&task).instance(&Streams::new("mixture-of-experts", 0));
    let rows = seeded.split.test.batch.clone();
    let deployed = seeded.deployed(&parameters, &rows, Deployment::Rectified);
    let (logits, objective, _) = seeded.forward(&parameters, &rows).split();
    let above: Vec<bool> = logits.numbers().unpack().iter().map(|x| *x > 0.0).collect();
    assert_eq!(deployed.used.len(), above.iter().filter(|above| **above).count());
    assert!(deployed.used.len() > 10 && deployed.used.len() < 80, "{:?}", deployed.used.len());
    let mut estimator: Box<dyn Estimator<f32>> = kinds::ReluRouting::default().build();
    let noise = &mut Noise::named(&["rectified"]);
    let met = estimator.estimate(logits, &*objective, noise).unwrap().loss();
    assert!((met - deployed.loss).abs() < 1e-5 * met, "{met} for {}", deployed.loss);
    let picked = seeded.deployed(&parameters, &rows, Deployment::Pick);
    assert!((picked.loss - deployed.loss).abs() > 1e-3 * met && picked.used.len() == 30);
}

/// What is deployed is the objective at the largest logits, whatever the number of picks; every kind of estimator
/// trains both picks of a row, or says why not.
#[test]
fn a_row_may_have_several_experts() {
    for (gated, picks) in [(false, 2), (true, 2), (true, 3)] {
        let task = MixtureOfExperts { gated, picks, ..small(ExpertData::Clusters) };
        let (seeded, parameters) =
            loaded(&task).instance::<f32>(&Streams::new("mixture-of-experts", 0));
        let test = &seeded.split.test.batch;
        let forward = seeded.forward(&parameters, test);
        let deployed = seeded.deployed(&parameters, test, Deployment::Pick);
        let expected = forward.mean_loss(forward.argmax()).unwrap();
        assert!((deployed.loss - expected).abs() < 1e-6, "{} for {expected}", deployed.loss);
        assert_eq!(deployed.picks.len(), 30 * picks);
        let distinct = deployed.picks.chunks(picks).map(|of_row| BTreeSet::from_iter(of_row).len());
        assert_eq!(deployed.used.len(), distinct.sum::<usize>());
        let names = loaded(&task).metrics();
        assert!(names.iter().all(|metric| metric.name != "recovered-share"));
        let (dims, domain) = (loaded(&task).dims(16), loaded(&task).domain());
        for entry in Registry::standard().entries() {
            let mut estimator = entry.build(Default::default()).unwrap().build_f32();
            if estimators::refusal(&*estimator, dims, domain).is_some() {
                continue;
            }
            let mut training = Learner::start(
                &loaded(&task),
                &Streams::new("mixture-of-experts", 0),
                16,
                &crate::Optimizer::adam(0.01),
            );
            let before = training.parameters().values().to_vec();
            for step in 0..2 {
                let noise = Noise::named(&["several experts"]);
                let loss = training.step(step, &mut *estimator, &noise);
                assert!(loss.unwrap().is_finite(), "{}", entry.name);
            }
            // The last biases of the router, behind its one layer of weights.
            let logits = 3 * picks;
            let biases = 8 * logits..9 * logits;
            let after = &training.parameters().values()[biases.clone()];
            let moved = before[biases].iter().zip(after).filter(|(a, b)| a != b).count();
            assert_eq!(moved, logits, "{}", entry.name);
        }
    }
}
