//! Tuning: the settings that are tried for each estimator, the same number for all.

use super::file::within;
use super::sections::{one_table, tables};
use super::sweep::product;
use anyhow::{Context, Result, bail};
use registry::{Fault, UnknownName, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// How every estimator is tuned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tuning {
    /// Settings of each estimator: from 1 up. A grid of another size is an error.
    #[schemars(extend("example" = "budget = 9"))]
    pub budget: usize,
    /// The grids; the first that is for an estimator counts.
    #[schemars(extend("example" = "grid = [{ optimizer.learning-rate = [0.01, 0.03] }]"))]
    pub grid: Vec<Grid>,
}

/// The settings of some estimators: every combination of the listed values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grid {
    /// Kinds and families of estimators; all of them unless given.
    #[serde(rename = "for", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("example" = "for = [\"exact\", \"relaxation\"]"))]
    pub names: Vec<String>,
    /// Values of the optimizer's parameters: a list for each.
    #[serde(skip_serializing_if = "Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Vec<serde_json::Value>>")]
    #[schemars(extend("example" = "optimizer.learning-rate = [0.003, 0.01]"))]
    pub optimizer: Table,
    /// Values of the estimator's own parameters: a list for each.
    #[serde(skip_serializing_if = "Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Vec<serde_json::Value>>")]
    #[schemars(extend("example" = "estimator.temperature = [0.5, 1.0]"))]
    pub estimator: Table,
}

/// Values of the parameters of one setting.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) estimator: Table,
    pub(super) optimizer: Table,
}

/// The most settings of an estimator.
const MOST: u64 = 100_000;

impl Tuning {
    /// Reads the section; nothing if there is none.
    pub(super) fn read(section: Option<Value>) -> Result<Option<Self>> {
        let Some(section) = section else { return Ok(None) };
        let mut table = one_table("tuning", section)?;
        let grids = tables("tuning.grid", table.remove("grid"))?;
        let grid: Vec<Grid> = grids
            .into_iter()
            .map(|grid| parse(grid).context("tuning.grid"))
            .collect::<Result<_>>()?;
        table.insert("grid".to_owned(), Value::Array(vec![]));
        let tuning = Self { grid, ..parse(table).context("tuning")? };
        within("tuning.budget", tuning.budget as u64, 1..=MOST)?;
        tuning.grid.iter().try_for_each(|grid| grid.settings().map(|_| ()))?;
        Ok(Some(tuning))
    }

    /// Rejects names that belong to no kind and no family.
    pub(super) fn check_names(&self, kinds: &[(&'static str, &'static str)]) -> Result<()> {
        let known: Vec<&str> = kinds.iter().flat_map(|&(kind, family)| [kind, family]).collect();
        for name in self.grid.iter().flat_map(|grid| &grid.names) {
            if !known.contains(&name.as_str()) {
                let unknown = UnknownName::new("kind or family", name, known);
                return Err(unknown).context("tuning.grid.for");
            }
        }
        Ok(())
    }

    /// The grid of an estimator.
    ///
    /// # Errors
    /// If it has none, or one of another size than the budget.
    pub(super) fn grid_of(&self, kind: &str, family: &str) -> Result<&Grid> {
        let is_for = |grid: &&Grid| {
            grid.names.is_empty() || grid.names.iter().any(|name| name == kind || name == family)
        };
        let Some(grid) = self.grid.iter().find(is_for) else {
            bail!("tuning: no grid is for `{kind}` or its family `{family}`");
        };
        let (count, budget) = (grid.settings()?.len(), self.budget);
        if count != budget {
            bail!(
                "tuning: the grid of `{kind}` has {count} settings, but the budget is {budget}: \
                 estimators are compared only if each is tuned over the same number"
            );
        }
        Ok(grid)
    }

    /// The tuned parameters of all grids, such as `estimator.temperature`.
    pub(super) fn tuned(&self) -> Vec<String> {
        let mut tuned: Vec<String> = vec![];
        for path in self.grid.iter().flat_map(Grid::tuned) {
            if !tuned.contains(&path) {
                tuned.push(path);
            }
        }
        tuned
    }
}

impl Grid {
    /// The tuned parameters, those of the optimizer first.
    pub(super) fn tuned(&self) -> Vec<String> {
        let optimizer = self.optimizer.keys().map(|key| format!("optimizer.{key}"));
        optimizer.chain(self.estimator.keys().map(|key| format!("estimator.{key}"))).collect()
    }

    /// Every combination of its values.
    pub(super) fn settings(&self) -> Result<Vec<Setting>, Fault> {
        let mut settings = vec![];
        for estimator in product("tuning.grid.estimator", &self.estimator)? {
            for optimizer in product("tuning.grid.optimizer", &self.optimizer)? {
                settings.push(Setting { estimator: estimator.clone(), optimizer });
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Tuning> {
        let mut table: Table = toml::from_str(text).expect("a table");
        Ok(Tuning::read(table.remove("tuning"))?.expect("a section"))
    }

    const TWO: &str = "[tuning]\nbudget = 4\n[[tuning.grid]]\nfor = [\"relaxation\"]\n\
        optimizer.rate = [1, 2]\nestimator.temperature = [0.5, 1.0]\n\
        [[tuning.grid]]\noptimizer.rate = [1, 2, 3, 4]\n";

    #[test]
    fn the_first_grid_that_is_for_an_estimator_counts() {
        let tuning = read(TWO).unwrap();
        assert_eq!(tuning.tuned(), ["optimizer.rate", "estimator.temperature"]);
        let relaxed = tuning.grid_of("soft-argmax", "relaxation").unwrap();
        assert_eq!(relaxed.settings().unwrap().len(), 4);
        let other = tuning.grid_of("exact", "enumeration").unwrap();
        assert_eq!(other.tuned(), ["optimizer.rate"]);
    }

    #[test]
    fn grids_have_the_size_of_the_budget() {
        let error = read(&TWO.replace("4]", "4, 5]")).unwrap().grid_of("exact", "x").unwrap_err();
        assert!(
            error.to_string().contains("`exact` has 5 settings, but the budget is 4"),
            "{error}"
        );
        let only = TWO.split("[[tuning.grid]]\noptimizer").next().unwrap();
        let error = read(only).unwrap().grid_of("exact", "enumeration").unwrap_err();
        assert!(error.to_string().contains("no grid is for `exact`"), "{error}");
    }

    #[test]
    fn invalid_sections_are_rejected() {
        for (text, named) in [
            ("tuning = 1", "tuning"),
            ("[tuning]\nbudget = 2", "tuning.grid"),
            ("[tuning]\nbudget = 0\n[[tuning.grid]]", "tuning.budget"),
            ("[tuning]\nbudgets = 1\n[[tuning.grid]]", "did you mean `budget`"),
            ("[tuning]\nbudget = 1\n[[tuning.grid]]\nfr = []", "did you mean `for`"),
            ("[tuning]\nbudget = 1\n[[tuning.grid]]\noptimizer.rate = 1", "a list of values"),
            ("[tuning]\nbudget = 1\n[[tuning.grid]]\noptimizer.rate = []", "a list of values"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(named), "{text}: {error}");
        }
        let tuning = read(&TWO.replace("relaxation", "relaxaton")).unwrap();
        let error = format!("{:#}", tuning.check_names(&[("exact", "relaxation")]).unwrap_err());
        assert!(error.contains("did you mean `relaxation`"), "{error}");
    }
}
