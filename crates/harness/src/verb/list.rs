//! `list`: the estimators, tasks and experiments there are.

use super::Exit;
use crate::cli::{List, ListFormat, What};
use crate::experiment::{Experiment, Overrides};
use crate::{Registries, page};
use anyhow::{Context, Result};
use comfy_table::{Table, presets};
use estimators::Dims;
use registry::UnknownName;

/// Shows what there is, or the page of one.
///
/// # Errors
/// If there is none of the name asked for, or the experiments' folder cannot be read.
pub fn list(arguments: &List, registries: &Registries) -> Result<Exit> {
    match (arguments.what, &arguments.name) {
        (What::Estimators, None) => estimators(arguments.format, registries)?,
        (What::Estimators, Some(name)) => {
            say!("{}", page::estimator(registries.estimators.get(name)?));
        }
        (What::Tasks, None) => say!("{}", tasks(registries)),
        (What::Tasks, Some(name)) => say!("{}", page::task(registries.tasks.get(name)?)),
        (What::Experiments, name) => experiments(arguments, name.as_deref(), registries)?,
    }
    Ok(Exit::Ok)
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    table
}

fn estimators(format: ListFormat, registries: &Registries) -> Result<()> {
    const HEADER: [&str; 6] = ["kind", "what it does", "unbiased", "needs", "losses", "parameters"];
    let rows = rows(registries)?;
    match format {
        ListFormat::Markdown => {
            say!("{}", page::markdown(&registries.estimators, &rows).trim_end())
        }
        ListFormat::Table => {
            let mut table = table(&HEADER);
            for row in &rows {
                table.add_row(row);
            }
            say!("{table}");
        }
    }
    Ok(())
}

/// Kind, what it does, when it is unbiased, what it needs, what it costs, parameters.
fn rows(registries: &Registries) -> Result<Vec<[String; 6]>> {
    // Costs are shown for a choice of one latent among eight categories.
    let dims = Dims { batch: 1, latents: 1, categories: 8 };
    let mut rows = vec![];
    for entry in registries.estimators.entries() {
        let properties = entry.build(toml::Table::new())?.build_f64().properties(dims);
        let cost = properties.evaluations;
        let losses = cost.hard + cost.relaxed;
        let gradients = cost.hard_gradient + cost.relaxed_gradient;
        rows.push([
            entry.name.to_owned(),
            entry.summary.to_owned(),
            properties.unbiased.describe().to_owned(),
            properties.needs.describe().to_owned(),
            if gradients == 0 { losses.to_string() } else { format!("{losses} + {gradients}∇") },
            page::parameters(&entry.defaults()),
        ]);
    }
    Ok(rows)
}

fn tasks(registries: &Registries) -> Table {
    let mut table = table(&["kind", "what is learned", "parameters"]);
    for entry in registries.tasks.entries() {
        table.add_row([
            entry.name.to_owned(),
            entry.summary.to_owned(),
            page::parameters(&entry.defaults()),
        ]);
    }
    table
}

fn experiments(arguments: &List, name: Option<&str>, registries: &Registries) -> Result<()> {
    let folder = &arguments.experiments;
    let said = || format!("experiments' folder {} cannot be read", folder.display());
    let mut paths = vec![];
    for entry in std::fs::read_dir(folder).with_context(said)? {
        let path = entry.with_context(said)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut experiments = vec![];
    for path in paths {
        experiments.push(Experiment::read(&path, &Overrides::default(), registries)?);
    }
    let Some(name) = name else {
        let mut table = table(&["experiment", "question", "cells", "runs"]);
        for experiment in &experiments {
            let cells = experiment.cells.len();
            table.add_row([
                experiment.name.clone(),
                experiment.question.clone(),
                cells.to_string(),
                (cells as u64 * experiment.seeds).to_string(),
            ]);
        }
        say!("{table}");
        return Ok(());
    };
    let found = experiments.iter().find(|experiment| experiment.name == name);
    let names = experiments.iter().map(|experiment| experiment.name.clone());
    let experiment = found.ok_or_else(|| UnknownName::new("experiment", name, names))?;
    say!("{}\n\n{}\n", experiment.question, experiment.reading);
    say!("{}", toml::to_string_pretty(&experiment.resolved)?);
    Ok(())
}
