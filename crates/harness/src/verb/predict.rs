use super::Exit;
use crate::files;
use anyhow::{Context, Result, anyhow};
use clap::Args;
use model::task::{Prediction, Predictor};
use std::path::PathBuf;

/// Predict the rows of a CSV file with a network that `train` wrote.
///
/// The file has the features by their names; other columns do not matter. For each of its rows, in
/// their order, the result has the category that is chosen (`choice`, from 0), its `probability`, and
/// the `prediction`, in the target's units or as the name of a class.
#[derive(Debug, Args)]
pub struct Predict {
    /// The network
    #[arg(value_name = "NETWORK.safetensors")]
    pub network: PathBuf,
    /// The rows
    #[arg(value_name = "ROWS.csv")]
    pub rows: PathBuf,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE.csv")]
    pub output: Option<PathBuf>,
}

impl Predict {
    /// Predicts every row.
    ///
    /// # Errors
    /// If a file cannot be read or written, or is not what it should be.
    pub fn run(&self) -> Result<Exit> {
        let named = || self.network.display().to_string();
        let bytes = std::fs::read(&self.network)
            .with_context(|| format!("{} cannot be read", self.network.display()))?;
        let (network, _) =
            Predictor::from_bytes(&bytes).map_err(|why| anyhow!(why)).with_context(named)?;
        let table = table(&network.predict(&self.rows)?)?;
        match &self.output {
            None => say!("{}", table.trim_end()),
            Some(path) => {
                files::replace(path, table.as_bytes())?;
            }
        }
        Ok(Exit::Ok)
    }
}

fn table(predictions: &[Prediction]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record(["choice", "probability", "prediction"])?;
    for Prediction { choice, probability, value } in predictions {
        writer.write_record([choice.to_string(), probability.to_string(), value.to_string()])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
