//! The keys of experiment files, made from their documentation.

use super::rows::{ListFormat, Rows, table};
use crate::Program;
use crate::experiment::{KeyPage, key_pages};
use anyhow::Result;
use registry::UnknownName;

/// Prints all sections, or one of them.
pub(super) fn show(section: Option<&str>, format: ListFormat, program: Program) -> Result<()> {
    let mut pages = key_pages();
    if let Some(name) = section {
        let names: Vec<String> = pages.iter().map(|page| page.section.to_owned()).collect();
        pages.retain(|page| page.section == name);
        if pages.is_empty() {
            return Err(UnknownName::new("section", name, names).into());
        }
    }
    match format {
        ListFormat::Table => pages.iter().for_each(print),
        ListFormat::Json => rows(&pages).print(format)?,
        ListFormat::Markdown => say!("{}", markdown(&pages, program).trim_end()),
    }
    Ok(())
}

fn rows(pages: &[KeyPage]) -> Rows {
    let of_page = |page: &KeyPage| {
        let row = |key: &crate::experiment::Key| {
            let texts =
                [page.section, &key.name, &key.kind, &key.default, &key.about, &key.example];
            texts.map(str::to_owned).to_vec()
        };
        page.keys.iter().map(row).collect::<Vec<_>>()
    };
    let header = vec!["section", "key", "type", "default", "about", "example"];
    Rows { header, rows: pages.iter().flat_map(of_page).collect() }
}

fn print(page: &KeyPage) {
    let mut table = table(&["key", "type", "default", ""]);
    for key in &page.keys {
        table.add_row([&key.name, &key.kind, &key.default, &key.about]);
    }
    say!("{}: {}\n{table}\n", page.heading(), page.about);
}

fn markdown(pages: &[KeyPage], program: Program) -> String {
    let mut text = format!(
        "# Experiment files\n\nMade from the program by `{} list keys --format markdown`; do not \
         edit.\n\nAn experiment is a TOML file. Every task is combined with every estimator and every \
         optimizer, and each combination, a cell, runs with every seed. `plan` shows the cells before \
         anything runs. A key without a default can be left out, unless it says otherwise.\n",
        program.command()
    );
    for page in pages {
        text.push_str(&format!("\n## {}\n\n{}\n", page.heading(), page.about));
        if page.keys.is_empty() {
            continue;
        }
        text.push_str("\n| key | type | default | | example |\n|---|---|---|---|---|\n");
        for key in &page.keys {
            let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
            let (name, kind, default, about, example) =
                (&key.name, &key.kind, &key.default, cell(&key.about), cell(&key.example));
            text.push_str(&format!("| `{name}` | {kind} | {default} | {about} | `{example}` |\n"));
        }
    }
    text
}
