use super::file::{MOST_STEPS, within};
use anyhow::{Context, Result, bail};
use estimators::{Fault, UnknownName, fault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// How a run measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    /// Steps are taken; convergence is measured.
    Training,
    /// Estimates are drawn at the parameters that a seed begins with; no step is taken.
    Gradient(GradientProtocol),
}

/// How many estimates are drawn where no step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GradientProtocol {
    /// Estimates a run: from 2 up. All are drawn, however well the variance seems to be known: where
    /// a rare draw makes up most of it, it seems so just until that draw comes.
    pub draws: u64,
}

impl Default for GradientProtocol {
    fn default() -> Self {
        Self { draws: 100_000 }
    }
}

/// Keys that say how to train.
pub(super) const OF_TRAINING: [&str; 5] =
    ["steps", "evaluate-every", "tuned", "optimizer", "gradient"];

impl Protocol {
    /// Takes the protocol out of an experiment's table, and refuses keys that mean nothing to it.
    pub(super) fn take(table: &mut Table) -> Result<Self> {
        let mut parameters = match table.remove("protocol") {
            None => return Ok(Self::Training),
            Some(Value::Table(parameters)) => parameters,
            Some(other) => return Err(Fault::value("protocol", other, "a table").into()),
        };
        let kind = match parameters.remove("kind") {
            Some(Value::String(kind)) => kind,
            Some(other) => {
                return Err(Fault::value("protocol.kind", other, "training, gradient").into());
            }
            None => bail!("[protocol] has no kind; there are training, gradient"),
        };
        match (kind.as_str(), parameters.keys().next()) {
            ("training", None) => Ok(Self::Training),
            ("training", Some(key)) => {
                bail!("protocol: {}", UnknownName::new("key", key, ["kind"]))
            }
            ("gradient", _) => {
                if let Some(key) = OF_TRAINING.iter().find(|key| table.contains_key(**key)) {
                    bail!("`{key}` says how to train; the protocol `gradient` takes no step");
                }
                let plan: GradientProtocol = fault::parse(parameters).context("protocol")?;
                within("protocol.draws", plan.draws, 2..=MOST_STEPS)?;
                Ok(Self::Gradient(plan))
            }
            (other, _) => Err(UnknownName::new("protocol", other, ["training", "gradient"]).into()),
        }
    }

    /// The protocol as an experiment file says it; nothing where steps are taken, as everywhere.
    pub(super) fn table(self) -> Result<Option<Table>> {
        let Self::Gradient(plan) = self else { return Ok(None) };
        let mut table = Table::try_from(plan)?;
        table.insert("kind".to_owned(), Value::String("gradient".to_owned()));
        Ok(Some(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> Result<Protocol> {
        Protocol::take(&mut toml::from_str(text).expect("a table"))
    }

    #[test]
    fn training_unless_said_otherwise() {
        assert_eq!(taken("steps = 1").unwrap(), Protocol::Training);
        let plan = GradientProtocol { draws: 5 };
        let text = "[protocol]\nkind = \"gradient\"\ndraws = 5";
        assert_eq!(taken(text).unwrap(), Protocol::Gradient(plan));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (text, named) in [
            ("protocol = 1", "protocol"),
            ("[protocol]\ndraws = 5", "kind"),
            ("[protocol]\nkind = \"gradeint\"", "gradient"),
            ("[protocol]\nkind = \"training\"\ndraws = 5", "draws"),
            ("[protocol]\nkind = \"gradient\"\ndraws = 1", "protocol.draws"),
            ("[protocol]\nkind = \"gradient\"\ndrawn = 5", "did you mean `draws`"),
            ("[protocol]\nkind = \"gradient\"\nsteps = 1", "steps"),
            ("steps = 1\n[protocol]\nkind = \"gradient\"", "steps"),
        ] {
            let error = format!("{:#}", taken(text).unwrap_err());
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
