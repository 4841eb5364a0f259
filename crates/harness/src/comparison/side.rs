//! The results that a folder holds, from the files that are made of its records.

use crate::report::MISS;
use anyhow::{Context, Result, bail};
use model::Better;
use registry::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a cell is recognized by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The labels of task, estimator and optimizer.
    pub place: [String; 3],
    /// The metric that is compared.
    pub metric: String,
}

impl Key {
    /// Task, estimator and optimizer.
    pub fn label(&self) -> String {
        self.place.join(", ")
    }
}

/// What the runs of a cell end with.
#[derive(Clone, Debug)]
pub(super) struct Seeds {
    pub(super) better: Better,
    /// By seed; nothing where there is no number.
    pub(super) values: Vec<Option<f64>>,
}

/// The results that a folder holds.
#[derive(Clone, Debug)]
pub struct Side {
    pub(super) cells: Vec<(Key, Seeds)>,
    index: BTreeMap<Key, usize>,
    /// Where the results come from, and what was asked: names and values.
    circumstances: BTreeMap<String, String>,
}

/// What the manifest says of a machine or a program, and not of the results.
const CIRCUMSTANCES: [&str; 8] = [
    "settings",
    "program",
    "revision",
    "dirty",
    "toolchain",
    "processor",
    "instruction-set",
    "noise",
];

/// Columns before those of the seeds.
const COLUMNS: [&str; 6] = ["task", "estimator", "optimizer", "best", "metric", "better"];

impl Side {
    /// Reads the `seeds.csv`, `manifest.json` and `experiment.toml` of a results folder.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("seeds.csv");
        let text = std::fs::read(&path).with_context(|| {
            format!(
                "{} cannot be read; a results folder has it once `report` or a whole `sweep` wrote it",
                path.display()
            )
        })?;
        let mut side = Self::parse(&path, &text)?;
        side.add_circumstances(folder)?;
        Ok(side)
    }

    /// The cells of a `seeds.csv`.
    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        let named = || path.display().to_string();
        let mut reader = csv::Reader::from_reader(text);
        let header = reader.headers().with_context(named)?;
        if header.iter().take(COLUMNS.len()).ne(COLUMNS) {
            bail!("{} is no table of seeds: expected the columns {}", named(), COLUMNS.join(", "));
        }
        let (mut cells, mut index) = (vec![], BTreeMap::new());
        for (number, record) in reader.records().enumerate() {
            let at = || format!("{}, row {}", named(), number + 1);
            let record = record.with_context(at)?;
            let text = |column: usize| record.get(column).unwrap_or_default().to_owned();
            let better = Better::named(&text(5));
            let expected = || Fault::value("better", text(5), "lower, higher or neither");
            let better = better.ok_or_else(expected).with_context(at)?;
            let key = Key { place: [text(0), text(1), text(2)], metric: text(4) };
            let values = record.iter().skip(COLUMNS.len()).map(|text| value(text, better));
            let values = values.collect::<Result<_, _>>().with_context(at)?;
            if index.insert(key.clone(), cells.len()).is_some() {
                bail!("{}: `{}` is there twice", at(), key.label());
            }
            cells.push((key, Seeds { better, values }));
        }
        Ok(Self { cells, index, circumstances: BTreeMap::new() })
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Seeds> {
        self.index.get(key).map(|&index| &self.cells[index].1)
    }

    fn add_circumstances(&mut self, folder: &Path) -> Result<()> {
        let read = |name: &str| {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            anyhow::Ok((path, text))
        };
        let (path, text) = read("manifest.json")?;
        let manifest: serde_json::Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a manifest", path.display()))?;
        for name in CIRCUMSTANCES {
            let value = match &manifest[name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            self.circumstances.insert(name.to_owned(), value);
        }
        let (path, text) = read("experiment.toml")?;
        let experiment: toml::Table =
            toml::from_str(&text).with_context(|| path.display().to_string())?;
        for (name, value) in experiment {
            // Words decide no number.
            if !["question", "reading", "reading-of", "figure", "expected"].contains(&&*name) {
                self.circumstances.insert(format!("experiment: {name}"), registry::plain(&value));
            }
        }
        Ok(())
    }

    /// What differs: what, here, there. What is long is only named.
    pub(super) fn circumstances(&self, other: &Self) -> Vec<[String; 3]> {
        const LONG: usize = 60;
        let names: BTreeSet<&String> =
            self.circumstances.keys().chain(other.circumstances.keys()).collect();
        let of = |side: &Self, name: &str| {
            side.circumstances.get(name).cloned().unwrap_or_else(|| "–".to_owned())
        };
        let row = |name: &String| {
            let (here, there) = (of(self, name), of(other, name));
            let shown = |text: String| if text.len() > LONG { "…".to_owned() } else { text };
            (here != there).then(|| [name.clone(), shown(here), shown(there)])
        };
        names.into_iter().filter_map(row).collect()
    }
}

/// A number of a run; nothing where there is none. A failed run counts as the worst.
fn value(text: &str, better: Better) -> Result<Option<f64>, Fault> {
    match (text, better) {
        ("", _) => Ok(None),
        (MISS, Better::Higher) => Ok(Some(f64::NEG_INFINITY)),
        (MISS, _) => Ok(Some(f64::INFINITY)),
        _ => text.parse().map(Some).map_err(|_| Fault::value("a seed", text, "a number or miss")),
    }
}
