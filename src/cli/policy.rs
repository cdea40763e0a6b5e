//! `sigil policy`, and what a policy's rules are called for people.

use super::artefacts::PolicyOrBundle;
use super::failure::{Failure, InFile};
use super::report::Report;
use super::{algebra, artefacts, explain, judge, plan, time};
use crate::bbs::PublicKey;
use crate::decision::{Edition, StatusState};
use crate::did_key;
use crate::document::{Document, Fault};

use crate::policy::{CompiledPolicy, Policy, Shortfall, TrustRule, json_schema};
use crate::presentation::VerifiedPresentation;
use crate::value::Timestamp;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use sigil_circuits::CostOf;
use std::path::PathBuf;

/// Check, test, compare, combine, sign and explain disclosure policies.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a policy against its schemas, and show the circuit that it needs.
    ///
    /// Prints what is revealed, what is proven, warnings (what is accepted but should be meant), and the
    /// circuit: its shape identifier, which stays the same when only thresholds move, and its number of
    /// constraints.
    ///
    /// Then what was found: contradictions, predicates that nobody or everybody satisfies, rules that
    /// leave a hidden claim so few values that they disclose it. With --with, also what a verifier could
    /// narrow a hidden claim down to that uses another policy on the same holder; with --consumer, which
    /// facts that a downstream system needs are not derivable from what the policy yields.
    ///
    /// Reads a policy document in TOML or JSON and the schemas of its roles. Writes nothing. Exit code 1
    /// if the policy can't be used, or a need is not met.
    #[command(after_help = "\
Examples:
  sigil policy check adult.toml --schema person.toml
  sigil policy check adult.toml --schema person.toml --with younger.toml --at 2026-06-01")]
    Check {
        /// The policy document.
        file: PathBuf,
        /// A schema of one of the policy's roles, or of the other policy's; repeat it for others.
        #[arg(long, value_name = "FILE", required = true)]
        schema: Vec<PathBuf>,
        /// Another policy that the same verifier uses.
        #[arg(long, value_name = "FILE")]
        with: Option<PathBuf>,
        /// What a downstream system needs: facts that the policy does not yield are named.
        #[arg(long, value_name = "FILE")]
        consumer: Option<PathBuf>,
        /// The time for which predicates are evaluated; the system's clock by default.
        #[arg(long, value_name = "TIME", value_parser = time::instant)]
        at: Option<Timestamp>,
    },
    /// Say what changes from one policy to another.
    ///
    /// Each change is loosened, tightened, a moved constant, changed (neither implies the other),
    /// editorial, or a new shape; and whether the keys of the old policy still serve.
    ///
    /// Reads two policy documents and the schemas of their roles. Writes nothing.
    #[command(after_help = "\
Example:\n  sigil policy diff old.toml new.toml --schema person.toml")]
    Diff {
        /// The old policy.
        old: PathBuf,
        /// The new policy.
        new: PathBuf,
        /// A schema of one of the policies' roles; repeat it for others.
        #[arg(long, value_name = "FILE", required = true)]
        schema: Vec<PathBuf>,
        /// The time for which predicates are compared; the system's clock by default.
        #[arg(long, value_name = "TIME", value_parser = time::instant)]
        at: Option<Timestamp>,
    },
    /// Make the policy that holds where several do.
    ///
    /// What one of them reveals only if all let it, with the predicates of all. Where two rules can't both
    /// be kept, names both and offers what satisfies both.
    ///
    /// Reads policy documents. Writes the meet in normal form, as JSON, to a new file or to standard
    /// output. Exit code 1 if there are conflicts.
    #[command(after_help = "Example:\n  sigil policy meet eu.toml sg.toml --out both.json")]
    Meet {
        /// The policy documents, two or more.
        #[arg(required = true, num_args = 2..)]
        files: Vec<PathBuf>,
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Sign a bundle as the authority that its policy names.
    ///
    /// A bundle whose policy names an authority is good only with that authority's signature over the
    /// bundle's hash, which holds policy, shape and key. The hash stays the same.
    ///
    /// Reads a bundle and an Ed25519 private key in PEM. Rewrites the bundle in place, in one step, or
    /// writes a new file with --out.
    #[command(after_help = "\
Example:\n  sigil policy sign terms/bundle.json --key authority.pem")]
    Sign {
        /// The bundle.
        bundle: PathBuf,
        /// The authority's private key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    Plan(plan::Arguments),
    /// Run a policy's own test cases.
    ///
    /// Each is judged by its example values, without proofs, and has to be permitted, or denied for
    /// exactly the reasons that it expects.
    ///
    /// Reads a policy document with [[tests]] and the schemas of its roles. Writes nothing. Exit code 1
    /// if a case comes out otherwise.
    #[command(after_help = "Example:\n  sigil policy test adult.toml --schema person.toml")]
    Test {
        /// The policy document.
        file: PathBuf,
        /// A schema of one of the policy's roles; repeat it for others.
        #[arg(long, value_name = "FILE", required = true)]
        schema: Vec<PathBuf>,
        /// The time for cases that name none; the system's clock by default.
        #[arg(long, value_name = "TIME", value_parser = time::instant)]
        at: Option<Timestamp>,
    },
    Explain(explain::Arguments),
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
            Command::Diff { old, new, schema, at } => {
                algebra::difference(old, new, schema, at.map_or_else(time::now, Ok)?)
            }
            Command::Check { file, schema, with, consumer, at } => {
                let policy = artefacts::policy(file)?;
                let schemas = artefacts::schemas(schema)?;
                let compiled = policy.compile(&schemas).in_file(file)?;
                let at = at.map_or_else(time::now, Ok)?;
                let mut findings = policy.check(&schemas, at);
                if let Some(other) = with {
                    let other_policy = artefacts::policy(other)?;
                    other_policy.compile(&schemas).in_file(other)?;
                    findings.extend(policy.check_with(&other_policy, &schemas, at));
                }
                let report = describe(Report::new(), &policy);
                let report = describe_compiled(report, &policy, &compiled);
                let report = algebra::findings(report, &findings);
                let Some(path) = consumer else { return Ok(report) };
                let consumer = artefacts::consumer(path)?;
                let derivations = policy.check_consumer(&consumer, &schemas, at).in_file(path)?;
                Ok(algebra::derivations(report, &derivations))
            }
            Command::Plan(arguments) => arguments.run(),
            Command::Test { file, schema, at } => {
                judge::test(file, schema, at.map_or_else(time::now, Ok)?)
            }
            Command::Explain(arguments) => arguments.run(),
            Command::Meet { files, out } => algebra::met(files, out.as_deref()),
            Command::Sign { bundle, key, out } => algebra::sign(bundle, key, out.as_deref()),
            Command::Id { file } => Ok(match artefacts::policy_or_bundle(file)? {
                PolicyOrBundle::Bundle(bundle) => {
                    let hash = bundle.hash().to_string();
                    Report::new().line(&hash).json("bundle", hash)
                }
                PolicyOrBundle::Policy(policy) => {
                    let hash = policy.hash().to_string();
                    Report::new().line(&hash).json("policy", hash)
                }
            }),
        }
    }
}

/// What a policy says of itself.
pub(super) fn describe(report: Report, policy: &Policy) -> Report {
    let mut report = report.line(format!("Policy {} {}", policy.id(), policy.version()));
    if let Some(title) = policy.title() {
        report = report.row("title", title).json("title", title);
    }
    let report = report
        .fact("policy", policy.hash().to_string())
        .json("id", policy.id())
        .json("version", policy.version().to_string());
    describe_conditions(report, policy)
}

/// What each role asks of its credential besides claims: the versions accepted, trust list and lists.
fn describe_conditions(report: Report, policy: &Policy) -> Report {
    let mut report = report;
    let mut roles = Map::new();
    let parts = policy.schemas().zip(policy.accepts());
    let parts = parts.zip(policy.trust_rules().zip(policy.lists()));
    for (((role, _), accepts), (trust, lists)) in parts {
        let mut object = Map::new();
        if !accepts.is_empty() {
            let ids: Vec<String> = accepts.iter().map(ToString::to_string).collect();
            report = report.row(role, format!("of schema {} too", ids.join(", ")));
            object.insert("accepts".to_owned(), ids.into());
        }
        if let Some(rule) = trust {
            let (list, age) = (rule.list(), rule.max_age());
            let by = rule.authority().to_string();
            let text = format!("issuers by {list}, at most {age} h old, signed by {by}");
            report = report.row(role, text);
            let rule = json!({ "list": list, "authority": by, "max_age": age });
            object.insert("trust".to_owned(), rule);
        }
        let mut rules: Vec<Value> = Vec::new();
        for rule in lists {
            let what = rule.field().map_or_else(|| role.to_owned(), |f| format!("{role}.{f}"));
            let (is, list, age) = (rule.presence().word(), rule.list(), rule.max_age());
            let by = did_key::encode(rule.authority());
            report =
                report.row(&what, format!("{is} on {list}, at most {age} h old, signed by {by}"));
            rules.push(json!({
                "list": list, "authority": by, "max_age": age, "field": rule.field(), "is": is,
            }));
        }
        if !rules.is_empty() {
            object.insert("lists".to_owned(), rules.into());
        }
        if !object.is_empty() {
            roles.insert(role.to_owned(), object.into());
        }
    }
    report.json("conditions", roles)
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
                let name = source.map(|source| compiled.claim(*source));
                format!("the range of {}", name.unwrap_or_default())
            }
            _ => "other".to_owned(),
        };
        report = report.row(spent_on(compiled, &of), cost.rows);
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

/// A place that constraints are spent on, with its name if it has one: rows of one place are its parts.
fn spent_on(compiled: &CompiledPolicy, place: &str) -> String {
    let predicate = compiled.predicates().iter().find(|predicate| predicate.path == place);
    let mut roles = compiled.roles().iter().enumerate();
    let role = roles.find(|(i, _)| place == format!("$.roles[{i}].validity"));
    match (predicate, role) {
        (Some(predicate), _) if place != "$" => format!("{place}, {}", predicate.name),
        (None, Some((_, role))) => format!("{place}, {}", role.name()),
        _ => place.to_owned(),
    }
}

/// What is proven of hidden values, in the policy's own words, each once.
fn proven(policy: &Policy, compiled: &CompiledPolicy) -> Vec<String> {
    compiled.proven().iter().map(|place| rule(policy, place)).collect()
}

/// What a verifier knows of a presentation, and nothing more.
pub(super) fn describe_verified(
    report: Report,
    policy: &Policy,
    verified: &VerifiedPresentation,
    known: &StatusState,
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
    report = describe_epochs(report, policy, verified);
    let mut issuers = Map::new();
    let mut names = Map::new();
    report = report.line("Issuers:");
    for ((role, key), rule) in verified.issuers().iter().zip(policy.trust_rules()) {
        let did = did_key::encode(key);
        let name = rule.and_then(|rule| issuer_name(rule, known, key));
        let text = name.as_ref().map_or_else(|| did.clone(), |name| format!("{name}, {did}"));
        report = report.row(role, text);
        issuers.insert(role.clone(), did.into());
        if rule.is_some() {
            names.insert(role.clone(), name.into());
        }
    }
    report
        .json("revealed", revealed)
        .json("proven", rules)
        .json("issuers", issuers)
        .json("issuer_names", names)
}

/// The name that the newest edition known of a role's trust list has for an issuer's key.
fn issuer_name(rule: &TrustRule, known: &StatusState, key: &PublicKey) -> Option<String> {
    match known.edition(rule.list(), rule.authority()) {
        Edition::Newest(list) => list.issuer(key).map(|listed| listed.issuer.to_owned()),
        Edition::Unknown | Edition::Forked { .. } => None,
    }
}

/// The epochs of lists that a presentation rests on.
fn describe_epochs(report: Report, policy: &Policy, verified: &VerifiedPresentation) -> Report {
    let rules = policy.lists().flatten().zip(verified.lists());
    let mut lists: Vec<Value> = Vec::new();
    let mut report = match verified.lists() {
        [] => report,
        _ => report.line("Lists:"),
    };
    for (rule, shown) in rules {
        let stamp = &shown.stamp;
        let text = format!("{}, epoch {} of {}", rule.list(), stamp.epoch, stamp.issued_at);
        report = report.row(rule.presence().word(), text);
        lists.push(json!({
            "list": rule.list(), "is": rule.presence().word(), "epoch": stamp.epoch,
            "issued_at": stamp.issued_at.to_string(), "head": shown.head.to_string(),
            "path": shown.path,
        }));
    }
    report.json("lists", lists)
}

/// Why what is disclosed is not acceptable, with rules in the policy's own words.
pub(super) fn wanting(policy: &Policy, shortfalls: &[Shortfall]) -> String {
    let words = shortfalls.iter().map(|shortfall| match shortfall {
        Shortfall::Rule { path } => format!("{shortfall} ({})", rule(policy, path)),
        shortfall => shortfall.to_string(),
    });
    words.collect::<Vec<_>>().join("; ")
}

/// A rule in the policy's own words, by its place.
pub(super) fn rule(policy: &Policy, place: &str) -> String {
    read_rule(&policy.to_document(), place).unwrap_or_else(|| place.to_owned())
}

fn read_rule(document: &Document, place: &str) -> Option<String> {
    let (list, rest) = place.strip_prefix("$.")?.split_once('[')?;
    let (index, part) = rest.split_once(']')?;
    let index: usize = index.parse().ok()?;
    let Document::Array(items) = member(document, list)? else { return None };
    let item = items.get(index)?;
    Some(match list {
        "predicates" => {
            // An expression may be written over several lines.
            let words: Vec<&str> = text(item, "expr")?.split_whitespace().collect();
            format!("{}: {}", text(item, "name")?, words.join(" "))
        }
        "roles" => role_rule(item, part.strip_prefix('.')?)?,
        "claims" => format!("{}: one of the values listed", text(item, "path")?),
        "equal" => {
            let Document::Array(pair) = item else { return None };
            let [Document::Text(a), Document::Text(b)] = &pair[..] else { return None };
            format!("{a} == {b}")
        }
        "agree" => {
            let names = |key| match member(item, key)? {
                Document::Array(names) => names
                    .iter()
                    .map(|name| match name {
                        Document::Text(name) => Some(name.as_str()),
                        _ => None,
                    })
                    .collect::<Option<Vec<&str>>>(),
                _ => None,
            };
            let field: usize = part.strip_prefix(".fields[")?.strip_suffix(']')?.parse().ok()?;
            let least = match member(item, "quorum") {
                Some(Document::Integer(least)) => format!("{least} of "),
                _ => String::new(),
            };
            let (roles, fields) = (names("roles")?.join(", "), names("fields")?);
            format!("{least}{roles} agree on {}", fields.get(field)?)
        }
        _ => return None,
    })
}

/// A rule of a role, by what follows the role's place.
fn role_rule(role: &Document, part: &str) -> Option<String> {
    let name = text(role, "name")?;
    if part == "trust" {
        let list = text(member(role, "trust")?, "list")?;
        return Some(format!("{name}: begins when {list} lets its issuer's key sign"));
    }
    let Some(index) = part.strip_prefix("lists[").and_then(|part| part.strip_suffix(']')) else {
        return Some(format!("{name}: valid at the time of the request"));
    };
    let Document::Array(lists) = member(role, "lists")? else { return None };
    let rule = lists.get(index.parse::<usize>().ok()?)?;
    let field = text(rule, "field").map(|field| format!(".{field}")).unwrap_or_default();
    Some(format!("{name}{field}: {} on {}", text(rule, "is")?, text(rule, "list")?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Bounds;

    #[test]
    fn agreements_are_named_in_words() {
        let text = br#"{ "agree": [
            { "roles": ["a", "b"], "fields": ["born", "name"] },
            { "roles": ["a", "b", "c"], "fields": ["born"], "quorum": 2 }] }"#;
        let document = Document::read_json(text, &Bounds::PUBLISHED).unwrap();
        let said = |place: &str| read_rule(&document, place);
        let whole = Some("a, b agree on name".to_owned());
        assert_eq!(said("$.agree[0].fields[1]"), whole);
        let quorum = Some("2 of a, b, c agree on born".to_owned());
        assert_eq!(said("$.agree[1].fields[0]"), quorum);
        assert_eq!(said("$.agree[1].fields[1]"), None);
        assert_eq!(said("$.agree[1]"), None);
    }
}
