use std::fmt;
use std::path::{Path, PathBuf};

/// Where tasks look for files.
///
/// A file that an experiment names, such as a CSV table, is relative to the experiment. A data set that
/// many experiments use, such as MNIST, is in a folder of data sets.
///
/// ```
/// use model::data::Folders;
/// let folders = Folders { experiment: "experiments".into(), data: vec!["data".into()] };
/// let absent = folders.find("nothing-here").unwrap_err();
/// assert!(absent.to_string().contains("nothing-here, nor nothing-here.gz, in data"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// The experiment file's folder, at which relative paths start.
    pub experiment: PathBuf,
    /// Folders of data sets, in the order in which they are searched.
    pub data: Vec<PathBuf>,
}

impl Folders {
    /// The folder of an experiment, and no data sets.
    pub fn of_experiment(folder: &Path) -> Self {
        Self { experiment: folder.to_owned(), data: vec![] }
    }

    /// The path of a data set's file, plain or compressed (`.gz`), in the first folder that has it.
    ///
    /// # Errors
    /// If no folder has it.
    pub fn find(&self, name: &str) -> Result<PathBuf, Absent> {
        let names = [name.to_owned(), compressed(name)];
        let paths = self.data.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
        let mut files = paths.filter(|path| path.is_file());
        files.next().ok_or_else(|| Absent { name: name.to_owned(), folders: self.data.clone() })
    }
}

fn compressed(name: &str) -> String {
    format!("{name}.gz")
}

/// A data set's file that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The file.
    pub name: String,
    /// Where it was looked for.
    pub folders: Vec<PathBuf>,
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, folders } = self;
        let folders: Vec<String> =
            folders.iter().map(|folder| folder.display().to_string()).collect();
        let there = match folders.as_slice() {
            [] => "any folder, as none is known".to_owned(),
            folders => folders.join(" or "),
        };
        write!(
            f,
            "there is no {name}, nor {}, in {there}; get it with `scripts/fetch-mnist`, or name its folder \
             with --data DIR or in ARGMAX_LAB_DATA",
            compressed(name)
        )
    }
}

impl std::error::Error for Absent {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order() {
        let [first, second] = [0, 1].map(|_| tempfile::tempdir().unwrap());
        let data = vec![first.path().to_owned(), second.path().to_owned()];
        let folders = Folders { experiment: PathBuf::new(), data: data.clone() };
        let absent = folders.find("images").unwrap_err();
        assert_eq!((absent.name.as_str(), &absent.folders), ("images", &data));
        let compressed = second.path().join("images.gz");
        std::fs::write(&compressed, "").unwrap();
        assert_eq!(folders.find("images"), Ok(compressed));
        // A folder of that name is no file.
        std::fs::create_dir(first.path().join("images")).unwrap();
        let plain = second.path().join("images");
        std::fs::write(&plain, "").unwrap();
        assert_eq!(folders.find("images"), Ok(plain));
        let earlier = first.path().join("images.gz");
        std::fs::write(&earlier, "").unwrap();
        assert_eq!(folders.find("images"), Ok(earlier));
    }
}
