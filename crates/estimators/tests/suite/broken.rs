//! Estimators that are wrong on purpose: the laws find each of them, and say which law it breaks.

use dfdx::prelude::{Cpu, Rank0, SumTo, TensorFromVec, TryMul};
use estimators::mechanisms::{Categorical, Evaluated, Weights, losses_at, rows, scores};
use estimators::{
    Dims, Domain, Error, Estimator, Evaluations, Family, Kind, Logits, Noise, Objective, Packed,
    Properties, Real, Result, Surrogate, Unbiased, laws,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::panic::catch_unwind;
use std::rc::Rc;

/// What is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Wrong {
    #[default]
    Nothing,
    Factor,
    OneSample,
    Offset,
    SumOverBatch,
    ClaimsFewerLosses,
    ClaimsGradients,
    ClaimsNoNoise,
    DropsParameters,
    RemembersEstimates,
    GrowsByStep,
    SwallowsNan,
    SamplesMasked,
    GradientForMasks,
    SinglePrecision,
    RoundsLosses,
    DividesByZero,
    RefusesAll,
    RefusesSilently,
    Panics,
    Fails,
}

/// The score function of two samples, each with the loss of the other as baseline, and a mistake.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Mine {
    wrong: Wrong,
}

impl Kind for Mine {
    const NAME: &'static str = "mine";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "two samples and a mistake";
    const SOURCE: &'static str = "this test";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Built { wrong: self.wrong, estimates: 0, steps: 0 })
    }
}

struct Built {
    wrong: Wrong,
    estimates: u32,
    steps: u32,
}

impl Built {
    /// Advantages of the two samples, [B, 2], in each row (f₁ − f₂)/2 and (f₂ − f₁)/2.
    fn advantages<E: Real>(&self, f: &Packed<E>) -> Packed<E> {
        let factor = match self.wrong {
            Wrong::Factor => 0.7,
            Wrong::SumOverBatch => f.rows() as f64,
            Wrong::RemembersEstimates => 0.5 + 0.1 * f64::from(self.estimates),
            Wrong::GrowsByStep => 0.5 + 0.1 * f64::from(self.steps),
            Wrong::SinglePrecision if E::NAME == "f32" => 0.502,
            _ => 0.5,
        };
        let factor = E::of(factor);
        let of = |f: &[E]| match self.wrong {
            Wrong::OneSample => [factor * (f[0] - f[1]), E::ZERO],
            // The same but for rounding.
            Wrong::RoundsLosses => {
                let (tenths, rest) = (E::of(0.3), E::of(0.2));
                let a = f[0] * tenths - f[1] * tenths + (f[0] - f[1]) * rest;
                [a, -a]
            }
            Wrong::DividesByZero => {
                let size = (f[0] - f[1]).abs();
                [(f[0] - f[1]) * size / size * factor, (f[1] - f[0]) * size / size * factor]
            }
            _ => [factor * (f[0] - f[1]), factor * (f[1] - f[0])],
        };
        Packed::pack(&f.unpack().chunks_exact(2).flat_map(of).collect::<Vec<E>>(), 2)
    }

    /// Logits as this estimator reads them.
    fn read<E: Real>(&self, logits: Logits<E>) -> Result<Logits<E>> {
        match self.wrong {
            Wrong::SwallowsNan => {
                let numbers = logits.into_tensor()?.try_nans_to(0.0)?;
                Logits::of(numbers.try_clamp(-1e6, 1e6)?)
            }
            Wrong::SamplesMasked => {
                Logits::of(logits.into_tensor()?.try_clamp(-2.0, f64::INFINITY)?)
            }
            _ => Ok(logits),
        }
    }
}

impl<E: Real> Estimator<E> for Built {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        assert_ne!(self.wrong, Wrong::Panics, "a panic on purpose");
        if self.wrong == Wrong::Fails {
            return Err(Error::Objective("out of luck".into()));
        }
        let categorical = Categorical::new(self.read(logits)?)?;
        let (p, dims) = (categorical.softmax(E::ONE), categorical.dims());
        let picks = Rc::new(rows::categorical(&p, 2, noise));
        if self.wrong == Wrong::DropsParameters {
            let losses = losses_at(objective, Rc::clone(&picks), dims)?;
            let vector = scores(&p, &picks, self.advantages(&losses), dims).unpack();
            let shape = (dims.batch, dims.latents, dims.categories);
            let vector = Cpu::default().try_tensor_from_vec(vector, shape)?;
            let scalar = categorical.into_tensor()?.try_mul(vector)?.try_sum::<Rank0, _>()?;
            return Ok(Surrogate { scalar, losses: losses.column(0) });
        }
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let advantages = self.advantages(evaluated.losses());
        self.estimates += 1;
        match self.wrong {
            Wrong::Offset | Wrong::GradientForMasks => {
                let mut vector = scores(&p, &picks, advantages, dims);
                let offset = E::of(0.05 / dims.batch as f64);
                for (row, k) in (0..dims.rows()).flat_map(|row| [(row, 0), (row, 1)]) {
                    let k = k % dims.categories;
                    let is_masked = p.get(row, k) == E::ZERO;
                    if is_masked == (self.wrong == Wrong::GradientForMasks) {
                        vector.set(row, k, vector.get(row, k) + offset);
                    }
                }
                let losses = evaluated.losses().column(0);
                evaluated.inject(Weights::Mean, vector, losses)
            }
            _ => evaluated.score(&p, &picks, advantages),
        }
    }

    fn properties(&self, _: Dims) -> Properties {
        let losses = if self.wrong == Wrong::ClaimsFewerLosses { 1 } else { 2 };
        let needs = match self.wrong {
            Wrong::ClaimsGradients => Domain::VertexGradients,
            _ => Domain::Vertices,
        };
        Properties {
            unbiased: Unbiased::Always,
            stochastic: self.wrong != Wrong::ClaimsNoNoise,
            ..Properties::new(needs, Evaluations::vertices(losses))
        }
    }

    fn refuses(&self, _: Dims) -> Option<String> {
        match self.wrong {
            Wrong::RefusesAll => Some("it refuses everything".to_owned()),
            Wrong::RefusesSilently => Some(String::new()),
            _ => None,
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.steps += 1;
        Ok(())
    }
}

/// The laws that it breaks, and what they say.
fn broken(wrong: Wrong) -> Vec<(&'static str, String)> {
    let violations = laws::violations_with(Mine { wrong });
    violations.iter().map(|violation| (violation.law, violation.to_string())).collect()
}

#[test]
fn a_right_estimator_breaks_no_law() {
    laws::check_parameters(Mine { wrong: Wrong::Nothing });
}

/// Each mistake, laws that have to find it, and words that say so.
const MISTAKES: [(Wrong, &[&str], &str); 20] = [
    (Wrong::Factor, &["unbiased", "stays-unbiased"], "as the mean of component"),
    (Wrong::OneSample, &["unbiased"], "as the mean of component"),
    (Wrong::Offset, &["unbiased", "sums-to-zero"], "expected a sum of 0"),
    (Wrong::SumOverBatch, &["unbiased", "batch"], "batches of 2000 rows and of 20"),
    (Wrong::ClaimsFewerLosses, &["evaluations", "experts"], "hard: 1"),
    (Wrong::ClaimsGradients, &["needs"], "as claimed; it uses values at the vertices"),
    (Wrong::ClaimsNoNoise, &["stochastic"], "`stochastic` is false"),
    (Wrong::DropsParameters, &["objective-gradient"], "parameter"),
    (Wrong::RemembersEstimates, &["keeps-its-state", "measuring"], "another call of `estimate`"),
    (Wrong::GrowsByStep, &["stays-unbiased"], "after 20 steps"),
    (Wrong::SwallowsNan, &["invalid-logits"], "row 0 has NaN"),
    (Wrong::SamplesMasked, &["masked-never-sampled", "masked-loss"], "masked category 1"),
    (Wrong::GradientForMasks, &["finite", "masks"], "expected 0 for the masked category"),
    (Wrong::SinglePrecision, &["single-precision"], "f64"),
    (Wrong::DividesByZero, &["finite", "unbiased"], "found NaN"),
    (Wrong::RefusesAll, &["supported"], "refuses all"),
    (Wrong::RefusesSilently, &["supported", "finite"], "expected a reason"),
    (Wrong::Panics, &["unbiased"], "it panicked: assertion"),
    (Wrong::Fails, &["unbiased"], "out of luck"),
    (Wrong::RoundsLosses, &["constant-in-losses"], "2²⁰ added to all losses"),
];

#[test]
fn every_mistake_is_found_by_its_law() {
    for (wrong, laws, words) in MISTAKES {
        let broken = broken(wrong);
        for law in laws {
            assert!(broken.iter().any(|(name, _)| name == law), "{wrong:?}, {law}: {broken:#?}");
        }
        let is_said = broken.iter().any(|(_, text)| text.contains(words));
        assert!(is_said, "{wrong:?}, {words}: {broken:#?}");
    }
}

#[test]
fn a_failed_check_names_the_estimator_the_law_and_what_was_expected() {
    let panic = catch_unwind(|| laws::check_parameters(Mine { wrong: Wrong::ClaimsFewerLosses }));
    let message = *panic.expect_err("a broken law").downcast::<String>().unwrap();
    for words in [
        "broken laws: 2\n",
        "`mine wrong=\"claims-fewer-losses\"` breaks the law `evaluations`",
        "an estimator evaluates the loss as often as it says",
        "expected Evaluations { hard: 1",
        "counted Evaluations { hard: 2",
        "expected at most 1 of 4 experts, as claimed; counted 2",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
}
