use super::{Exit, picture};
use crate::experiment::{Experiment, Overrides};
use crate::report::{self, Excerpt};
use crate::results::Summary;
use crate::{Registries, files, record};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueHint};
use registry::UnknownName;
use std::path::{Path, PathBuf};

/// Draw one figure of stored runs for a README or a slide: a task, a few estimators, a width.
#[derive(Debug, Args)]
pub struct Figure {
    /// Experiment file
    #[arg(value_name = "EXPERIMENT.toml")]
    pub experiment: PathBuf,
    /// The figure, by the name of its file in the folder of plots
    #[arg(default_value = "convergence")]
    pub name: String,
    /// Results folder; the experiment has its own folder in it
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Show only the task that has these words in its label, such as categories=8
    #[arg(long, value_name = "WORDS")]
    pub task: Option<String>,
    /// Show only this estimator, by kind or by label; can be repeated
    #[arg(long, value_name = "NAME")]
    pub estimator: Vec<String>,
    /// Width in pixels
    #[arg(long, value_name = "PX", default_value_t = 800, value_parser = clap::value_parser!(u16).range(300..=4000))]
    pub width: u16,
    /// File to write, .svg or .png [default: EXPERIMENT-FIGURE.svg]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
}

impl Figure {
    /// Draws the figure.
    ///
    /// # Errors
    /// If there are no stored runs, a name is unknown, or the file cannot be written.
    pub fn run(&self, registries: &Registries) -> Result<Exit> {
        let experiment = Experiment::read(&self.experiment, &Overrides::default(), registries)?;
        let folder = self.results.join(&experiment.name);
        let records = record::stored(&folder, &experiment.name)?;
        let runs = experiment.runs()?;
        let summary = Summary::new(&experiment, &runs, &records);
        summary.require_runs(&folder)?;
        self.check_estimators(&summary)?;
        let excerpt = Excerpt {
            tasks: self.tasks(&summary)?,
            estimators: self.estimator.clone(),
            width: f64::from(self.width),
        };
        let svg = report::excerpt(&summary, &self.name, &excerpt)?.svg;
        let default = || PathBuf::from(format!("{}-{}.svg", experiment.name, self.name));
        let path = self.out.clone().unwrap_or_else(default);
        files::replace(&path, &content(&path, svg)?)?;
        say!("{}", path.display());
        Ok(Exit::Ok)
    }

    fn tasks(&self, summary: &Summary<'_>) -> Result<Vec<usize>> {
        let Some(words) = &self.task else { return Ok(summary.tasks()) };
        let named = summary.tasks().into_iter().map(|task| (summary.task_label(task), task));
        let has_words = |label: &str| {
            words.split(' ').all(|wanted| label.split(' ').any(|word| word == wanted))
        };
        let found: Vec<(String, usize)> =
            named.clone().filter(|(label, _)| has_words(label)).collect();
        match &found[..] {
            [(_, task)] => Ok(vec![*task]),
            [] => Err(UnknownName::new("task", words, named.map(|(label, _)| label)).into()),
            _ => {
                let labels: Vec<&str> = found.iter().map(|(label, _)| label.as_str()).collect();
                bail!("--task {words} is the name of several tasks: {}", labels.join(", "))
            }
        }
    }

    fn check_estimators(&self, summary: &Summary<'_>) -> Result<()> {
        let mut known: Vec<&str> = vec![];
        for cell in summary.cells.iter().filter(|cell| cell.best) {
            known.extend([cell.cell.estimator.kind, &cell.estimator]);
        }
        known.sort_unstable();
        known.dedup();
        for wanted in &self.estimator {
            if !known.contains(&wanted.as_str()) {
                return Err(UnknownName::new("estimator", wanted, known).into());
            }
        }
        Ok(())
    }
}

/// The content of a file: what its extension says.
fn content(path: &Path, svg: String) -> Result<Vec<u8>> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => Ok(svg.into_bytes()),
        Some("png") => picture::png(&svg).with_context(|| path.display().to_string()),
        _ => bail!("{}: the name of a picture ends with .svg or .png", path.display()),
    }
}
