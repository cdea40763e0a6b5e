//! A comparison of linear forms taken apart into what is hidden, what is public and a constant, and
//! put together again over the integers that are signed.

use crate::policy::public::{PublicForm, PublicRule, PublicTerm, SlotSource};
use crate::policy::rule::{HiddenForm, Rule};
use crate::value::{Date, FieldType, Timestamp};
use sigil_circuits::{Comparison, Interval};
use std::collections::BTreeSet;

/// A quantity within a comparison: its integer is its value plus `shift`.
pub(super) struct Part<T> {
    pub(super) factor: i128,
    pub(super) of: T,
    /// The least and the greatest value by the bits that it has.
    pub(super) values: Bounds,
    /// The least and the greatest value that there is.
    pub(super) reach: Bounds,
    pub(super) shift: i128,
    pub(super) optional: bool,
}

/// A least and a greatest value.
pub(super) type Bounds = (i128, i128);

/// A comparison taken apart: Σ a·x + Σ d·y + c op 0.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) hidden: Vec<Part<SlotSource>>,
    pub(super) public: Vec<Part<PublicTerm>>,
    /// Revealed optional claims.
    pub(super) present: BTreeSet<SlotSource>,
    pub(super) constant: i128,
    /// Whether a constant is written, so that it may move.
    pub(super) written: bool,
    /// Whether the spelling was turned around to make the first hidden factor positive.
    pub(super) negated: bool,
}

/// The greatest value of a type that has days in it; of others the bits say it.
pub(super) fn greatest(field_type: &FieldType) -> i128 {
    match field_type {
        FieldType::Date => Date::MAX.days().into(),
        FieldType::Timestamp => Timestamp::MAX.unix().into(),
        _ => i128::MAX,
    }
}

/// The values of a quantity that is no claim, by its bits and at all.
pub(super) fn bounds(term: PublicTerm) -> (Bounds, Bounds) {
    let of = |low: i128, field_type: FieldType| {
        let high = Interval::bits(field_type.bits().unwrap_or(64)).high();
        ((low, high), (low, greatest(&field_type).min(high)))
    };
    match term {
        PublicTerm::Now => of(0, FieldType::Timestamp),
        PublicTerm::Today => of(0, FieldType::Date),
        PublicTerm::NowHours(_) | PublicTerm::SigningFrom(_) | PublicTerm::LastSigning { .. } => {
            let hours = (0, Interval::bits(crate::schema::VALIDITY_BITS).high());
            (hours, hours)
        }
        // A day moved out of the calendar is the one before its first or after its last.
        PublicTerm::Years { .. } => {
            let (values, (low, high)) = of(-1, FieldType::Date);
            (values, (low, high + 1))
        }
        PublicTerm::Disclosed(_) | PublicTerm::Shift(_) => of(0, FieldType::Code),
    }
}

/// The hull of Σ factor·value.
fn hull<T>(parts: &[Part<T>], bounds: impl Fn(&Part<T>) -> Bounds) -> Option<Interval> {
    let (low, high) = parts.iter().try_fold((0i128, 0i128), |(low, high), part| {
        let (least, most) = bounds(part);
        let a = least.checked_mul(part.factor)?;
        let b = most.checked_mul(part.factor)?;
        Some((low.checked_add(a.min(b))?, high.checked_add(a.max(b))?))
    })?;
    Interval::new(low, high)
}

/// Σ factor·shift.
fn shift<T>(parts: &[Part<T>]) -> Option<i128> {
    parts.iter().try_fold(0i128, |sum, part| sum.checked_add(part.factor.checked_mul(part.shift)?))
}

impl Parts {
    /// The spelling whose first hidden factor is positive: `−x <= −3` is `x >= 3`.
    pub(super) fn normal(mut self) -> Option<Self> {
        if self.hidden.first().is_none_or(|part| part.factor > 0) {
            return Some(self);
        }
        self.negated = true;
        self.constant = self.constant.checked_neg()?;
        for part in &mut self.hidden {
            part.factor = part.factor.checked_neg()?;
        }
        for part in &mut self.public {
            part.factor = part.factor.checked_neg()?;
        }
        Some(self)
    }

    /// The sum of the factors of claims, `today` and `now`: what a constant of time stands against.
    pub(super) fn weight(&self) -> i128 {
        let hidden = self.hidden.iter().map(|part| part.factor);
        hidden.chain(self.public.iter().map(|part| part.factor)).fold(0, i128::saturating_add)
    }

    /// What −c may be for the two sides to meet.
    pub(super) fn range(
        &self,
        hidden: impl Fn(&Part<SlotSource>) -> Bounds,
        public: impl Fn(&Part<PublicTerm>) -> Bounds,
    ) -> Option<Interval> {
        let (hidden, public) = (hull(&self.hidden, hidden)?, hull(&self.public, public)?);
        let low = hidden.low().checked_add(public.low())?;
        Interval::new(low, hidden.high().checked_add(public.high())?)
    }

    /// p = −c − Σ d·y + Σ a·s, over the integers of the public claims.
    pub(super) fn public_side(&self) -> Option<PublicForm> {
        let constant = shift(&self.hidden)?.checked_add(shift(&self.public)?)?;
        let constant = constant.checked_sub(self.constant)?;
        let terms = self.public.iter().map(|part| Some((part.factor.checked_neg()?, part.of)));
        Some(PublicForm { constant, terms: terms.collect::<Option<_>>()? })
    }

    /// Where p may lie: −c is in the range, or 0 where no constant is written.
    fn interval(&self) -> Option<Interval> {
        let range = self.range(|part| part.values, |part| part.values)?;
        let public = hull(&self.public, |part| part.values)?;
        let (low, high) = if self.written { (range.low(), range.high()) } else { (0, 0) };
        let shift = shift(&self.hidden)?;
        Interval::new(
            low.checked_sub(public.high())?.checked_add(shift)?,
            high.checked_sub(public.low())?.checked_add(shift)?,
        )
    }

    fn form(&self) -> HiddenForm {
        self.hidden.iter().map(|part| (part.factor, part.of)).collect()
    }

    /// The form Σ d·y, in the open.
    fn open(&self) -> PublicForm {
        let terms = self.public.iter().map(|part| (part.factor, part.of));
        PublicForm { constant: 0, terms: terms.collect() }
    }

    pub(super) fn compare(&self, op: Comparison) -> Option<Rule> {
        let public = self.public_side()?;
        if self.hidden.is_empty() {
            let form = PublicForm { constant: public.constant.checked_neg()?, ..self.open() };
            return Some(Rule::Public(PublicRule::Compare { form, op }));
        }
        Some(Rule::Compare { hidden: self.form(), op, public, interval: self.interval()? })
    }

    /// Membership, where `set` holds the public side for each element.
    pub(super) fn member(&self, set: Vec<PublicForm>) -> Option<Rule> {
        if self.hidden.is_empty() {
            let set = set.into_iter().map(|form| PublicForm::constant(form.constant)).collect();
            return Some(Rule::Public(PublicRule::Member { form: self.open(), set }));
        }
        Some(Rule::Member { hidden: self.form(), set, interval: self.interval()? })
    }

    /// A comparison with an absent field is false: that the optional ones are there.
    pub(super) fn presence(&self) -> impl Iterator<Item = Rule> {
        let hidden = self.hidden.iter().filter(|part| part.optional);
        let hidden = hidden.map(|part| Rule::Zero { source: part.of, is: false });
        let revealed = self.present.iter().map(|source| Rule::Public(PublicRule::Present(*source)));
        hidden.chain(revealed)
    }
}
