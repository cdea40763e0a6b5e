//! Predicates as they are written: a small, total part of CEL.
//!
//! The parser is the `cel` crate's; nothing of its evaluation is used. What it gives is narrowed
//! here to what predicates may say. Everything else that CEL can say is refused at its line and
//! column with the way to write it.
//!
//! ```text
//! condition  = both { "||" both }
//! both       = single { "&&" single }
//! single     = relation | [ "!" ] ( "(" condition ")" | at_least | between | has | claim | name )
//! relation   = linear ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) linear
//!            | linear [ "not" ] "in" ( "[" constant { "," constant } "]" | param )
//! between    = "between" "(" linear "," linear "," linear ")"
//! at_least   = "at_least" "(" integer "," "[" condition { "," condition } "]" ")"
//! has        = "has" "(" claim ")"
//! linear     = term { ( "+" | "-" ) term }
//! term       = [ integer "*" ] ( claim | param | literal | "today" | "now"
//!            | ( "years" | "days" | "hours" ) "(" ( integer | param ) ")" )
//! claim      = role "." field
//! param      = "params" "." name
//! constant   = a linear of literals and params
//! literal    = integer | true | false | "word" | decimal("12.50") | date("2008-02-29")
//!            | timestamp("2008-02-29T00:00:00Z")
//! ```
//!
//! A word is the name of an enumeration or a code. A claim by itself is a condition if it is true or
//! false. Names stand for predicates, and only where a policy says what it accepts. Parentheses
//! group; `-` and `*` are worked out, so that what is left is a sum of terms with whole factors.

mod literal;
mod reader;
mod tokens;

pub use literal::Literal;
pub(super) use literal::MAX_SET;

use crate::document::{Cursor, Fault, Problem};
use cel::parser::Parser;
use reader::Reader;
use sigil_circuits::Comparison;
use std::ops::RangeInclusive;

/// Greatest length of an expression in octets.
const MAX_OCTETS: usize = 4_000;
/// Greatest nesting that CEL's parser is let into; brackets are counted before it runs.
const PARSER_DEPTH: u16 = 128;

/// A place in an expression, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A whole number of years, days or hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Number(i128),
    Param(String),
}

/// A measure of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Years,
    Days,
    Hours,
}

impl Span {
    /// How many there may be: no more than the calendar has.
    pub(super) fn counts(self) -> RangeInclusive<i128> {
        match self {
            Self::Years => 1..=1_000,
            Self::Days => 0..=4_000_000,
            Self::Hours => 0..=100_000_000,
        }
    }

    /// The function's name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Years => "years",
            Self::Days => "days",
            Self::Hours => "hours",
        }
    }
}

/// What a term of a linear form stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    Claim { role: String, field: String },
    Param(String),
    Literal(Literal),
    Today,
    Now,
    Duration { span: Span, count: Count },
}

/// A whole multiple of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) factor: i128,
    pub(super) atom: Atom,
    pub(super) at: Position,
}

/// One comparison of two linear forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) left: Vec<Term>,
    pub(super) op: Comparison,
    pub(super) right: Vec<Term>,
    pub(super) at: Position,
}

/// What stands behind `in`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// Forms written out, each with its place.
    Written(Vec<(Vec<Term>, Position)>),
    /// A parameter that is a list.
    Param { name: String, at: Position },
}

/// A condition as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// `a && b && ..`
    All(Vec<Node>),
    /// `a || b || ..`
    Any(Vec<Node>),
    /// `!a`
    Not(Box<Node>),
    /// `at_least(k, [a, b, ..])`
    AtLeast { count: usize, of: Vec<Node> },
    /// `a < b`
    Compare(Compared),
    /// `a in ..`
    In { value: Vec<Term>, set: Set, at: Position },
    /// `between(a, low, high)`
    Between { value: Vec<Term>, low: Vec<Term>, high: Vec<Term>, at: Position },
    /// `has(role.field)`
    Has { role: String, field: String, at: Position },
    /// `role.flag`
    Flag { role: String, field: String, at: Position },
    /// The name of a predicate.
    Name { name: String, at: Position },
}

impl Node {
    /// The parts of a condition that is made of others.
    fn parts(&self) -> &[Node] {
        match self {
            Self::All(parts) | Self::Any(parts) | Self::AtLeast { of: parts, .. } => parts,
            Self::Not(part) => std::slice::from_ref(part),
            _ => &[],
        }
    }

    /// The linear forms of a condition that is not made of others.
    fn forms(&self) -> Vec<&[Term]> {
        match self {
            Self::Compare(Compared { left, right, .. }) => vec![left, right],
            Self::In { value, set: Set::Written(elements), .. } => {
                let elements = elements.iter().map(|(element, _)| element.as_slice());
                std::iter::once(value.as_slice()).chain(elements).collect()
            }
            Self::In { value, set: Set::Param { .. }, .. } => vec![value],
            Self::Between { value, low, high, .. } => vec![value, low, high],
            _ => Vec::new(),
        }
    }

    fn collect_claims<'n>(&'n self, claims: &mut Vec<(&'n str, &'n str)>) {
        if let Self::Has { role, field, .. } | Self::Flag { role, field, .. } = self {
            claims.push((role, field));
        }
        for term in self.forms().into_iter().flatten() {
            if let Atom::Claim { role, field } = &term.atom {
                claims.push((role, field));
            }
        }
        for part in self.parts() {
            part.collect_claims(claims);
        }
    }

    fn collect_params<'n>(&'n self, names: &mut Vec<&'n str>) {
        if let Self::In { set: Set::Param { name, .. }, .. } = self {
            names.push(name);
        }
        for term in self.forms().into_iter().flatten() {
            match &term.atom {
                Atom::Param(name) | Atom::Duration { count: Count::Param(name), .. } => {
                    names.push(name);
                }
                _ => {}
            }
        }
        for part in self.parts() {
            part.collect_params(names);
        }
    }
}

/// Where a fault is told from: the expression's place in its document, and its text.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) path: &'a str,
    pub(super) source: &'a str,
}

impl Site<'_> {
    /// A fault at a place of the expression.
    pub(super) fn fault(&self, at: Position, message: &str, remedy: &str) -> Fault {
        let Position { line, column } = at;
        let (message, text) = (message.to_owned(), self.source.to_owned());
        Fault::new(self.path, Problem::Expression { line, column, message, text }, remedy)
    }

    /// The fault as a refusal.
    pub(super) fn refuse<T>(&self, at: Position, message: &str, remedy: &str) -> Result<T, Fault> {
        Err(self.fault(at, message, remedy))
    }
}

/// A predicate, or what a policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    pub(super) source: String,
    pub(super) root: Node,
}

impl Expression {
    /// Reads an expression.
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let source = cursor.text()?;
        // Names, codes and numbers are ASCII, so nothing that looks like one but is not gets in.
        let printable = source.bytes().all(|b| (b' '..=b'~').contains(&b) || b == b'\n');
        if !printable || source.len() > MAX_OCTETS {
            let remedy = format!("write at most {MAX_OCTETS} printable ASCII characters");
            return Err(cursor.invalid("this expression is not accepted", remedy));
        }
        let site = Site { path: cursor.path(), source };
        let scanned = tokens::scan(source).map_err(|flaw| {
            let at = tokens::position(source, flaw.offset);
            site.fault(at, &flaw.message, &flaw.remedy)
        })?;
        let parser = Parser::new().max_recursion_depth(PARSER_DEPTH).error_recovery_limit(1);
        let parsed = parser.parse_with_source_info(&scanned.text);
        let (root, info) = parsed.map_err(|errors| {
            let first = errors.errors.first();
            let (line, column) = first.map_or((1, 1), |error| error.pos);
            let [line, column] = [line, column].map(|n| usize::try_from(n).unwrap_or(1).max(1));
            let (message, remedy) = syntax(first.map_or("", |error| error.msg.as_str()));
            site.fault(Position { line, column }, &message, remedy)
        })?;
        let mut reader = Reader { site, info: &info, scanned: &scanned, conditions: 0 };
        Ok(Self { source: source.to_owned(), root: reader.condition(&root)? })
    }

    /// The names of the parameters in it, with repetition.
    pub(super) fn params(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.collect_params(&mut names);
        names
    }

    /// Role and field of the claims in it, with repetition.
    pub(super) fn claims(&self) -> Vec<(&str, &str)> {
        let mut claims = Vec::new();
        self.root.collect_claims(&mut claims);
        claims
    }

    /// The text without its comments, which would swallow what is joined to it on one line.
    pub(super) fn bare(&self) -> String {
        tokens::bare(&self.source)
    }

    /// Where its faults are told from.
    pub(super) fn site<'a>(&'a self, path: &'a str) -> Site<'a> {
        Site { path, source: &self.source }
    }
}

/// What the parser's message comes to, and the remedy.
fn syntax(message: &str) -> (String, &'static str) {
    let condition = "write a condition such as `role.field >= 18`";
    if let Some(word) = message.strip_prefix("reserved identifier: ") {
        return (format!("`{word}` is a reserved word of CEL"), "use another name");
    }
    if message.contains("invalid int literal") {
        let remedy = "write at most 9223372036854775807, or 18446744073709551615u with a `u`";
        return ("this number is too long".to_owned(), remedy);
    }
    if message.contains("invalid uint literal") {
        return ("this number is too long".to_owned(), "write at most 18446744073709551615u");
    }
    if message.contains("invalid double literal") {
        return ("there is no floating point".to_owned(), "write decimal(\"12.50\")");
    }
    if message.contains("has() macro") {
        return ("has() is asked of a claim".to_owned(), "write has(role.field)");
    }
    if message.contains("at input '<EOF>'")
        || message.contains("mismatched input '<EOF>'")
        || message.contains("extraneous input '<EOF>'")
    {
        return ("the expression ends too soon".to_owned(), condition);
    }
    ("this cannot stand here".to_owned(), condition)
}
