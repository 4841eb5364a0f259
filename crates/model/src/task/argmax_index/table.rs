use crate::{Error, Result};
use estimators::UnknownName;
use std::path::Path;

/// Numbers of a CSV file: features and a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Names of the features, in the file's order.
    pub features: Vec<String>,
    /// [rows, features]
    pub rows: Vec<f64>,
    /// \[rows\]
    pub targets: Vec<f64>,
    /// Hash of the file's bytes.
    pub digest: String,
}

impl Table {
    /// Reads a CSV file with a header. Every cell must be a number; `target` names the column to
    /// be predicted, all others are features.
    ///
    /// # Errors
    /// If the file cannot be read, has no such column, no other column or no rows, or a cell is
    /// missing or not a finite number; the message names line and column.
    pub fn read(path: &Path, target: &str) -> Result<Self> {
        let refuse = |why: String| Error::Data { path: path.to_owned(), why };
        let bytes =
            std::fs::read(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes.as_slice());
        let header = reader.headers().map_err(|error| refuse(error.to_string()))?.clone();
        let names: Vec<&str> = header.iter().collect();
        if names.iter().all(|name| name.is_empty()) {
            return Err(refuse("it is empty; expected a header line with column names".to_owned()));
        }
        if names.iter().all(|name| name.parse::<f64>().is_ok()) {
            let why = "its first line holds numbers; expected a header line with column names";
            return Err(refuse(why.to_owned()));
        }
        let is_twice = |&(place, name): &(usize, &&str)| names[..place].contains(name);
        if let Some((_, name)) = names.iter().enumerate().find(is_twice) {
            return Err(refuse(format!("column `{name}` is given twice; names must differ")));
        }
        let place = names.iter().position(|&name| name == target).ok_or_else(|| {
            refuse(UnknownName::new("column", target, names.iter().copied()).to_string())
        })?;
        if names.len() < 2 {
            return Err(refuse(format!("there is no column beside the target `{target}`")));
        }
        let (mut rows, mut targets) = (vec![], vec![]);
        for record in reader.records() {
            let record = record.map_err(|error| refuse(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != names.len() {
                let why =
                    format!("line {line}: {} cells, but {} columns", record.len(), names.len());
                return Err(refuse(why));
            }
            for (column, cell) in record.iter().enumerate() {
                let number = cell.parse::<f64>().ok().filter(|x| x.is_finite()).ok_or_else(|| {
                    let what =
                        if cell.is_empty() { "is missing".into() } else { format!("is `{cell}`") };
                    let name = names[column];
                    refuse(format!("line {line}, column `{name}`: the cell {what}; expected a finite number"))
                })?;
                if column == place { targets.push(number) } else { rows.push(number) }
            }
        }
        if targets.is_empty() {
            return Err(refuse("there are no rows below the header".to_owned()));
        }
        let features = names.iter().enumerate().filter(|&(column, _)| column != place);
        Ok(Self {
            features: features.map(|(_, &name)| name.to_owned()).collect(),
            rows,
            targets,
            digest: blake3::hash(&bytes).to_hex()[..16].to_owned(),
        })
    }
}
