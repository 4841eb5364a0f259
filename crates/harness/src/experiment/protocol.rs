use super::file::{MOST_STEPS, within};
use super::{Cell, LoadedTask, selection};
use anyhow::{Context, Result, bail};
use registry::{Fault, UnknownName, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// How a run measures.
#[derive(Clone, Debug, PartialEq)]
pub enum Protocol {
    /// Steps are taken; convergence is measured.
    Training,
    /// Estimates are drawn at the parameters that a seed begins with; no step is taken.
    Gradient(GradientProtocol),
}

/// How many estimates are drawn where no step is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GradientProtocol {
    /// Estimates a run: from 2 up. All are drawn, however well the variance seems to be known: where
    /// a rare draw makes up most of it, it seems so just until that draw comes.
    pub draws: u64,
    /// Cells with more; where several are about a cell, the first counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellDraws>,
}

/// Cells of which more estimates are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CellDraws {
    /// How many times as many: from 1 up.
    pub times: u64,
    /// Values of the task's parameters.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub task: Table,
    /// The estimator's kind, and values of its parameters.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub estimator: Table,
}

impl Default for GradientProtocol {
    fn default() -> Self {
        Self { draws: 100_000, cells: vec![] }
    }
}

impl GradientProtocol {
    /// Estimates a run of a cell.
    pub fn draws_of(&self, cell: &Cell, tasks: &[LoadedTask]) -> u64 {
        let is_about = |more: &&CellDraws| selection::is_about(&more.selection(), cell, tasks);
        self.draws * self.cells.iter().find(is_about).map_or(1, |more| more.times)
    }
}

impl CellDraws {
    fn selection(&self) -> Table {
        let parts = [("task", &self.task), ("estimator", &self.estimator)];
        let table =
            |(part, values): (&str, &Table)| (part.to_owned(), Value::Table(values.clone()));
        parts.into_iter().map(table).collect()
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
                let cells = take_cells(&mut parameters)?;
                let plan: GradientProtocol = parse(parameters).context("protocol")?;
                let plan = GradientProtocol { cells, ..plan };
                within("protocol.draws", plan.draws, 2..=MOST_STEPS)?;
                for more in &plan.cells {
                    within("protocol.cells.times", more.times, 1..=MOST_STEPS / plan.draws)?;
                }
                Ok(Self::Gradient(plan))
            }
            (other, _) => Err(UnknownName::new("protocol", other, ["training", "gradient"]).into()),
        }
    }

    /// What says of some cells that they are measured otherwise.
    pub(super) fn selections(&self) -> Vec<Table> {
        match self {
            Self::Training => vec![],
            Self::Gradient(plan) => plan.cells.iter().map(CellDraws::selection).collect(),
        }
    }

    /// Every selection is about some cell.
    pub(super) fn check_selections(&self, cells: &[Cell], tasks: &[LoadedTask]) -> Result<()> {
        for selection in self.selections() {
            if !cells.iter().any(|cell| selection::is_about(&selection, cell, tasks)) {
                bail!("protocol.cells: {} is about no cell", Value::Table(selection));
            }
        }
        Ok(())
    }

    /// The protocol as an experiment file says it; nothing where steps are taken, as everywhere.
    pub(super) fn table(&self) -> Result<Option<Table>> {
        let Self::Gradient(plan) = self else { return Ok(None) };
        let mut table = Table::try_from(plan)?;
        table.insert("kind".to_owned(), Value::String("gradient".to_owned()));
        Ok(Some(table))
    }
}

/// The entries of `cells`, each read for itself, so that a fault names its key.
fn take_cells(parameters: &mut Table) -> Result<Vec<CellDraws>> {
    let entries = match parameters.remove("cells") {
        None => return Ok(vec![]),
        Some(Value::Array(entries)) => entries,
        Some(other) => return Err(Fault::value("protocol.cells", other, "a list of tables").into()),
    };
    let read = |entry| match entry {
        Value::Table(entry) => parse(entry).context("protocol.cells"),
        other => Err(Fault::value("protocol.cells", other, "a list of tables").into()),
    };
    entries.into_iter().map(read).collect()
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
        let plan = GradientProtocol { draws: 5, cells: vec![] };
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
            ("[protocol]\nkind = \"gradient\"\ncells = [{ times = 0 }]", "times"),
            ("[protocol]\nkind = \"gradient\"\ncells = [{ tims = 2 }]", "did you mean `times`"),
            ("[protocol]\nkind = \"gradient\"\ncells = [{ task = {} }]", "times"),
            ("[protocol]\nkind = \"gradient\"\ncells = [2]", "a list of tables"),
            ("[protocol]\nkind = \"gradient\"\ncells = 2", "a list of tables"),
            ("steps = 1\n[protocol]\nkind = \"gradient\"", "steps"),
        ] {
            let error = format!("{:#}", taken(text).unwrap_err());
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
