//! From an experiment file to an experiment: overrides, defaults and sweeps are resolved, and every
//! kind is looked up and built once.

use super::expected::{read_spec, read_values};
use super::file::{FigureSpec, File, GradientPlan, MOST_STEPS, SlurmSpec, ThresholdSpec, within};
use super::overrides::{Overrides, assign};
use super::parts::{Chosen, Parts, Sections};
use super::plain::Plain;
use super::protocol::Protocol;
use super::resolved::Experiment;
use super::sections::{one_table, tables};
use super::tuning::Tuning;
use super::written::{Resolved, written};
use super::{built_in, data, selection, validate};
use crate::{Registries, files};
use anyhow::{Context, Result, anyhow};
use registry::{Fault, parse};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

impl Experiment {
    /// Reads an experiment file and applies overrides to it. The project's own experiments can be given
    /// by their names, and need no file.
    ///
    /// # Errors
    /// If the file cannot be read or something in it is invalid. The message names the file, the key
    /// and the value, and what is expected.
    pub fn read(path: &Path, overrides: &Overrides, registries: &Registries) -> Result<Self> {
        let path = &*built_in::resolve(path);
        let named = || format!("experiment {}", path.display());
        let text = built_in::read(path).map_err(|error| {
            let there = siblings(path);
            let hint = if there.is_empty() {
                format!("; built-in experiments: {}", built_in::names().join(", "))
            } else {
                format!("; experiments in this folder: {}", there.join(", "))
            };
            anyhow!("{} cannot be read: {error:#}{hint}", named())
        })?;
        Self::parse(path, &text, overrides, registries)
    }

    /// As [`Experiment::read`], for the text of a file that need not be there. Paths in it start at its
    /// folder.
    ///
    /// # Errors
    /// As [`Experiment::read`].
    pub fn parse(
        path: &Path,
        text: &str,
        overrides: &Overrides,
        registries: &Registries,
    ) -> Result<Self> {
        let named = || format!("experiment {}", path.display());
        let table: Table = toml::from_str(text).with_context(named)?;
        let own = (!overrides.is_empty()).then(|| table.clone());
        let mut experiment = resolve(path, table, overrides, registries).with_context(named)?;
        if let Some(own) = own {
            // A file that says nothing valid without its overrides has no settings of its own.
            let (data, known) = (overrides.data.clone(), overrides.known.clone());
            let none = Overrides { data, known, ..Overrides::default() };
            let own = resolve(path, own, &none, registries);
            let own = own.and_then(|own| own.settings()).ok();
            experiment.has_own_settings = own == Some(experiment.settings()?);
        }
        Ok(experiment)
    }
}

/// Makes an experiment of its file's table.
fn resolve(
    path: &Path,
    mut table: Table,
    overrides: &Overrides,
    registries: &Registries,
) -> Result<Experiment> {
    for assignment in &overrides.set {
        assign(&mut table, assignment)?;
    }
    if let Some(seeds) = overrides.seeds {
        table.insert("seeds".to_owned(), Value::Integer(seeds.try_into().unwrap_or(i64::MAX)));
    }
    let file: File = parse(table)?;
    let folders = data::folders(path, overrides);
    let protocol = Protocol::read(file.protocol.clone())?;
    let plain = Plain::read(&file, &protocol)?;
    let words = File {
        question: file.question,
        reading: file.reading,
        reading_of: file.reading_of,
        ..File::default()
    };
    let gradient = read_gradient(file.gradient)?;
    let threshold = read_threshold(file.threshold)?;
    let tuning = Tuning::read(file.tuning)?;
    let slurm = read_slurm(file.slurm)?;
    let kinds = registries.estimators.entries().iter();
    let families: Vec<(&'static str, &'static str)> =
        kinds.clone().map(|entry| (entry.name, entry.about.family.name())).collect();
    let about = kinds.map(|entry| (entry.summary, entry.about.source)).collect();
    tuning.iter().try_for_each(|tuning| tuning.check_names(&families))?;
    let chosen = tuning.as_ref().map_or(Chosen::Among(&plain.tuned), Chosen::From);
    let parts = Parts::read(
        Sections { task: file.task, estimator: file.estimator, optimizer: file.optimizer },
        &folders,
        plain.steps,
        &chosen,
        registries,
    )?;
    let excluded = read_excluded(file.exclude)?;
    let figures = read_figures(file.figure)?;
    validate::check_unique("tuned", &plain.tuned, String::clone)?;
    validate::check_unique("exclude", &excluded, Table::to_string)?;
    validate::check_unique("figure", &figures, |figure| figure.x.clone())?;
    // Before estimators are left out: a name may belong to one of those.
    parts.names.check_tuned(&plain.tuned)?;
    parts.names.check_selections("exclude", &excluded)?;
    parts.names.check_selections("protocol.cells", &protocol.selections())?;
    parts.names.check_axes(&figures)?;
    let parts = parts.keep(&overrides.estimators, registries)?;
    let cells = parts.cells(&excluded)?;
    let is_part = !overrides.estimators.is_empty() || !overrides.set.is_empty();
    if !is_part {
        protocol.check_selections(&cells)?;
    }
    let expected = read_spec(file.expected)?;
    let resolved = written(&Resolved {
        words: &words,
        plain: &plain,
        protocol: &protocol,
        gradient,
        parts: &parts,
        excluded: &excluded,
        figures: &figures,
        expected: expected.as_ref(),
        tuning: tuning.as_ref(),
        threshold: threshold.as_ref(),
    })?;
    let tuned = tuning.as_ref().map_or(plain.tuned, Tuning::tuned);
    let mut experiment = Experiment {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        path: path.to_owned(),
        overrides: overrides.arguments(),
        has_own_settings: true,
        question: words.question,
        reading: words.reading.trim().to_owned(),
        reading_of: words.reading_of,
        protocol,
        seeds: plain.seeds,
        steps: plain.steps.unwrap_or(0),
        evaluate_every: plain.evaluate_every,
        batch: plain.batch,
        gradient,
        tuned,
        budget: tuning.map(|tuning| tuning.budget),
        threshold,
        cells,
        tasks: parts.tasks,
        figures,
        expected_source: expected.as_ref().map(|spec| spec.source.clone()),
        expected: vec![],
        families,
        about,
        slurm,
        resolved,
    };
    validate::check_size(&experiment)?;
    validate::check_measures(&experiment)?;
    validate::check_threshold(&experiment)?;
    if let Some(spec) = &expected {
        experiment.expected = read_values(spec, &folders.experiment, &experiment, is_part)?;
    }
    Ok(experiment)
}

fn read_gradient(section: Option<Value>) -> Result<Option<GradientPlan>> {
    let Some(section) = section else { return Ok(None) };
    let plan: GradientPlan = parse(one_table("gradient", section)?).context("gradient")?;
    within("gradient.every", plan.every, 1..=MOST_STEPS)?;
    within("gradient.draws", plan.draws as u64, 2..=1_000_000)?;
    Ok(Some(plan))
}

fn read_threshold(section: Option<Value>) -> Result<Option<ThresholdSpec>> {
    let Some(section) = section else { return Ok(None) };
    let spec: ThresholdSpec = parse(one_table("threshold", section)?).context("threshold")?;
    let holds = spec.share > 0.0 && spec.share.is_finite();
    Fault::require(holds, "threshold.share", spec.share, "a number above 0")?;
    Ok(Some(spec))
}

fn read_slurm(section: Option<Value>) -> Result<SlurmSpec> {
    let Some(section) = section else { return Ok(SlurmSpec::default()) };
    let spec: SlurmSpec = parse(one_table("slurm", section)?).context("slurm")?;
    let numbers = [
        ("slurm.shards", spec.shards),
        ("slurm.cpus", spec.cpus.map(u32::from)),
        ("slurm.limit", spec.limit),
        ("slurm.minutes", spec.minutes),
    ];
    for (key, number) in numbers {
        within(key, number.unwrap_or(1).into(), 1..=1_000_000)?;
    }
    Ok(spec)
}

fn read_excluded(section: Option<Value>) -> Result<Vec<Table>> {
    let Some(section) = section else { return Ok(vec![]) };
    let excluded = tables("exclude", Some(section))?;
    excluded.iter().try_for_each(|table| selection::check("exclude", table))?;
    Ok(excluded)
}

fn read_figures(section: Option<Value>) -> Result<Vec<FigureSpec>> {
    let Some(section) = section else { return Ok(vec![]) };
    let read = |table| parse(table).context("figure");
    tables("figure", Some(section))?.into_iter().map(read).collect()
}

/// Experiment files in the same folder.
fn siblings(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let found = files::with_extension(folder.unwrap_or(Path::new(".")), "toml");
    let shown = |found: PathBuf| path.with_file_name(found.file_name().unwrap_or_default());
    found.unwrap_or_default().into_iter().map(|found| shown(found).display().to_string()).collect()
}
