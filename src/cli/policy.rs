//! `sigil policy`, and what a policy's rules are called for people.

use super::artefacts;
use super::failure::{Failure, InFile};
use super::files;
use super::report::Report;
use crate::did_key;
use crate::document::{Bounds, Document, Fault};
use crate::policy::{Bundle, CompiledPolicy, Policy, json_schema};
use crate::presentation::{StatementError, VerifiedPresentation};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use sigil_circuits::CostOf;
use std::path::PathBuf;

/// Check and name disclosure policies.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a policy against its schemas, and show the circuit that it needs.
    ///
    /// Prints what is revealed, what is proven, warnings (what is accepted but should be meant), and the
    /// circuit: its shape identifier, which stays the same when only thresholds move, and its number of
    /// constraints.
    ///
    /// Reads a policy document in TOML or JSON and the schemas of its roles. Writes nothing.
    #[command(after_help = "Example:\n  sigil policy check adult.toml --schema person.toml")]
    Check {
        /// The policy document.
        file: PathBuf,
        /// A schema of one of the policy's roles; repeat it for others.
        #[arg(long, value_name = "FILE", required = true)]
        schema: Vec<PathBuf>,
    },
    /// Print the hash of a policy, or of a bundle.
    ///
    /// The SHA-256 of the canonical form: of a policy, whatever it was written in; of a bundle, the hash
    /// that requests name.
    ///
    /// Reads a policy document or a bundle. Writes nothing.
    #[command(after_help = "\
Examples:\n  sigil policy id adult.toml\n  sigil policy id terms/bundle.json")]
    Id {
        /// The policy document or bundle.
        file: PathBuf,
    },
    /// Print the JSON Schema of policy documents, for editors.
    ///
    /// Reads nothing. Writes to standard output, also without --json.
    #[command(after_help = "Example:\n  sigil policy json-schema > sigil-policy.json")]
    JsonSchema,
}

impl Command {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        match self {
            Command::JsonSchema => Ok(Report::document(json_schema())),
            Command::Check { file, schema } => {
                let policy = artefacts::policy(file)?;
                let schemas = artefacts::schemas(schema)?;
                let compiled = policy.compile(&schemas).in_file(file)?;
                Ok(describe_compiled(describe(Report::new(), &policy), &policy, &compiled))
            }
            Command::Id { file } => {
                let octets = files::read(file, Bounds::PUBLISHED.octets)?;
                let document = Document::read(&octets, &Bounds::PUBLISHED).in_file(file)?;
                let is_bundle = matches!(&document, Document::Object(entries)
                    if entries.contains_key("policy"));
                if is_bundle {
                    let hash = Bundle::parse(&octets).in_file(file)?.hash().to_string();
                    return Ok(Report::new().line(&hash).json("bundle", hash));
                }
                let hash = hash(&Policy::from_document(&document).in_file(file)?);
                Ok(Report::new().line(&hash).json("policy", hash))
            }
        }
    }
}

/// The hash of a policy document.
fn hash(policy: &Policy) -> String {
    hex::encode(policy.to_document().digest())
}

/// What a policy says of itself.
pub(super) fn describe(report: Report, policy: &Policy) -> Report {
    let mut report = report.line(format!("Policy {} {}", policy.id(), policy.version()));
    if let Some(title) = policy.title() {
        report = report.row("title", title).json("title", title);
    }
    report
        .fact("policy", hash(policy))
        .json("id", policy.id())
        .json("version", policy.version().to_string())
}

/// What a policy asks for, once held against its schemas.
pub(super) fn describe_compiled(
    report: Report,
    policy: &Policy,
    compiled: &CompiledPolicy,
) -> Report {
    let mut report = report.line("Revealed:");
    let mut roles = Vec::new();
    for role in compiled.roles() {
        let names = |messages: &[usize]| -> Vec<String> {
            let field = |message: &usize| match role.schema().field_at(*message) {
                Some(field) => field.name().to_owned(),
                None => "validity".to_owned(),
            };
            let mut names: Vec<String> = messages.iter().map(field).collect();
            names.dedup();
            names
        };
        let (must, may) = (names(role.must()), names(role.may()));
        let list = |names: &[String]| match names {
            [] => "nothing".to_owned(),
            names => names.join(", "),
        };
        let text = format!("must {}; may {}; of {}", list(&must), list(&may), role.schema().name());
        report = report.row(role.name(), text);
        roles.push(json!({
            "name": role.name(), "schema": role.schema().id().to_string(),
            "issuers": role.issuers().len(), "must": must, "may": may,
        }));
    }
    let proven = proven(policy, compiled);
    report = report.line("Proven of hidden values:");
    report = proven.iter().fold(report, |report, rule| report.line(format!("  {rule}")));
    if proven.is_empty() {
        report = report.line("  nothing");
    }
    let warnings: Vec<Value> = compiled.warnings().iter().map(warning).collect();
    for fault in compiled.warnings() {
        report = report.line(format!("warning: {fault}"));
    }
    describe_circuit(report, compiled)
        .json("roles", roles)
        .json("proven", proven)
        .json("warnings", warnings)
}

fn warning(fault: &Fault) -> Value {
    json!({
        "path": fault.path(), "problem": fault.problem().to_string(), "remedy": fault.remedy(),
    })
}

/// The circuit of a compiled policy, and what each part of it costs.
pub(super) fn describe_circuit(report: Report, compiled: &CompiledPolicy) -> Report {
    let Some(shape) = compiled.shape() else {
        return report.line("Circuit: none is needed").json("circuit", Value::Null);
    };
    let (id, constraints, domain) = (shape.id(), shape.constraints(), shape.domain_size());
    let (slots, parameters) = (shape.slots().len(), shape.params().len());
    let mut report = report
        .line("Circuit:")
        .row("shape", id)
        .row("constraints", format!("{constraints}, in a domain of {domain}"))
        .row("hidden values", slots)
        .row("parameters", parameters)
        .line("What the constraints are spent on:");
    let mut costs = Vec::new();
    for cost in shape.costs() {
        let of = match cost.of {
            CostOf::Conjunct(index) => {
                compiled.conditions().get(index).cloned().unwrap_or_default()
            }
            CostOf::OwnRange(slot) => {
                let source = compiled.slots().get(slot);
                let name = source.and_then(|source| compiled.claim(*source));
                format!("the range of {}", name.unwrap_or_default())
            }
            _ => "other".to_owned(),
        };
        report = report.row(&of, cost.rows);
        costs.push(json!({ "of": of, "constraints": cost.rows }));
    }
    report.json(
        "circuit",
        json!({
            "shape": id.to_string(), "constraints": constraints, "domain": domain,
            "hidden_values": slots, "parameters": parameters, "costs": costs,
        }),
    )
}

/// What is proven of hidden values, in the policy's own words, each once.
fn proven(policy: &Policy, compiled: &CompiledPolicy) -> Vec<String> {
    let equalities = (0..compiled.equalities().len()).map(|i| format!("$.equal[{i}]"));
    let mut places: Vec<String> = Vec::new();
    for place in compiled.conditions().iter().cloned().chain(equalities) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.iter().map(|place| rule(policy, place)).collect()
}

/// What a verifier knows of a presentation, and nothing more.
pub(super) fn describe_verified(
    report: Report,
    policy: &Policy,
    verified: &VerifiedPresentation,
) -> Report {
    let mut report = report.line("Revealed:");
    let mut revealed = Map::new();
    for shown in verified.disclosed() {
        report = report.row(&shown.claim, &shown.text);
        let value = shown.value.as_ref().map(|_| shown.text.clone());
        revealed.insert(shown.claim.clone(), value.into());
    }
    if revealed.is_empty() {
        report = report.line("  nothing");
    }
    let rules: Vec<String> = verified.proven().iter().map(|place| rule(policy, place)).collect();
    report = report.line("Proven of hidden values:");
    report = rules.iter().fold(report, |report, rule| report.line(format!("  {rule}")));
    let mut issuers = Map::new();
    report = report.line("Issuers:");
    for (role, key) in verified.issuers() {
        let did = did_key::encode(key);
        report = report.row(role, &did);
        issuers.insert(role.clone(), did.into());
    }
    report.json("revealed", revealed).json("proven", rules).json("issuers", issuers)
}

/// Why what is said in the clear is not enough, with the rule in the policy's own words.
pub(super) fn problem(policy: &Policy, error: &StatementError) -> String {
    match error {
        StatementError::Rule { rule: place } => format!("{error} ({})", rule(policy, place)),
        error => error.to_string(),
    }
}

/// A rule in the policy's own words, by its place.
pub(super) fn rule(policy: &Policy, place: &str) -> String {
    read_rule(&policy.to_document(), place).unwrap_or_else(|| place.to_owned())
}

fn read_rule(document: &Document, place: &str) -> Option<String> {
    let (list, rest) = place.strip_prefix("$.")?.split_once('[')?;
    let index: usize = rest.split_once(']')?.0.parse().ok()?;
    let Document::Array(items) = member(document, list)? else { return None };
    let item = items.get(index)?;
    Some(match list {
        "predicates" => {
            // An expression may be written over several lines.
            let words: Vec<&str> = text(item, "expr")?.split_whitespace().collect();
            format!("{}: {}", text(item, "name")?, words.join(" "))
        }
        "roles" => format!("{}: valid at the time of the request", text(item, "name")?),
        "claims" => format!("{}: one of the values listed", text(item, "path")?),
        "equal" => {
            let Document::Array(pair) = item else { return None };
            let [Document::Text(a), Document::Text(b)] = &pair[..] else { return None };
            format!("{a} == {b}")
        }
        _ => return None,
    })
}

fn member<'d>(document: &'d Document, key: &str) -> Option<&'d Document> {
    match document {
        Document::Object(entries) => entries.get(key),
        _ => None,
    }
}

fn text<'d>(document: &'d Document, key: &str) -> Option<&'d str> {
    match member(document, key)? {
        Document::Text(text) => Some(text),
        _ => None,
    }
}
