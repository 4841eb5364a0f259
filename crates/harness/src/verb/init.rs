use super::Exit;
use crate::experiment::{Cell, Experiment, Overrides};
use crate::report::words::counted;
use crate::{Program, Registries, files};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::{Path, PathBuf};

/// Write an experiment of your own to start from.
///
/// It compares estimators of every family on one task: yours, if you have a table, or a built-in one. Change
/// what you like; `list keys` shows all keys, and `plan` what a sweep would do.
#[derive(Debug, Args)]
pub struct Init {
    /// File to write
    #[arg(value_name = "EXPERIMENT.toml", default_value = "experiment.toml")]
    pub file: PathBuf,
    /// The task; `list tasks` shows all
    #[arg(long, value_name = "KIND", default_value = "argmax-index")]
    pub task: String,
    /// A table of yours as CSV, with a header
    #[arg(long, alias = "data", value_name = "TABLE.csv")]
    pub table: Option<PathBuf>,
    /// The column to predict [default: the last one]
    #[arg(long, value_name = "NAME", requires = "table")]
    pub target: Option<String>,
}

/// Estimators of every family: those that suit the task are written. Beside each, its settings, and whether it has a
/// temperature to tune.
const ESTIMATORS: [(&str, &str, bool); 7] = [
    ("exact", "", false),
    ("straight-through", "", true),
    ("reinmax", "", true),
    ("gumbel-softmax", "", true),
    ("st-gumbel-softmax", "", true),
    ("reinforce-loo", "samples = 4\n", false),
    ("soft-argmax", "", true),
];

impl Init {
    /// Writes the file, once it is a valid experiment.
    ///
    /// # Errors
    /// If the file is there already, or the table or the task cannot be used.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        if self.file.exists() {
            bail!("{} is already there; choose another name, or move it away", self.file.display());
        }
        if self.file.extension().is_none_or(|found| found != "toml") {
            bail!("{}: the name of an experiment file ends with .toml", self.file.display());
        }
        let task = self.task(registries)?;
        let is_known = |kind| registries.estimators.get(kind).is_ok();
        let known: Vec<_> = ESTIMATORS.into_iter().filter(|&(kind, ..)| is_known(kind)).collect();
        let draft = self.draft(&task, &known, registries)?;
        let supports = |cell: &&Cell| cell.refusal(draft.batch).is_none();
        let cells: Vec<&Cell> = draft.cells.iter().filter(supports).collect();
        let suits = |kind| cells.iter().any(|cell| cell.estimator.kind == kind);
        let suitable: Vec<_> = known.into_iter().filter(|&(kind, ..)| suits(kind)).collect();
        files::replace(&self.file, text(&task, &suitable).as_bytes())?;
        let (cells, runs) = (cells.len() as u64, cells.len() as u64 * draft.seeds);
        let (cells, runs) = (counted(cells, "cell"), counted(runs, "run"));
        say!(
            "{} has {cells} and {runs}. To do them and write a report:\n\n    {} sweep {}",
            self.file.display(),
            program.command(),
            self.file.display()
        );
        Ok(Exit::Ok)
    }

    /// The section of the task.
    fn task(&self, registries: &Registries) -> Result<String> {
        registries.tasks.get(&self.task)?;
        let mut section = format!("[task]\nkind = {:?}\n", self.task);
        let Some(table) = &self.table else { return Ok(section) };
        if self.task != "argmax-index" {
            bail!("--table is for the task `argmax-index`, not for `{}`", self.task);
        }
        let header = header(table)?;
        let target = match &self.target {
            Some(name) if header.contains(name) => name,
            Some(name) => return Err(registry::UnknownName::new("column", name, header).into()),
            None => header.last().context("the table has no columns")?,
        };
        let relative = relative(table, &self.file);
        section.push_str(&format!(
            "data = {:?}\ntarget = {target:?}\n",
            relative.display().to_string()
        ));
        section.push_str("categories = 3\n");
        Ok(section)
    }

    /// The experiment, read as from its place.
    fn draft(
        &self,
        task: &str,
        estimators: &[(&str, &str, bool)],
        registries: &Registries,
    ) -> Result<Experiment> {
        let text = text(task, estimators);
        Experiment::parse(&self.file, &text, &Overrides::default(), registries)
    }
}

/// The names of the columns of a table.
fn header(table: &Path) -> Result<Vec<String>> {
    let named = || format!("table {} cannot be read", table.display());
    let mut reader = csv::Reader::from_path(table).with_context(named)?;
    let header = reader.headers().with_context(named)?;
    Ok(header.iter().map(|name| name.trim().to_owned()).collect())
}

/// A path as an experiment file has to name it: from its own folder.
fn relative(table: &Path, file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        None => table.to_owned(),
        Some(folder) => match table.strip_prefix(folder) {
            Ok(inside) => inside.to_owned(),
            Err(_) => std::path::absolute(table).unwrap_or_else(|_| table.to_owned()),
        },
    }
}

/// The content of the file.
fn text(task: &str, estimators: &[(&str, &str, bool)]) -> String {
    let section =
        |&(kind, settings, _): &(_, _, _)| format!("[[estimator]]\nkind = {kind:?}\n{settings}");
    let sections: Vec<String> = estimators.iter().map(section).collect();
    let kinds = |tempered: bool| -> Vec<&str> {
        let those = estimators.iter().filter(|&&(_, _, has)| has == tempered);
        those.map(|&(kind, ..)| kind).collect()
    };
    let grid = |kinds: Vec<&str>, second: &str| match kinds.is_empty() {
        true => String::new(),
        false => format!(
            "[[tuning.grid]]\nfor = {kinds:?}\noptimizer.learning-rate = [0.003, 0.01, 0.03]\n{second}\n"
        ),
    };
    format!(
        "# Every estimator trains the network with each of its settings and each seed; its best setting counts. All\n\
         # keys: `list keys`.\n\
         question = \"Which estimator trains it best?\"\n\
         seeds = 10\n\
         steps = 2000\n\
         evaluate-every = 50\n\
         batch = 128\n\n\
         {task}\n\
         # Nine settings for each estimator: its learning rate, and what makes it explore more or less.\n\
         [tuning]\n\
         budget = 9\n\
         {}{}\n\
         {}",
        grid(kinds(false), "optimizer.entropy-bonus = [0.0, 0.03, 0.1]"),
        grid(kinds(true), "estimator.temperature = [0.5, 1.0, 2.0]"),
        sections.join("\n")
    )
}
