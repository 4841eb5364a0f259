//! The project's own experiments, which every program carries: an installed one runs them anywhere.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The files of the project's experiments, names and contents.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/experiments.rs"));

/// The folder that they are in, in the project.
const FOLDER: &str = "experiments";

/// The names of the experiments.
pub fn names() -> Vec<&'static str> {
    FILES.iter().filter_map(|(name, _)| name.strip_suffix(".toml")).collect()
}

/// The file that a path means. A name without an extension, such as `argmax`, is that of an experiment in
/// the folder `experiments`.
pub fn resolve(path: &Path) -> Cow<'_, Path> {
    let is_name = path.components().count() == 1 && path.extension().is_none() && !path.exists();
    match is_name {
        true => Cow::Owned(PathBuf::from(FOLDER).join(path).with_extension("toml")),
        false => Cow::Borrowed(path),
    }
}

/// The text of a file; that of a built-in one where there is none.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> std::io::Result<Cow<'static, str>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Cow::Owned(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            content(path).map(Cow::Borrowed).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// The content of a built-in file of the folder `experiments`.
fn content(path: &Path) -> Option<&'static str> {
    let name = path.strip_prefix(FOLDER).ok()?.to_str()?;
    FILES.iter().find(|(file, _)| *file == name).map(|(_, content)| *content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_files_of_the_folder() {
        assert_eq!(resolve(Path::new("argmax")), Path::new("experiments/argmax.toml"));
        for other in ["argmax.toml", "mine/argmax", "src"] {
            assert_eq!(resolve(Path::new(other)), Path::new(other));
        }
        assert!(names().contains(&"argmax") && !names().contains(&"catlog.csv"));
    }

    #[test]
    fn built_in_files_are_found_in_their_folder_only() {
        assert!(read(Path::new("experiments/argmax.toml")).unwrap().contains("question"));
        assert!(read(Path::new("experiments/catlog.csv")).unwrap().contains("metric"));
        for other in ["argmax.toml", "experiments/none.toml", "other/experiments/argmax.toml"] {
            assert!(read(Path::new(other)).is_err(), "{other}");
        }
    }
}
