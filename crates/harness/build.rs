//! Tells the program which revision it is built from, by which toolchain, and what the project's
//! experiments are.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Changes to these make other results, or another program; changes to results do not.
const SOURCES: [&str; 3] = ["crates", "Cargo.toml", "Cargo.lock"];

/// The project's experiments.
const EXPERIMENTS: &str = "experiments";

fn main() {
    // Not `env!`: a script that was built in one checkout runs in all that share a target folder.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&package).join("../..");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    embed(&root.join(EXPERIMENTS));
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        output(command.arg("-C").arg(&root).args(arguments))
    };
    // Every commit appends to it.
    if let Some(log) = git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    set("HARNESS_REVISION", git(&["rev-parse", "HEAD"]));
    let changes =
        git(&["status", "--porcelain", "--untracked-files=no", "--", "crates", "Cargo.toml"]);
    set("HARNESS_DIRTY", changes.map(|changes| (!changes.is_empty()).to_string()));
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    set("HARNESS_TOOLCHAIN", output(Command::new(compiler).arg("--version")));
}

fn set(name: &str, value: Option<String>) {
    if let Some(value) = value {
        println!("cargo::rustc-env={name}={value}");
    }
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Writes a list of the files in a folder, names and contents, for `experiment/built_in.rs`. An installed
/// program has no folder of experiments.
fn embed(folder: &Path) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    let mut list = "&[\n".to_owned();
    for path in paths {
        let (name, path) = (path.file_name().unwrap_or_default(), path.canonicalize());
        let path = path.unwrap_or_default();
        let _ = writeln!(list, "    ({name:?}, include_str!({path:?})),");
    }
    list.push(']');
    let out = std::env::var_os("OUT_DIR").unwrap_or_default();
    if let Err(error) = std::fs::write(Path::new(&out).join("experiments.rs"), list) {
        println!("cargo::error=the list of experiments cannot be written: {error}");
    }
}
