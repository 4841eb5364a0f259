//! `verify`: estimators against reference tables.

use super::Exit;
use crate::Registries;
use crate::cli;
use anyhow::{Context, Result, anyhow, bail};
use estimators::reference::{Instance, Row, TABLES, Table, check};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A table and the instance it is about.
struct Case {
    table: Table,
    instance: Instance,
}

/// Draws estimates for every row of every table, and says a line for each.
///
/// # Errors
/// If a table cannot be read.
pub fn verify(arguments: &cli::Verify, registries: &Registries) -> Result<Exit> {
    let cases = read(&arguments.tables)?;
    let (mut passed, mut failed) = (0, 0);
    for case in &cases {
        say!("{}", case.table.name);
        let lines: Vec<Result<String, String>> =
            case.table.rows.par_iter().map(|row| one(case, row, arguments, registries)).collect();
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

/// What came of a row, in a line.
fn one(
    case: &Case,
    row: &Row,
    arguments: &cli::Verify,
    registries: &Registries,
) -> Result<String, String> {
    let label = row.label();
    let draws = case.table.draws.unwrap_or(0).max(arguments.draws as usize);
    let verdict = registries
        .estimators
        .get(&row.kind)
        .map_err(Into::into)
        .and_then(|entry| check(entry, &case.table, &case.instance, row, draws, arguments.seed))
        .map_err(|error| format!("{label}: {error}"))?;
    if !verdict.failures.is_empty() {
        return Err(format!("{label}: {}", verdict.failures.join("; ")));
    }
    let variance = verdict
        .variance_deviation
        .map_or_else(String::new, |deviation| format!(", variance {deviation:.1}"));
    Ok(format!("{label}: mean {:.1}{variance} standard errors off", verdict.mean_deviation))
}

fn read(paths: &[PathBuf]) -> Result<Vec<Case>> {
    if paths.is_empty() {
        return TABLES.iter().map(|(name, text)| case(text, Path::new(name))).collect();
    }
    let mut files = vec![];
    for path in paths {
        if path.is_dir() {
            files.extend(tables_in(path)?);
        } else {
            files.push(path.clone());
        }
    }
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("table {} cannot be read", path.display()))?;
        case(&text, path)
    };
    files.iter().map(read).collect()
}

fn tables_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let said = || format!("folder {} cannot be read", folder.display());
    let mut files = vec![];
    for entry in std::fs::read_dir(folder).with_context(said)? {
        let path = entry.with_context(said)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!("folder {} has no table: a table's name ends in .json", folder.display());
    }
    files.sort();
    Ok(files)
}

fn case(text: &str, path: &Path) -> Result<Case> {
    let said = |fault| anyhow!("table {}: {fault}", path.display());
    let mut table = Table::parse(text).map_err(said)?;
    if table.name.is_empty() {
        table.name = path.display().to_string();
    }
    let instance = Instance::new(&table).map_err(said)?;
    Ok(Case { table, instance })
}
