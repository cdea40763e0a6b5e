//! What the demo works on: schemas, policy and applicants, built in or from a directory.

use crate::cli::failure::{Complaint, Failure, InFile};
use crate::cli::files;
use crate::credential::Validity;
use crate::document::Bounds;
use crate::policy::Policy;
use crate::schema::{Columns, Record, Schema};
use crate::value::Timestamp;
use csv::StringRecord;
use std::path::{Path, PathBuf};

const POLICY: (&str, &str) = ("policy.toml", include_str!("../../../vectors/demo/policy.toml"));
const SCHEMAS: [(&str, &str); 2] = [
    ("kyc.toml", include_str!("../../../vectors/demo/kyc.toml")),
    ("income.toml", include_str!("../../../vectors/demo/income.toml")),
];
const APPLICANTS: (&str, &str) =
    ("applicants.csv", include_str!("../../../vectors/demo/applicants.csv"));
/// Most octets of the table of applicants.
const MAX_TABLE: usize = 1 << 26;

/// What a row says will become of its applicant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Proves everything.
    Qualifies,
    /// Was suspended, and resumed since: proves everything again.
    Resumed,
    /// Is on the list of revoked credentials.
    Revoked,
    /// A credential has run out.
    Expired,
    /// A credential is not valid yet.
    Early,
    /// Too young.
    Minor,
    /// Resident elsewhere.
    Country,
    /// Of too little means.
    Funds,
    /// The two credentials are of two persons.
    Person,
}

impl Expected {
    pub(super) const ALL: [Self; 9] = [
        Self::Qualifies,
        Self::Resumed,
        Self::Revoked,
        Self::Expired,
        Self::Early,
        Self::Minor,
        Self::Country,
        Self::Funds,
        Self::Person,
    ];

    /// Whether the applicant is to be accepted.
    pub(super) fn is_accepted(self) -> bool {
        matches!(self, Self::Qualifies | Self::Resumed)
    }

    /// The word in the table.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Qualifies => "qualifies",
            Self::Minor => "minor",
            Self::Country => "country",
            Self::Funds => "funds",
            Self::Resumed => "resumed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Early => "early",
            Self::Person => "person",
        }
    }
}

/// One applicant: a record for each role of the policy.
pub(super) struct Applicant {
    pub(super) expected: Expected,
    pub(super) validity: Validity,
    pub(super) records: Vec<Record>,
}

/// Everybody, with the rules.
pub(super) struct Population {
    pub(super) policy: Policy,
    pub(super) policy_file: PathBuf,
    /// The schema of each role.
    pub(super) schemas: Vec<Schema>,
    pub(super) applicants: Vec<Applicant>,
}

/// A file's name for messages, and its content.
fn content(
    directory: Option<&Path>,
    (name, built_in): (&str, &str),
    most: usize,
) -> Result<(PathBuf, Vec<u8>), Failure> {
    match directory {
        None => Ok((Path::new("vectors/demo").join(name), built_in.as_bytes().to_vec())),
        Some(directory) => {
            let path = directory.join(name);
            files::read(&path, most).map(|octets| (path, octets.to_vec()))
        }
    }
}

impl Population {
    /// Reads the directory's files, or those that are built in.
    pub(super) fn load(directory: Option<&Path>) -> Result<Self, Failure> {
        let most = Bounds::PUBLISHED.octets;
        let (policy_file, octets) = content(directory, POLICY, most)?;
        let policy = Policy::parse(&octets).in_file(&policy_file)?;
        let mut known = Vec::new();
        for named in SCHEMAS {
            let (path, octets) = content(directory, named, most)?;
            known.push(Schema::parse(&octets).in_file(&path)?);
        }
        let roles: Vec<(String, Schema)> = policy
            .schemas()
            .filter_map(|(role, id)| {
                let schema = known.iter().find(|schema| schema.id() == id)?;
                Some((role.to_owned(), schema.clone()))
            })
            .collect();
        if roles.len() != policy.schemas().count() {
            let complaint = Complaint::new("a role's schema is not among those of the demo");
            let ids: Vec<String> =
                known.iter().map(|s| format!("{} is {}", s.name(), s.id())).collect();
            let complaint = complaint.in_file(&policy_file).at("$.roles");
            return Err(Failure::input(complaint.remedy(ids.join("; "))));
        }
        let (path, octets) = content(directory, APPLICANTS, MAX_TABLE)?;
        let applicants = Table::read(&octets, &roles).map_err(|failure| failure.in_file(&path))?;
        let schemas = roles.into_iter().map(|(_, schema)| schema).collect();
        Ok(Population { policy, policy_file, schemas, applicants })
    }
}

/// The columns of the table: `expected`, `valid_from`, `valid_until`, and `role.field`.
struct Table<'r> {
    roles: Vec<RoleColumns<'r>>,
    expected: usize,
    valid_from: usize,
    valid_until: usize,
}

struct RoleColumns<'r> {
    schema: &'r Schema,
    columns: Columns,
    positions: Vec<usize>,
}

impl<'r> Table<'r> {
    fn read(octets: &[u8], roles: &'r [(String, Schema)]) -> Result<Vec<Applicant>, Failure> {
        let unreadable = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            let complaint = Complaint::new("not a table").at(format!("line {line}"));
            Failure::input(complaint.remedy("save it as CSV in UTF-8"))
        };
        let mut reader = csv::ReaderBuilder::new().from_reader(octets);
        let table = Self::columns(reader.headers().map_err(unreadable)?, roles)?;
        let rows = reader.into_records();
        rows.map(|row| table.applicant(&row.map_err(unreadable)?)).collect()
    }

    fn columns(header: &StringRecord, roles: &'r [(String, Schema)]) -> Result<Self, Failure> {
        let find = |name: &str| {
            header.iter().position(|cell| cell == name).ok_or_else(|| {
                let complaint = Complaint::new(format!("no column {name}")).at("line 1");
                Failure::input(complaint.remedy("add it"))
            })
        };
        let roles = roles.iter().map(|(role, schema)| {
            let own = header.iter().enumerate();
            let own = own.filter_map(|(i, cell)| Some((i, field_of(cell, role)?)));
            let (positions, names): (Vec<usize>, Vec<&str>) = own.unzip();
            let columns = schema.columns(&names).map_err(|fault| {
                let place = format!("line 1, columns {role}.*");
                Failure::input(Complaint::from(fault).at(place))
            })?;
            Ok(RoleColumns { schema, columns, positions })
        });
        Ok(Table {
            roles: roles.collect::<Result<_, Failure>>()?,
            expected: find("expected")?,
            valid_from: find("valid_from")?,
            valid_until: find("valid_until")?,
        })
    }

    fn applicant(&self, row: &StringRecord) -> Result<Applicant, Failure> {
        let line = row.position().map_or(0, csv::Position::line);
        let wrong = |complaint: Complaint, column: &str| {
            Failure::input(complaint.at(format!("line {line}, column {column}")))
        };
        let word = row.get(self.expected).unwrap_or_default();
        let expected = Expected::ALL.into_iter().find(|known| known.word() == word);
        let expected = expected.ok_or_else(|| {
            let words = Expected::ALL.map(Expected::word).join(", ");
            let remedy = format!("write one of {words}");
            wrong(Complaint::new("no such outcome").remedy(remedy), "expected")
        })?;
        let time = |position: usize| row.get(position).unwrap_or_default().parse::<Timestamp>();
        let validity = match (time(self.valid_from), time(self.valid_until)) {
            (Ok(from), Ok(until)) => Validity::between(from, until).ok(),
            _ => None,
        };
        let validity = validity.ok_or_else(|| {
            let remedy = "write two times as 2026-01-31T13:00:00Z, the earlier first";
            wrong(Complaint::new("not a window of validity").remedy(remedy), "valid_from")
        })?;
        let records = self.roles.iter().map(|role| {
            let cells = role.positions.iter().map(|i| row.get(*i).unwrap_or_default());
            let cells: Vec<&str> = cells.collect();
            let record = role.schema.record_from_row(&role.columns, &cells);
            record.map_err(|fault| {
                let column = fault.path().trim_start_matches("$.").to_owned();
                wrong(Complaint::from(fault), &column)
            })
        });
        Ok(Applicant { expected, validity, records: records.collect::<Result<_, Failure>>()? })
    }
}

/// The field that a column is of, if it is one of the role.
fn field_of<'c>(column: &'c str, role: &str) -> Option<&'c str> {
    column.strip_prefix(role)?.strip_prefix('.')
}
