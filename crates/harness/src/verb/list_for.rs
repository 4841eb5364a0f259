//! Which estimators fit a problem.

use anyhow::Result;
use estimators::{Dims, Domain, Unbiased};
use registry::{Fault, UnknownName};

/// What somebody says about a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// One row of it.
    pub(super) dims: Dims,
    /// Whether anything is said: otherwise every estimator fits, those for two categories too.
    is_asked: bool,
    /// What the loss offers.
    domain: Domain,
    /// The most evaluations of the loss, for a row and a step.
    evaluations: u64,
    /// The most experts that are evaluated, for a row and a step.
    experts: u64,
    /// Whether an estimator has to be unbiased for every loss.
    unbiased: bool,
}

/// The questions.
const KEYS: [&str; 6] = ["loss", "latents", "categories", "evaluations", "experts", "unbiased"];

/// What a loss can offer: less first.
const LOSSES: [(&str, Domain); 4] = [
    ("values", Domain::Vertices),
    ("gradients", Domain::VertexGradients),
    ("relaxed", Domain::Interior),
    ("gated", Domain::GatedGradients),
];

impl Problem {
    /// The problem of answers such as `categories=32`; what is not answered rules nothing out.
    pub(super) fn read(answers: &[String]) -> Result<Self> {
        let dims = Dims { batch: 1, latents: 1, categories: 8 };
        let (domain, evaluations) = (Domain::Interior, u64::MAX);
        let (is_asked, experts) = (!answers.is_empty(), u64::MAX);
        let mut problem = Self { dims, is_asked, domain, evaluations, experts, unbiased: false };
        for answer in answers {
            let expected = format!("KEY=VALUE, where KEY is one of {}", KEYS.join(", "));
            let (key, value) =
                answer.split_once('=').ok_or_else(|| Fault::value("--for", answer, expected))?;
            problem.set(key.trim(), value.trim())?;
        }
        Ok(problem)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let number = |least: u64| {
            let parsed = value.parse().ok().filter(|number| *number >= least);
            parsed
                .ok_or_else(|| Fault::value(key, value, format!("a whole number from {least} up")))
        };
        match key {
            "loss" => {
                let found = LOSSES.iter().find(|(name, _)| *name == value);
                let names = LOSSES.map(|(name, _)| name);
                let unknown = || UnknownName::new("loss", value, names);
                self.domain = found.ok_or_else(unknown)?.1;
            }
            "latents" => self.dims.latents = number(1)? as usize,
            "categories" => self.dims.categories = number(2)? as usize,
            "evaluations" => self.evaluations = number(1)?,
            "experts" => self.experts = number(1)?,
            "unbiased" => {
                let parsed = value.parse().ok();
                self.unbiased = parsed.ok_or_else(|| Fault::value(key, value, "true or false"))?;
            }
            _ => return Err(UnknownName::new("question", key, KEYS).into()),
        }
        Ok(())
    }

    /// Whether an estimator with its default parameters fits.
    pub(super) fn fits(&self, estimator: &dyn estimators::Estimator<f64>) -> bool {
        if !self.is_asked {
            return true;
        }
        let properties = estimator.properties(self.dims);
        let cost = properties.evaluations;
        estimators::refusal(estimator, self.dims, self.domain).is_none()
            && cost.losses() <= self.evaluations
            && cost.experts(self.dims.categories) <= self.experts
            && (!self.unbiased || properties.unbiased == Unbiased::Always)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use estimators::Registry;

    fn fitting(answers: &[&str]) -> Vec<&'static str> {
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let problem = Problem::read(&answers).unwrap();
        let registry = Registry::standard();
        let fits = |entry: &&estimators::Entry| {
            problem.fits(&*entry.build(toml::Table::new()).unwrap().build_f64())
        };
        registry.entries().iter().filter(fits).map(|entry| entry.name).collect()
    }

    #[test]
    fn answers_rule_estimators_out() {
        let all = fitting(&[]);
        assert_eq!(all.len(), Registry::standard().entries().len());
        assert!(!fitting(&["categories=3"]).contains(&"arm"));
        let one = fitting(&["loss=values", "evaluations=1"]);
        assert!(one.contains(&"reinforce") && !one.contains(&"exact"), "{one:?}");
        assert!(!one.contains(&"gumbel-softmax") && !one.contains(&"reinforce-loo"), "{one:?}");
        let unbiased = fitting(&["unbiased=true"]);
        assert!(unbiased.contains(&"exact") && !unbiased.contains(&"straight-through"));
        // All choices of many latents cannot be enumerated.
        assert!(!fitting(&["latents=30"]).contains(&"exact"));
        assert!(fitting(&["loss=gradients"]).contains(&"reinmax"));
        assert!(!fitting(&["loss=relaxed"]).contains(&"switch"));
        let gated = fitting(&["loss=gated", "experts=1"]);
        assert!(gated.contains(&"switch") && gated.contains(&"reinforce"), "{gated:?}");
        assert!(!gated.contains(&"dense-mixer") && !gated.contains(&"straight-through"));
    }

    #[test]
    fn invalid_answers_are_rejected() {
        for (answer, words) in [
            ("latents", "KEY=VALUE"),
            ("latent=2", "did you mean `latents`"),
            ("latents=0", "from 1 up"),
            ("loss=value", "did you mean `values`"),
            ("unbiased=yes", "true or false"),
        ] {
            let error = Problem::read(&[answer.to_owned()]).unwrap_err().to_string();
            assert!(error.contains(words), "{answer}: {error}");
        }
    }
}
