//! What is deployed.

use super::*;

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
