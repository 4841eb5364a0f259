use super::*;

/// ln of probabilities, of one latent.
fn logs(p: &[f64]) -> Vec<Vec<f64>> {
    vec![p.iter().map(|p| p.ln()).collect()]
}

#[test]
fn the_most_probable_come_first_and_the_masked_never() {
    let log_p = logs(&[0.0, 0.2, 0.3, 0.0, 0.5]);
    let subset = most_probable(&log_p, 2);
    assert_eq!(subset.outcomes, [[4], [2]]);
    assert!((subset.rest - 0.2).abs() < 1e-15);
    assert_eq!(most_probable(&log_p, 5).outcomes, [[4], [2], [1]]);
    assert_eq!(most_probable(&log_p, 5).rest, 0.0);
}

#[test]
fn ties_are_taken_in_lexicographic_order() {
    // Sums of the same logarithms in another order differ by rounding.
    let latent = |p: f64| vec![(1.0 - p).ln(), p.ln()];
    let log_p = [latent(0.1), latent(0.1), latent(0.1)];
    let outcomes = most_probable(&log_p, 4).outcomes;
    assert_eq!(outcomes, [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]);
    assert!((most_probable(&log_p, 1).rest - 0.271).abs() < 1e-12);
}

/// Orders of three outcomes, one after the other, by the definition.
#[test]
fn sums_over_orders_are_what_enumeration_says() {
    let p = [0.3, 0.1, 0.25, 0.35];
    let subset = Subset::new(vec![vec![0], vec![1], vec![2]], &logs(&p));
    let order =
        |i: usize, j: usize, k: usize| p[i] * p[j] / (1.0 - p[i]) * p[k] / (1.0 - p[i] - p[j]);
    let begins = |i: usize, j: usize| order(i, j, 3 - i - j);
    let pairs = |i: usize| (0..3).filter(move |&j| j != i);
    let whole: f64 = (0..3).flat_map(|i| pairs(i).map(move |j| begins(i, j))).sum();
    let (first, second) = (subset.orders().first(), subset.orders().second());
    for x in 0..3 {
        let own: f64 = pairs(x).map(|j| begins(x, j)).sum();
        assert!((first[x] - own / whole).abs() < 1e-14, "{first:?}");
        assert!((second[x][x] - p[x]).abs() < 1e-15);
        for y in pairs(x) {
            // P(y second | x first) = p_y R²/(1 − p_x)
            assert!((second[x][y] - (1.0 - p[x]) * begins(x, y) / own).abs() < 1e-14);
        }
    }
}

#[test]
fn an_outcome_is_drawn_first_as_often_as_its_probability_says() {
    let latents = [vec![0.7f64.ln(), 0.3f64.ln()], vec![0.5f64.ln(), 0.5f64.ln()]];
    let noise = &mut Noise::named(&["subset"]);
    let mut pairs = [[0.0; 4]; 4];
    let p = [0.35, 0.35, 0.15, 0.15];
    const DRAWS: usize = 40_000;
    for _ in 0..DRAWS {
        let outcomes = without_replacement(&latents, 2, noise).outcomes;
        let index = |outcome: &[u32]| (2 * outcome[0] + outcome[1]) as usize;
        pairs[index(&outcomes[0])][index(&outcomes[1])] += 1.0 / DRAWS as f64;
    }
    for (i, row) in pairs.iter().enumerate() {
        for (j, &share) in row.iter().enumerate() {
            let expected = if i == j { 0.0 } else { p[i] * p[j] / (1.0 - p[i]) };
            let error = (expected * (1.0 - expected) / DRAWS as f64).sqrt();
            assert!((share - expected).abs() <= 5.0 * error, "{i}, {j}: {share} {expected}");
        }
    }
}

#[test]
fn the_rest_is_drawn_by_its_probabilities() {
    let log_p = logs(&[0.4, 0.1, 0.0, 0.3, 0.2]);
    let subset = Subset::new(vec![vec![0]], &log_p);
    let noise = &mut Noise::named(&["rest"]);
    let mut counts = [0.0; 5];
    for _ in 0..20_000 {
        counts[subset.draw_from_rest(&log_p, noise).expect("a rest")[0] as usize] += 1.0 / 2e4;
    }
    for (share, expected) in counts.iter().zip([0.0, 1.0 / 6.0, 0.0, 0.5, 1.0 / 3.0]) {
        assert!((share - expected).abs() < 0.02, "{counts:?}");
    }
    let all = Subset::new(vec![vec![0], vec![1], vec![3], vec![4]], &log_p);
    assert_eq!(all.draw_from_rest(&log_p, noise), None);
}

#[test]
fn small_numbers_are_not_cancelled() {
    for x in [-1e-9, -1e-6, -0.3] {
        assert!((expm1(x) / x.exp_m1() - 1.0).abs() < 1e-9);
    }
    for x in [1e-9, 1e-6, 0.3, 1.0] {
        assert!((ln_1p(x) / x.ln_1p() - 1.0).abs() < 1e-9);
    }
}
