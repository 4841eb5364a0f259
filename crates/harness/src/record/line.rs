//! A record as a line: JSON that ends with a checksum of what comes before it.

use super::{Curves, FORMAT, Outcome, Record, Timing};
use anyhow::{Result, bail};
use serde_json::Value;

/// What stands between a record and its checksum, and after it.
const BEFORE: &[u8] = b",\"check\":\"";
const AFTER: &[u8] = b"\"}\n";
/// Characters of a checksum.
const LENGTH: usize = 16;

/// The line of a record.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn write(record: &Record) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record)?;
    // The brace that closes the object comes after the checksum.
    line.pop();
    let check = checksum(&line);
    line.extend(BEFORE);
    line.extend(check.as_bytes());
    line.extend(AFTER);
    Ok(line)
}

fn checksum(text: &[u8]) -> String {
    blake3::hash(text).to_hex()[..LENGTH].to_owned()
}

/// What is wrong with a line.
#[derive(Debug)]
pub enum Fault {
    /// It is damaged: why.
    Damaged(String),
    /// It is of another format, which this program does not read.
    Format(u32),
}

/// The record of a line. Lines of older versions have no checksum.
///
/// # Errors
/// If it is damaged, or of another format.
pub fn read(line: &[u8]) -> Result<Record, Fault> {
    if let Some((text, check)) = checked(line)
        && checksum(text).as_bytes() != check
    {
        let why = "it was changed after it was written (its checksum differs)".to_owned();
        return Err(other_format(line).map_or(Fault::Damaged(why), Fault::Format));
    }
    let record = serde_json::from_slice::<Record>(line).map_err(|error| {
        let why = format!("it is not a record ({error})");
        other_format(line).map_or(Fault::Damaged(why), Fault::Format)
    })?;
    if record.format != FORMAT {
        return Err(Fault::Format(record.format));
    }
    check_shape(&record).map_err(|error| Fault::Damaged(error.to_string()))?;
    Ok(record)
}

/// The record of a line without its numbers: only how the run ended. It takes a tenth of the time.
///
/// # Errors
/// As [`read`].
pub fn read_outcome(line: &[u8]) -> Result<Record, Fault> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: u32,
        id: String,
        #[serde(flatten)]
        outcome: Outcome,
        timing: Timing,
    }
    // What has the right checksum was checked for its shape when it was written.
    let is_right = checked(line).is_some_and(|(text, check)| checksum(text).as_bytes() == check);
    let header = serde_json::from_slice::<Header>(line).ok();
    match header.filter(|header| is_right && header.format == FORMAT) {
        None => read(line),
        Some(Header { id, outcome, timing, .. }) => {
            Ok(Record { timing, ..Record::new(id, Value::Null, outcome) })
        }
    }
}

/// The format of a line of another one, of which only the header is known.
fn other_format(line: &[u8]) -> Option<u32> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: u32,
    }
    let header: Header = serde_json::from_slice(line).ok()?;
    Some(header.format).filter(|&format| format != FORMAT)
}

/// A line's record without its closing brace, and its checksum; nothing if it has none.
fn checked(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = line.strip_suffix(AFTER)?;
    let (text, check) = text.split_at_checked(text.len().checked_sub(LENGTH)?)?;
    Some((text.strip_suffix(BEFORE)?, check))
}

/// Every metric has a number for each step, and a finished run has numbers.
fn check_shape(record: &Record) -> Result<()> {
    let Record { curves, gradient, outcome, .. } = record;
    for Curves { steps, metrics } in [curves, gradient] {
        for (name, values) in metrics {
            let (found, wanted) = (values.len(), steps.len());
            if found != wanted {
                bail!("`{name}` has {found} values for {wanted} steps");
            }
        }
        if !steps.windows(2).all(|pair| pair[0] < pair[1]) {
            bail!("its steps are not in order");
        }
    }
    if *outcome == Outcome::Done && curves.is_empty() && gradient.is_empty() {
        bail!("the run is marked done, but has no numbers");
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::record) fn record(id: &str, outcome: Outcome, value: f64) -> Record {
        let mut curves = Curves::default();
        curves.push(0, [("validation-loss", value)]);
        Record { curves, ..Record::new(id, serde_json::json!({}), outcome) }
    }

    fn fault(line: &[u8]) -> String {
        match read(line) {
            Err(Fault::Damaged(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_record_survives_its_line_and_a_changed_digit_does_not() {
        let record = record("a", Outcome::Done, 1.25);
        let line = write(&record).unwrap();
        assert_eq!(read(&line).unwrap(), record);
        let text = String::from_utf8(line).unwrap();
        for (from, to) in [("1.25", "1.35"), ("\"done\"", "\"doge\""), ("\"a\"", "\"b\"")] {
            assert!(text.contains(from));
            assert!(fault(text.replace(from, to).as_bytes()).contains("its checksum differs"));
        }
    }

    #[test]
    fn lines_without_a_checksum_are_read_and_their_shape_is_checked() {
        let record = record("a", Outcome::Done, 1.25);
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(read(line.as_bytes()).unwrap(), record);
        assert!(fault(line.replace("[0]", "[0,1]").as_bytes()).contains("1 values for 2 steps"));
        let empty = Record { curves: Curves::default(), ..record };
        let line = serde_json::to_string(&empty).unwrap();
        assert!(fault(line.as_bytes()).contains("marked done, but has no numbers"));
        for line in ["", "\n", "{}", "{\"format\":1,\"id\n", "null", "{\"format\":1}"] {
            assert!(fault(line.as_bytes()).contains("not a record"), "{line}");
        }
        assert!(matches!(read(b"{\"format\":99}\n"), Err(Fault::Format(99))));
    }
}
