use super::Exit;
use crate::{Registries, files};
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use estimators::reference::{Instance, Row, TABLES, Table, check};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Check estimators against reference tables.
#[derive(Debug, Args)]
pub struct Verify {
    /// Tables, or folders of tables [default: those of this project]
    #[arg(value_name = "FILE.json|DIR")]
    pub tables: Vec<PathBuf>,
    /// Number of estimates drawn for each row of a table
    #[arg(
        long, value_name = "N", default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(100..)
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
        let (mut passed, mut failed) = (0, 0);
        for case in &cases {
            say!("{}", case.table.name);
            let rows = case.table.rows.par_iter();
            let lines: Vec<_> = rows.map(|row| self.check(case, row, registries)).collect();
            for line in lines {
                match line {
                    Ok(line) => {
                        passed += 1;
                        say!("  ok    {line}");
                    }
                    Err(line) => {
                        failed += 1;
                        say!("  FAIL  {line}");
                    }
                }
            }
        }
        say!("{passed} passed, {failed} failed");
        Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
    }

    /// The result of a row, in a line.
    fn check(&self, case: &Case, row: &Row, registries: &Registries) -> Result<String, String> {
        let label = row.label();
        let draws = case.table.draws.unwrap_or(0).max(self.draws as usize);
        let verdict = registries
            .estimators
            .get(&row.kind)
            .map_err(estimators::Error::from)
            .and_then(|entry| check(entry, &case.table, &case.instance, row, draws, self.seed))
            .map_err(|error| format!("{label}: {error}"))?;
        if !verdict.failures.is_empty() {
            return Err(format!("{label}: {}", verdict.failures.join("; ")));
        }
        let variance = verdict
            .variance_deviation
            .map_or_else(String::new, |deviation| format!(", variance {deviation:.1}"));
        Ok(format!("{label}: mean {:.1}{variance} standard errors off", verdict.mean_deviation))
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
