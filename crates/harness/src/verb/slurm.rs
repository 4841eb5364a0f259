use super::{Exit, Selection};
use crate::experiment::{Experiment, SlurmSpec};
use crate::files;
use crate::record;
use crate::report::words;
use crate::results::Summary;
use crate::run::cost::{Cost, costs, duration};
use crate::{Program, Registries, shell};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Write job scripts for Slurm: an array of parts of the runs, and a job that reports them.
///
/// All parts write to the results folder, which every node has to see; each has a record file of its own. A
/// part that is preempted or reaches its time limit goes on where it was. Without --submit, the scripts are
/// only written.
#[derive(Debug, Args)]
pub struct Slurm {
    /// The runs
    #[command(flatten)]
    pub selection: Selection,
    /// Parts of the runs, each a task of the array [default: one for every hour of a task, at most 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub shards: Option<u32>,
    /// Cores of a task, and runs at a time [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub cpus: Option<u16>,
    /// Tasks at a time [default: as many as Slurm likes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Time limit of a task in minutes [default: twice what it is estimated to take, and ten minutes more]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600))]
    pub minutes: Option<u32>,
    /// An option for sbatch, such as --partition=long; can be repeated
    #[arg(long = "option", value_name = "--KEY=VALUE", allow_hyphen_values = true)]
    pub options: Vec<String>,
    /// Folder of the scripts and logs
    #[arg(long, value_name = "DIR", default_value = "slurm")]
    pub folder: PathBuf,
    /// Submit the scripts, and print the numbers of the jobs
    #[arg(long)]
    pub submit: bool,
}

/// Seconds of a core that a part takes, if nothing else is said.
const HOUR: f64 = 3600.0;
/// Times that a task which reached its limit goes on.
const ATTEMPTS: u32 = 20;

/// What the scripts of an experiment say.
struct Job<'a> {
    name: &'a str,
    /// The command that sweeps or reports, without its verb.
    program: String,
    /// The experiment with its options, quoted for a shell.
    arguments: String,
    /// The folder that commands start in.
    work: String,
    shards: u32,
    cpus: u16,
    limit: Option<u32>,
    minutes: u32,
    options: &'a [String],
    logs: String,
}

impl Slurm {
    /// Writes the scripts, and submits them if that was asked for.
    ///
    /// # Errors
    /// If an experiment cannot be read, a script cannot be written, or sbatch fails.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        for (experiment, folder) in self.selection.read(registries)? {
            record::check_folder(&folder, &experiment.name)?;
            let logs = self.folder.join("logs");
            std::fs::create_dir_all(&logs)
                .with_context(|| format!("{} cannot be created", logs.display()))?;
            let spec = self.spec(&experiment.slurm);
            let job = self.job(&experiment, &folder, &spec, &logs)?;
            let [array, merge] =
                ["", "-merge"].map(|end| self.folder.join(format!("{}{end}.sbatch", job.name)));
            files::replace(&array, job.array().as_bytes())?;
            files::replace(&merge, job.merge().as_bytes())?;
            say!(
                "{}: {} tasks of {} cores and at most {} each: {} and {}",
                job.name,
                job.shards,
                job.cpus,
                words::time(f64::from(job.minutes) * 60.0),
                array.display(),
                merge.display()
            );
            if self.submit {
                submit(&experiment, program, &array, &merge)?;
            } else {
                say!(
                    "{}: to submit them:\n\n    jobs=$(sbatch --parsable {})\n    sbatch --dependency=afterany:$jobs {}\n",
                    job.name,
                    array.display(),
                    merge.display()
                );
            }
        }
        Ok(Exit::Ok)
    }

    /// The settings of the command line, else of the experiment's `[slurm]`.
    fn spec(&self, of_file: &SlurmSpec) -> SlurmSpec {
        SlurmSpec {
            shards: self.shards.or(of_file.shards),
            cpus: self.cpus.or(of_file.cpus),
            limit: self.limit.or(of_file.limit),
            minutes: self.minutes.or(of_file.minutes),
            options: of_file.options.iter().chain(&self.options).cloned().collect(),
        }
    }

    fn job<'a>(
        &self,
        experiment: &'a Experiment,
        folder: &Path,
        spec: &'a SlurmSpec,
        logs: &Path,
    ) -> Result<Job<'a>> {
        let bad = |option: &&String| !option.starts_with("--") || option.contains('\n');
        if let Some(option) = spec.options.iter().find(bad) {
            bail!("option `{option}`: expected an option of sbatch, such as --partition=long");
        }
        let records = record::stored_outcomes(folder, &experiment.name)?;
        let runs = experiment.runs()?;
        let summary = Summary::new(experiment, &runs, &records);
        let costs = costs(&summary, &summary.refusals());
        let seconds: Option<f64> = costs.iter().map(Cost::seconds).sum();
        let cpus = spec.cpus.unwrap_or(4);
        let tasks = seconds.map_or(100.0, |seconds| seconds / (HOUR * f64::from(cpus)));
        let most = runs.len().clamp(1, 1000) as f64;
        let shards = spec.shards.unwrap_or(tasks.ceil().clamp(1.0, most) as u32);
        let of_task = duration(&costs, u64::from(shards) * u64::from(cpus));
        // Parts are not equal, and nodes may be slower.
        let minutes = of_task.map_or(120.0, |seconds| 2.0 * seconds / 60.0 + 10.0);
        if of_task.is_none() && spec.minutes.is_none() {
            note!("note: the time is not known; a task has two hours, unless you say --minutes");
        }
        let absolute = |path: &Path| {
            std::path::absolute(path).map(|path| path.display().to_string()).context("no folder")
        };
        let program = std::env::current_exe().context("the program has no path")?;
        let mut arguments = shell::word(&experiment.path.display().to_string());
        for option in &experiment.overrides {
            let _ = write!(arguments, " {option}");
        }
        let _ = write!(
            arguments,
            " --results {}",
            shell::word(&self.selection.results.display().to_string())
        );
        if let Some(data) = &self.selection.data {
            let _ = write!(arguments, " --data {}", shell::word(&absolute(data)?));
        }
        if self.selection.force {
            arguments.push_str(" --force");
        }
        Ok(Job {
            name: &experiment.name,
            program: shell::word(&program.display().to_string()),
            arguments,
            work: shell::word(&absolute(Path::new("."))?),
            shards,
            cpus,
            limit: spec.limit,
            minutes: spec.minutes.unwrap_or(minutes.ceil() as u32),
            options: &spec.options,
            logs: absolute(logs)?,
        })
    }
}

impl Job<'_> {
    fn head(&self, what: &str, minutes: u32, log: &str) -> String {
        let Self { name, logs, .. } = self;
        let mut head = format!(
            "#!/bin/bash\n#SBATCH --job-name={name}{what}\n#SBATCH --time={minutes}\n\
             #SBATCH --output={logs}/{name}{what}-{log}.log\n#SBATCH --open-mode=append\n"
        );
        for option in self.options {
            let _ = writeln!(head, "#SBATCH {option}");
        }
        head
    }

    /// The script of the array: a part of the runs for each task.
    fn array(&self) -> String {
        let Self { program, arguments, work, shards, cpus, minutes, .. } = self;
        let limit = self.limit.map_or_else(String::new, |limit| format!("%{limit}"));
        let head = self.head("", *minutes, "%A_%a");
        // A sweep that gets SIGTERM finishes its active runs; the rest is for the next attempt. What is
        // cancelled stays so, and what is preempted is requeued by Slurm.
        format!(
            "{head}#SBATCH --array=1-{shards}{limit}\n#SBATCH --cpus-per-task={cpus}\n\
             #SBATCH --requeue\n#SBATCH --signal=B:USR1@120\n\n\
             cd {work} || exit 2\n\
             {program} sweep {arguments} --shard \"$SLURM_ARRAY_TASK_ID/{shards}\" --jobs {cpus} --quiet --yes &\n\
             sweep=$!\n\
             trap 'kill -TERM \"$sweep\"' TERM\n\
             # Near the time limit.\n\
             trap 'again=1; kill -TERM \"$sweep\"' USR1\n\
             wait \"$sweep\"\n\
             code=$?\n\
             # A signal ends the first wait.\n\
             while kill -0 \"$sweep\" 2>/dev/null; do wait \"$sweep\"; code=$?; done\n\
             if [ -n \"${{again:-}}\" ] && [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt {ATTEMPTS} ]; then\n  \
               scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID\"\n\
             fi\n\
             exit \"$code\"\n"
        )
    }

    /// The script that reports what all tasks have done, and says what is missing.
    fn merge(&self) -> String {
        let Self { program, arguments, work, .. } = self;
        let head = self.head("-merge", 60, "%j");
        format!(
            "{head}\ncd {work} || exit 2\n{program} report {arguments}\ncode=$?\n\
             {program} status {arguments}\nexit \"$code\"\n"
        )
    }
}

/// Submits both scripts; the second waits until the first has ended, however it ended.
fn submit(experiment: &Experiment, program: Program, array: &Path, merge: &Path) -> Result<()> {
    let jobs = sbatch(&[], array)?;
    let report = sbatch(&[format!("--dependency=afterany:{jobs}")], merge)?;
    say!("{}: jobs {jobs} and {report} are submitted. To watch them:\n", experiment.name);
    say!(
        "    squeue --job {jobs},{report}\n    {} status {}\n",
        program.command(),
        experiment.arguments()
    );
    Ok(())
}

/// The number of a job that is submitted.
fn sbatch(options: &[String], script: &Path) -> Result<String> {
    let mut command = Command::new("sbatch");
    let command = command.arg("--parsable").args(options).arg(script);
    let output = command.output().context("sbatch cannot be run; is Slurm installed here?")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("sbatch refuses {}: {}", script.display(), said.trim());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    // With several clusters, a semicolon and the cluster's name follow.
    Ok(text.trim().split(';').next().unwrap_or_default().to_owned())
}
