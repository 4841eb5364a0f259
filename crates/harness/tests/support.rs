//! A temporary folder with a small experiment, in which to run the program.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// Two estimators, three cells, three seeds: nine short runs.
pub const EXPERIMENT: &str = r#"question = "Which is best?"
seeds = 3
steps = 20
evaluate-every = 10
batch = 8

[optimizer]
kind = "adam"
learning-rate = 0.01

[task]
kind = "argmax-index"
categories = 3
inputs = 4
hidden = 8
rows = 64
validation-rows = 32

[[estimator]]
kind = "exact"

[[estimator]]
kind = "soft-argmax"
sweep.temperature = [0.5, 1.0]
"#;

/// The folder, with `tiny.toml` in it.
pub struct Lab {
    folder: TempDir,
}

impl Lab {
    pub fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap() };
        lab.write("tiny.toml", EXPERIMENT);
        lab
    }

    /// With parts of the experiment replaced.
    pub fn with(edits: &[(&str, &str)]) -> Self {
        let lab = Self::new();
        lab.write("tiny.toml", edited(edits));
        lab
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The number of lines of a file; 0 if it does not exist.
    pub fn lines(&self, name: &str) -> usize {
        std::fs::read_to_string(self.path(name)).map_or(0, |text| text.lines().count())
    }

    /// The program, in this folder. Arguments are separated by blanks.
    pub fn command(&self, arguments: &str) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("harness"));
        command.current_dir(self.folder.path()).args(arguments.split_whitespace());
        // Tests have data sets of their own.
        command.env_remove("ARGMAX_LAB_DATA");
        command
    }

    pub fn run(&self, arguments: &str) -> Output {
        Command::from_std(self.command(arguments)).output().unwrap()
    }

    /// Runs it and returns its standard output; it has to exit with this code.
    pub fn ends(&self, code: i32, arguments: &str) -> String {
        let output = self.run(arguments);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments}: {said}");
        assert!(!said.contains("panicked"), "{arguments}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it and returns its standard output; it has to succeed.
    pub fn ok(&self, arguments: &str) -> String {
        self.ends(0, arguments)
    }

    /// The files that do not depend on the machine or the order of the runs.
    pub fn results(&self, folder: &str) -> Files {
        let folder = self.path(folder);
        let mut files: Vec<PathBuf> =
            ["table.csv", "curves.csv", "summary.json", "experiment.toml", "report.html"]
                .map(|name| folder.join(name))
                .to_vec();
        files.extend(entries(&folder.join("plots")));
        let name = |path: &Path| path.strip_prefix(&folder).unwrap().display().to_string();
        files.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
    }

    /// Asserts that the results in a folder equal these, byte for byte.
    pub fn is_same(&self, files: &Files, folder: &str) {
        let others = self.results(folder);
        assert!(files.keys().eq(others.keys()), "{folder}: {:?}", others.keys());
        let differ: Vec<&String> =
            files.iter().filter(|(name, file)| others[*name] != **file).map(|(n, _)| n).collect();
        assert!(differ.is_empty(), "{folder}: {differ:?} differ");
    }
}

/// Files by name, with their content.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The experiment with parts replaced. Each of them has to occur in it.
pub fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(EXPERIMENT.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "no `{from}` in the experiment");
        text.replacen(from, to, 1)
    })
}

pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The entries of a folder, sorted.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The cells of the rows of a table in a page, its header first, as texts. Its caption begins with these
/// words.
pub fn table(page: &str, caption: &str) -> Vec<Vec<String>> {
    let start = page.find(&format!("<caption>{caption}"));
    let start = start.unwrap_or_else(|| panic!("no table {caption} in {page}"));
    let table = page[start..].split("</table>").next().unwrap();
    let cells = |row: &str| row.split("</t").filter_map(text).collect();
    let rows = table.split("<tr").skip(1).map(|row| cells(row.split_once('>').unwrap().1));
    rows.collect()
}

/// The text of a cell, whose element is not closed; nothing if there is no cell.
fn text(cell: &str) -> Option<String> {
    let start = cell.find("<th").or_else(|| cell.find("<td"))?;
    let parts = cell[start..].split('<').filter_map(|part| part.split_once('>'));
    Some(parts.map(|(_, text)| text).collect::<String>().replace('\u{a0}', " "))
}

/// The row of an estimator.
pub fn row<'a>(table: &'a [Vec<String>], estimator: &str) -> &'a [String] {
    let found = table.iter().find(|row| row[0] == estimator);
    found.unwrap_or_else(|| panic!("no {estimator} in {table:?}"))
}
