//! A CSV file as text.

use crate::{Error, Result};
use registry::UnknownName;
use std::path::Path;

/// The cells of a CSV file with a header.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    /// Rows of as many cells, without blanks around them.
    pub(crate) rows: Vec<Vec<String>>,
    /// The line of each row in the file, from 1.
    pub(crate) lines: Vec<usize>,
    delimiter: u8,
    /// Hash of the file's bytes.
    pub(crate) digest: String,
}

impl Sheet {
    /// Reads a CSV file in UTF-8 with a header line; the delimiter is a comma, or a semicolon, a tab or
    /// a vertical bar where the header has no comma.
    ///
    /// # Errors
    /// If the file cannot be read, is not in UTF-8, or has no rows; a column has no name or the name of
    /// another; or a line has another number of cells.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"));
        bytes.and_then(|bytes| Self::parse(&bytes)).map_err(|why| Error::data(path, why))
    }

    pub(super) fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        let text = utf8(bytes)?;
        let delimiter = delimiter(text);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| error.to_string())?.clone();
        let names: Vec<String> = header.iter().map(str::to_owned).collect();
        check_header(&names)?;
        let (mut rows, mut lines, mut problems) = (vec![], vec![], Problems::default());
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let line = line_of(text, record.position());
            if record.len() != names.len() {
                let (cells, columns) = (record.len(), names.len());
                problems.add(format!("line {line}: expected {columns} cells, found {cells}"));
            }
            rows.push(record.iter().map(str::to_owned).collect());
            lines.push(line);
        }
        problems.check()?;
        if rows.is_empty() {
            return Err("no rows below the header".to_owned());
        }
        let digest = blake3::hash(bytes).to_hex()[..16].to_owned();
        Ok(Self { names, rows, lines, delimiter, digest })
    }

    /// The index of a column.
    ///
    /// # Errors
    /// If there is none of that name.
    pub(super) fn column(&self, name: &str) -> std::result::Result<usize, String> {
        self.names.iter().position(|known| known == name).ok_or_else(|| {
            let unknown = UnknownName::new("column", name, self.names.iter().cloned());
            let shown = match self.delimiter {
                b'\t' => "tab".to_owned(),
                delimiter => char::from(delimiter).to_string(),
            };
            format!("{unknown} (read with the delimiter `{shown}`)")
        })
    }

    /// The cells of a column.
    pub(crate) fn cells(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        self.rows.iter().map(move |row| row[column].as_str())
    }
}

/// How many problems are listed.
const LISTED: usize = 5;

/// What is wrong with a file.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    pub(crate) fn add(&mut self, problem: String) {
        self.0.push(problem);
    }

    /// The first problems, and how many more there are, if there are any.
    pub(crate) fn check(self) -> std::result::Result<(), String> {
        let more = self.0.len().saturating_sub(LISTED);
        match self.0.as_slice() {
            [] => Ok(()),
            [problem] => Err(problem.clone()),
            problems => {
                let lines = problems.iter().take(LISTED).map(|problem| format!("\n  {problem}"));
                let rest = (more > 0).then(|| format!("\n  and {more} more"));
                Err(format!("{} problems{}", problems.len(), lines.chain(rest).collect::<String>()))
            }
        }
    }
}

/// The text of a file, without a byte-order mark.
fn utf8(bytes: &[u8]) -> std::result::Result<&str, String> {
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_utf16 || bytes.contains(&0) {
        return Err("not UTF-8 text; it looks like UTF-16: save it as UTF-8".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + count_newlines(&bytes[..error.valid_up_to()]);
        format!("line {line} is not UTF-8; it may be Latin-1: save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn count_newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

/// The delimiter of the header line.
fn delimiter(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or_default();
    // What is inside quotation marks is part of a name.
    let outside: String = header.split('"').step_by(2).collect();
    let others = [b';', b'\t', b'|'].into_iter();
    let found = others.filter(|&delimiter| outside.contains(char::from(delimiter)));
    match found.max_by_key(|&delimiter| outside.matches(char::from(delimiter)).count()) {
        Some(delimiter) if !outside.contains(',') => delimiter,
        _ => b',',
    }
}

fn check_header(names: &[String]) -> std::result::Result<(), String> {
    if names.iter().all(|name| name.is_empty()) {
        return Err("the file is empty; expected a header line with column names".to_owned());
    }
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        let expected = "expected a header line with column names";
        return Err(format!("the first line holds numbers; {expected}"));
    }
    if let Some(index) = names.iter().position(|name| name.is_empty()) {
        let advice = "name it or remove it (pandas writes its index there unless index=False)";
        return Err(format!("column {} has no name; {advice}", index + 1));
    }
    let is_twice = |&(index, name): &(usize, &String)| names[..index].contains(name);
    match names.iter().enumerate().find(is_twice) {
        Some((_, name)) => Err(format!("two columns are named `{name}`")),
        None => Ok(()),
    }
}

/// The line of a record, from 1, counted in the text: a record may begin with the end of the line
/// before it.
fn line_of(text: &str, position: Option<&csv::Position>) -> usize {
    let start = position.map_or(0, |position| position.byte() as usize).min(text.len());
    let blank = text[start..].bytes().take_while(|byte| b"\r\n".contains(byte)).count();
    1 + count_newlines(&text.as_bytes()[..start + blank])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: impl AsRef<[u8]>) -> std::result::Result<Sheet, String> {
        Sheet::parse(text.as_ref())
    }

    #[test]
    fn delimiters_and_a_byte_order_mark() {
        let sheet = parse("a,y,b\n1,2, 3\n4,5,6\n").unwrap();
        assert_eq!(sheet.names, ["a", "y", "b"]);
        assert_eq!(
            (sheet.rows.concat().join(" "), sheet.lines),
            ("1 2 3 4 5 6".into(), vec![2, 3])
        );
        for text in ["a;y;b\n1;2;3\n4;5;6\n", "a\ty\tb\r\n1\t2\t3\r\n4\t5\t6\r\n"] {
            assert_eq!(parse(text).unwrap().rows, sheet.rows, "{text}");
        }
        for (text, names) in [
            ("\u{feff}a,y\n1,2\n", ["a", "y"]),
            // A comma outside quotation marks is the delimiter, whatever else there is.
            ("\"a;b\",y\n1,2\n", ["a;b", "y"]),
            ("\"a,b\";y\n1;2\n", ["a,b", "y"]),
            ("a;b,y\n1,2\n", ["a;b", "y"]),
        ] {
            assert_eq!(parse(text).unwrap().names, names);
        }
    }

    #[test]
    fn rows_know_the_line_of_the_file() {
        for (text, line) in [
            ("a,y\n1,2\n3,x\n", 3),
            ("a,y\r\n1,2\r\n3,x\r\n", 3),
            ("a,y\n1,2\n\n\n3,x\n", 5),
            ("a,y\r\n1,2\r\n\r\n3,x\r\n", 4),
            ("\n\na,y\n1,2\n3,x\n", 5),
            ("a,y\n\"1\n\",2\n3,x\n", 4),
        ] {
            assert_eq!(parse(text).unwrap().lines[1], line, "{text:?}");
        }
        let error = parse("a,y\r\n1,2\r\n3\r\n").unwrap_err();
        assert_eq!(error, "line 3: expected 2 cells, found 1");
    }

    #[test]
    fn several_problems_are_listed() {
        let error = parse(format!("a,y\n{}", "1\n".repeat(8))).unwrap_err();
        let listed: Vec<&str> = error.lines().map(str::trim).collect();
        assert_eq!(listed.len(), 7);
        assert_eq!(listed[0], "8 problems");
        assert_eq!(listed[5], "line 6: expected 2 cells, found 1");
        assert_eq!(listed[6], "and 3 more");
    }

    #[test]
    fn encodings_and_headers_that_are_not_understood() {
        for (bytes, words) in [
            (&b"\xff\xfea\0,\0y\0"[..], "UTF-16"),
            (b"a\0,\0y\0\n\0", "UTF-16"),
            // Without a byte of 0 only the mark tells.
            (b"\xfe\xff\x4e\x2d", "UTF-16"),
            (b"\xff\xfe\x2d\x4e", "UTF-16"),
            (b"a,y\n1,2\nTemp\xe9rature,3\n", "line 3 is not UTF-8; it may be Latin-1"),
            (b",a,y\n0,1,2\n", "column 1 has no name"),
            (b"a,,y\n0,1,2\n", "column 2 has no name"),
        ] {
            let error = parse(bytes).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        for (text, words) in [
            ("a;b\n0;1\n", "unknown column `y`; known: a, b (read with the delimiter `;`)"),
            ("a\tb\n0\t1\n", "(read with the delimiter `tab`)"),
        ] {
            let error = parse(text).unwrap().column("y").unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
