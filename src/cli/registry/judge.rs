//! `sigil registry verdict`.

use super::entry::payload_state;
use super::place::Place;
use super::{attestation_id, known_schema, resolve, unknown};
use crate::authority::Authority;
use crate::cli::failure::{Complaint, Failure, InFile};
use crate::cli::report::Report;
use crate::cli::{Exit, artefacts, time};
use crate::document::Document;
use crate::registry::facts::{Facts, Recorded};
use crate::registry::object::Kind;
use crate::registry::payload::Payload;
use crate::registry::terms::{Agreement, ConflictRule, PayloadRule, Terms, Trusted};
use crate::registry::verdict::{Known, Moment, verdict};
use crate::schema::Schema;
use crate::store::{Object, Store};
use crate::value::Timestamp;
use clap::Args;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Say whether an attestation holds.
///
/// Nobody is trusted by default: say by what it is judged. Either by a role of a policy (--policy and
/// --role: a policy, a bundle, or the identifier of a bundle of the registry), which says schemas, issuers
/// or trust list, status lists and what becomes of it where issuers contradict each other; or by hand,
/// with --attester, or with --anybody for looking and not for relying.
///
/// With --as-of, as the registry would have said at that time; with --hindsight besides, by everything
/// that has become known since. The first reason is the verdict's; all are shown. Whether a payload that
/// is kept outside is there, and unaltered, is asked now; with --require-payload it has to be.
///
/// Reads the registry, and the place for payloads. Writes nothing. Exit code 1 if it does not hold.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil registry verdict registry 3f0c9a1e --policy terms/bundle.json --role person
  sigil registry verdict registry 3f0c9a1e --attester did:key:z6Mk… --as-of 2026-03-01
  sigil registry verdict registry 3f0c9a1e --anybody --as-of 2026-03-01 --hindsight")]
pub(in crate::cli) struct Arguments {
    /// The registry's folder.
    dir: PathBuf,
    /// The attestation: its identifier, or the first digits of it.
    id: String,
    /// Judge by a role of this policy or bundle: a file, or the identifier of a bundle.
    #[arg(long, value_name = "POLICY", requires = "role",
          conflicts_with_all = ["attesters", "anybody", "accept", "agree_on"])]
    policy: Option<String>,
    /// The role that the attestation plays.
    #[arg(long, value_name = "NAME", requires = "policy")]
    role: Option<String>,
    /// An issuer that is trusted; the first counts most where --prefer-first is said.
    #[arg(long = "attester", value_name = "DID", conflicts_with = "anybody")]
    attesters: Vec<Authority>,
    /// Trust anybody: for looking.
    #[arg(long)]
    anybody: bool,
    /// A schema that is accepted: a file, or an identifier; all of the registry's by default.
    #[arg(long = "accept", value_name = "SCHEMA")]
    accept: Vec<String>,
    /// A field on which issuers have to agree; all of them by default.
    #[arg(long = "agree-on", value_name = "FIELD")]
    agree_on: Vec<String>,
    /// Believe what so many issuers say.
    #[arg(long, value_name = "N", conflicts_with = "prefer_first",
          value_parser = clap::value_parser!(u16).range(2..=64))]
    quorum: Option<u16>,
    /// Where issuers contradict each other, believe the --attester that is named first.
    #[arg(long, requires = "attesters")]
    prefer_first: bool,
    /// Refuse if the registry has only the hash of the payload.
    #[arg(long)]
    require_payload: bool,
    /// Do not ask for the payload: its hash stands for it.
    #[arg(long, conflicts_with = "require_payload")]
    hash_suffices: bool,
    /// The time that is asked about; now by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    as_of: Option<Timestamp>,
    /// With what is known now, not with what was known then.
    #[arg(long)]
    hindsight: bool,
    /// The place for payloads: a folder or s3://bucket/prefix; the registry's own by default.
    #[arg(long, value_name = "PLACE")]
    payloads: Option<String>,
}

impl Arguments {
    pub(super) fn run(self) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let store = place.read()?;
        let id = attestation_id(&place, &store, &self.id)?;
        let mut terms = self.terms(&place, &store)?;
        let facts = place.ask(store.facts(id, &terms))?;
        let mut facts = facts.ok_or_else(|| unknown(&self.id))?;
        let payload = &facts.attestation.entry.statement().payload;
        // Who says where the octets are promises that they are there.
        let outside = matches!(payload, Payload::External { .. });
        if self.require_payload || (outside && !self.hash_suffices) {
            terms.payload = PayloadRule::Required;
            facts.payload = payload_state(&place, self.payloads.as_deref(), payload)?;
        }
        // A registry whose clock is ahead of this one's has recorded what holds now.
        let at = match self.as_of {
            Some(at) => at,
            None => time::now()?.max(latest(&facts)),
        };
        let known = if self.hindsight { Known::Now } else { Known::Then };
        let verdict = verdict(&facts, &terms, &Moment { at, known });
        let exit = if verdict.is_valid() { Exit::Done } else { Exit::Refused };
        let mut report =
            Report::new().line(format!("{}: {id} at {at}", verdict.word())).exiting(exit);
        for reason in verdict.reasons() {
            report = report.row(reason.word(), members(&reason.to_document(), "reason"));
        }
        let document = verdict.to_document();
        if let Document::Object(entries) = &document {
            for (name, value) in entries {
                if NOTES.contains(&name.as_str()) {
                    report = note(report, name, value);
                }
                report = report.json(name, json(value));
            }
        }
        let checkpoint = place.ask(store.checkpoint())?;
        Ok(report.json("checkpoint", checkpoint.to_string()))
    }

    fn terms(&self, place: &Place, store: &Store) -> Result<Terms, Failure> {
        match (&self.policy, &self.role) {
            (Some(policy), Some(role)) => by_policy(place, store, policy, role),
            _ => self.by_hand(place, store),
        }
    }

    fn by_hand(&self, place: &Place, store: &Store) -> Result<Terms, Failure> {
        let trusted = match (self.anybody, self.attesters.as_slice()) {
            (true, _) => Trusted::Anybody,
            (false, []) => {
                let problem = "nothing says by what it is judged";
                let remedy = "name --policy and --role, or --attester, or --anybody for looking";
                return Err(Failure::input(Complaint::new(problem).remedy(remedy)));
            }
            (false, attesters) => Trusted::Attesters(attesters.iter().copied().collect()),
        };
        let schemas = self.accept.iter();
        let schemas = schemas.map(|text| Ok(known_schema(place, store, text)?.id()));
        let rule = match (self.quorum, self.prefer_first) {
            (Some(least), _) => ConflictRule::Quorum(least.into()),
            (None, true) => ConflictRule::Order(self.attesters.clone()),
            (None, false) => ConflictRule::All,
        };
        Ok(Terms {
            schemas: schemas.collect::<Result<BTreeSet<_>, Failure>>()?,
            trusted,
            lists: Vec::new(),
            base: None,
            agreements: vec![Agreement { fields: self.agree_on.iter().cloned().collect(), rule }],
            payload: PayloadRule::HashSuffices,
            skew: crate::policy::DEFAULT_CLOCK_SKEW.into(),
        })
    }
}

/// When the newest entry was recorded that is about the attestation.
fn latest(facts: &Facts) -> Timestamp {
    let events = facts.events.iter().map(|event| event.recorded_at);
    let links = facts.links.iter().map(|link| link.recorded_at);
    let epochs = facts.epochs.iter().map(|epoch| epoch.recorded_at);
    let own = facts.attestation.recorded_at;
    events.chain(links).chain(epochs).fold(own, Timestamp::max)
}

fn json(document: &Document) -> Value {
    serde_json::from_str(&document.canonical()).unwrap_or(Value::Null)
}

/// The members of an object in one line, but for one that stands elsewhere.
fn members(document: &Document, apart: &str) -> String {
    let entries = match document {
        Document::Object(entries) => entries,
        Document::Text(text) => return text.clone(),
        other => return other.canonical(),
    };
    let entries = entries.iter().filter(|(name, _)| *name != apart);
    let entries = entries.map(|(name, value)| match value {
        Document::Text(text) => format!("{name} {text}"),
        other => format!("{name} {}", other.canonical()),
    });
    entries.collect::<Vec<_>>().join(", ")
}

/// Members of a verdict's document that are worth knowing beside the verdict.
const NOTES: [&str; 8] =
    ["conflicts", "disputes", "epochs", "issuer", "payload", "superseded_by", "supports", "trust"];

fn note(report: Report, name: &str, value: &Document) -> Report {
    let label = name.replace('_', " ");
    match value {
        Document::Array(items) => {
            items.iter().fold(report, |report, item| report.row(&label, members(item, "")))
        }
        Document::Text(text) => report.row(label, text),
        other => report.row(label, members(other, "")),
    }
}

/// The terms of a role of a policy, compiled with the registry's schemas.
fn by_policy(place: &Place, store: &Store, policy: &str, role: &str) -> Result<Terms, Failure> {
    let path = PathBuf::from(policy);
    let policy = match path.exists() {
        true => match artefacts::policy_or_bundle(&path)? {
            artefacts::PolicyOrBundle::Policy(policy) => *policy,
            artefacts::PolicyOrBundle::Bundle(bundle) => bundle.policy().clone(),
        },
        false => match resolve(place, store, policy)? {
            (Kind::Bundle, id) => match place.ask(store.get(Kind::Bundle, &id))? {
                Some(Recorded { entry: Object::Bundle(bundle), .. }) => bundle.policy().clone(),
                _ => return Err(unknown(policy)),
            },
            _ => return Err(unknown(policy)),
        },
    };
    let ids: BTreeSet<_> = policy.schemas().map(|(_, id)| id).collect();
    let accepted = policy.accepts().flatten().copied();
    let mut schemas: Vec<Schema> = Vec::new();
    for id in ids.into_iter().chain(accepted).collect::<BTreeSet<_>>() {
        match place.ask(store.get(Kind::Schema, &id.to_bytes()))?.map(|found| found.entry) {
            Some(Object::Schema(schema)) => schemas.push(schema),
            _ => {
                let complaint = Complaint::new(format!("the registry has no schema {id}"));
                let remedy = "add the schemas of the policy with `sigil registry add`";
                return Err(Failure::input(complaint.remedy(remedy)));
            }
        }
    }
    let compiled = policy.compile(&schemas).in_file(&path)?;
    Terms::of_role(&compiled, role).ok_or_else(|| {
        let names: Vec<&str> = compiled.roles().iter().map(|role| role.name()).collect();
        let complaint = Complaint::new(format!("the policy has no role {role}")).in_file(&path);
        Failure::input(complaint.remedy(format!("name one of {}", names.join(", "))))
    })
}
