use super::rows::table;
use super::{Exit, Format};
use crate::comparison::{Comparison, Pair, Side, Verdict};
use crate::report::words::{counted, p_value, short, signed_interval};
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Compare two results, cell by cell and paired by seed.
///
/// A cell is worse or better if the 95 % interval of the paired differences excludes 0. Cells whose numbers
/// are the same bit for bit are only counted.
#[derive(Debug, Args)]
pub struct Compare {
    /// Results folder, such as results/argmax
    #[arg(value_name = "FIRST")]
    pub first: PathBuf,
    /// Another one: of another revision, another machine, or other settings
    #[arg(value_name = "SECOND")]
    pub second: PathBuf,
    /// End with exit code 3 if a cell of the second is worse, and with 4 if nothing could be compared
    #[arg(long)]
    pub gate: bool,
    /// How much worse a cell may be for --gate, as a share of its first value
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share, requires = "gate")]
    pub tolerance: f64,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

fn share(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|share: &f64| *share >= 0.0 && share.is_finite());
    parsed.ok_or_else(|| "expected a number from 0 up, such as 0.02 for 2 %".to_owned())
}

impl Compare {
    /// Prints how two results differ.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn run(&self) -> Result<Exit> {
        let comparison = Comparison::of(&Side::read(&self.first)?, &Side::read(&self.second)?);
        match self.format {
            Format::Table => print(&comparison),
            Format::Json => say!("{}", serde_json::to_string_pretty(&as_json(&comparison))?),
        }
        Ok(match comparison.worse(self.tolerance).len() {
            _ if !self.gate => Exit::Ok,
            _ if comparison.cells.is_empty() => {
                note!("error: no cell is in both results");
                Exit::Incomparable
            }
            0 => Exit::Ok,
            count => {
                let cells = if count == 1 { "cell is" } else { "cells are" };
                note!("error: {count} {cells} worse by more than the tolerance");
                Exit::Worse
            }
        })
    }
}

/// Prints a comparison for people.
pub(super) fn print(comparison: &Comparison) {
    let is_shown = |cell: &&Pair| cell.verdict != Verdict::Identical;
    let shown: Vec<&Pair> = comparison.cells.iter().filter(is_shown).collect();
    if !shown.is_empty() {
        let header = ["cell", "metric", "seeds", "first", "second", "difference", "p", "verdict"];
        let mut table = table(&header);
        for cell in shown {
            table.add_row([
                cell.key.label(),
                cell.key.metric.clone(),
                cell.seeds.to_string(),
                short(cell.values[0]),
                short(cell.values[1]),
                signed_interval(cell.difference),
                p_value(cell.p_value),
                cell.verdict.name().to_owned(),
            ]);
        }
        say!("{table}");
    }
    if !comparison.circumstances.is_empty() {
        let mut table = table(&["what else differs", "first", "second"]);
        for row in &comparison.circumstances {
            table.add_row(row);
        }
        say!("{table}");
    }
    let count = |verdict: Verdict| comparison.count(verdict);
    say!(
        "{}: {} identical, {} without a difference, {} better, {} worse; {} only in the first, {} only in \
         the second",
        counted(comparison.cells.len() as u64, "cell"),
        count(Verdict::Identical),
        count(Verdict::Equal),
        count(Verdict::Better),
        count(Verdict::Worse) + count(Verdict::Different),
        comparison.only_first.len(),
        comparison.only_second.len()
    );
}

fn as_json(comparison: &Comparison) -> Value {
    let cell = |cell: &Pair| {
        let [task, estimator, optimizer] = &cell.key.place;
        let interval = cell.difference.interval.map(|interval| [interval.low, interval.high]);
        json!({
            "task": task, "estimator": estimator, "optimizer": optimizer, "metric": cell.key.metric,
            "seeds": cell.seeds, "first": cell.values[0], "second": cell.values[1],
            "difference": cell.difference.value, "interval": interval, "p-value": cell.p_value,
            "verdict": cell.verdict.name(),
        })
    };
    let circumstance = |[what, first, second]: &[String; 3]| json!({ "what": what, "first": first, "second": second });
    json!({
        "cells": comparison.cells.iter().map(cell).collect::<Vec<_>>(),
        "only-first": comparison.only_first,
        "only-second": comparison.only_second,
        "circumstances": comparison.circumstances.iter().map(circumstance).collect::<Vec<_>>(),
    })
}
