//! What goes wrong in a command: which file, where in it, what, and how to put it right.

use super::{Exit, snippet};
use crate::bbs;
use crate::credential::CredentialError;
use crate::document::{Fault, Problem};
use crate::encoding::WireError;
use crate::value::ValueError;
use serde_json::{Map, Value, json};
use sigil_circuits::KeyError;
use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong.
#[derive(Debug)]
pub(super) struct Complaint {
    file: Option<PathBuf>,
    place: Option<String>,
    problem: String,
    remedy: Option<String>,
    /// The expression that the fault is in, the place marked.
    drawing: Option<String>,
}

impl Complaint {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Complaint { file: None, place: None, problem, remedy: None, drawing: None }
    }

    /// The file that it is in, unless one was named closer to the fault.
    pub(super) fn in_file(mut self, path: &Path) -> Self {
        self.file.get_or_insert_with(|| path.to_owned());
        self
    }

    /// The place in the file.
    pub(super) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// How to put it right.
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let mut object = Map::new();
        let file = self.file.as_ref().map(|file| file.display().to_string());
        let pairs = [("file", file), ("path", self.place.clone()), ("remedy", self.remedy.clone())];
        for (key, value) in pairs {
            if let Some(value) = value {
                object.insert(key.to_owned(), value.into());
            }
        }
        object.insert("problem".to_owned(), self.problem.clone().into());
        Value::Object(object)
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        if let Some(place) = &self.place {
            write!(f, "at {place}: ")?;
        }
        f.write_str(&self.problem)?;
        if let Some(drawing) = &self.drawing {
            write!(f, "\n{drawing}")?;
        }
        match &self.remedy {
            Some(remedy) => write!(f, "\n  remedy: {remedy}"),
            None => Ok(()),
        }
    }
}

impl From<Fault> for Complaint {
    fn from(fault: Fault) -> Self {
        let drawing = match fault.problem() {
            Problem::Expression { line, column, text, .. } => snippet::draw(text, *line, *column),
            _ => None,
        };
        let problem = fault.problem().to_string();
        Complaint { drawing, ..Complaint::new(problem).at(fault.path()).remedy(fault.remedy()) }
    }
}

/// Why a command ended without doing its work.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    complaints: Vec<Complaint>,
    /// Complaints beyond those listed.
    more: usize,
}

impl Failure {
    /// Complaints that are listed one by one.
    const LISTED: usize = 20;

    /// Bad input or usage.
    pub(super) fn input(complaint: Complaint) -> Self {
        Failure { exit: Exit::BadInput, complaints: vec![complaint], more: 0 }
    }

    /// Well-formed input that is refused.
    pub(super) fn refused(complaint: Complaint) -> Self {
        Failure { exit: Exit::Refused, complaints: vec![complaint], more: 0 }
    }

    /// Several reasons to refuse.
    pub(super) fn refusals(complaints: Vec<Complaint>) -> Self {
        Failure { exit: Exit::Refused, ..Self::inputs(complaints) }
    }

    /// Several faults of one input.
    pub(super) fn inputs(mut complaints: Vec<Complaint>) -> Self {
        let more = complaints.len().saturating_sub(Self::LISTED);
        complaints.truncate(Self::LISTED);
        Failure { exit: Exit::BadInput, complaints, more }
    }

    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    pub(super) fn in_file(mut self, path: &Path) -> Self {
        self.complaints = self.complaints.into_iter().map(|c| c.in_file(path)).collect();
        self
    }

    /// The same, and what else there is to say.
    pub(super) fn also(mut self, complaint: Complaint) -> Self {
        self.complaints.push(complaint);
        self
    }

    /// The same, at a line of a stream.
    pub(super) fn at_line(mut self, line: u64) -> Self {
        for complaint in &mut self.complaints {
            let inner = complaint.place.take().map(|place| format!(", {place}"));
            complaint.place = Some(format!("line {line}{}", inner.unwrap_or_default()));
        }
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let complaints: Vec<Value> = self.complaints.iter().map(Complaint::to_json).collect();
        json!({ "error": self.exit.word(), "complaints": complaints, "more": self.more })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for complaint in &self.complaints {
            writeln!(f, "{}: {complaint}", self.exit.word())?;
        }
        match self.more {
            0 => Ok(()),
            more => writeln!(f, "and {more} more of the kind"),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::input(fault.into())
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        let remedy = "get it again from its source: no octet of it may change on the way";
        Failure::input(Complaint::new(error.to_string()).remedy(remedy))
    }
}

impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Failure::input(Complaint::new(error.to_string()))
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let remedy = "use the key of the `setup` that made the bundle";
        Failure::input(Complaint::new(error.to_string()).remedy(remedy))
    }
}

impl From<bbs::Error> for Failure {
    fn from(error: bbs::Error) -> Self {
        Failure::refused(Complaint::new(error.to_string()))
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Fault(fault) => fault.into(),
            CredentialError::Signature(error) => {
                let problem = format!("the signature does not hold: {error}");
                let remedy = "ask the issuer for the credential again";
                Failure::refused(Complaint::new(problem).remedy(remedy))
            }
            other => Failure::input(Complaint::new(other.to_string())),
        }
    }
}

/// Names the file that a fault is in.
pub(super) trait InFile<T> {
    fn in_file(self, path: &Path) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> InFile<T> for Result<T, E> {
    fn in_file(self, path: &Path) -> Result<T, Failure> {
        self.map_err(|error| error.into().in_file(path))
    }
}
