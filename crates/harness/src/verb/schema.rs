use super::Exit;
use crate::Registries;
use crate::experiment::schema;
use anyhow::Result;
use clap::Args;

/// Print the JSON Schema of experiment files.
///
/// An editor with a TOML language server completes and checks an experiment whose first line is
/// `#:schema ./experiment.schema.json`, once that file holds what this prints.
#[derive(Debug, Args)]
pub struct SchemaOf {}

impl SchemaOf {
    /// Prints the schema, with the kinds of this program.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn run(&self, registries: &Registries) -> Result<Exit> {
        say!("{}", serde_json::to_string_pretty(&schema::schema(registries))?);
        Ok(Exit::Ok)
    }
}
