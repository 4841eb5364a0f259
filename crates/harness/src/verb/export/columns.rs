//! Curves in columns: an Apache Parquet file.

use super::row::Row;
use anyhow::Result;
use std::io::Write;

/// Refuses: the format is not part of this program.
///
/// # Errors
/// Always.
#[cfg(not(feature = "parquet"))]
pub(super) fn write<'a>(
    _rows: impl Iterator<Item = Row<'a>>,
    _to: &mut (dyn Write + Send),
) -> Result<()> {
    anyhow::bail!(
        "this program was built without Parquet; write CSV, or build it with `--features parquet`, as in \
         `cargo run -p harness --features parquet -- export …`"
    )
}

#[cfg(feature = "parquet")]
pub(super) use with_parquet::write;

#[cfg(feature = "parquet")]
mod with_parquet {
    use super::{Result, Row, Write};
    use anyhow::Context;
    use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
    use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
    use parquet::schema::parser::parse_message_type;
    use std::sync::Arc;

    const SCHEMA: &str = "message curves {
        REQUIRED BINARY task (UTF8);
        REQUIRED BINARY estimator (UTF8);
        REQUIRED BINARY optimizer (UTF8);
        REQUIRED INT64 seed;
        REQUIRED BINARY status (UTF8);
        REQUIRED BINARY metric (UTF8);
        REQUIRED INT64 step;
        REQUIRED DOUBLE value;
    }";

    /// Rows that are in memory at a time.
    const ROWS: usize = 1 << 18;

    type Group<'a, 'b> = SerializedRowGroupWriter<'a, &'b mut (dyn Write + Send)>;

    /// Writes rows as a file with a column for each of their parts.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(in super::super) fn write<'a>(
        mut rows: impl Iterator<Item = Row<'a>>,
        to: &mut (dyn Write + Send),
    ) -> Result<()> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let mut writer = SerializedFileWriter::new(to, schema, Arc::default())?;
        loop {
            let some: Vec<Row<'a>> = rows.by_ref().take(ROWS).collect();
            if some.is_empty() {
                break;
            }
            let mut group = writer.next_row_group()?;
            texts(&mut group, &some, |row| row.task)?;
            texts(&mut group, &some, |row| row.estimator)?;
            texts(&mut group, &some, |row| row.optimizer)?;
            column::<Int64Type>(&mut group, some.iter().map(|row| row.seed as i64))?;
            texts(&mut group, &some, |row| row.status)?;
            texts(&mut group, &some, |row| row.metric)?;
            column::<Int64Type>(&mut group, some.iter().map(|row| row.step as i64))?;
            column::<DoubleType>(&mut group, some.iter().map(|row| row.value))?;
            group.close()?;
        }
        writer.close()?;
        Ok(())
    }

    /// Writes the next column, of texts. Equal neighbors share their bytes.
    fn texts<'a>(
        group: &mut Group<'_, '_>,
        rows: &[Row<'a>],
        part: impl Fn(&Row<'a>) -> &'a str,
    ) -> Result<()> {
        let mut last = ByteArray::from("");
        let shared = |row| {
            let text: &str = part(row);
            if last.data() != text.as_bytes() {
                last = ByteArray::from(text);
            }
            last.clone()
        };
        column::<ByteArrayType>(group, rows.iter().map(shared))
    }

    /// Writes the next column.
    fn column<T: DataType>(
        group: &mut Group<'_, '_>,
        values: impl Iterator<Item = T::T>,
    ) -> Result<()> {
        let mut column = group.next_column()?.context("the file has too few columns")?;
        column.typed::<T>().write_batch(&values.collect::<Vec<_>>(), None, None)?;
        Ok(column.close()?)
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use parquet::file::reader::{FileReader, SerializedFileReader};
        use parquet::record::RowAccessor;

        #[test]
        fn what_is_written_is_read_again() {
            let row = |seed, metric, value| Row {
                task: "toy",
                estimator: "exact",
                optimizer: "adam",
                seed,
                status: "done",
                metric,
                step: 10 * seed,
                value,
            };
            let mut file = tempfile::tempfile().unwrap();
            let rows = (0..3).map(|seed| row(seed, "loss", 0.1 * seed as f64));
            write(rows.chain([row(7, "entropy", 1e-300)]), &mut file).unwrap();
            let reader = SerializedFileReader::new(file).unwrap();
            let read: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
            assert_eq!(read.len(), 4);
            let metrics: Vec<&str> =
                read.iter().map(|row| row.get_string(5).unwrap().as_str()).collect();
            assert_eq!(metrics, ["loss", "loss", "loss", "entropy"]);
            assert_eq!(read[2].get_double(7).unwrap(), 0.2);
            assert_eq!((read[3].get_long(3).unwrap(), read[3].get_long(6).unwrap()), (7, 70));
            assert_eq!(read[3].get_double(7).unwrap(), 1e-300);
        }
    }
}
