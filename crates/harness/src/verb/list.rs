use super::list_for::Problem;
use super::selection::{ListFormat, table};
use super::{Exit, list_keys as keys, list_pages as pages};
use crate::experiment::{Experiment, Overrides};
use crate::{Program, Registries, files};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use registry::{Entry, UnknownName};
use std::path::{Path, PathBuf};

/// List estimators, tasks, optimizers, experiments or the keys of experiment files, or show the page of
/// one.
#[derive(Debug, Args)]
pub struct List {
    /// What to list
    #[arg(value_enum)]
    pub what: What,
    /// Show the page of this entry
    pub name: Option<String>,
    /// Folder of the experiments
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments: PathBuf,
    /// List only estimators that fit a problem, such as --for loss=gradients --for latents=8; the questions
    /// are loss (values, gradients or relaxed: what it offers), latents, categories, evaluations (the
    /// most losses for a row and a step) and unbiased (true or false)
    #[arg(long = "for", value_name = "KEY=VALUE", value_delimiter = ',')]
    pub problem: Vec<String>,
    /// Format of the list of estimators or keys
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Estimators
    Estimators,
    /// Tasks
    Tasks,
    /// Optimizers
    Optimizers,
    /// Experiment files
    Experiments,
    /// Keys of experiment files
    Keys,
}

impl List {
    /// Prints the list, or the page of one.
    ///
    /// # Errors
    /// If the name is unknown, or the experiments cannot be read.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        let is_whole = self.name.is_none() && self.problem.is_empty();
        let has_pages = is_whole && matches!(self.what, What::Estimators | What::Keys);
        if self.format == ListFormat::Markdown && !has_pages {
            bail!("--format markdown is only for the list of all estimators or all keys");
        }
        if !self.problem.is_empty() && (self.what, &self.name) != (What::Estimators, &None) {
            bail!("--for is only for the list of estimators");
        }
        let Registries { estimators, tasks, optimizers } = registries;
        match (self.what, &self.name) {
            (What::Estimators, None) => self.estimators(program, estimators)?,
            (What::Estimators, Some(name)) => {
                let entry = estimators.get(name)?;
                let (family, source) = (entry.about.family.name(), entry.about.source);
                say!("{}", pages::page(entry, &format!("Family: {family}. Source: {source}.")));
            }
            (What::Tasks, None) => list_entries(tasks.entries(), "what is learned"),
            (What::Tasks, Some(name)) => say!("{}", pages::page(tasks.get(name)?, "")),
            (What::Optimizers, None) => list_entries(optimizers.entries(), "what it does"),
            (What::Optimizers, Some(name)) => {
                let entry = optimizers.get(name)?;
                say!("{}", pages::page(entry, &format!("Source: {}.", entry.about)));
            }
            (What::Experiments, None) => list_experiments(&self.experiments, registries)?,
            (What::Keys, name) => keys::show(name.as_deref(), self.format, program)?,
            (What::Experiments, Some(name)) => {
                show_experiment(&self.experiments, name, registries)?;
            }
        }
        Ok(Exit::Ok)
    }

    fn estimators(&self, program: Program, registry: &estimators::Registry) -> Result<()> {
        const HEADER: [&str; 6] =
            ["kind", "what it does", "unbiased", "needs", "losses", "parameters"];
        let rows = rows(registry, &Problem::read(&self.problem)?)?;
        match self.format {
            ListFormat::Markdown => {
                say!("{}", pages::markdown(program, registry, &rows).trim_end())
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
}

/// Kind, what it does, when it is unbiased, what it needs, its cost, its parameters; of the estimators that
/// fit a problem.
fn rows(registry: &estimators::Registry, problem: &Problem) -> Result<Vec<[String; 6]>> {
    let mut rows = vec![];
    for entry in registry.entries() {
        let estimator = entry.build(toml::Table::new())?.build_f64();
        if !problem.fits(&*estimator) {
            continue;
        }
        let properties = estimator.properties(problem.dims);
        let cost = properties.evaluations;
        let losses = cost.hard + cost.relaxed;
        let gradients = cost.hard_gradient + cost.relaxed_gradient;
        rows.push([
            entry.name.to_owned(),
            entry.summary.to_owned(),
            properties.unbiased.describe().to_owned(),
            properties.needs.describe().to_owned(),
            if gradients == 0 { losses.to_string() } else { format!("{losses} + {gradients}∇") },
            pages::parameters(&entry.defaults()),
        ]);
    }
    Ok(rows)
}

fn list_entries<T, A>(entries: &[Entry<T, A>], summary: &str) {
    let mut table = table(&["kind", summary, "parameters"]);
    for entry in entries {
        let parameters = pages::parameters(&entry.defaults());
        table.add_row([entry.name.to_owned(), entry.summary.to_owned(), parameters]);
    }
    say!("{table}");
}

fn read_experiments(folder: &Path, registries: &Registries) -> Result<Vec<Experiment>> {
    let paths = files::with_extension(folder, "toml")?.into_iter();
    paths.map(|path| Experiment::read(&path, &Overrides::default(), registries)).collect()
}

fn list_experiments(folder: &Path, registries: &Registries) -> Result<()> {
    let mut table = table(&["experiment", "question", "cells", "runs"]);
    for experiment in read_experiments(folder, registries)? {
        let cells = experiment.cells.len();
        let runs = cells as u64 * experiment.seeds;
        table.add_row([experiment.name, experiment.question, cells.to_string(), runs.to_string()]);
    }
    say!("{table}");
    Ok(())
}

fn show_experiment(folder: &Path, name: &str, registries: &Registries) -> Result<()> {
    let experiments = read_experiments(folder, registries)?;
    let found = experiments.iter().find(|experiment| experiment.name == name);
    let names = experiments.iter().map(|experiment| experiment.name.clone());
    let experiment = found.ok_or_else(|| UnknownName::new("experiment", name, names))?;
    say!("{}\n\n{}\n", experiment.question, experiment.reading);
    say!("{}", toml::to_string_pretty(&experiment.resolved)?);
    Ok(())
}
