use super::Exit;
use crate::{Registries, files};
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use estimators::reference::{
    ALLOWED, Instance, MISTAKE, MOST_DRAWS, Row, TABLES, Table, Verdict, check,
};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Check estimators against reference tables.
///
/// Each row of a table states the exact mean and variance of an estimator. The limits hold for any
/// number of draws, however rare an outcome is: chance alone exceeds each of them with a probability of
/// at most 1e-9. With right estimators, a check of this project's tables fails with a probability below
/// 3e-5. Fewer draws do not make it fail more often, but find fewer errors. The last lines say both for
/// the tables and draws of this check.
///
/// The limit of a variance relies on the spread that the table states, which is measured for some rows.
/// For rows without a variance or a spread, the limits assume that estimates are at most as far off as
/// those of the score function.
///
/// If a table or a row has `"warm-up": N`, N training steps come before the draws.
#[derive(Debug, Args)]
pub struct Verify {
    /// Tables, or folders of tables [default: those of this project]
    #[arg(value_name = "FILE.json|DIR")]
    pub tables: Vec<PathBuf>,
    /// Number of estimates drawn for each row of a table
    #[arg(
        long, value_name = "N", default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(1..=MOST_DRAWS as i64)
    )]
    pub draws: u32,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// A table and the instance that it describes.
struct Case {
    table: Table,
    instance: Instance,
}

impl Verify {
    /// Draws estimates for every row of every table, and prints a line for each.
    ///
    /// # Errors
    /// If a table cannot be read.
    pub fn run(&self, registries: &Registries) -> Result<Exit> {
        let cases = read(&self.tables)?;
        if cases.iter().all(|case| case.table.rows.is_empty()) {
            bail!("no table has a row, so there is nothing to check");
        }
        let (mut passed, mut failed, mut bounds) = (0, 0, 0);
        for case in &cases {
            say!("{}", case.table.name);
            let rows = case.table.rows.par_iter();
            let lines: Vec<_> = rows.map(|row| self.check(case, row, registries)).collect();
            for line in lines {
                bounds += line.bounds;
                if line.is_ok {
                    passed += 1;
                    say!("  ok    {}", line.text);
                } else {
                    failed += 1;
                    say!("  FAIL  {}", line.text);
                }
            }
        }
        say!("{passed} passed, {failed} failed");
        // Each bound fails by chance with a probability of at most MISTAKE.
        let by_chance = (bounds as f64 * MISTAKE * 1e6).ceil();
        let error = 2.0 * ALLOWED / f64::from(self.draws).sqrt();
        say!("with right estimators, at most {by_chance} of a million such checks fail");
        say!("a mean that is {error:.2} standard deviations off or more is found");
        Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
    }

    fn check(&self, case: &Case, row: &Row, registries: &Registries) -> Line {
        let label = row.label();
        let draws = case.table.draws.unwrap_or(0).max(self.draws as usize);
        let verdict = registries
            .estimators
            .get(&row.kind)
            .map_err(estimators::Error::from)
            .and_then(|entry| check(entry, &case.table, &case.instance, row, draws, self.seed));
        match verdict {
            Ok(verdict) => Line::of(&label, &verdict),
            Err(error) => Line { is_ok: false, text: format!("{label}: {error}"), bounds: 0 },
        }
    }
}

/// The result of a row.
struct Line {
    is_ok: bool,
    text: String,
    bounds: usize,
}

impl Line {
    fn of(label: &str, verdict: &Verdict) -> Self {
        let is_ok = verdict.failures.is_empty();
        let deviations =
            [("mean", verdict.mean_deviation), ("variance", verdict.variance_deviation)];
        let deviations: Vec<String> = deviations
            .iter()
            .filter_map(|(what, deviation)| Some(format!("{what} {:.1}", (*deviation)?)))
            .collect();
        let result = match (is_ok, deviations.is_empty()) {
            (false, _) => verdict.failures.join("; "),
            (true, true) => "finite; the table has no numbers of this state".to_owned(),
            (true, false) => format!("{} standard errors off", deviations.join(", ")),
        };
        Self { is_ok, text: format!("{label}: {result}"), bounds: verdict.bounds }
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Case>> {
    if paths.is_empty() {
        return TABLES.iter().map(|(name, text)| case(text, Path::new(name))).collect();
    }
    let mut tables = vec![];
    for path in paths {
        if path.is_dir() {
            tables.extend(tables_in(path)?);
        } else {
            tables.push(path.clone());
        }
    }
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("table {} cannot be read", path.display()))?;
        case(&text, path)
    };
    tables.iter().map(read).collect()
}

fn tables_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let tables = files::with_extension(folder, "json")?;
    if tables.is_empty() {
        bail!("folder {} has no reference tables (*.json)", folder.display());
    }
    Ok(tables)
}

fn case(text: &str, path: &Path) -> Result<Case> {
    let named = |fault| anyhow!("table {}: {fault}", path.display());
    let mut table = Table::parse(text).map_err(named)?;
    if table.name.is_empty() {
        table.name = path.display().to_string();
    }
    let instance = Instance::new(&table).map_err(named)?;
    Ok(Case { table, instance })
}
