use crate::{Error, Result};
use registry::UnknownName;
use std::path::Path;

/// The numbers of a CSV file: features and a target.
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
    /// Reads a CSV file in UTF-8 with a header line; the delimiter is a comma, or a semicolon, a tab or
    /// a vertical bar where the header has no comma. Every cell must be a number; `target` names the
    /// column to predict, all others are features.
    ///
    /// # Errors
    /// If the file cannot be read, is not in UTF-8, has no such column, no other column or no rows, a
    /// column has no name or the name of another, or a cell is missing or not a finite number. The
    /// message names line and column.
    pub fn read(path: &Path, target: &str) -> Result<Self> {
        let read = || -> std::result::Result<Self, String> {
            let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
            Self::parse(&bytes, target)
        };
        read().map_err(|why| Error::Data { path: path.to_owned(), why })
    }

    fn parse(bytes: &[u8], target: &str) -> std::result::Result<Self, String> {
        let text = utf8(bytes)?;
        let delimiter = delimiter(text);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| error.to_string())?.clone();
        let names: Vec<&str> = header.iter().collect();
        let target_index = check_header(&names, target, delimiter)?;
        let (mut rows, mut targets) = (vec![], vec![]);
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let line = line_of(text, record.position());
            if record.len() != names.len() {
                let (cells, columns) = (record.len(), names.len());
                return Err(format!("line {line}: expected {columns} cells, found {cells}"));
            }
            for (index, cell) in record.iter().enumerate() {
                let number = number(cell)
                    .map_err(|why| format!("line {line}, column `{}`: {why}", names[index]))?;
                if index == target_index { targets.push(number) } else { rows.push(number) }
            }
        }
        if targets.is_empty() {
            return Err("no rows below the header".to_owned());
        }
        let features = names.iter().enumerate().filter(|&(index, _)| index != target_index);
        Ok(Self {
            features: features.map(|(_, &name)| name.to_owned()).collect(),
            rows,
            targets,
            digest: blake3::hash(bytes).to_hex()[..16].to_owned(),
        })
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

/// The index of the target among valid names.
fn check_header(names: &[&str], target: &str, delimiter: u8) -> std::result::Result<usize, String> {
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
    let is_twice = |&(index, name): &(usize, &&str)| names[..index].contains(name);
    if let Some((_, name)) = names.iter().enumerate().find(is_twice) {
        return Err(format!("two columns are named `{name}`"));
    }
    let index = names.iter().position(|&name| name == target).ok_or_else(|| {
        let unknown = UnknownName::new("column", target, names.iter().copied());
        let shown =
            if delimiter == b'\t' { "tab".into() } else { char::from(delimiter).to_string() };
        format!("{unknown} (read with the delimiter `{shown}`)")
    })?;
    if names.len() < 2 {
        return Err(format!("no column other than the target `{target}`"));
    }
    Ok(index)
}

/// The line of a record, from 1, counted in the text: a record may begin with the end of the line
/// before it.
fn line_of(text: &str, position: Option<&csv::Position>) -> usize {
    let start = position.map_or(0, |position| position.byte() as usize).min(text.len());
    let blank = text[start..].bytes().take_while(|byte| b"\r\n".contains(byte)).count();
    1 + count_newlines(&text.as_bytes()[..start + blank])
}

fn number(cell: &str) -> std::result::Result<f64, String> {
    if cell.is_empty() {
        return Err("the cell is missing; expected a finite number".to_owned());
    }
    let found = cell.parse::<f64>().ok().filter(|x| x.is_finite());
    found.ok_or_else(|| {
        let is_decimal_comma = cell.replacen(',', ".", 1).parse::<f64>().is_ok();
        let hint = if is_decimal_comma { " with a decimal point" } else { "" };
        format!("the cell is `{cell}`; expected a finite number{hint}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: impl AsRef<[u8]>) -> std::result::Result<Table, String> {
        Table::parse(text.as_ref(), "y")
    }

    #[test]
    fn delimiters_and_a_byte_order_mark() {
        let table = parse("a,y,b\n1,2,3\n4,5,6\n").unwrap();
        assert_eq!(table.features, ["a", "b"]);
        assert_eq!((table.rows, table.targets), (vec![1.0, 3.0, 4.0, 6.0], vec![2.0, 5.0]));
        for text in ["a;y;b\n1;2;3\n4;5;6\n", "a\ty\tb\r\n1\t2\t3\r\n4\t5\t6\r\n"] {
            assert_eq!(parse(text).unwrap().rows, [1.0, 3.0, 4.0, 6.0], "{text}");
        }
        assert_eq!(parse("\u{feff}a,y\n1,2\n").unwrap().features, ["a"]);
        // A comma outside quotation marks is the delimiter, whatever else there is.
        assert_eq!(parse("\"a;b\",y\n1,2\n").unwrap().features, ["a;b"]);
        assert_eq!(parse("\"a,b\";y\n1;2\n").unwrap().features, ["a,b"]);
        assert_eq!(parse("a;b,y\n1,2\n").unwrap().features, ["a;b"]);
    }

    #[test]
    fn errors_name_the_line_of_the_file() {
        for (text, words) in [
            ("a,y\n1,2\n3,x\n", "line 3, column `y`: the cell is `x`"),
            ("a,y\r\n1,2\r\n3,x\r\n", "line 3, column `y`"),
            ("a,y\n1,2\n\n\n3,x\n", "line 5, column `y`"),
            ("a,y\r\n1,2\r\n\r\n3,x\r\n", "line 4, column `y`"),
            ("a,y\r\n1,2\r\n3\r\n", "line 3: expected 2 cells, found 1"),
            ("\n\na,y\n1,2\n3,x\n", "line 5, column `y`"),
            ("a,y\n\"1\n\",2\n3,x\n", "line 4, column `y`"),
            ("a;y\n1;2,5\n", "`2,5`; expected a finite number with a decimal point"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(words), "{text:?}: {error}");
        }
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
            (b"a;b\n0;1\n", "unknown column `y`; known: a, b (read with the delimiter `;`)"),
            (b"a\tb\n0\t1\n", "(read with the delimiter `tab`)"),
        ] {
            let error = parse(bytes).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
