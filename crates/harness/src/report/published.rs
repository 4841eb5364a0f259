//! Known values beside measured ones, from the content of `summary.json`.

use anyhow::{Context, Result};
use serde_json::Value;

/// The most rows that are all shown; of more, only those that are missed.
const ROWS: usize = 40;

/// How many known values are met, where they are from, and a table of them in Markdown.
pub(super) fn published(summary: &Value) -> Result<String> {
    let expected = &summary["expected"];
    let count = |name: &str| expected[name].as_u64().context("no known value has a tolerance");
    let (met, missed) = (count("met")?, count("missed")?);
    let columns = texts(&expected["columns"]);
    let rows: Vec<Vec<String>> =
        expected["rows"].as_array().into_iter().flatten().map(texts).collect();
    let is_long = rows.len() > ROWS;
    let is_shown = |row: &&Vec<String>| {
        !is_long || row.last().is_some_and(|verdict| verdict.starts_with("missed"))
    };
    let shown: Vec<&Vec<String>> = rows.iter().filter(is_shown).collect();
    let name = summary["experiment"].as_str().unwrap_or_default();
    let source = expected["source"].as_str().unwrap_or_default().trim();
    let mut text = format!("{met} of {} values are met. {source}\n", met + missed);
    if is_long {
        let what = if missed == 0 { "none is missed." } else { "those that are missed:" };
        text.push_str(&format!("\nAll rows are in `results/{name}/expected.csv`; {what}\n"));
    }
    if !shown.is_empty() {
        text.push_str(&format!("\n{}\n|{}\n", line(&columns), "---|".repeat(columns.len())));
        shown.into_iter().for_each(|row| text.push_str(&format!("{}\n", line(row))));
    }
    Ok(text)
}

fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    texts.map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn summary(rows: usize, missed: usize) -> Value {
        let row = |i: usize| {
            json!([format!("e{i}"), if i < missed { "missed (±1)" } else { "met (±1)" }])
        };
        json!({ "experiment": "x", "expected": {
            "met": rows - missed, "missed": missed, "source": "By somebody.\n",
            "columns": ["estimator", "verdict"], "rows": (0..rows).map(row).collect::<Vec<_>>(),
        } })
    }

    #[test]
    fn few_rows_are_all_shown_and_of_many_those_that_are_missed() {
        let few = published(&summary(2, 1)).unwrap();
        let expected = "1 of 2 values are met. By somebody.\n\n| estimator | verdict |\n|---|---|\n\
                        | e0 | missed (±1) |\n| e1 | met (±1) |\n";
        assert_eq!(few, expected);
        let many = published(&summary(50, 2)).unwrap();
        assert!(many.contains("48 of 50") && many.contains("results/x/expected.csv"), "{many}");
        assert!(many.contains("| e1 |") && !many.contains("| e2 |"), "{many}");
        assert!(published(&summary(50, 0)).unwrap().ends_with("none is missed.\n"));
        assert!(published(&json!({})).is_err());
    }
}
