use super::*;
use crate::Logits;
use crate::objectives::SquaredPick;
use kernels::tape::{Node, Recording};

/// Logits of rows of equal probabilities, [latents][K] each.
fn categorical(p: &[f64], dims: Dims) -> Categorical<f64> {
    let logits = p.iter().map(|p| p.ln()).collect::<Vec<f64>>().repeat(dims.batch);
    let node = Node::new(Packed::pack(&logits, dims.categories));
    Categorical::new(Logits::new(node, dims.latents, Recording::default())).expect("logits")
}

fn one_latent(p: &[f64], batch: usize) -> Categorical<f64> {
    categorical(p, Dims { batch, latents: 1, categories: p.len() })
}

fn row(matrix: &Packed<f64>, row: usize) -> Vec<f64> {
    (0..matrix.columns()).map(|column| matrix.get(row, column)).collect()
}

fn assert_near(a: &[f64], b: &[f64]) {
    assert!(
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-14),
        "{a:?} {b:?}"
    );
}

#[test]
fn the_most_probable_come_first_and_masked_ones_never() {
    let p = [0.0, 0.2, 0.3, 0.0, 0.5];
    let noise = &mut Noise::named(&["subset"]);
    let subsets = Subsets::most_probable(&one_latent(&p, 1), 3, noise);
    assert_eq!(row(&subsets.picks, 0), [4.0, 2.0, 1.0]);
    assert_near(&row(&subsets.p, 0), &[0.5, 0.3, 0.2]);
    assert_eq!(subsets.rest.get(0, 0), 0.0);
    // If there are no more, the first repeats without weight.
    let subsets = Subsets::most_probable(&one_latent(&p, 1), 5, noise);
    assert_eq!(row(&subsets.picks, 0), [4.0, 2.0, 1.0, 4.0, 4.0]);
    assert_near(&row(&subsets.sum_weights(), 0), &[0.5, 0.3, 0.2, 0.0, 0.0]);
    let subsets = Subsets::without_replacement(&one_latent(&p, 40), 4, Order::Drawn, noise);
    for b in 0..40 {
        let (picks, p) = (row(&subsets.picks, b), row(&subsets.p, b));
        let mut sorted = picks[..3].to_vec();
        sorted.sort_by(f64::total_cmp);
        assert_eq!((sorted, picks[3], p[3]), (vec![1.0, 2.0, 4.0], picks[0], 0.0));
    }
}

#[test]
fn ties_are_taken_in_lexicographic_order() {
    // Products of the same probabilities in another order differ by rounding.
    let dims = Dims { batch: 1, latents: 3, categories: 2 };
    let categorical = categorical(&[0.9, 0.1].repeat(3), dims);
    let subsets = Subsets::most_probable(&categorical, 4, &mut Noise::named(&["subset"]));
    let first: Vec<Vec<f64>> =
        (0..3).map(|latent| row(&subsets.picks, latent)[..3].to_vec()).collect();
    // 000, 001, 010
    assert_eq!(first, [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
    let most = Subsets::most_probable(&categorical, 1, &mut Noise::named(&["subset"]));
    assert_near(&row(&most.sum_weights(), 0), &[1.0]);
}

/// The orders of three outcomes, by the definition.
#[test]
fn sums_over_orders_agree_with_enumeration() {
    let p = [0.3, 0.1, 0.25, 0.35];
    let f = [2.0, -1.0, 5.0];
    let order =
        |i: usize, j: usize, k: usize| p[i] * p[j] / (1.0 - p[i]) * p[k] / (1.0 - p[i] - p[j]);
    let begins = |i: usize, j: usize| order(i, j, 3 - i - j);
    let pairs = |i: usize| (0..3).filter(move |&j| j != i);
    let whole: f64 = (0..3).flat_map(|i| pairs(i).map(move |j| begins(i, j))).sum();
    let (p_, rest, f_) = (Packed::pack(&p[..3], 3), Packed::pack(&p[3..], 1), Packed::pack(&f, 3));
    let (weights, advantages) = orders::weights(&p_, &rest, &f_, true);
    for x in 0..3 {
        let own: f64 = pairs(x).map(|j| begins(x, j)).sum();
        assert!((weights.get(0, x) - own / whole).abs() < 1e-14);
        // P(y second | x first) = p_y R²/(1 − p_x)
        let others: f64 = pairs(x).map(|y| (1.0 - p[x]) * begins(x, y) / own * f[y]).sum();
        let advantage = f[x] - p[x] * f[x] - others;
        assert!((advantages.get(0, x) - advantage).abs() < 1e-14);
    }
    let (same, losses) = orders::weights(&p_, &rest, &f_, false);
    assert_eq!((row(&same, 0), row(&losses, 0)), (row(&weights, 0), f.to_vec()));
}

/// Twenty outcomes with probabilities down to 10⁻³⁰⁰: nothing overflows, nothing is lost.
#[test]
fn sums_over_orders_stand_improbable_outcomes() {
    let p: Vec<f64> =
        (0..20).map(|i| if i == 7 { 1.0 } else { 10f64.powi(-15 * (i + 1)) }).collect();
    let f = Packed::pack(&[3.0; 20], 20);
    let (weights, advantages) =
        orders::weights(&Packed::pack(&p, 20), &Packed::pack(&[0.0], 1), &f, true);
    let weights = row(&weights, 0);
    assert!((weights[7] - 1.0).abs() < 1e-12 && weights.iter().all(|w| *w >= 0.0), "{weights:?}");
    // The baseline removes equal losses.
    assert!(row(&advantages, 0).iter().all(|a| a.abs() < 1e-12), "{advantages:?}");
}

/// Both ways: from the list of all outcomes, and latent by latent.
#[test]
fn an_outcome_is_drawn_first_as_often_as_its_probability_says() {
    let latents = [[0.6, 0.3, 0.1], [0.5, 0.3, 0.2]];
    let p: Vec<f64> = latents[0].iter().flat_map(|a| latents[1].map(|b| a * b)).collect();
    const DRAWS: usize = 40_000;
    let categorical =
        categorical(&latents.concat(), Dims { batch: DRAWS, latents: 2, categories: 3 });
    let noise = &mut Noise::named(&["subset"]);
    for subsets in [
        Subsets::without_replacement(&categorical, 2, Order::Drawn, noise),
        beam::without_replacement(&categorical, 2, Order::Drawn, noise),
    ] {
        let mut pairs = [[0.0; 9]; 9];
        for b in 0..DRAWS {
            let place = |s: usize| {
                3 * subsets.picks.get(2 * b, s) as usize + subsets.picks.get(2 * b + 1, s) as usize
            };
            let (first, second) = (place(0), place(1));
            pairs[first][second] += 1.0 / DRAWS as f64;
            assert_near(&row(&subsets.p, b), &[p[first], p[second]]);
            assert_near(&row(&subsets.rest, b), &[1.0 - p[first] - p[second]]);
        }
        for (i, row) in pairs.iter().enumerate() {
            for (j, &share) in row.iter().enumerate() {
                let expected = if i == j { 0.0 } else { p[i] * p[j] / (1.0 - p[i]) };
                let error = (expected * (1.0 - expected) / DRAWS as f64).sqrt();
                assert!((share - expected).abs() <= 5.0 * error, "{i}, {j}: {share} {expected}");
            }
        }
    }
}

#[test]
fn a_set_does_not_depend_on_the_order_of_the_draws() {
    let p = [0.4, 0.3, 0.05, 0.15, 0.1];
    let noise = &mut Noise::named(&["order"]);
    let in_order = |order, categorical: &Categorical<f64>| {
        let noise = &mut noise.clone();
        [
            Subsets::without_replacement(categorical, 4, order, noise),
            beam::without_replacement(categorical, 4, order, noise),
        ]
    };
    let categorical = one_latent(&p, 40);
    for (drawn, sorted) in in_order(Order::Drawn, &categorical)
        .iter()
        .zip(in_order(Order::Lexicographic, &categorical))
    {
        for b in 0..40 {
            let mut pairs: Vec<(f64, f64)> =
                row(&drawn.picks, b).into_iter().zip(row(&drawn.p, b)).collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            let sorted: Vec<(f64, f64)> =
                row(&sorted.picks, b).into_iter().zip(row(&sorted.p, b)).collect();
            assert_eq!(pairs, sorted);
        }
    }
}

#[test]
fn the_last_is_drawn_from_the_rest_by_its_probabilities() {
    let p = [0.4, 0.1, 0.0, 0.3, 0.2];
    const DRAWS: usize = 20_000;
    let noise = &mut Noise::named(&["rest"]);
    let subsets = Subsets::most_probable(&one_latent(&p, DRAWS), 2, noise);
    let mut counts = [0.0; 5];
    for b in 0..DRAWS {
        assert_eq!(subsets.picks.get(b, 0), 0.0);
        counts[subsets.picks.get(b, 1) as usize] += 1.0 / DRAWS as f64;
    }
    for (share, expected) in counts.iter().zip([0.0, 1.0 / 6.0, 0.0, 0.5, 1.0 / 3.0]) {
        assert!((share - expected).abs() < 0.02, "{counts:?}");
    }
}

/// Impossible outcomes do not count, so only one loss is left.
#[test]
fn only_possible_outcomes_count() {
    let objective = SquaredPick::of(&[1.0, f64::NAN, f64::NAN], &[3.0]);
    for baseline in [true, false] {
        let categorical = one_latent(&[1.0, 0.0, 0.0], 1);
        let noise = &mut Noise::named(&["single"]);
        let order = Order::Lexicographic;
        let subsets = Subsets::without_replacement(&categorical, 2, order, noise);
        let surrogate =
            subsets.surrogate(categorical, Weighting::Set { baseline }, &objective).unwrap();
        assert_eq!((surrogate.loss(), surrogate.losses.unpack()), (4.0, vec![4.0]));
    }
}
