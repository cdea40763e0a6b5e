//! From rules to what both sides work from: the circuit's formula, slots and parameters, and the
//! checks in the open.
//!
//! Every conjunct that needs nothing hidden is checked by the verifier itself and costs nothing. The
//! others make one formula. In it, the public side of each comparison is one parameter of its own,
//! each element of a set another, and a part that needs nothing hidden is worked out in the open and
//! becomes a parameter that is 0 or 1: so whatever a policy writes as a constant can move without a
//! new shape. A set is padded to a power of two by repeating its last element.

use super::compile::{CompiledPredicate, Equality, Role};
use super::document::Validity;
use super::equality::Agreement;
use super::lists::ListCheck;
use super::public::{ParamSource, PublicCheck, PublicForm, PublicRule, PublicTerm, SlotSource};
use super::rule::{HiddenForm, Rule};
use crate::document::{Fault, Problem};
use crate::schema::{STATUS_HANDLE, STATUS_HANDLE_BITS, VALID_FROM, VALID_UNTIL, VALIDITY_BITS};
use sigil_circuits::{Comparison, Formula, Interval, Linear, Param, Shape, ShapeError, Slot};
use std::collections::BTreeSet;

/// What compilation gathers before there is a circuit.
#[derive(Default)]
pub(super) struct Plan {
    /// Rules that all have to hold, each with the place in the policy that asks for it.
    pub(super) rules: Vec<(String, Rule)>,
    pub(super) checks: Vec<PublicCheck>,
    pub(super) equalities: Vec<Equality>,
    /// For each equality, the place in the policy that asks for it.
    pub(super) equality_paths: Vec<String>,
    pub(super) agreements: Vec<Agreement>,
    /// Checks of claims that another may overrule.
    pub(super) settled: Vec<PublicCheck>,
    pub(super) lists: Vec<ListCheck>,
    pub(super) warnings: Vec<Fault>,
    pub(super) predicates: Vec<CompiledPredicate>,
}

/// The circuit's side of a compiled policy.
pub(super) struct Circuit {
    pub(super) slots: Vec<SlotSource>,
    pub(super) params: Vec<ParamSource>,
    pub(super) shape: Option<Shape>,
    /// For each conjunct of the formula, its place in the policy.
    pub(super) conditions: Vec<String>,
}

fn invalid(path: &str, problem: &str, remedy: &str) -> Fault {
    Fault::new(path, Problem::Invalid(problem.to_owned()), remedy)
}

impl Plan {
    /// Every credential is valid at the time of the request: valid_from ≤ now < valid_until. Where a trust
    /// list has the role's keys, it also begins in the window that the presentation states.
    pub(super) fn validity(&mut self, role: usize, compiled: &Role) {
        let path = format!("$.roles[{role}].validity");
        let bounds = [(VALID_FROM, Comparison::Le), (VALID_UNTIL, Comparison::Gt)];
        let hour = |message, op, term| Rule::Compare {
            hidden: vec![(1, SlotSource { role, message })],
            op,
            public: PublicForm::term(term),
            interval: Interval::bits(VALIDITY_BITS),
        };
        let trusted = compiled.trust().is_some();
        let hidden = compiled.validity() != Validity::Reveal;
        if trusted && hidden {
            let trust = format!("$.roles[{role}].trust");
            let begins = hour(VALID_FROM, Comparison::Ge, PublicTerm::SigningFrom(role));
            self.rules.push((trust.clone(), begins));
            if compiled.validity() == Validity::Skip {
                let last = PublicTerm::LastSigning { role, by_now: false };
                self.rules.push((trust, hour(VALID_FROM, Comparison::Le, last)));
            }
        }
        match compiled.validity() {
            Validity::Hidden => {
                for (message, op) in bounds {
                    // One comparison says both that it has begun and that it was signed in time.
                    let term = match message == VALID_FROM && trusted {
                        true => PublicTerm::LastSigning { role, by_now: true },
                        false => PublicTerm::NowHours,
                    };
                    self.rules.push((path.clone(), hour(message, op, term)));
                }
            }
            Validity::Reveal => {
                for (message, op) in bounds {
                    let hour = PublicTerm::Disclosed(SlotSource { role, message });
                    let terms = vec![(1, hour), (-1, PublicTerm::NowHours)];
                    let form = PublicForm { constant: 0, terms };
                    let rule = Rule::Public(PublicRule::Compare { form, op });
                    self.rules.push((path.clone(), rule));
                }
            }
            Validity::Skip => {
                let problem = "an expired credential passes this policy";
                self.warnings.push(invalid(&path, problem, "write hidden unless this is meant"));
            }
        }
    }

    /// Sorts the rules into checks in the open and one formula.
    pub(super) fn circuit(&mut self, roles: &[Role]) -> Result<Circuit, Fault> {
        let rules = std::mem::take(&mut self.rules);
        let mut hidden: Vec<(&str, &Rule)> = Vec::new();
        for (path, rule) in &rules {
            for conjunct in rule.conjuncts() {
                if conjunct.is_public() {
                    self.checks.push(PublicCheck { path: path.clone(), rule: conjunct.clone() });
                } else if !hidden.contains(&(path.as_str(), conjunct)) {
                    hidden.push((path, conjunct));
                }
            }
        }
        let slots: BTreeSet<SlotSource> =
            hidden.iter().flat_map(|(_, rule)| rule.sources()).collect();
        let slots = slots.into_iter().collect();
        let mut assembly = Assembly { roles, slots, params: Vec::new() };
        let too_large = |path: &str| invalid(path, "the factors are too large", "use smaller ones");
        let formulas =
            hidden.iter().map(|(path, rule)| assembly.formula(rule).ok_or_else(|| too_large(path)));
        let formulas = formulas.collect::<Result<Vec<_>, Fault>>()?;
        let conditions: Vec<String> = hidden.iter().map(|(path, _)| (*path).to_owned()).collect();
        let Assembly { slots, params, .. } = assembly;
        let (params, intervals): (Vec<ParamSource>, Vec<Interval>) = params.into_iter().unzip();
        let shape = match formulas.is_empty() {
            true => None,
            false => {
                let of_slot = |source: &SlotSource| slot_interval(roles, &self.lists, *source);
                let slots = slots.iter().filter_map(of_slot).collect();
                // Faults count the comparisons within, several to a condition.
                let counts = formulas.iter().map(comparisons).zip(&conditions);
                let places: Vec<String> = counts
                    .flat_map(|(count, path)| std::iter::repeat_n(path.clone(), count))
                    .collect();
                let shape = Shape::new(slots, intervals, Formula::All(formulas));
                Some(shape.map_err(|error| shape_fault(&error, &places))?)
            }
        };
        Ok(Circuit { slots, params, shape, conditions })
    }
}

/// The formula under construction.
struct Assembly<'a> {
    roles: &'a [Role],
    slots: Vec<SlotSource>,
    params: Vec<(ParamSource, Interval)>,
}

impl Assembly<'_> {
    fn formula(&mut self, rule: &Rule) -> Option<Formula> {
        if rule.is_public() {
            return self.truth(rule.clone());
        }
        Some(match rule {
            Rule::Compare { hidden, op, public, interval } => {
                let left = self.hidden(hidden)?;
                let (public, interval) = self.shifted(hidden, public, *interval)?;
                let param = self.public(&public, interval)?;
                Formula::compare(left, *op, Linear::param(param))
            }
            Rule::Zero { source, is } => {
                let op = if *is { Comparison::Eq } else { Comparison::Ne };
                let hidden = vec![(1, *source)];
                let left = self.hidden(&hidden)?;
                let zero = (PublicForm::default(), Interval::bits(0));
                let right = match self.shifted(&hidden, &zero.0, zero.1)? {
                    shifted if shifted == zero => Linear::default(),
                    (form, interval) => Linear::param(self.public(&form, interval)?),
                };
                Formula::compare(left, op, right)
            }
            Rule::Member { hidden, set, interval } => {
                let form = self.hidden(hidden)?;
                let last = set.last()?;
                let padding = set.len().next_power_of_two() - set.len();
                let padded = set.iter().chain(std::iter::repeat_n(last, padding));
                let set = padded.map(|element| {
                    let (element, interval) = self.shifted(hidden, element, *interval)?;
                    self.public(&element, interval)
                });
                Formula::In { form, set: set.collect::<Option<_>>()? }
            }
            Rule::Not(part) => Formula::Not(Box::new(self.formula(part)?)),
            Rule::All(parts) => Formula::All(self.parts(parts, Rule::All)?),
            Rule::Any(parts) => Formula::Any(self.parts(parts, Rule::Any)?),
            Rule::AtLeast(k, parts) => {
                let parts = parts.iter().map(|part| self.formula(part));
                Formula::AtLeast(*k, parts.collect::<Option<_>>()?)
            }
            Rule::Public(_) => self.truth(rule.clone())?,
        })
    }

    /// The parts of a conjunction or disjunction; its public ones are worked out as one.
    fn parts(&mut self, parts: &[Rule], join: fn(Vec<Rule>) -> Rule) -> Option<Vec<Formula>> {
        let public: Vec<Rule> = parts.iter().filter(|part| part.is_public()).cloned().collect();
        let hidden = parts.iter().filter(|part| !part.is_public());
        let mut formulas =
            hidden.map(|part| self.formula(part)).collect::<Option<Vec<Formula>>>()?;
        if !public.is_empty() {
            formulas.push(self.truth(join(public))?);
        }
        Some(formulas)
    }

    fn hidden(&self, form: &HiddenForm) -> Option<Linear> {
        let term = |(factor, source): &(i128, SlotSource)| {
            let slot = self.slots.binary_search(source).ok()?;
            Some((i64::try_from(*factor).ok()?, Slot(u16::try_from(slot).ok()?)))
        };
        let slots = form.iter().map(term).collect::<Option<Vec<_>>>()?;
        Some(Linear { slots, params: Vec::new() })
    }

    /// The public side of what is said of the base's integers, for the signed ones: each is above by a
    /// shift that the presentation's choice of version settles.
    fn shifted(
        &self,
        hidden: &HiddenForm,
        public: &PublicForm,
        interval: Interval,
    ) -> Option<(PublicForm, Interval)> {
        let (mut form, mut low, mut high) = (public.clone(), interval.low(), interval.high());
        for (factor, source) in hidden {
            let role = self.roles.get(source.role);
            let Some(shifts) = role.and_then(|role| role.shifts(source.message)) else { continue };
            form.terms.push((*factor, PublicTerm::Shift(*source)));
            let ends = [shifts.low(), shifts.high()].map(|end| end.checked_mul(*factor));
            let [a, b] = [ends[0]?, ends[1]?];
            (low, high) = (low.checked_add(a.min(b))?, high.checked_add(a.max(b))?);
        }
        Some((form, Interval::new(low, high)?))
    }

    /// The parameter of a public form. Only the hour of the request is shared: equal constants stay
    /// parameters of their own, so that two thresholds that happen to be equal keep the shape.
    fn public(&mut self, form: &PublicForm, interval: Interval) -> Option<Param> {
        let param = (ParamSource::Form(form.clone()), interval);
        let shared = *form == PublicForm::term(PublicTerm::NowHours);
        let index = match self.params.iter().position(|other| shared && *other == param) {
            Some(index) => index,
            None => {
                self.params.push(param);
                self.params.len() - 1
            }
        };
        u16::try_from(index).ok().map(Param)
    }

    fn truth(&mut self, rule: Rule) -> Option<Formula> {
        self.params.push((ParamSource::Truth(rule), Interval::bits(1)));
        u16::try_from(self.params.len() - 1).ok().map(|index| Formula::Holds(Param(index)))
    }
}

/// How many comparisons a formula has; a set counts as one.
fn comparisons(formula: &Formula) -> usize {
    match formula {
        Formula::Compare { .. } | Formula::In { .. } | Formula::Holds(_) => 1,
        Formula::Not(part) => comparisons(part),
        Formula::All(parts) | Formula::Any(parts) | Formula::AtLeast(_, parts) => {
            parts.iter().map(comparisons).sum()
        }
    }
}

/// The integers that the message of a slot may be: of any schema that the role accepts.
pub(super) fn slot_interval(
    roles: &[Role],
    lists: &[ListCheck],
    source: SlotSource,
) -> Option<Interval> {
    let Some(role) = roles.get(source.role) else {
        return lists.get(source.role - roles.len()).map(|check| check.key.elements.interval());
    };
    match source.message {
        STATUS_HANDLE => Some(Interval::bits(STATUS_HANDLE_BITS)),
        VALID_FROM | VALID_UNTIL => Some(Interval::bits(VALIDITY_BITS)),
        message => role.interval(message),
    }
}

fn shape_fault(error: &ShapeError, paths: &[String]) -> Fault {
    let comparison = match error {
        ShapeError::NothingHidden { comparison }
        | ShapeError::NeverHolds { comparison }
        | ShapeError::TooWide { comparison }
        | ShapeError::TooManyTerms { comparison, .. } => Some(*comparison),
        _ => None,
    };
    let path = comparison.and_then(|index| paths.get(index));
    let path = path.map_or("$.predicates", String::as_str);
    invalid(path, &error.to_string(), "simplify the predicates")
}
