use super::list_for::Problem;
use super::rows::{ListFormat, Rows};
use super::{Exit, list_keys as keys, list_pages as pages};
use crate::experiment::{Experiment, Overrides, built_in};
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
    /// are loss (values, gradients, relaxed or gated: what it offers), latents, categories, evaluations (the
    /// most losses for a row and a step), experts (the most categories that are evaluated) and unbiased (true
    /// or false)
    #[arg(long = "for", value_name = "KEY=VALUE", value_delimiter = ',')]
    pub problem: Vec<String>,
    /// Format of the list
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
    /// If the name is unknown, the format is not for this list, or the experiments cannot be read.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        let is_whole = self.name.is_none() && self.problem.is_empty();
        let has_pages = is_whole && matches!(self.what, What::Estimators | What::Keys);
        if self.format == ListFormat::Markdown && !has_pages {
            bail!("--format markdown is only for the list of all estimators or all keys");
        }
        if self.format == ListFormat::Json && self.name.is_some() && self.what != What::Keys {
            bail!("--format json is only for lists; leave out the name");
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
            (What::Tasks, None) => {
                entries(tasks.entries(), "what is learned").print(self.format)?
            }
            (What::Tasks, Some(name)) => say!("{}", pages::page(tasks.get(name)?, "")),
            (What::Optimizers, None) => {
                entries(optimizers.entries(), "what it does").print(self.format)?;
            }
            (What::Optimizers, Some(name)) => {
                let entry = optimizers.get(name)?;
                say!("{}", pages::page(entry, &format!("Source: {}.", entry.about)));
            }
            (What::Experiments, None) => {
                experiments(&read_experiments(&self.experiments, registries)?)
                    .print(self.format)?;
            }
            (What::Keys, name) => keys::show(name.as_deref(), self.format, program)?,
            (What::Experiments, Some(name)) => {
                show_experiment(&read_experiments(&self.experiments, registries)?, name)?;
            }
        }
        Ok(Exit::Ok)
    }

    fn estimators(&self, program: Program, registry: &estimators::Registry) -> Result<()> {
        const HEADER: [&str; 7] =
            ["kind", "what it does", "unbiased", "needs", "losses", "experts", "parameters"];
        let rows = rows(registry, &Problem::read(&self.problem)?)?;
        match self.format {
            ListFormat::Markdown => {
                say!("{}", pages::markdown(program, registry, &rows).trim_end());
                Ok(())
            }
            format => {
                Rows { header: HEADER.to_vec(), rows: rows.into_iter().map(Vec::from).collect() }
                    .print(format)
            }
        }
    }
}

/// Kind, what it does, when it is unbiased, what it needs, its cost in losses and in experts, its parameters; of the estimators that
/// fit a problem.
fn rows(registry: &estimators::Registry, problem: &Problem) -> Result<Vec<[String; 7]>> {
    let mut rows = vec![];
    for entry in registry.entries() {
        let estimator = entry.build(toml::Table::new())?.build_f64();
        if !problem.fits(&*estimator) {
            continue;
        }
        let properties = estimator.properties(problem.dims);
        rows.push([
            entry.name.to_owned(),
            entry.summary.to_owned(),
            properties.unbiased.describe().to_owned(),
            properties.needs.describe().to_owned(),
            properties.evaluations.to_string(),
            properties.evaluations.experts(problem.dims.categories).to_string(),
            pages::parameters(&entry.defaults()),
        ]);
    }
    Ok(rows)
}

fn entries<T, A>(entries: &[Entry<T, A>], summary: &'static str) -> Rows {
    let row = |entry: &Entry<T, A>| {
        vec![entry.name.to_owned(), entry.summary.to_owned(), pages::parameters(&entry.defaults())]
    };
    Rows { header: vec!["kind", summary, "parameters"], rows: entries.iter().map(row).collect() }
}

/// The experiments of a folder, or the built-in ones if there is no folder `experiments`. Of these, some need
/// files that are not there: they are named and left out.
fn read_experiments(folder: &Path, registries: &Registries) -> Result<Vec<Experiment>> {
    let is_built_in = folder == Path::new("experiments") && !folder.exists();
    let paths = match is_built_in {
        true => built_in::names().into_iter().map(PathBuf::from).collect(),
        false => files::with_extension(folder, "toml")?,
    };
    let mut read = vec![];
    for path in paths {
        match Experiment::read(&path, &Overrides::default(), registries) {
            Ok(experiment) => read.push(experiment),
            Err(error) if is_built_in => note!("note: {error:#}"),
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn experiments(experiments: &[Experiment]) -> Rows {
    let row = |experiment: &Experiment| {
        let cells = experiment.cells.len();
        let runs = cells as u64 * experiment.seeds;
        let (name, question) = (experiment.name.clone(), experiment.question.clone());
        vec![name, question, cells.to_string(), runs.to_string()]
    };
    let header = vec!["experiment", "question", "cells", "runs"];
    Rows { header, rows: experiments.iter().map(row).collect() }
}

fn show_experiment(experiments: &[Experiment], name: &str) -> Result<()> {
    let found = experiments.iter().find(|experiment| experiment.name == name);
    let names = experiments.iter().map(|experiment| experiment.name.clone());
    let experiment = found.ok_or_else(|| UnknownName::new("experiment", name, names))?;
    say!("{}\n\n{}\n", experiment.question, experiment.reading);
    say!("{}", toml::to_string_pretty(&experiment.resolved)?);
    Ok(())
}
