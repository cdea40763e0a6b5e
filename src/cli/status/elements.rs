//! Elements as arguments: handles, credentials, values, and files of many.

use super::super::failure::{Complaint, Failure, InFile};
use super::super::files;
use crate::credential::UnverifiedCredential;
use crate::document::Bounds;
use crate::status::Elements;
use clap::Args;
use std::path::{Path, PathBuf};

/// Most octets of a file of elements.
const MAX_LEN: usize = 1 << 28;

/// One element of a list.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct One {
    /// A status handle.
    #[arg(long, value_name = "N")]
    handle: Option<u64>,
    /// A credential, for its status handle.
    #[arg(long, value_name = "FILE")]
    credential: Option<PathBuf>,
    /// A value of the list's type.
    #[arg(long, value_name = "VALUE")]
    value: Option<String>,
}

impl One {
    pub(super) fn element(&self, of: &Elements) -> Result<u64, Failure> {
        match (&self.handle, &self.credential, &self.value) {
            (Some(handle), ..) => of_handle(*handle, of),
            (_, Some(credential), _) => of_handle(handle_of(credential)?, of),
            (.., Some(value)) => of_argument(value, of),
            _ => Err(Failure::input(Complaint::new("no element is named"))),
        }
    }
}

/// Any number of elements of a list.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Many {
    /// A status handle; again for several.
    #[arg(long, value_name = "N")]
    handle: Vec<u64>,
    /// A credential, for its status handle. Its signature is not checked: take care whose it is.
    #[arg(long, value_name = "FILE")]
    credential: Vec<PathBuf>,
    /// A value of the list's type; again for several.
    #[arg(long, value_name = "VALUE")]
    value: Vec<String>,
    /// A text file with a handle or value in each line.
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
}

impl Many {
    pub(super) fn elements(&self, of: &Elements) -> Result<Vec<u64>, Failure> {
        let mut elements = Vec::new();
        for handle in &self.handle {
            elements.push(of_handle(*handle, of)?);
        }
        for credential in &self.credential {
            elements.push(of_handle(handle_of(credential)?, of)?);
        }
        for value in &self.value {
            elements.push(of_argument(value, of)?);
        }
        for path in &self.file {
            lines(path, of, &mut elements)?;
        }
        Ok(elements)
    }
}

/// Reads an element from each line; every line that has none is named.
fn lines(path: &Path, of: &Elements, elements: &mut Vec<u64>) -> Result<(), Failure> {
    let text = files::read_text(path, MAX_LEN)?;
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let element = match of {
            Elements::Handle => {
                let digits = line.bytes().all(|b| b.is_ascii_digit());
                let handle = line.parse().ok().filter(|_| digits);
                let remedy = "write a status handle in digits on each line";
                handle.ok_or_else(|| Complaint::new("not a status handle").remedy(remedy))
            }
            Elements::Field(_) => of_value(line, of),
        };
        match element {
            Ok(element) => elements.push(element),
            Err(fault) => faults.push(fault.at(format!("line {number}")).in_file(path)),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::inputs(faults)) }
}

fn handle_of(path: &Path) -> Result<u64, Failure> {
    let octets = files::read(path, Bounds::RECORD.octets)?;
    let credential = UnverifiedCredential::parse(&octets).in_file(path)?;
    Ok(credential.status_handle())
}

fn of_handle(handle: u64, of: &Elements) -> Result<u64, Failure> {
    match of {
        Elements::Handle => Ok(handle),
        Elements::Field(field_type) => {
            let complaint = Complaint::new("the list has values, not status handles");
            Err(Failure::input(complaint.remedy(format!("name a {field_type} with --value"))))
        }
    }
}

fn of_argument(value: &str, of: &Elements) -> Result<u64, Failure> {
    of_value(value, of)
        .map_err(|complaint| Failure::input(complaint.at(format!("--value {value}"))))
}

fn of_value(value: &str, of: &Elements) -> Result<u64, Complaint> {
    let Elements::Field(field_type) = of else {
        let complaint = Complaint::new("the list has status handles, not values");
        return Err(complaint.remedy("name --handle or --credential"));
    };
    let integer = field_type.parse_text(value).and_then(|value| field_type.integer(&value));
    match integer {
        Ok(Some(integer)) => Ok(integer),
        Ok(None) => Err(Complaint::new("a value without an integer")),
        Err(error) => {
            let remedy = format!("write a value of {field_type}, as in the cell of a table");
            Err(Complaint::new(error.to_string()).remedy(remedy))
        }
    }
}

/// An element as people write it.
pub(super) fn written(element: u64, of: &Elements) -> String {
    let Elements::Field(field_type) = of else { return element.to_string() };
    let value = field_type.from_integer(element).and_then(|value| field_type.render(&value));
    value.unwrap_or_else(|_| element.to_string())
}

/// The same, with a word that says what it is where that is not plain.
pub(super) fn named(element: u64, of: &Elements) -> String {
    let text = written(element, of);
    if *of == Elements::Handle { format!("handle {text}") } else { text }
}
