//! From a comparison as written to one over the integers that are signed.
//!
//! Both sides of a comparison have one *unit*: whole numbers, decimals of one scale, days, seconds,
//! or one of the kinds that only equal or differ. Let the hidden claims be x_i with integers e_i,
//! and the public ones y_j. A comparison `left op right` is brought to
//!
//! ```text
//! Σ a_i·x_i  op  c + Σ d_j·y_j
//! ```
//!
//! with the literals and parameters summed up in c. A claim's value is x = e − s, with s the offset of
//! `int(n)` and the 1 that marks presence in an optional field; so over what is signed it reads
//! `Σ a_i·e_i op p` with `p = c + Σ d_j·y_j + Σ a_i·s_i`, and p is one parameter of the circuit.
//!
//! The interval of p comes from the types alone: c may be anything that Σ a_i·x_i − Σ d_j·y_j can be. A
//! threshold beyond it would be always or never passed, and is refused; one within it can move
//! without a new shape. A comparison with an absent field is false: e ≥ 1 is required beside it.

use super::compile::{Exposure, Scope};
use super::expression::{Atom, Compared, Literal, Position, Term, fault};
use super::public::{PublicForm, PublicRule, PublicTerm, SlotSource};
use super::rule::{HiddenForm, Rule};
use crate::document::Fault;
use crate::value::{FieldType, Scale, Value, Variants};
use sigil_circuits::{Comparison, Interval};
use std::collections::BTreeMap;

/// What the sides of a comparison measure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit<'s> {
    Integer,
    Decimal(Scale),
    Date,
    Timestamp,
    Bool,
    Enum(&'s Variants),
    Code,
}

impl<'s> Unit<'s> {
    fn of(field_type: &'s FieldType) -> Option<Self> {
        Some(match field_type {
            FieldType::Bool => Self::Bool,
            FieldType::Uint(_) | FieldType::Int(_) => Self::Integer,
            FieldType::Decimal(scale, _) => Self::Decimal(*scale),
            FieldType::Date => Self::Date,
            FieldType::Timestamp => Self::Timestamp,
            FieldType::Enum(variants) => Self::Enum(variants),
            FieldType::Code => Self::Code,
            FieldType::Text | FieldType::Bytes => return None,
        })
    }

    /// Whether values of the unit add up.
    fn adds(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(_))
    }

    /// Whether values of the unit have an order.
    fn ordered(self) -> bool {
        !matches!(self, Self::Bool | Self::Enum(_) | Self::Code)
    }

    /// The value of a literal, if it is one of the unit.
    fn literal(self, literal: &Literal) -> Option<i128> {
        match (self, literal) {
            (Self::Integer, Literal::Integer(n)) => Some(*n),
            (Self::Decimal(scale), Literal::Decimal(text)) => {
                scale.units(text).ok().map(i128::from)
            }
            (Self::Date, Literal::Date(date)) => Some(date.days().into()),
            (Self::Timestamp, Literal::Timestamp(timestamp)) => Some(timestamp.unix().into()),
            (Self::Bool, Literal::Bool(b)) => Some((*b).into()),
            (Self::Enum(variants), Literal::Word(word)) => variants.code(word).map(i128::from),
            (Self::Code, Literal::Word(word)) => match FieldType::Code.parse_text(word).ok()? {
                Value::Code(code) => Some(code.integer().into()),
                _ => None,
            },
            _ => None,
        }
    }

    /// What the unit is and how its values are written.
    fn describe(self) -> String {
        match self {
            Self::Integer => "a whole number, such as 18".to_owned(),
            Self::Decimal(scale) => {
                let places = scale.places();
                format!("a decimal of {places} places: decimal(\"1\") or at most {places} places")
            }
            Self::Date => "a date: date(\"2008-02-29\")".to_owned(),
            Self::Timestamp => "a time: timestamp(\"2008-02-29T00:00:00Z\")".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Enum(variants) => {
                let names: Vec<&str> = variants.iter().map(|(name, _)| name).take(8).collect();
                format!("one of the names \"{}\"", names.join("\", \""))
            }
            Self::Code => "a code of 1 to 8 of A-Z, 0-9 and -, in quotes".to_owned(),
        }
    }

    /// A value of the unit, for messages.
    fn render(self, value: i128) -> String {
        match self {
            Self::Decimal(scale) => {
                let power = 10i128.pow(scale.places() as u32);
                let (sign, value) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
                let (whole, rest) = (value / power.unsigned_abs(), value % power.unsigned_abs());
                match scale.places() {
                    0 => format!("{sign}{whole}"),
                    places => format!("{sign}{whole}.{rest:0places$}"),
                }
            }
            _ => value.to_string(),
        }
    }
}

/// A claim within a comparison.
struct Part {
    factor: i128,
    source: SlotSource,
    /// The least and the greatest value.
    values: (i128, i128),
    /// Integer less value.
    shift: i128,
    optional: bool,
}

/// A comparison taken apart: Σ a·x + Σ d·y + c op 0.
struct Parts {
    hidden: Vec<Part>,
    revealed: Vec<Part>,
    constant: i128,
    op: Comparison,
}

pub(super) fn check(compared: &Compared, scope: &Scope<'_>, path: &str) -> Result<Rule, Fault> {
    let refuse = |at: Position, message: &str, remedy: &str| fault(path, at, message, remedy);
    let unit = unit(compared, scope, path)?;
    if !unit.ordered() && !matches!(compared.op, Comparison::Eq | Comparison::Ne) {
        let message = "these values have no order";
        return Err(refuse(compared.at, message, "compare them with `==` or `!=`"));
    }
    for side in [&compared.left, &compared.right] {
        let single = side.len() == 1 && side.iter().all(|term| term.factor == 1);
        if let (false, false, Some(term)) = (unit.adds(), single, side.first()) {
            let remedy = "put one of them by itself on each side; durations come with the full \
                          language";
            return Err(refuse(term.at, "only numbers and decimals add up", remedy));
        }
    }
    let overflow = || refuse(compared.at, "the factors are too large", "use smaller factors");
    let parts = collect(compared, scope, path, unit, &overflow)?;
    if parts.hidden.is_empty() && parts.revealed.is_empty() {
        let remedy = "take out the claim that cancels";
        return Err(refuse(compared.at, "nothing of a credential is left in it", remedy));
    }
    if parts.hidden.is_empty() {
        let rule = Rule::Public(parts.public_rule().ok_or_else(overflow)?);
        return Ok(conjunction(parts.presence(None), rule));
    }
    let (condition, range) = parts.condition().ok_or_else(overflow)?;
    let constant = parts.constant.checked_neg().ok_or_else(overflow)?;
    if !range.contains(constant) {
        let message = format!(
            "{} can't be reached: the claims here give {} to {}",
            unit.render(constant),
            unit.render(range.low()),
            unit.render(range.high())
        );
        let literals = compared.left.iter().chain(&compared.right);
        let mut at = literals.filter(|term| !matches!(term.atom, Atom::Claim { .. })).map(|t| t.at);
        let at = at.next_back().unwrap_or(compared.at);
        return Err(refuse(at, &message, "write a value within that range"));
    }
    let never = match parts.op {
        Comparison::Lt => constant == range.low(),
        Comparison::Gt => constant == range.high(),
        _ => false,
    };
    if never && parts.revealed.is_empty() {
        let message = format!("nothing is beyond {}: this never holds", unit.render(constant));
        return Err(refuse(compared.at, &message, "move the value, or include it with `=`"));
    }
    Ok(conjunction(parts.presence(Some(&condition)), condition))
}

/// The rule, with what has to hold beside it.
fn conjunction(mut beside: Vec<Rule>, rule: Rule) -> Rule {
    if beside.is_empty() {
        return rule;
    }
    beside.push(rule);
    Rule::All(beside)
}

/// The unit of the claims of a comparison.
fn unit<'s>(compared: &Compared, scope: &Scope<'s>, path: &str) -> Result<Unit<'s>, Fault> {
    let mut unit: Option<Unit<'s>> = None;
    for term in compared.left.iter().chain(&compared.right) {
        let Atom::Claim { role, field } = &term.atom else { continue };
        let (_, field) =
            scope.resolve(role, field, |message, remedy| fault(path, term.at, message, remedy))?;
        let Some(found) = Unit::of(field.field_type()) else {
            let message = format!("{} values do not compare", field.field_type());
            let remedy = "reveal the claim with `one_of`, or list it under `equal`";
            return Err(fault(path, term.at, &message, remedy));
        };
        if let Some(first) = unit.filter(|unit| *unit != found) {
            let message = format!("this claim is {}", found.describe());
            let remedy =
                format!("compare it with its own kind; before it stands {}", first.describe());
            return Err(fault(path, term.at, &message, &remedy));
        }
        unit = Some(found);
    }
    unit.ok_or_else(|| {
        fault(path, compared.at, "no claim in this comparison", "compare with a claim, role.field")
    })
}

fn collect(
    compared: &Compared,
    scope: &Scope<'_>,
    path: &str,
    unit: Unit<'_>,
    overflow: &dyn Fn() -> Fault,
) -> Result<Parts, Fault> {
    let mut claims: BTreeMap<SlotSource, (i128, Position)> = BTreeMap::new();
    let mut constant = 0i128;
    let left = compared.left.iter().map(|term| (1, term));
    let right = compared.right.iter().map(|term| (-1, term));
    for (side, term) in left.chain(right) {
        let factor = term.factor.checked_mul(side).ok_or_else(overflow)?;
        let literal = match &term.atom {
            Atom::Claim { role, field } => {
                let refuse = |message: &str, remedy: &str| fault(path, term.at, message, remedy);
                let (source, _) = scope.resolve(role, field, refuse)?;
                let (sum, _) = claims.entry(source).or_insert((0, term.at));
                *sum = sum.checked_add(factor).ok_or_else(overflow)?;
                continue;
            }
            Atom::Param(name) => scope.param(name).ok_or_else(|| {
                fault(path, term.at, "no such parameter", "add it under [params]")
            })?,
            Atom::Literal(literal) => literal,
        };
        let value = literal_value(literal, term, unit, path)?;
        let value = value.checked_mul(factor);
        constant = value.and_then(|value| constant.checked_add(value)).ok_or_else(overflow)?;
    }
    let op = compared.op;
    let mut parts = Parts { hidden: Vec::new(), revealed: Vec::new(), constant, op };
    for (source, (factor, at)) in claims {
        if factor == 0 {
            return Err(fault(path, at, "this claim cancels", "take it out of both sides"));
        }
        let Some(field) = scope.field(source) else { continue };
        let (Some(bits), shift) = (field.field_type().bits(), field.field_type().offset()) else {
            continue;
        };
        let values = (-shift, Interval::bits(bits).high() - shift);
        let optional = field.optional();
        match scope.exposure(source) {
            Exposure::Hidden => {
                let shift = shift + i128::from(optional);
                parts.hidden.push(Part { factor, source, values, shift, optional });
            }
            // A revealed value travels without the mark of presence.
            Exposure::Revealed => {
                parts.revealed.push(Part { factor, source, values, shift, optional });
            }
            Exposure::Optional => {
                let remedy = "make the claim `must` or `never`: a predicate needs to know which";
                return Err(fault(path, at, "this claim may or may not be revealed", remedy));
            }
        }
    }
    parts.normal().ok_or_else(overflow)
}

fn literal_value(
    literal: &Literal,
    term: &Term,
    unit: Unit<'_>,
    path: &str,
) -> Result<i128, Fault> {
    unit.literal(literal).ok_or_else(|| {
        let message = match &term.atom {
            Atom::Param(name) => format!("params.{name} is of another kind than the claims here"),
            _ => "this value is of another kind than the claims here".to_owned(),
        };
        fault(path, term.at, &message, &format!("write {}", unit.describe()))
    })
}

/// The hull of Σ factor·value.
fn hull(parts: &[Part]) -> Option<(i128, i128)> {
    parts.iter().try_fold((0i128, 0i128), |(low, high), part| {
        let a = part.values.0.checked_mul(part.factor)?;
        let b = part.values.1.checked_mul(part.factor)?;
        Some((low.checked_add(a.min(b))?, high.checked_add(a.max(b))?))
    })
}

/// Σ factor·shift.
fn shift(parts: &[Part]) -> Option<i128> {
    parts.iter().try_fold(0i128, |sum, part| sum.checked_add(part.factor.checked_mul(part.shift)?))
}

impl Parts {
    /// The spelling whose first hidden factor is positive: `−x <= −3` is `x >= 3`.
    fn normal(mut self) -> Option<Self> {
        if self.hidden.first().is_none_or(|part| part.factor > 0) {
            return Some(self);
        }
        self.op = match self.op {
            Comparison::Lt => Comparison::Gt,
            Comparison::Le => Comparison::Ge,
            Comparison::Gt => Comparison::Lt,
            Comparison::Ge => Comparison::Le,
            same @ (Comparison::Eq | Comparison::Ne) => same,
        };
        self.constant = self.constant.checked_neg()?;
        for part in self.hidden.iter_mut().chain(&mut self.revealed) {
            part.factor = part.factor.checked_neg()?;
        }
        Some(self)
    }

    fn revealed_terms(&self, sign: i128) -> Vec<(i128, PublicTerm)> {
        let terms = self.revealed.iter();
        terms.map(|part| (sign * part.factor, PublicTerm::Disclosed(part.source))).collect()
    }

    /// Σ d·y + c op 0 over the integers Y = y + s that are revealed; none on overflow.
    fn public_rule(&self) -> Option<PublicRule> {
        let constant = self.constant.checked_sub(shift(&self.revealed)?)?;
        let form = PublicForm { constant, terms: self.revealed_terms(1) };
        Some(PublicRule::Compare { form, op: self.op })
    }

    /// A comparison with an absent field is false: that the optional ones are there, unless the
    /// condition itself says so.
    fn presence(&self, condition: Option<&Rule>) -> Vec<Rule> {
        let implied = match condition {
            Some(Rule::Compare { hidden, op, interval, .. }) => {
                let at_least = matches!(op, Comparison::Ge | Comparison::Gt | Comparison::Eq);
                at_least && hidden.len() == 1 && interval.low() >= 1
            }
            _ => false,
        };
        let hidden = self.hidden.iter().filter(|part| part.optional && !implied);
        let revealed = self.revealed.iter().filter(|part| part.optional);
        let hidden = hidden.map(|part| Rule::Zero { source: part.source, is: false });
        let revealed = revealed.map(|part| Rule::Public(PublicRule::Present(part.source)));
        hidden.chain(revealed).collect()
    }

    /// The comparison over signed integers, and the range of −c; none on overflow.
    fn condition(&self) -> Option<(Rule, Interval)> {
        let (hidden, shown) = (hull(&self.hidden)?, hull(&self.revealed)?);
        let range = Interval::new(hidden.0.checked_add(shown.0)?, hidden.1.checked_add(shown.1)?)?;
        // p = −c − Σ d·y + Σ a·s, where −c is in `range` and Σ d·y in `shown`.
        let shift_hidden = shift(&self.hidden)?;
        let interval = Interval::new(
            range.low().checked_sub(shown.1)?.checked_add(shift_hidden)?,
            range.high().checked_sub(shown.0)?.checked_add(shift_hidden)?,
        )?;
        let constant = shift_hidden.checked_add(shift(&self.revealed)?)?;
        let constant = constant.checked_sub(self.constant)?;
        let public = PublicForm { constant, terms: self.revealed_terms(-1) };
        let hidden: HiddenForm =
            self.hidden.iter().map(|part| (part.factor, part.source)).collect();
        Some((Rule::Compare { hidden, op: self.op, public, interval }, range))
    }
}
