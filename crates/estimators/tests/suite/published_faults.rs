//! Faults of published code, written as their authors wrote them: the laws find each one, and none in the
//! same code without the fault.

use estimators::mechanisms::{Categorical, Evaluated, at_vertices_with, rows};
use estimators::{
    Dims, Domain, Estimator, Evaluations, Family, Kind, Logits, Noise, Objective, Packed,
    Properties, Real, Result, Surrogate, Unbiased, laws,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// The score function of four samples, with the mean loss of the others as baseline, or of all.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Baseline {
    contains_own_sample: bool,
}

impl Kind for Baseline {
    const NAME: &'static str = "baseline";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "a baseline with or without the sample itself";
    const SOURCE: &'static str = "this test";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Baseline {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        const SAMPLES: usize = 4;
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, SAMPLES, noise));
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let [all, others] = [SAMPLES, SAMPLES - 1].map(|count| E::of(count as f64));
        let of = |f: &[E]| {
            let sum = f.iter().fold(E::ZERO, |sum, &f| sum + f);
            let baseline = |own: E| match self.contains_own_sample {
                true => sum / all,
                false => (sum - own) / others,
            };
            f.iter().map(|&own| (own - baseline(own)) / all).collect::<Vec<_>>()
        };
        let f = evaluated.losses().unpack();
        let advantages: Vec<E> = f.chunks_exact(SAMPLES).flat_map(of).collect();
        evaluated.score(&p, &picks, Packed::pack(&advantages, SAMPLES))
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(4))
        }
    }
}

/// ReinMax with a control variate: the difference of two relaxed Jacobians at θ_D = ln (p + D)/2. One is
/// that of a sample whose argmax is D. So must be the other one, or the difference has a mean.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ControlVariate {
    has_mean: bool,
}

impl Kind for ControlVariate {
    const NAME: &'static str = "control-variate";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "reinmax with a control variate";
    const SOURCE: &'static str = "this test";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

const TEMPERATURE: f64 = 0.7;
const COEFFICIENT: f64 = 1.5;

/// A relaxed sample of `p` from standard exponential numbers `e`, of all or of those whose argmax is `pick`.
fn relaxed(p: &[f64], e: &[f64], pick: Option<usize>) -> Vec<f64> {
    let least = pick.map(|pick| e[pick]);
    let arrival = |k: usize| match least {
        Some(least) if pick == Some(k) => least,
        Some(least) => e[k] / p[k] + least,
        None => e[k] / p[k],
    };
    let weights: Vec<f64> = (0..p.len()).map(|k| arrival(k).powf(-1.0 / TEMPERATURE)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// Adds c J(x) g to v.
fn add_product(v: &mut [f64], c: f64, x: &[f64], g: &[f64]) {
    let mean: f64 = x.iter().zip(g).map(|(x, g)| x * g).sum();
    for k in 0..v.len() {
        v[k] += c * x[k] * (g[k] - mean);
    }
}

impl<E: Real> Estimator<E> for ControlVariate {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        let (count, k) = (p.rows(), p.columns());
        let wide = |numbers: &Packed<E>| -> Vec<f64> {
            numbers.unpack().into_iter().map(|x| x.widen()).collect()
        };
        let [first, second] = [(); 2].map(|()| wide(&noise.exponentials::<E>(count, k)));
        let (p, chosen, has_mean) = (wide(&p), wide(&picks), self.has_mean);
        at_vertices_with(categorical, picks, objective, move |g, v| {
            let g = wide(g);
            for (row, &pick) in chosen.iter().enumerate() {
                let all = row * k..(row + 1) * k;
                let (p, g, pick) = (&p[all.clone()], &g[all.clone()], pick as usize);
                let mut middle: Vec<f64> = p.iter().map(|p| p / 2.0).collect();
                middle[pick] += 0.5;
                let mut sum = vec![0.0; k];
                add_product(&mut sum, 2.0, &middle, g);
                add_product(&mut sum, -0.5, p, g);
                let given = relaxed(&middle, &first[all.clone()], Some(pick));
                let other = relaxed(&middle, &second[all], (!has_mean).then_some(pick));
                add_product(&mut sum, COEFFICIENT / TEMPERATURE, &given, g);
                add_product(&mut sum, -COEFFICIENT / TEMPERATURE, &other, g);
                for (category, term) in sum.into_iter().enumerate() {
                    v.set(row, category, v.get(row, category) + E::of(term));
                }
            }
        })
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Quadratic,
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }
}

/// Whether the law `unbiased` is broken.
fn is_biased(kind: impl Kind) -> bool {
    laws::violations_with(kind).iter().any(|violation| violation.law == "unbiased")
}

#[test]
fn a_baseline_that_contains_its_own_sample_is_found() {
    assert!(is_biased(Baseline { contains_own_sample: true }));
    assert!(!is_biased(Baseline { contains_own_sample: false }));
}

#[test]
fn a_control_variate_that_has_a_mean_is_found() {
    assert!(is_biased(ControlVariate { has_mean: true }));
    assert!(!is_biased(ControlVariate { has_mean: false }));
}
