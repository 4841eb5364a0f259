use super::{Absent, Known};
use std::path::{Path, PathBuf};

/// Where tasks look for files.
///
/// A file that an experiment names, such as a CSV table, is relative to the experiment. A data set that
/// many experiments use, such as MNIST, is in a folder of data sets.
///
/// ```
/// use model::data::Folders;
/// let folders = Folders { data: vec!["data".into()], ..Folders::default() };
/// let absent = folders.find("nothing-here").unwrap_err();
/// assert!(absent.to_string().contains("nothing-here, nor nothing-here.gz, in data"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// The experiment file's folder, at which relative paths start.
    pub experiment: PathBuf,
    /// Folders of data sets, in the order in which they are searched.
    pub data: Vec<PathBuf>,
    /// What stored runs know of files that are no longer there.
    pub known: Vec<Known>,
}

impl Folders {
    /// The folder of an experiment, and no data sets.
    pub fn of_experiment(folder: &Path) -> Self {
        Self { experiment: folder.to_owned(), ..Self::default() }
    }

    /// The path of a data set's file, plain or compressed (`.gz`), in the first folder that has it.
    ///
    /// # Errors
    /// If no folder has it.
    pub fn find(&self, name: &str) -> Result<PathBuf, Absent> {
        let names = [name.to_owned(), compressed(name)];
        let paths = self.data.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
        let mut files = paths.filter(|path| path.is_file());
        files
            .next()
            .ok_or_else(|| Absent::DataSet { name: name.to_owned(), folders: self.data.clone() })
    }
}

fn compressed(name: &str) -> String {
    format!("{name}.gz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order() {
        let [first, second] = [0, 1].map(|_| tempfile::tempdir().unwrap());
        let data = vec![first.path().to_owned(), second.path().to_owned()];
        let folders = Folders { data: data.clone(), ..Folders::default() };
        let absent = Absent::DataSet { name: "images".to_owned(), folders: data };
        assert_eq!(folders.find("images"), Err(absent));
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
