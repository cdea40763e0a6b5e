//! Comparisons of linear forms, `in` and `between`.
//!
//! Let the hidden claims be x_i with integers e_i, and the public quantities y_j. A comparison
//! `left op right` is brought to
//!
//! ```text
//! Σ a_i·x_i  op  c + Σ d_j·y_j
//! ```
//!
//! with the literals and parameters summed up in c. A claim's value is x = e − s, with s the offset of
//! `int(n)` and the 1 that marks presence in an optional field; so over what is signed it reads
//! `Σ a_i·e_i op p` with `p = c + Σ d_j·y_j + Σ a_i·s_i`, and p is one parameter of the circuit.
//!
//! The interval of p comes from the types alone: c may be anything that Σ a_i·x_i − Σ d_j·y_j can be,
//! and is 0 where no constant is written. A threshold beyond it would be always or never passed, and
//! is refused; one within it can move without a new shape.

use super::parts::{Part, Parts, bounds, greatest};
use super::units::{Measure, Unit};
use super::{Typing, all};
use crate::document::Fault;
use crate::policy::expression::{Atom, Compared, Literal, MAX_SET, Position, Set, Term};
use crate::policy::public::{PublicTerm, SlotSource};
use crate::policy::rule::Rule;
use crate::schema::Field;
use sigil_circuits::{Comparison, Interval};
use std::collections::BTreeMap;

/// What a term is worth.
pub(super) enum Worth<'s> {
    Constant(i128),
    Claim(SlotSource, &'s Field),
    Public(PublicTerm),
    /// Nothing, but the revealed claim must be there.
    Present(SlotSource),
}

/// A multiple of something, brought to the left side.
pub(super) struct Summand<'s> {
    pub(super) factor: i128,
    pub(super) worth: Worth<'s>,
    pub(super) at: Position,
}

/// What a comparison with no claim in it is refused with.
const NOTHING: &str = "nothing of a credential is in this: it is always the same";

impl<'s> Typing<'_, 's> {
    /// The value of a parameter.
    pub(super) fn param(&self, name: &str, at: Position) -> Result<&'s Literal, Fault> {
        self.scope.param(name).ok_or_else(|| {
            let message = format!("no parameter \"{name}\"");
            self.site.fault(at, &message, "add it under [params], or correct the name")
        })
    }

    /// `left op right`.
    pub(super) fn compare(&self, compared: &Compared) -> Result<Rule, Fault> {
        let unit = self.unit(&[&compared.left, &compared.right], compared.at)?;
        if !unit.ordered() && !matches!(compared.op, Comparison::Eq | Comparison::Ne) {
            let message = "these values have no order";
            return self.site.refuse(compared.at, message, "compare them with `==`, `!=` or `in`");
        }
        self.shape(&[&compared.left, &compared.right], unit)?;
        if unit.is_time() {
            self.affine(compared, unit)?;
        }
        let (summands, op) = match self.years(compared, unit)? {
            Some(moved) => moved,
            None => {
                let mut summands = self.summands(&compared.left, 1, unit)?;
                summands.extend(self.summands(&compared.right, -1, unit)?);
                (summands, compared.op)
            }
        };
        let parts = self.parts(summands, compared.at)?;
        let op = if parts.negated { turned(op) } else { op };
        let at = threshold(compared);
        self.reachable(&parts, op, unit, (at, compared.at))?;
        let rule = parts.compare(op).ok_or_else(|| self.overflow(compared.at))?;
        Ok(all(parts.presence().chain([rule]).collect()))
    }

    /// `value in set`.
    pub(super) fn member(&self, value: &[Term], set: &Set, at: Position) -> Result<Rule, Fault> {
        let unit = self.unit(&[value], at)?;
        self.shape(&[value], unit)?;
        let elements = self.elements(set, unit)?;
        let mut seen = BTreeMap::new();
        for (element, place, name) in &elements {
            if seen.insert(*element, ()).is_some() {
                let message = format!("{name} stands twice");
                return self.site.refuse(*place, &message, "remove one of them");
            }
        }
        if unit.is_time() {
            let zero = vec![Term { factor: 1, atom: Atom::Today, at }];
            let (left, right) = (value.to_vec(), zero);
            if value.iter().any(|term| matches!(term.atom, Atom::Duration { .. })) {
                let remedy = "write the list with the dates already moved";
                return self.site.refuse(at, "`in` takes no durations", remedy);
            }
            self.affine(&Compared { left, op: Comparison::Eq, right, at }, unit)?;
        }
        let mut forms = Vec::new();
        let mut kept = None;
        for (element, place, _) in elements {
            let mut summands = self.summands(value, 1, unit)?;
            let element = element.checked_neg().ok_or_else(|| self.overflow(place))?;
            summands.push(Summand { factor: 1, worth: Worth::Constant(element), at: place });
            let parts = self.parts(summands, at)?;
            self.reachable(&parts, Comparison::Eq, unit, (place, at))?;
            forms.push(parts.public_side().ok_or_else(|| self.overflow(place))?);
            kept = Some(parts);
        }
        let parts = kept.ok_or_else(|| self.site.fault(at, "an empty list", "write a value"))?;
        let rule = parts.member(forms).ok_or_else(|| self.overflow(at))?;
        Ok(all(parts.presence().chain([rule]).collect()))
    }

    /// The values of a set, each with its place and its name for messages.
    fn elements(&self, set: &Set, unit: Unit<'s>) -> Result<Vec<(i128, Position, String)>, Fault> {
        match set {
            Set::Written(elements) => {
                let element = |(terms, at): &(Vec<Term>, Position)| {
                    let single = matches!(terms.as_slice(), [Term { factor: 1, .. }]);
                    if !unit.adds() && !single {
                        let remedy = format!("write {}", unit.describe());
                        return self.site.refuse(*at, "these values do not add up", &remedy);
                    }
                    let value = self.constant(terms, unit, *at)?;
                    Ok((value, *at, unit.render(value, Measure::Point)))
                };
                elements.iter().map(element).collect()
            }
            Set::Param { name, at } => {
                let Literal::List(values) = self.param(name, *at)? else {
                    let message = format!("params.{name} is one value, not a list");
                    return self.site.refuse(*at, &message, "write `==`, or make it a list");
                };
                let element = |(i, value): (usize, &Literal)| {
                    let name = format!("params.{name}[{i}]");
                    let value = unit.literal(value).ok_or_else(|| {
                        let message = format!("{name} is of another kind than the claims here");
                        self.site.fault(*at, &message, &format!("write {}", unit.describe_param()))
                    })?;
                    Ok((value, *at, name))
                };
                values.iter().take(MAX_SET).enumerate().map(element).collect()
            }
        }
    }

    /// The sum of constants.
    fn constant(&self, terms: &[Term], unit: Unit<'s>, at: Position) -> Result<i128, Fault> {
        let sum =
            self.summands(terms, 1, unit)?.into_iter().try_fold(
                0i128,
                |sum, summand| match summand.worth {
                    Worth::Constant(value) => sum.checked_add(value.checked_mul(summand.factor)?),
                    _ => None,
                },
            );
        sum.ok_or_else(|| self.overflow(at))
    }

    /// `low <= value && value <= high`.
    pub(super) fn between(
        &self,
        value: &[Term],
        low: &[Term],
        high: &[Term],
        at: Position,
    ) -> Result<Rule, Fault> {
        let compared =
            |op, bound: &[Term]| Compared { left: value.to_vec(), op, right: bound.to_vec(), at };
        let (from, to) = (compared(Comparison::Ge, low), compared(Comparison::Le, high));
        let rules = vec![self.compare(&from)?, self.compare(&to)?];
        let fixed = |terms: &[Term]| {
            terms.iter().all(|term| matches!(term.atom, Atom::Param(_) | Atom::Literal(_)))
        };
        if fixed(low) && fixed(high) {
            let unit = self.unit(&[value, low, high], at)?;
            let (low, high) = (self.constant(low, unit, at)?, self.constant(high, unit, at)?);
            if low > high {
                let [low, high] = [low, high].map(|bound| unit.render(bound, Measure::Point));
                let message = format!("nothing lies between {low} and {high}");
                return self.site.refuse(at, &message, "write the lower bound first");
            }
        }
        Ok(all(rules))
    }

    fn overflow(&self, at: Position) -> Fault {
        self.site.fault(at, "the factors are too large", "use smaller factors")
    }

    /// The unit of the claims of some linear forms, else that of `today` or `now`.
    fn unit(&self, forms: &[&[Term]], at: Position) -> Result<Unit<'s>, Fault> {
        let terms = || forms.iter().copied().flatten();
        let mut unit: Option<Unit<'s>> = None;
        for term in terms() {
            let Atom::Claim { role, field } = &term.atom else { continue };
            let (_, field) = self.claim(role, field, term.at)?;
            let Some(found) = Unit::of(field.field_type()) else {
                let message = format!("{} values do not compare", field.field_type());
                let remedy = "reveal the claim with `one_of`, or list it under `equal`";
                return self.site.refuse(term.at, &message, remedy);
            };
            if let Some(first) = unit.filter(|unit| *unit != found) {
                let message = format!("this claim is {}", found.describe());
                let remedy =
                    format!("compare it with its own kind; before it stands {}", first.describe());
                return self.site.refuse(term.at, &message, &remedy);
            }
            unit = Some(found);
        }
        for term in terms() {
            let (found, name) = match term.atom {
                Atom::Today => (Unit::Date, "today"),
                Atom::Now => (Unit::Timestamp, "now"),
                _ => continue,
            };
            match unit {
                None => unit = Some(found),
                Some(unit) if unit == found => {}
                Some(Unit::Date) => return self.now_is_no_date(term.at),
                Some(Unit::Timestamp) => {
                    return self.site.refuse(
                        term.at,
                        "`today` is a date, not a time",
                        "write `now`",
                    );
                }
                Some(unit) => {
                    let message = format!("`{name}` is of another kind than the claims here");
                    let remedy = format!("write {}", unit.describe());
                    return self.site.refuse(term.at, &message, &remedy);
                }
            }
        }
        let params = || terms().map(|term| (&term.atom, term.at));
        for (atom, at) in params() {
            if let Atom::Param(name) = atom {
                self.param(name, at)?;
            }
        }
        unit.ok_or_else(|| self.site.fault(at, NOTHING, "compare with a claim, role.field"))
    }

    pub(super) fn now_is_no_date<T>(&self, at: Position) -> Result<T, Fault> {
        self.site.refuse(at, "`now` is a time, not a date", "write `today`")
    }

    /// Values that only equal or differ stand by themselves.
    fn shape(&self, forms: &[&[Term]], unit: Unit<'_>) -> Result<(), Fault> {
        for form in forms {
            let single = matches!(form, [Term { factor: 1, .. }]);
            if let (false, false, false, Some(term)) =
                (unit.adds(), unit.is_time(), single, form.first())
            {
                let message = "only numbers, decimals, dates and times add up";
                let remedy = "put one of them by itself on each side";
                return self.site.refuse(term.at, message, remedy);
            }
        }
        Ok(())
    }

    /// A value of another kind than the claims.
    pub(super) fn of_another_kind<T>(
        &self,
        term: &Term,
        literal: &Literal,
        unit: Unit<'_>,
    ) -> Result<T, Fault> {
        let (what, described) = match (&term.atom, literal) {
            (Atom::Param(name), Literal::List(_)) => {
                let message = format!("params.{name} is a list");
                return self.site.refuse(term.at, &message, &format!("write `in params.{name}`"));
            }
            (Atom::Param(name), _) => (format!("params.{name}"), unit.describe_param()),
            (_, Literal::Word(word)) => (format!("\"{word}\""), unit.describe()),
            _ => ("this value".to_owned(), unit.describe()),
        };
        let message = match (unit, literal) {
            (Unit::Enum(_), Literal::Word(_)) => format!("{what} is none of the names"),
            (Unit::Code, Literal::Word(_)) => format!("{what} is no code"),
            _ => format!("{what} is of another kind than the claims here"),
        };
        self.site.refuse(term.at, &message, &format!("write {described}"))
    }

    /// The terms of one side, brought to the left with a sign.
    pub(super) fn summands(
        &self,
        terms: &[Term],
        sign: i128,
        unit: Unit<'s>,
    ) -> Result<Vec<Summand<'s>>, Fault> {
        let summand = |term: &Term| {
            let at = term.at;
            let literal = |literal: &Literal| match unit.literal(literal) {
                Some(value) => Ok(Worth::Constant(value)),
                None => self.of_another_kind(term, literal, unit),
            };
            let worth = match &term.atom {
                Atom::Claim { role, field } => {
                    let (source, field) = self.claim(role, field, at)?;
                    Worth::Claim(source, field)
                }
                Atom::Today => Worth::Public(PublicTerm::Today),
                Atom::Now => Worth::Public(PublicTerm::Now),
                Atom::Duration { span, count } => {
                    Worth::Constant(self.length(*span, count, unit, at)?)
                }
                Atom::Param(name) => literal(self.param(name, at)?)?,
                Atom::Literal(value) => literal(value)?,
            };
            let factor = term.factor.checked_mul(sign).ok_or_else(|| self.overflow(at))?;
            Ok(Summand { factor, worth, at })
        };
        terms.iter().map(summand).collect()
    }

    /// Sums up what is alike.
    fn parts(&self, summands: Vec<Summand<'s>>, at: Position) -> Result<Parts, Fault> {
        let overflow = || self.overflow(at);
        let mut claims: BTreeMap<SlotSource, (i128, &'s Field, Position)> = BTreeMap::new();
        let mut public: Vec<(PublicTerm, i128, Position)> = Vec::new();
        let mut parts = Parts::default();
        for Summand { factor, worth, at } in summands {
            match worth {
                Worth::Constant(value) => {
                    parts.written = true;
                    let value = value.checked_mul(factor);
                    let sum = value.and_then(|value| parts.constant.checked_add(value));
                    parts.constant = sum.ok_or_else(overflow)?;
                }
                Worth::Present(source) => {
                    parts.present.insert(source);
                }
                Worth::Claim(source, field) => {
                    let (sum, ..) = claims.entry(source).or_insert((0, field, at));
                    *sum = sum.checked_add(factor).ok_or_else(overflow)?;
                }
                Worth::Public(term) => match public.iter_mut().find(|(known, ..)| *known == term) {
                    Some((_, sum, _)) => *sum = sum.checked_add(factor).ok_or_else(overflow)?,
                    None => public.push((term, factor, at)),
                },
            }
        }
        let sums = claims.values().map(|(sum, _, at)| (*sum, *at));
        let sums = sums.chain(public.iter().map(|(_, sum, at)| (*sum, *at)));
        if let Some((_, at)) = sums.into_iter().find(|(sum, _)| *sum == 0) {
            return self.site.refuse(at, "this cancels", "take it out of both sides");
        }
        for (source, (factor, field, at)) in claims {
            // The circuit's factors have 64 bits.
            i64::try_from(factor).map_err(|_| self.overflow(at))?;
            self.part(&mut parts, source, factor, field, at)?;
        }
        parts.public.extend(public.into_iter().map(|(of, factor, _)| {
            let (values, reach) = bounds(of);
            Part { factor, of, values, reach, shift: 0, optional: false }
        }));
        if parts.hidden.is_empty() && parts.public.is_empty() {
            return self.site.refuse(at, NOTHING, "compare with a claim, role.field");
        }
        parts.normal().ok_or_else(overflow)
    }

    fn part(
        &self,
        parts: &mut Parts,
        source: SlotSource,
        factor: i128,
        field: &Field,
        at: Position,
    ) -> Result<(), Fault> {
        let field_type = field.field_type();
        let (Some(bits), shift) = (field_type.bits(), field_type.offset()) else { return Ok(()) };
        let values = (-shift, Interval::bits(bits).high() - shift);
        let reach = (-shift, greatest(field_type).min(values.1));
        let optional = field.optional();
        if self.revealed(source, at)? {
            // A revealed value travels without the mark of presence.
            let of = PublicTerm::Disclosed(source);
            parts.public.push(Part { factor, of, values, reach, shift, optional });
            parts.present.extend(optional.then_some(source));
        } else {
            let shift = shift + i128::from(optional);
            parts.hidden.push(Part { factor, of: source, values, reach, shift, optional });
        }
        Ok(())
    }

    /// Refuses a constant that the claims cannot reach, and a comparison that never holds.
    fn reachable(
        &self,
        parts: &Parts,
        op: Comparison,
        unit: Unit<'s>,
        (threshold, at): (Position, Position),
    ) -> Result<(), Fault> {
        let range = parts.range(|part| part.reach, |part| part.reach);
        let range = range.ok_or_else(|| self.overflow(at))?;
        let constant = parts.constant.checked_neg().ok_or_else(|| self.overflow(at))?;
        let measure = match parts.weight() {
            0 => Measure::Length,
            _ => Measure::Point,
        };
        if !range.contains(constant) {
            let [constant, low, high] =
                [constant, range.low(), range.high()].map(|value| unit.render(value, measure));
            let message =
                format!("{constant} can't be reached: the claims here give {low} to {high}");
            return self.site.refuse(threshold, &message, "write a value within that range");
        }
        let never = match op {
            Comparison::Lt => constant == range.low(),
            Comparison::Gt => constant == range.high(),
            _ => false,
        };
        if never {
            let constant = unit.render(constant, measure);
            let message = format!("nothing is beyond {constant}: this never holds");
            return self.site.refuse(at, &message, "move the value, or include it with `=`");
        }
        Ok(())
    }
}

/// The constant that a complaint about its size points at.
fn threshold(compared: &Compared) -> Position {
    let terms = compared.left.iter().chain(&compared.right);
    let constants = terms.filter(|term| {
        matches!(term.atom, Atom::Param(_) | Atom::Literal(_) | Atom::Duration { .. })
    });
    constants.map(|term| term.at).next_back().unwrap_or(compared.at)
}

/// The relation with both sides negated.
pub(super) fn turned(op: Comparison) -> Comparison {
    match op {
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
        same @ (Comparison::Eq | Comparison::Ne) => same,
    }
}
