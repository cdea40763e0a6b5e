//! Claims as a table.

use super::{read, sample};
use crate::registry::exchange::abi::encode;
use crate::registry::exchange::{Carried, Cells, Envelope, ForeignSchema, carry, to_csv};
use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{I256, U256};

fn carried(text: &str, count: i64) -> Carried {
    let schema = ForeignSchema::parse(b"string note, int64 count, uint256 amount").unwrap();
    let mut attestation = sample("eas-onchain-sdk");
    let data = encode(&[
        DynSolValue::String(text.to_owned()),
        DynSolValue::Int(I256::try_from(count).unwrap(), 64),
        DynSolValue::Uint(U256::MAX, 256),
    ]);
    attestation["data"] = format!("0x{}", hex::encode(data)).into();
    carry(&read(&attestation).unwrap().on_chain(1).unwrap(), &schema).unwrap()
}

#[test]
fn exact_tables_are_read_back() {
    let notes = ["plain", "a,b", "say \"so\"", "two\r\nlines", "=1+1", " padded "];
    let rows: Vec<_> = notes.iter().zip(-3..).map(|(note, n)| carried(note, n)).collect();
    let table = to_csv(&rows, Envelope::LeftOut, Cells::Exact).unwrap();
    assert!(table.starts_with("note,count,amount\r\n") && table.ends_with("\r\n"));
    let schema = &rows[0].schema;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let columns = schema.columns(&header).unwrap();
    for (record, row) in reader.records().zip(&rows) {
        let cells: Vec<_> = record.unwrap().iter().map(str::to_owned).collect();
        let read = schema.record_from_row(&columns, &cells).unwrap();
        assert_eq!(schema.record_to_document(&read).unwrap(), row.claims);
    }
}

#[test]
fn reject_formulas_in_guarded_tables() {
    for note in ["=cmd()", "+1", "-1", "@x", "\tx", "\rx"] {
        let rows = [carried(note, -5)];
        let table = to_csv(&rows, Envelope::LeftOut, Cells::Guarded).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(&row[0], format!("'{note}"));
        assert_eq!(&row[1], "-5", "a number runs nothing");
    }
    let table = to_csv(&[carried("x=1", 0)], Envelope::LeftOut, Cells::Guarded).unwrap();
    assert!(table.contains("\r\nx=1,0,"));
}

#[test]
fn the_envelope_stands_in_front() {
    let table = to_csv(&[carried("x", 0)], Envelope::Written, Cells::Exact).unwrap();
    let (header, row) = table.trim_end().split_once("\r\n").unwrap();
    assert!(header.starts_with(":subject,:issued_at,:valid_until,:revoked_at,:reference,note,"));
    let subject = "eip155:1:0xFD50b031E778fAb33DfD2Fc3Ca66a1EeF0652165";
    let times = "2022-12-16T19:40:00Z,,2022-12-16T19:40:36Z,,x,0,";
    assert!(row.starts_with(&format!("{subject},{times}")), "{row}");
}

#[test]
fn reject_tables_that_would_lose_something() {
    assert!(to_csv(&[], Envelope::LeftOut, Cells::Exact).is_err());
    let fault = to_csv(&[carried("x", 0), carried("", 0)], Envelope::LeftOut, Cells::Exact);
    assert_eq!(fault.unwrap_err().path(), "$[1].note");
    let mut other = carried("x", 0);
    let schema = ForeignSchema::parse(b"bool b").unwrap();
    let version = other.schema.version();
    other.schema = schema.to_schema("other", version).unwrap().0;
    let fault = to_csv(&[carried("x", 0), other], Envelope::LeftOut, Cells::Exact);
    assert_eq!(fault.unwrap_err().path(), "$[1]");
}
