//! Records from a table: CSV with a header, a column per field of the schema.
//!
//! All rows are read before anything is done with any, and every faulty one is named by its line and
//! column. What stands in a cell is never repeated in a message: it may be a person's.

use super::failure::{Complaint, Failure, InFile};
use super::files;
use crate::schema::{Columns, Record, Schema};
use csv::StringRecord;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;

/// Most octets of a table.
const MAX_LEN: usize = 1 << 30;
/// Most rows of a table.
const MAX_ROWS: usize = 1_000_000;
/// Most characters of the name of a credential.
const MAX_NAME: usize = 64;

/// The records of a table, with a name for each if a column was said to hold one.
pub(super) struct Table {
    pub(super) records: Vec<Record>,
    pub(super) names: Option<Vec<String>>,
}

/// A column that is no field of the schema, or may be, and names the rows.
struct NameColumn {
    position: usize,
    /// Whether it is to be left out before the schema reads the row.
    apart: bool,
}

/// Reads a table file.
pub(super) fn read(path: &Path, schema: &Schema, names: Option<&str>) -> Result<Table, Failure> {
    let octets = files::read(path, MAX_LEN)?;
    parse(&octets, schema, names).map_err(|failure| failure.in_file(path))
}

/// Reads a table.
pub(super) fn parse(octets: &[u8], schema: &Schema, names: Option<&str>) -> Result<Table, Failure> {
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(octets);
    let header = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let name_column = names.map(|name| NameColumn::find(&header, schema, name)).transpose()?;
    let columns = schema.columns(&cells(&header, name_column.as_ref())).map_err(|fault| {
        // The header of a table without one is a person's record: a column is told by its number.
        let apart =
            name_column.as_ref().filter(|column| column.apart).map(|column| column.position);
        let index = fault.path().strip_prefix("$[").and_then(|path| path.strip_suffix(']'));
        let column = match index.and_then(|index| index.parse::<usize>().ok()) {
            Some(i) => (i + 1 + usize::from(apart.is_some_and(|apart| apart <= i))).to_string(),
            None => fault.path().trim_start_matches("$.").to_owned(),
        };
        Failure::input(Complaint::from(fault).at(format!("line 1, column {column}")))
    })?;
    let mut rows = Vec::new();
    for row in reader.into_records() {
        rows.push(row.map_err(|error| unreadable(&error))?);
        if rows.len() > MAX_ROWS {
            let problem = format!("more than {MAX_ROWS} rows");
            return Err(Failure::input(Complaint::new(problem).remedy("split the table")));
        }
    }
    let read = |row: &StringRecord| {
        let cells = cells(row, name_column.as_ref());
        record(row, schema, &columns, header.len(), &cells)
    };
    let (records, faults): (Vec<_>, Vec<_>) =
        rows.par_iter().map(read).partition_map(|read| match read {
            Ok(record) => rayon::iter::Either::Left(record),
            Err(complaint) => rayon::iter::Either::Right(complaint),
        });
    if !faults.is_empty() {
        return Err(Failure::inputs(faults));
    }
    if records.is_empty() {
        let complaint = Complaint::new("no rows below the header");
        return Err(Failure::input(complaint.remedy("add a row for each credential")));
    }
    let names = name_column.map(|column| read_names(&rows, &column)).transpose()?;
    Ok(Table { records, names })
}

/// The line that a row begins at.
pub(super) fn line(row: &StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// A table that is no CSV, or that cannot be read.
pub(super) fn unreadable(error: &csv::Error) -> Failure {
    let complaint = Complaint::new(match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        csv::ErrorKind::Io(error) => format!("cannot read: {error}"),
        _ => "not CSV".to_owned(),
    });
    let place = error.position().map_or(1, csv::Position::line);
    Failure::input(complaint.at(format!("line {place}")).remedy("save the table as CSV in UTF-8"))
}

/// The cells that the schema reads.
fn cells<'r>(row: &'r StringRecord, names: Option<&NameColumn>) -> Vec<&'r str> {
    let apart = names.filter(|column| column.apart).map(|column| column.position);
    row.iter().enumerate().filter(|(i, _)| Some(*i) != apart).map(|(_, cell)| cell).collect()
}

/// The record of a row under so many columns, by the cells that the schema reads.
pub(super) fn record(
    row: &StringRecord,
    schema: &Schema,
    columns: &Columns,
    width: usize,
    cells: &[&str],
) -> Result<Record, Complaint> {
    if row.len() != width {
        let problem = format!("{} cells under {width} columns", row.len());
        let remedy = "give one cell per column, in quotes if it holds a comma";
        return Err(Complaint::new(problem).at(format!("line {}", line(row))).remedy(remedy));
    }
    schema.record_from_row(columns, cells).map_err(|fault| {
        let column = fault.path().trim_start_matches("$.").to_owned();
        Complaint::from(fault).at(format!("line {}, column {column}", line(row)))
    })
}

impl NameColumn {
    fn find(header: &StringRecord, schema: &Schema, name: &str) -> Result<Self, Failure> {
        let position = header.iter().position(|cell| cell == name).ok_or_else(|| {
            let complaint = Complaint::new(format!("no column {name}")).at("line 1");
            Failure::input(complaint.remedy("name a column of the table with --id-column"))
        })?;
        Ok(NameColumn { position, apart: schema.field(name).is_none() })
    }
}

/// Names of files to be: of a safe alphabet, and different also where case makes no difference.
fn read_names(rows: &[StringRecord], column: &NameColumn) -> Result<Vec<String>, Failure> {
    let mut seen = HashMap::new();
    let mut faults = Vec::new();
    for row in rows {
        let name = row.get(column.position).unwrap_or_default();
        let safe = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if name.is_empty() || name.len() > MAX_NAME || !safe {
            let remedy = format!("write 1 to {MAX_NAME} of A-Z, a-z, 0-9, _ and -");
            let complaint = Complaint::new("not a name for a file").remedy(remedy);
            faults.push(complaint.at(format!("line {}, column of the id", line(row))));
        } else if let Some(first) = seen.insert(name.to_ascii_lowercase(), line(row)) {
            let complaint = Complaint::new(format!("the same id as in line {first}"));
            let complaint = complaint.remedy("give every row an id of its own");
            faults.push(complaint.at(format!("line {}, column of the id", line(row))));
        }
    }
    match faults.is_empty() {
        true => Ok(rows
            .iter()
            .map(|row| row.get(column.position).unwrap_or_default().to_owned())
            .collect()),
        false => Err(Failure::inputs(faults)),
    }
}

/// Reads one record from a JSON file.
pub(super) fn read_one(path: &Path, schema: &Schema) -> Result<Table, Failure> {
    let octets = files::read(path, crate::document::Bounds::RECORD.octets)?;
    let record = schema.record_from_json(&octets).in_file(path)?;
    Ok(Table { records: vec![record], names: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let text = r#"
            format = "sigil-schema/1"
            name = "test/table"
            version = "1.0.0"
            [[fields]]
            name = "born"
            type = "date"
            [[fields]]
            name = "count"
            type = "uint(8)"
            optional = true
        "#;
        Schema::parse(text.as_bytes()).unwrap()
    }

    fn refusal(text: &str, names: Option<&str>) -> String {
        parse(text.as_bytes(), &schema(), names).err().unwrap().to_string()
    }

    #[test]
    fn rows_become_records_whatever_the_order_of_columns() {
        let table = parse(b"id,count,born\nx-1,,2000-01-01\nX_2,7,2000-01-02\n", &schema(), None);
        assert!(table.is_err(), "a column that nobody claimed");
        let text = b"\xef\xbb\xbfid,count,born\nx-1,,2000-01-01\nX_2,7,2000-01-02\n";
        let table = parse(text, &schema(), Some("id")).unwrap();
        assert_eq!(table.names.unwrap(), ["x-1", "X_2"]);
        let [first, second] = &table.records[..] else { panic!("two rows") };
        assert!(first.values()[1].is_none() && second.values()[1].is_some());
        let named_by_field = parse(b"count,born\n1,2000-01-01\n", &schema(), Some("count"));
        assert_eq!(named_by_field.unwrap().names.unwrap(), ["1"]);
    }

    #[test]
    fn faults_name_line_and_column_and_no_value() {
        let text = "born,count\n2000-01-01,1\n2000-02-30,1\n2000-01-01,256\n2000-01-01\n";
        let message = refusal(text, None);
        for part in ["line 3, column born", "line 4, column count", "line 5: 1 cells under 2"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(!message.contains("02-30") && !message.contains("256"), "{message}");
        let many = format!("born,count\n{}", "x,1\n".repeat(100));
        let message = refusal(&many, None);
        assert!(message.ends_with("and 80 more of the kind\n"), "{message}");
    }

    #[test]
    fn reject_tables_that_are_none() {
        assert!(refusal("born,count\n", None).contains("no rows"));
        assert!(refusal("born\n2000-01-01\n", None).contains("line 1, column count: missing"));
        assert!(refusal("born,born,count\n", None).contains("line 1, column 2: "));
        assert!(refusal("id,born,x,count\n", Some("id")).contains("line 1, column 3: "));
        assert!(refusal("x,born,id,count\n", Some("id")).contains("line 1, column 1: "));
        assert!(refusal("born,count\n2000-01-01,1\n", Some("id")).contains("no column id"));
        let invalid = parse(b"born,count\n2000-01-01,\xff\n", &schema(), None).err().unwrap();
        assert!(invalid.to_string().contains("line 2: not UTF-8"), "{invalid}");
    }

    #[test]
    fn reject_ids_that_are_no_safe_file_names_or_meet() {
        for id in ["", "../x", "a b", "a.b", "é", &"x".repeat(65)] {
            let message = refusal(&format!("id,born,count\n{id},2000-01-01,1\n"), Some("id"));
            assert!(message.contains("line 2, column of the id"), "{id}: {message}");
        }
        let twice = "id,born,count\na,2000-01-01,1\nA,2000-01-01,1\n";
        assert!(refusal(twice, Some("id")).contains("the same id as in line 2"));
    }
}
