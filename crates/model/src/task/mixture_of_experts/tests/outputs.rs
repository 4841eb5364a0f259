//! What experts compute for a choice, and its gradient.

use super::*;

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
        // All in their order are computed at once, in any other order grouped.
        for order in [[0.0, 1.0, 2.0], [1.0, 0.0, 2.0]] {
            let picks = Rc::new(Packed::pack(&order.repeat(19), 3));
            let gates: Vec<f64> = (0..19 * 3).map(|i| 0.2 + (i % 7) as f64 * 0.1).collect();
            let of = |is_spread: bool| {
                outcome(&task, 19, |dims, _| {
                    let node = Node::new(Packed::pack(&gates, 3));
                    let tape = Recording::default();
                    let choice = Choice::gated(Rc::clone(&picks), node.clone(), dims, tape);
                    (if is_spread { choice.spread() } else { choice }, Some(node))
                })
            };
            let (gated, spread) = (of(false), of(true));
            assert_close(&gated.0, &spread.0);
            assert_close(&gated.1, &spread.1);
            assert_close(&gated.2, &spread.2);
        }
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
