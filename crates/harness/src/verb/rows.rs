//! Rows of texts, as a table for people or as JSON.

use anyhow::Result;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Map, Value};

/// The format of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people, one line each
    Table,
    /// For programs: an object for each row
    Json,
    /// Every page, as in docs/estimators.md and docs/experiments.md
    Markdown,
}

/// Rows with the names of their columns.
pub(super) struct Rows {
    pub(super) header: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Rows {
    /// Prints the rows.
    pub(super) fn print(&self, format: ListFormat) -> Result<()> {
        if format == ListFormat::Json {
            let object = |row: &Vec<String>| -> Map<String, Value> {
                let named = self.header.iter().zip(row);
                named.map(|(name, text)| ((*name).to_owned(), text.as_str().into())).collect()
            };
            let objects: Vec<_> = self.rows.iter().map(object).collect();
            say!("{}", serde_json::to_string_pretty(&objects)?);
            return Ok(());
        }
        let mut table = table(&self.header);
        for row in &self.rows {
            table.add_row(row);
        }
        say!("{table}");
        Ok(())
    }
}

/// An empty table, as wide as the terminal.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header.iter().copied());
    if let Some(columns) = columns() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
    }
    table
}

/// The columns of the terminal, if the output is one, or of `$COLUMNS`.
fn columns() -> Option<u16> {
    let given = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let terminal = || terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
    given.filter(|&columns| columns > 0).or_else(terminal)
}
