//! The tables of the page. The first column names the row.

use super::marked;
use crate::report::ranking::{Cell, Row, headers, reference, rows, usefulness};
use crate::results::Summary;
use minijinja::{Value, context};

/// The ranking of a task.
pub(super) fn ranking(summary: &Summary<'_>, task: usize) -> Value {
    let measure = summary.ranking_measure(task);
    let references = summary.references(task, measure.name);
    let columns = informative(columns(summary, task));
    let texts: Vec<String> = columns.iter().map(|column| column.header.clone()).collect();
    let height = columns[0].cells.len();
    let row = |index: usize| -> Vec<Value> {
        columns.iter().map(|column| cell(&column.cells[index])).collect()
    };
    context! {
        name => summary.task_label(task),
        metric => measure.label,
        note => measure.note,
        warnings => summary.warnings(task).iter().map(|w| marked(w)).collect::<Vec<_>>(),
        usefulness => usefulness(summary, task).map(|words| marked(&words)),
        columns => texts,
        rows => (0..height).map(row).collect::<Vec<_>>(),
        references => references.iter().map(|r| reference(r).to_vec()).collect::<Vec<_>>(),
    }
}

/// A row of plain texts. The verdict, if there is one, is on the last.
pub(super) fn plain(texts: &[String], verdict: &'static str) -> Vec<Value> {
    let last = texts.len() - 1;
    let cells = texts.iter().enumerate().map(|(index, text)| Cell {
        text: text.clone(),
        verdict: if index == last { verdict } else { "" },
    });
    cells.map(|made| cell(&made)).collect()
}

fn cell(cell: &Cell) -> Value {
    let text = match cell.verdict {
        "" => cell.text.clone(),
        verdict => format!("{} {verdict}", cell.text),
    };
    // A value and its interval may be on two lines; words, and long names in them, break anywhere.
    let kind = match text.starts_with(char::is_alphabetic) {
        true => "words",
        false if text.chars().count() > MOST_NUMBERS => "long",
        false => "",
    };
    let classes = [cell.verdict, kind];
    context! { text => unbroken(&text), class => classes.join(" ").trim() }
}

/// The longest text that stays in one line.
const MOST_NUMBERS: usize = 10;

/// The text without breaks inside of brackets.
fn unbroken(text: &str) -> String {
    let mut depth = 0;
    let kept = text.chars().map(|c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        if c == ' ' && depth > 0 { '\u{a0}' } else { c }
    });
    kept.collect()
}

/// The header of the column of runs.
const RUNS: &str = "runs";

/// A column of a ranking.
struct Column {
    header: String,
    cells: Vec<Cell>,
}

/// Estimator, rank, ranking metric, the columns of the report, what was chosen, runs.
fn columns(summary: &Summary<'_>, task: usize) -> Vec<Column> {
    let rows = rows(summary, task);
    let plain = |header: &str, text: fn(&Row) -> &String| Column {
        header: header.to_owned(),
        cells: rows.iter().map(|row| Cell { text: text(row).clone(), verdict: "" }).collect(),
    };
    let headers = headers(summary, task);
    let mut columns = vec![
        plain("estimator", |row| &row.estimator),
        plain("rank", |row| &row.rank),
        plain(&headers[0], |row| &row.value),
    ];
    for (index, header) in headers[1..].iter().enumerate() {
        let of_row = |row: &Row| Cell { text: row.more[index].text.clone(), ..row.more[index] };
        let header = header.replace('`', "");
        columns.push(Column { header, cells: rows.iter().map(of_row).collect() });
    }
    if summary.cells.iter().any(|cell| !cell.best) {
        columns.push(plain("chosen", |row| &row.tuning));
    }
    columns.push(plain(RUNS, |row| &row.runs));
    columns
}

/// The columns that say something: not those that repeat the values or are empty, and not a number of
/// runs that all rows have.
fn informative(columns: Vec<Column>) -> Vec<Column> {
    let values: Vec<String> = columns[2].cells.iter().map(|cell| cell.text.clone()).collect();
    let says_something = |index: usize, column: &Column| {
        let mut texts = column.cells.iter().map(|cell| &cell.text);
        let repeats = index > 2 && texts.clone().eq(&values);
        let is_empty = texts.clone().all(|text| text == "–");
        let first = texts.next();
        let is_usual = column.header == RUNS && texts.all(|text| Some(text) == first);
        !(repeats || is_empty || is_usual)
    };
    let columns = columns.into_iter().enumerate();
    columns.filter(|(index, column)| says_something(*index, column)).map(|(_, c)| c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(columns: &[(&str, &[&str])]) -> Vec<String> {
        let column = |&(header, texts): &(&str, &[&str])| Column {
            header: header.to_owned(),
            cells: texts.iter().map(|&text| Cell { text: text.to_owned(), verdict: "" }).collect(),
        };
        let kept = informative(columns.iter().map(column).collect()).into_iter();
        kept.map(|column| column.header).collect()
    }

    #[test]
    fn columns_that_say_nothing_are_left_out() {
        let first: [(&str, &[&str]); 3] =
            [("estimator", &["a", "b"]), ("rank", &["1–2", "1–2"]), ("error", &["1", "2"])];
        let rest: [(&str, &[&str]); 5] = [
            ("variance", &["1", "2"]),
            ("p", &["–", "–"]),
            ("steps", &["∞", "∞"]),
            ("chosen", &["adam", "adam"]),
            (RUNS, &["20", "20"]),
        ];
        let all = [&first[..], &rest].concat();
        assert_eq!(kept(&all), ["estimator", "rank", "error", "steps", "chosen"]);
        let failed: (&str, &[&str]) = (RUNS, &["20", "20, 1 failed"]);
        assert_eq!(kept(&[&first[..], &[failed]].concat()).last().unwrap(), RUNS);
    }
}
