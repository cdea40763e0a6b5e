//! Dates and times: what may be added to them, and whole years.
//!
//! A date is a point, not a length: the sum of two dates means nothing, their difference is a number
//! of days. So on each side of a comparison the points' factors add up to 0, a length, or to 1, a
//! point, and to the same on both.
//!
//! Years are no length: how many days a year has depends on where it begins. `P + years(n)` is the
//! n-th anniversary of P, where a 29 February has its own by the policy's rule, and `P − years(n)`
//! the latest day whose n-th anniversary is not after P. The two are adjoint: for every h,
//!
//! ```text
//! h + years(n) <= P   exactly if   h <= P − years(n)
//! ```
//!
//! so that a hidden date's anniversary is compared without computing it. With `<` in place of `<=`
//! the day before P stands for P; `>` and `>=` are the negations. What equals an anniversary has no
//! such form and is refused.

use super::Typing;
use super::linear::{Summand, Worth, turned};
use super::units::Unit;
use crate::document::Fault;
use crate::policy::expression::{Atom, Compared, Count, Literal, Position, Span, Term};
use crate::policy::public::{PublicDay, PublicTerm, SlotSource};
use crate::value::{Date, LeapDay};
use sigil_circuits::Comparison;

/// Seconds of an hour and of a day.
const HOUR: i128 = 3_600;
const DAY: i128 = 86_400;

/// A day that years are counted from.
enum Base {
    Constant(Date),
    Public(PublicDay),
    Hidden(SlotSource),
}

/// A side of a comparison that is one day, moved by years.
struct Moved<'t> {
    base: &'t Term,
    /// Negative: back in time.
    years: i16,
    at: Position,
}

fn is_years(term: &Term) -> bool {
    matches!(term.atom, Atom::Duration { span: Span::Years, .. })
}

impl<'s> Typing<'_, 's> {
    /// The sum of the points' factors: 1 for a point, 0 for a length.
    fn weight(&self, terms: &[Term]) -> Result<i128, Fault> {
        let is_point = |term: &&Term| !matches!(term.atom, Atom::Duration { .. });
        let weight =
            terms.iter().filter(is_point).try_fold(0i128, |sum, term| sum.checked_add(term.factor));
        match (weight, terms.first()) {
            (Some(weight @ (0 | 1)), _) => Ok(weight),
            (_, first) => {
                let at = first.map_or(Position { line: 1, column: 1 }, |term| term.at);
                let remedy =
                    "subtract one from another: `a - b <= days(30)`, or add days(n) to one";
                self.site.refuse(
                    at,
                    "dates and times are points: they have no sum or multiple",
                    remedy,
                )
            }
        }
    }

    /// What is no point of time and no duration has no place beside them.
    fn only_times(&self, terms: &[Term], unit: Unit<'s>) -> Result<(), Fault> {
        for term in terms {
            let literal = match &term.atom {
                Atom::Literal(literal) => literal,
                Atom::Param(name) => self.param(name, term.at)?,
                _ => continue,
            };
            if let Literal::Integer(_) = literal {
                let (message, remedy) = match unit {
                    Unit::Date => {
                        ("a number beside dates", "write days(30), or date(\"2008-02-29\")")
                    }
                    _ => ("a number beside times", "write hours(12), or days(30)"),
                };
                return self.site.refuse(term.at, message, remedy);
            }
            if unit.literal(literal).is_none() {
                return self.of_another_kind(term, literal, unit);
            }
        }
        Ok(())
    }

    /// Both sides are points, or both are lengths.
    pub(super) fn affine(&self, compared: &Compared, unit: Unit<'s>) -> Result<(), Fault> {
        self.only_times(&compared.left, unit)?;
        self.only_times(&compared.right, unit)?;
        if self.weight(&compared.left)? == self.weight(&compared.right)? {
            return Ok(());
        }
        let remedy = "compare a date with a date, and a difference of dates with days(n)";
        self.site.refuse(compared.at, "a point of time is compared with a length", remedy)
    }

    /// The number of days or seconds of `days(n)` and `hours(n)`.
    pub(super) fn length(
        &self,
        span: Span,
        count: &Count,
        unit: Unit<'_>,
        at: Position,
    ) -> Result<i128, Fault> {
        let scale = match (unit, span) {
            (Unit::Date, Span::Days) => 1,
            (Unit::Timestamp, Span::Days) => DAY,
            (Unit::Timestamp, Span::Hours) => HOUR,
            (Unit::Date, Span::Hours) => {
                return self.site.refuse(at, "a date has no hours", "write days(n)");
            }
            (Unit::Timestamp, Span::Years) => {
                return self.site.refuse(at, "years(n) moves dates", "write days(n) or hours(n)");
            }
            _ => {
                let message = "a duration, but the claims here are no dates";
                return self.site.refuse(at, message, &format!("write {}", unit.describe()));
            }
        };
        Ok(self.count(span, count, at)? * scale)
    }

    /// The number in a duration, within the bounds that keep it from overflowing.
    fn count(&self, span: Span, count: &Count, at: Position) -> Result<i128, Fault> {
        let name = match count {
            Count::Number(number) => return Ok(*number),
            Count::Param(name) => name,
        };
        match self.param(name, at)? {
            Literal::Integer(number) if span.counts().contains(number) => Ok(*number),
            _ => {
                let (least, most) = span.counts().into_inner();
                let message = format!("params.{name} is no whole number of {least} to {most}");
                self.site.refuse(at, &message, "give the parameter such a number")
            }
        }
    }

    /// The comparison's two sides and its relation where a side is moved by years; none if no side
    /// is.
    pub(super) fn years(
        &self,
        compared: &Compared,
        unit: Unit<'s>,
    ) -> Result<Option<(Vec<Summand<'s>>, Comparison)>, Fault> {
        let Compared { left, op, right, .. } = compared;
        let sides = [left, right].map(|side| side.iter().find(|term| is_years(term)));
        let (side, other, op) = match sides {
            [None, None] => return Ok(None),
            [Some(_), None] => (left, right, *op),
            [None, Some(_)] => (right, left, turned(*op)),
            [Some(_), Some(second)] => {
                let remedy = "write one years(n), on one side";
                return self.site.refuse(second.at, "years() stands on both sides", remedy);
            }
        };
        let (moved, leap_day) = self.moved(side, unit)?;
        let Moved { base, years, at } = moved;
        let years_of =
            |base, strict| Worth::Public(PublicTerm::Years { base, years, leap_day, strict });
        let worth = match self.base(base)? {
            Base::Constant(date) => Worth::Constant(self.fold(date, years, leap_day, at)?),
            Base::Public(day) => years_of(day, false),
            Base::Hidden(source) => return self.anniversary(moved, source, op, other, leap_day),
        };
        let mut summands = vec![Summand { factor: 1, worth, at }];
        summands.extend(self.there(base)?);
        summands.extend(self.summands(other, -1, unit)?);
        Ok(Some((summands, op)))
    }

    /// Takes apart a side with years in it.
    fn moved<'t>(&self, side: &'t [Term], unit: Unit<'_>) -> Result<(Moved<'t>, LeapDay), Fault> {
        let at = side.iter().find(|term| is_years(term)).map(|term| term.at);
        let at = at.unwrap_or(Position { line: 1, column: 1 });
        if unit != Unit::Date {
            let remedy = match unit {
                Unit::Timestamp => "write days(n) or hours(n)".to_owned(),
                _ => format!("write {}", unit.describe()),
            };
            return self.site.refuse(at, "years(n) moves dates", &remedy);
        }
        if side.iter().all(is_years) {
            let remedy = "write `role.field <= today - years(18)` for `today - role.field >= \
                          years(18)`";
            return self.site.refuse(at, "years() is no length: it moves one date", remedy);
        }
        let (base, moving) = match side {
            [base, moving] | [moving, base] if is_years(moving) && !is_years(base) => {
                (base, moving)
            }
            _ => {
                let remedy = "write one date and one years(n), such as `today - years(18)`, and \
                              the rest on the other side";
                return self.site.refuse(at, "years() moves one date", remedy);
            }
        };
        let Atom::Duration { count, .. } = &moving.atom else {
            return self.site.refuse(at, "years() moves one date", "write `today - years(18)`");
        };
        if base.factor != 1 || !matches!(moving.factor, 1 | -1) {
            let remedy = "write years(2) for `2 * years(1)`, and the date without a factor";
            return self.site.refuse(at, "years() moves one date by one number", remedy);
        }
        let years =
            i16::try_from(self.count(Span::Years, count, at)? * moving.factor).unwrap_or(i16::MAX);
        let Some(leap_day) = self.scope.leap_day() else {
            let message = "who is born on 29 February has no birthday in most years";
            let remedy =
                "say when it is: leap_day = \"feb28\" or leap_day = \"mar1\" in the policy";
            return self.site.refuse(at, message, remedy);
        };
        Ok((Moved { base, years, at }, leap_day))
    }

    /// What a term is as a day.
    fn base(&self, term: &Term) -> Result<Base, Fault> {
        let literal = match &term.atom {
            Atom::Today => return Ok(Base::Public(PublicDay::Today)),
            Atom::Claim { role, field } => {
                let (source, _) = self.claim(role, field, term.at)?;
                return Ok(match self.revealed(source, term.at)? {
                    true => Base::Public(PublicDay::Disclosed(source)),
                    false => Base::Hidden(source),
                });
            }
            Atom::Literal(literal) => literal,
            Atom::Param(name) => self.param(name, term.at)?,
            Atom::Now => return self.now_is_no_date(term.at),
            Atom::Duration { .. } => {
                let remedy = "write `today - years(18)`, and days(n) on the other side";
                return self.site.refuse(term.at, "years() moves a date", remedy);
            }
        };
        match literal {
            Literal::Date(date) => Ok(Base::Constant(*date)),
            literal => self.of_another_kind(term, literal, Unit::Date),
        }
    }

    /// A revealed claim is in a comparison by its anniversary only; that it is there is asked all
    /// the same.
    fn there(&self, term: &Term) -> Result<Option<Summand<'s>>, Fault> {
        let Atom::Claim { role, field } = &term.atom else { return Ok(None) };
        let (source, field) = self.claim(role, field, term.at)?;
        let worth = Worth::Present(source);
        Ok(field.optional().then_some(Summand { factor: 1, worth, at: term.at }))
    }

    /// A date written out, moved by years.
    fn fold(&self, date: Date, years: i16, rule: LeapDay, at: Position) -> Result<i128, Fault> {
        match date.plus_years(years, rule) {
            Some(date) => Ok(date.days().into()),
            None => {
                let remedy = "stay within 0001-01-01 and 9999-12-31";
                self.site.refuse(at, "this leaves the calendar", remedy)
            }
        }
    }

    /// `h + years(n) op P` for a hidden h.
    fn anniversary(
        &self,
        moved: Moved<'_>,
        source: SlotSource,
        op: Comparison,
        other: &[Term],
        leap_day: LeapDay,
    ) -> Result<Option<(Vec<Summand<'s>>, Comparison)>, Fault> {
        let Moved { base, years, at } = moved;
        if years < 0 {
            let remedy = "move it across: `role.field >= P + years(n)` for \
                          `role.field - years(n) >= P`";
            return self.site.refuse(at, "a hidden date is not moved back", remedy);
        }
        let (op, strict) = match op {
            Comparison::Le => (Comparison::Le, false),
            Comparison::Gt => (Comparison::Gt, false),
            Comparison::Lt => (Comparison::Le, true),
            Comparison::Ge => (Comparison::Gt, true),
            Comparison::Eq | Comparison::Ne => {
                let remedy = "compare with `<`, `<=`, `>` or `>=`";
                return self.site.refuse(
                    at,
                    "a hidden date's anniversary only has an order",
                    remedy,
                );
            }
        };
        let single = match other {
            [term] if term.factor == 1 => self.base(term)?,
            _ => Base::Hidden(source),
        };
        let worth = match single {
            Base::Constant(date) => {
                let eve =
                    u64::from(date.days()).checked_sub(strict.into()).and_then(Date::from_days);
                let Some(day) = eve else {
                    let remedy = "stay within 0001-01-01 and 9999-12-31";
                    return self.site.refuse(at, "this leaves the calendar", remedy);
                };
                Worth::Constant(self.fold(day, -years, leap_day, at)?)
            }
            Base::Public(base) => {
                Worth::Public(PublicTerm::Years { base, years: -years, leap_day, strict })
            }
            Base::Hidden(_) => {
                let remedy = "compare with a date, `today`, a parameter or a revealed claim";
                return self.site.refuse(
                    at,
                    "a hidden date's anniversary needs one day to compare \
                                             with",
                    remedy,
                );
            }
        };
        let (_, field) = match &base.atom {
            Atom::Claim { role, field } => self.claim(role, field, base.at)?,
            _ => return self.site.refuse(at, "years() moves one date", "write role.field"),
        };
        let mut summands = vec![
            Summand { factor: 1, worth: Worth::Claim(source, field), at: base.at },
            Summand { factor: -1, worth, at },
        ];
        if let [term] = other {
            summands.extend(self.there(term)?);
        }
        Ok(Some((summands, op)))
    }
}
