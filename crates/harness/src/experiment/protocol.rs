use super::file::{MOST_STEPS, within};
use super::{Cell, selection};
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
    /// Estimates are drawn at the first parameters of a seed; no step is taken.
    Gradient(GradientProtocol),
}

/// How many estimates are drawn where no step is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GradientProtocol {
    /// Estimates per run: from 2 up. All of them are drawn, however well the variance seems to be
    /// known: where a rare sample makes up most of it, it only seems so until that sample comes.
    #[schemars(extend("example" = "draws = 100000"))]
    pub draws: u64,
    /// Cells that draw more; the first entry that selects a cell counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("example" = "cells = [{ times = 2, task = { logit = -4.0 } }]"))]
    pub cells: Vec<CellDraws>,
}

/// Cells that draw more estimates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CellDraws {
    /// How many times as many: from 1 up.
    #[schemars(extend("example" = "times = 10"))]
    pub times: u64,
    /// Values of the task's parameters.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    #[schemars(extend("example" = "task = { logit = -4.0 }"))]
    pub task: Table,
    /// The estimator's kind, and values of its parameters.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    #[schemars(extend("example" = "estimator = { kind = \"unordered-set\", samples = 7 }"))]
    pub estimator: Table,
}

impl Default for GradientProtocol {
    fn default() -> Self {
        Self { draws: 100_000, cells: vec![] }
    }
}

impl GradientProtocol {
    /// Estimates per run of a cell.
    pub fn draws_of(&self, cell: &Cell) -> u64 {
        let selects = |more: &&CellDraws| selection::selects(&more.selection(), cell);
        self.draws * self.cells.iter().find(selects).map_or(1, |more| more.times)
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

/// The names of the protocols.
const KINDS: [&str; 2] = ["training", "gradient"];

impl Protocol {
    /// The protocol of a section; training if there is none.
    pub(super) fn read(section: Option<Value>) -> Result<Self> {
        let mut parameters = match section {
            None => return Ok(Self::Training),
            Some(Value::Table(parameters)) => parameters,
            Some(other) => return Err(Fault::value("protocol", other, "a table").into()),
        };
        let kind = match parameters.remove("kind") {
            Some(Value::String(kind)) => kind,
            Some(other) => {
                return Err(Fault::value("protocol.kind", other, KINDS.join(" or ")).into());
            }
            None => bail!("[protocol] has no kind; known: {}", KINDS.join(", ")),
        };
        match (kind.as_str(), parameters.keys().next()) {
            ("training", None) => Ok(Self::Training),
            ("training", Some(key)) => {
                bail!("protocol: {}", UnknownName::new("key", key, ["kind"]))
            }
            ("gradient", _) => {
                let cells = take_cells(&mut parameters)?;
                let plan: GradientProtocol = parse(parameters).context("protocol")?;
                let plan = GradientProtocol { cells, ..plan };
                within("protocol.draws", plan.draws, 2..=MOST_STEPS)?;
                for more in &plan.cells {
                    within("protocol.cells.times", more.times, 1..=MOST_STEPS / plan.draws)?;
                }
                Ok(Self::Gradient(plan))
            }
            (other, _) => Err(UnknownName::new("protocol", other, KINDS).into()),
        }
    }

    /// The selections of cells that are measured differently.
    pub(super) fn selections(&self) -> Vec<Table> {
        match self {
            Self::Training => vec![],
            Self::Gradient(plan) => plan.cells.iter().map(CellDraws::selection).collect(),
        }
    }

    /// Rejects a selection that matches no cell.
    pub(super) fn check_selections(&self, cells: &[Cell]) -> Result<()> {
        for selection in self.selections() {
            if !cells.iter().any(|cell| selection::selects(&selection, cell)) {
                bail!("protocol.cells: no cell matches {}", Value::Table(selection));
            }
        }
        Ok(())
    }

    /// The protocol as an experiment file says it; nothing for training, which needs no section.
    pub(super) fn table(&self) -> Result<Option<Table>> {
        let Self::Gradient(plan) = self else { return Ok(None) };
        let mut table = Table::try_from(plan)?;
        table.insert("kind".to_owned(), Value::String("gradient".to_owned()));
        Ok(Some(table))
    }
}

/// The entries of `cells`, each read alone, so that an error names its key.
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

    fn read(text: &str) -> Result<Protocol> {
        let mut table: Table = toml::from_str(text).expect("a table");
        Protocol::read(table.remove("protocol"))
    }

    #[test]
    fn training_is_the_default() {
        assert_eq!(read("").unwrap(), Protocol::Training);
        let plan = GradientProtocol { draws: 5, cells: vec![] };
        let text = "[protocol]\nkind = \"gradient\"\ndraws = 5";
        assert_eq!(read(text).unwrap(), Protocol::Gradient(plan));
    }

    #[test]
    fn invalid_sections_are_rejected() {
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
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
