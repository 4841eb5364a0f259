use super::{Arguments, Exit};
use crate::experiment::built_in;
use crate::{Program, Registries};
use anyhow::{Context, Result};
use clap::{Args, Command, CommandFactory};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::Shells;
use std::ffi::OsStr;
use std::path::Path;

/// The environment variable with which a shell asks for completions.
pub const VARIABLE: &str = "COMPLETE";

/// Print what a shell needs to complete commands, options, kinds and experiments.
///
/// For bash, add this to ~/.bashrc: `source <(harness completions bash)`; for fish, write it to
/// ~/.config/fish/completions/harness.fish. The program has to be on the path.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
    pub shell: String,
}

impl Completions {
    /// Prints the script.
    ///
    /// # Errors
    /// If the shell is unknown.
    pub fn run(&self, program: Program) -> Result<Exit> {
        let shells = Shells::builtins();
        let shell = shells.completer(&self.shell).context("this shell is unknown")?;
        let (name, mut script) = (program.name, vec![]);
        shell.write_registration(VARIABLE, name, name, name, &mut script)?;
        say!("{}", String::from_utf8_lossy(&script).trim_end());
        Ok(Exit::Ok)
    }
}

/// Print the manual page.
///
/// To read it at once: `harness man | man -l -`.
#[derive(Debug, Args)]
pub struct Man {
    /// Print the page of this command
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

impl Man {
    /// Prints the page.
    ///
    /// # Errors
    /// If the command is unknown.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        let mut whole = command(program, registries);
        whole.build();
        let page = match &self.command {
            None => whole,
            Some(name) => {
                let names = whole.get_subcommands().map(|command| command.get_name().to_owned());
                let names: Vec<String> = names.collect();
                let found = whole.find_subcommand(name).cloned();
                let found =
                    found.ok_or_else(|| registry::UnknownName::new("command", name, names))?;
                let full = format!("{}-{name}", program.name);
                found.display_name(full)
            }
        };
        let mut text = vec![];
        clap_mangen::Man::new(page).render(&mut text)?;
        say!("{}", String::from_utf8_lossy(&text).trim_end());
        Ok(Exit::Ok)
    }
}

/// The command line of a program, with completers that know its kinds.
pub fn command(program: Program, registries: &Registries) -> Command {
    let command = Arguments::command().name(program.name).version(program.version);
    let kinds: Vec<&'static str> = registries.estimators.names().collect();
    let completer = move |current: &OsStr| candidates(current, &kinds);
    command.mut_subcommands(move |verb| {
        let completer = completer.clone();
        verb.mut_args(move |argument| match argument.get_id().as_str() {
            "estimator" => argument.add(ArgValueCompleter::new(completer.clone())),
            "experiments" | "experiment" if argument.is_positional() => {
                argument.add(ArgValueCompleter::new(experiments))
            }
            _ => argument,
        })
    })
}

/// The names that begin as it was typed.
fn candidates(current: &OsStr, names: &[&'static str]) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let found = names.iter().filter(|name| name.starts_with(&*current));
    found.map(CompletionCandidate::new).collect()
}

/// Experiment files, folders on the way to them, and the names of built-in ones.
fn experiments(current: &OsStr) -> Vec<CompletionCandidate> {
    let is_experiment =
        |path: &Path| path.is_dir() || path.extension().is_some_and(|found| found == "toml");
    let mut found = PathCompleter::any().filter(is_experiment).complete(current);
    found.extend(candidates(current, &built_in::names()));
    found
}
