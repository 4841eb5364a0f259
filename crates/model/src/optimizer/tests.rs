//! Update rules against plain arithmetic in double precision, and the options of all optimizers.

use super::*;
use kernels::Initial;

/// θ after steps against these gradients, for any kind.
fn stepped<K: OptimizerKind>(kind: K, start: f64, gradients: &[f64]) -> f64 {
    kind.check().unwrap();
    let (rate, mut rule) = (kind.learning_rate(), kind.rule(1));
    let mut values = [start as f32];
    for &gradient in gradients {
        rule.step(rate, &mut values, &mut [gradient as f32]);
    }
    f64::from(values[0])
}

const GRADIENTS: [f64; 8] = [1.0, -2.0, 0.5, 3.0, 0.0, -0.25, 1.5, -1.0];

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 2e-6 * (1.0 + expected.abs()), "{found} for {expected}");
}

/// Adam's m̂ and v̂ of each step, where L2 decay λ pulls at θ, which `update` moves.
fn moments(
    (beta1, beta2, decay): (f64, f64, f64),
    start: f64,
    update: impl Fn(i32, f64, f64, f64) -> f64,
) -> f64 {
    let (mut theta, mut m, mut v) = (start, 0.0, 0.0);
    for (t, gradient) in (1..).zip(GRADIENTS) {
        let g = gradient + decay * theta;
        m = beta1 * m + (1.0 - beta1) * g;
        v = beta2 * v + (1.0 - beta2) * g * g;
        theta = update(t, theta, m / (1.0 - beta1.powi(t)), v);
    }
    theta
}

#[test]
fn adam_with_and_without_weight_decay() {
    for weight_decay in [0.0, 0.3] {
        let kind = Adam { learning_rate: 0.1, beta2: 0.9, weight_decay, ..Adam::default() };
        let expected = moments((0.9, 0.9, weight_decay), 2.0, |t, theta, m, v| {
            theta - 0.1 * m / ((v / (1.0 - 0.9f64.powi(t))).sqrt() + 1e-8)
        });
        close(stepped(kind, 2.0, &GRADIENTS), expected);
    }
}

/// Whatever the gradient, Adam's first step has the size of its learning rate.
#[test]
fn adam_has_the_learning_rate_that_it_is_given() {
    let mut initial = Initial::<f32>::new();
    let place = initial.vector(&[1.0]);
    let mut parameters = initial.build();
    parameters.add_to_vector(&place, &[3.0]);
    Optimizer::adam(0.25).start(1).step(&mut parameters);
    assert!((parameters.values()[0] - 0.75).abs() < 1e-6, "{:?}", parameters.values());
}

#[test]
fn adamw_decays_the_parameters_and_not_the_gradient() {
    let kind = AdamW { learning_rate: 0.1, beta2: 0.9, weight_decay: 0.3, ..AdamW::default() };
    let expected = moments((0.9, 0.9, 0.0), 2.0, |t, theta, m, v| {
        theta * (1.0 - 0.1 * 0.3) - 0.1 * m / ((v / (1.0 - 0.9f64.powi(t))).sqrt() + 1e-8)
    });
    close(stepped(kind, 2.0, &GRADIENTS), expected);
}

/// With β₂ = 0.9, ρ_t is above 5 from step 6 on (and never with β₂ = 0.5).
#[test]
fn radam_is_rectified_where_it_is_certain() {
    let adaptive = |beta2: f64, t: i32| {
        let most = 2.0 / (1.0 - beta2) - 1.0;
        let power = beta2.powi(t);
        let length = most - 2.0 * f64::from(t) * power / (1.0 - power);
        let squared =
            (length - 4.0) * (length - 2.0) * most / ((most - 4.0) * (most - 2.0) * length);
        (length > 5.0).then(|| squared.sqrt())
    };
    assert_eq!((1..).find(|&t| adaptive(0.9, t).is_some()), Some(6));
    for (beta2, weight_decay) in [(0.9, 0.0), (0.9, 0.3), (0.5, 0.0)] {
        let kind = RAdam { learning_rate: 0.1, beta2, weight_decay, ..RAdam::default() };
        let expected =
            moments((0.9, beta2, weight_decay), 2.0, |t, theta, m, v| match adaptive(beta2, t) {
                Some(r) => theta - 0.1 * m * r * (1.0 - beta2.powi(t)).sqrt() / (v.sqrt() + 1e-8),
                None => theta - 0.1 * m,
            });
        close(stepped(kind, 2.0, &GRADIENTS), expected);
    }
}

#[test]
fn rmsprop_with_momentum_and_weight_decay() {
    for (momentum, weight_decay) in [(0.0, 0.0), (0.5, 0.3)] {
        let settings = RmsProp { learning_rate: 0.1, alpha: 0.9, ..RmsProp::default() };
        let kind = RmsProp { momentum, weight_decay, ..settings };
        let (mut theta, mut v, mut u) = (2.0, 0.0, 0.0);
        for gradient in GRADIENTS {
            let g = gradient + weight_decay * theta;
            v = 0.9 * v + 0.1 * g * g;
            u = momentum * u + g / (f64::sqrt(v) + 1e-8);
            theta -= 0.1 * u;
        }
        close(stepped(kind, 2.0, &GRADIENTS), theta);
    }
}

#[test]
fn sgds_first_steps_in_closed_form() {
    let plain = Sgd { learning_rate: 0.5, ..Sgd::default() };
    assert_eq!(stepped(plain.clone(), 1.0, &[3.0]), 1.0 - 0.5 * 3.0);
    assert_eq!(stepped(plain.clone(), 1.0, &[3.0, -1.0]), 1.0 - 0.5 * 3.0 + 0.5);
    let heavy = Sgd { momentum: 0.25, ..plain.clone() };
    // u₂ = g₂ + μ g₁
    assert_eq!(stepped(heavy, 1.0, &[3.0, -1.0]), 1.0 - 0.5 * 3.0 - 0.5 * (-1.0 + 0.25 * 3.0));
    let decayed = Sgd { weight_decay: 0.5, ..plain };
    assert_eq!(stepped(decayed, 2.0, &[3.0]), 2.0 - 0.5 * (3.0 + 0.5 * 2.0));
}

/// A state with one parameter vector, at 1, and its gradient after each of its steps.
fn run(table: &str, gradients: &[[f64; 2]]) -> Vec<[f32; 2]> {
    let registry = Registry::standard();
    let table = format!("learning-rate = 1.0\n{table}").parse().unwrap();
    let optimizer = registry.get("sgd").unwrap().build(table).unwrap();
    let mut initial = Initial::<f32>::new();
    let place = initial.vector(&[1.0, 1.0]);
    let mut parameters = initial.build();
    let mut state = optimizer.start(2);
    let step = |gradient: &[f64; 2]| {
        parameters.add_to_vector(&place, &gradient.map(|g| g as f32));
        state.step(&mut parameters);
        [parameters.values()[0], parameters.values()[1]]
    };
    gradients.iter().map(step).collect()
}

#[test]
fn gradients_are_clipped_by_value_and_then_by_norm() {
    assert_eq!(run("clip-value = 0.5", &[[3.0, -0.25]]), [[0.5, 1.25]]);
    // A vector of length 5 is scaled to 1; a shorter one stays.
    assert_eq!(run("clip-norm = 1.0", &[[3.0, 4.0]]), [[1.0 - 0.6, 1.0 - 0.8]]);
    assert_eq!(run("clip-norm = 6.0", &[[3.0, 4.0]]), [[-2.0, -3.0]]);
    // [0.3, 0.4] is left after the first, of length 0.5.
    let both = run("clip-value = 0.4\nclip-norm = 0.25", &[[0.3, 7.0]])[0];
    assert!((both[0] - 0.85).abs() < 1e-6 && (both[1] - 0.8).abs() < 1e-6, "{both:?}");
}

#[test]
fn a_schedule_multiplies_the_learning_rate() {
    let warm_up = "schedule = { kind = \"constant\", warm-up = 2 }";
    let first: Vec<f32> = run(warm_up, &[[1.0, 0.0]; 3]).iter().map(|pair| pair[0]).collect();
    assert_eq!(first, [0.5, -0.5, -1.5]);
}

/// Two steps with one gradient are two steps with equal gradients, for each rule; the rule's own decay
/// and its memory take part in both. The schedule goes on by one.
#[test]
fn a_gradient_can_be_stepped_along_twice() {
    for entry in Registry::standard().entries() {
        let at = |text: &str, gradients: &[f32]| {
            let table =
                format!("learning-rate = 0.25\nweight-decay = 0.5\nclip-value = 0.75\n{text}");
            let mut state = entry.build(table.parse().unwrap()).unwrap().start(1);
            let mut initial = Initial::<f32>::new();
            let place = initial.vector(&[2.0]);
            let mut parameters = initial.build();
            for gradient in gradients {
                parameters.add_to_vector(&place, &[*gradient]);
                state.step(&mut parameters);
            }
            parameters.values()[0]
        };
        let (once, twice) = ([1.0, -0.5, 0.25], [1.0, 1.0, -0.5, -0.5, 0.25, 0.25]);
        let name = entry.name;
        assert_eq!(at("steps-per-gradient = 2", &once), at("", &twice), "{name}");
        assert_eq!(at("steps-per-gradient = 1", &once), at("", &once), "{name}");
        assert_ne!(at("steps-per-gradient = 2", &once), at("", &once), "{name}");
    }
    let table = "steps-per-gradient = 2\nschedule = { kind = \"constant\", warm-up = 2 }";
    assert_eq!(run(table, &[[1.0, 0.0]; 2]), [[0.0, 1.0], [-2.0, 1.0]]);
}

#[test]
fn an_entropy_bonus_follows_its_schedule() {
    let table = "entropy-bonus = 0.2\n\
                 entropy-schedule = { kind = \"linear\", steps = 2 }";
    let optimizer =
        Registry::standard().get("adam").unwrap().build(table.parse().unwrap()).unwrap();
    let mut state = optimizer.start(0);
    let mut parameters = Initial::<f32>::new().build();
    for expected in [0.2, 0.1, 0.0, 0.0] {
        assert_eq!(state.entropy_bonus(), expected);
        state.step(&mut parameters);
    }
    assert_eq!(Optimizer::adam(0.1).start(0).entropy_bonus(), 0.0);
}

#[test]
fn every_optimizer_has_the_options_and_a_page() {
    for entry in Registry::standard().entries() {
        let schema = entry.schema();
        let page = schema.get("description").and_then(|text| text.as_str()).unwrap();
        assert!(page.contains("**Formula**") && page.contains("**Reference**"), "{}", entry.name);
        for key in ["learning-rate", "schedule", "clip-norm", "clip-value", "entropy-bonus"] {
            assert!(entry.keys().iter().any(|known| known == key), "{}: {key}", entry.name);
        }
        assert!(entry.defaults().get("learning-rate").is_some(), "{:?}", entry.defaults());
        for text in [
            "learning-rate = 0.0",
            "learning-rate = nan",
            "weight-decay = -1.0",
            "clip-norm = 0.0",
            "clip-value = -1.0",
            "entropy-bonus = -0.1",
            "steps-per-gradient = 0",
            "schedule = { kind = \"linear\" }",
            "schedule = { kind = \"constant\", warm-up = 1 }",
            "schedule = { kind = \"linaer\", steps = 3 }",
            "entropy-schedule = { kind = \"linear\", steps = 3 }",
            "clip-norms = 1.0",
        ] {
            let error = entry.build(text.parse().unwrap()).unwrap_err().to_string();
            let key = text.split_whitespace().next().unwrap();
            assert!(error.contains(entry.name) && error.contains(key), "{text}: {error}");
        }
    }
}

/// A mean that forgets nothing, or that grows, is none.
#[test]
fn rates_of_decay_are_below_one() {
    let mut checked = 0;
    for entry in Registry::standard().entries() {
        for key in ["beta1", "beta2", "alpha", "momentum"] {
            if !entry.keys().iter().any(|known| known == key) {
                continue;
            }
            let build = |x: &str| entry.build(format!("{key} = {x}").parse().unwrap());
            assert!(build("0.0").is_ok() && build("0.999999").is_ok(), "{} {key}", entry.name);
            for x in ["1.0", "1.5", "-0.1", "nan"] {
                let error = build(x).err().unwrap().to_string();
                assert!(error.contains(key), "{} {key} = {x}: {error}", entry.name);
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 3 * 2 + 2 + 1, "of three kinds of Adam, RMSprop and descent");
}

/// Ids of stored runs are hashes of these tables: what is not given must not appear in them.
#[test]
fn options_that_are_not_given_are_not_written() {
    let registry = Registry::standard();
    let written = |kind: &str| {
        let variant = registry.get(kind).unwrap().variant(toml::Table::new()).unwrap();
        (variant.version, variant.parameters.keys().cloned().collect::<Vec<_>>())
    };
    assert_eq!(
        written("adam"),
        (1, ["beta1", "beta2", "epsilon", "learning-rate"].map(Into::into).into())
    );
    assert_eq!(written("sgd"), (1, ["learning-rate", "momentum"].map(Into::into).into()));
}
