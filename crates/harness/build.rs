//! Tells the program which revision it is built from, and by which toolchain.

use std::path::Path;
use std::process::Command;

/// Changes to these make other results, or another program; changes to results do not.
const SOURCES: [&str; 3] = ["crates", "Cargo.toml", "Cargo.lock"];

fn main() {
    // Not `env!`: a script that was built in one checkout runs in all that share a target folder.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&package).join("../..");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
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
