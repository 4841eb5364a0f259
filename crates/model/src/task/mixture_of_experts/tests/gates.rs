//! Gates, and biases that are not in them.

use super::*;

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
