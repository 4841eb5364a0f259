//! Penalties, metrics and references.

use super::*;

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
