//! Code that must not appear in the sources of this workspace.

use std::path::{Path, PathBuf};

/// Every Rust file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    let all = entries.flat_map(below);
    all.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// `retaped` keeps a tensor's id, and gradients follow ids, so it does not stop them.
/// `tape::detach` does, and only it may call `retaped`.
#[test]
fn retaped_is_not_used_to_stop_gradients() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sources = std::fs::read_dir(crates).unwrap().map(|entry| entry.unwrap().path().join("src"));
    let mut read = 0;
    for path in sources.filter(|path| path.is_dir()).flat_map(|path| files(&path)) {
        let text = std::fs::read_to_string(&path).unwrap();
        read += 1;
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            assert!(
                !code.contains("retaped") || path.ends_with("kernels/src/tape/detach.rs"),
                "{}:{}: call kernels::tape::detach, which makes a new id",
                path.display(),
                number + 1
            );
        }
    }
    assert!(read > 50, "only {read} source files were found");
}
