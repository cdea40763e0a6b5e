//! From an instance to a full assignment: which alternatives to rely on, and the cells that follow.
//!
//! The cells follow from field elements, not from integers. Given the choices, the bits and
//! inverses of what is relied upon are the only ones that could satisfy the rows, and all other
//! cells may as well be 0. [`FirstThatHold`] chooses parts that can be satisfied wherever there are
//! enough of them. So whoever can satisfy the rows for an instance can do so with that assignment:
//! the tests against forged witnesses rest on this, and test it with [`EachInTurn`].

use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, One, PrimeField, Zero};

/// How the cells of a part of the formula are found, and what its truth is. Numbers are indexes of
/// forms and of variables.
pub(super) enum Step {
    /// `form in [0, 2^width)`, with the bits from `first` on.
    Range { form: usize, first: usize, width: usize },
    /// `form == 0`.
    Zero { form: usize },
    /// `form != 0`, with its inverse.
    NonZero { form: usize, inverse: usize },
    /// All of them.
    All(Vec<Step>),
    /// Some of them.
    Choice(Choice),
}

/// `at_least(k)` of some parts.
pub(super) struct Choice {
    pub(super) k: usize,
    /// Whether there are `k` ports, or each part has one selector.
    pub(super) ported: bool,
    pub(super) parts: Vec<Part>,
}

/// A part that can be chosen.
pub(super) struct Part {
    /// The first port that it fits; 0 without ports.
    pub(super) first_port: usize,
    /// Its selector for each of its ports. `None`: eliminated, the rest of what the others leave.
    pub(super) selectors: Vec<Option<usize>>,
    /// One for all ports, or one for each.
    pub(super) steps: Vec<Step>,
}

impl Part {
    fn step(&self, at: usize) -> Option<&Step> {
        if self.steps.len() == 1 { self.steps.first() } else { self.steps.get(at) }
    }
}

/// Decides which parts of a choice to rely on.
pub(super) trait Chooser {
    /// With ports, a part for each port. Without, the parts to be counted.
    fn choose(&mut self, choice: &Choice, forms: &[Fr]) -> Vec<usize>;
}

/// The first parts that can be satisfied, and where they are too few, any: the rows will tell.
pub(super) struct FirstThatHold;

impl Chooser for FirstThatHold {
    fn choose(&mut self, choice: &Choice, forms: &[Fr]) -> Vec<usize> {
        let holds = |part: &Part| part.steps.first().is_some_and(|step| holds(step, forms));
        let (mut chosen, others): (Vec<usize>, Vec<usize>) =
            (0..choice.parts.len()).partition(|part| choice.parts.get(*part).is_some_and(holds));
        chosen.truncate(choice.k);
        let missing = choice.k - chosen.len();
        chosen.extend(others.iter().take(missing));
        chosen.sort_unstable();
        chosen
    }
}

/// Every way to choose in turn, by counting: also those that rely on a part twice, or on too many.
#[derive(Default)]
pub(super) struct EachInTurn {
    /// The digits of the count, each with its base.
    digits: Vec<(usize, usize)>,
    /// How many have been used in this turn.
    used: usize,
}

impl EachInTurn {
    /// Goes on to the next way; whether there is one.
    pub(super) fn advance(&mut self) -> bool {
        self.digits.truncate(self.used);
        self.used = 0;
        while let Some((digit, base)) = self.digits.pop() {
            if digit + 1 < base {
                self.digits.push((digit + 1, base));
                return true;
            }
        }
        false
    }

    fn digit(&mut self, base: usize) -> usize {
        if self.used == self.digits.len() {
            self.digits.push((0, base));
        }
        self.used += 1;
        self.digits.get(self.used - 1).map_or(0, |(digit, _)| *digit)
    }
}

impl Chooser for EachInTurn {
    fn choose(&mut self, choice: &Choice, _: &[Fr]) -> Vec<usize> {
        let n = choice.parts.len();
        if choice.ported {
            return (0..choice.k).map(|port| port + self.digit(n - choice.k + 1)).collect();
        }
        // The last one's selector is eliminated: it makes up what the others leave of `k`.
        let mut chosen: Vec<usize> = (0..n - 1).filter(|_| self.digit(2) == 1).collect();
        if chosen.len() != choice.k {
            chosen.push(n - 1);
        }
        chosen
    }
}

/// Whether the cells of a part can be found, so that its rows hold.
pub(super) fn holds(step: &Step, forms: &[Fr]) -> bool {
    let value = |form: &usize| forms.get(*form).copied().unwrap_or_default();
    match step {
        Step::Range { form, width, .. } => value(form).into_bigint().num_bits() as usize <= *width,
        Step::Zero { form } => value(form).is_zero(),
        Step::NonZero { form, .. } => !value(form).is_zero(),
        Step::All(steps) => steps.iter().all(|step| holds(step, forms)),
        Step::Choice(choice) => {
            let parts = choice.parts.iter().filter_map(|part| part.steps.first());
            parts.filter(|step| holds(step, forms)).count() >= choice.k
        }
    }
}

/// Fills the cells of a part that is relied upon. The others stay 0.
pub(super) fn fill(step: &Step, forms: &[Fr], chooser: &mut dyn Chooser, z: &mut [Fr]) {
    let value = |form: &usize| forms.get(*form).copied().unwrap_or_default();
    let mut set = |index: usize, value: Fr| {
        if let Some(cell) = z.get_mut(index) {
            *cell = value;
        }
    };
    match step {
        Step::Range { form, first, width } => {
            let bits = value(form).into_bigint();
            (0..*width).for_each(|bit| set(first + bit, Fr::from(bits.get_bit(bit))));
        }
        Step::Zero { .. } => {}
        Step::NonZero { form, inverse } => {
            set(*inverse, value(form).inverse().unwrap_or_default());
        }
        Step::All(steps) => steps.iter().for_each(|step| fill(step, forms, chooser, z)),
        Step::Choice(choice) => {
            for (port, chosen) in chooser.choose(choice, forms).into_iter().enumerate() {
                let Some(part) = choice.parts.get(chosen) else { continue };
                let at = if choice.ported { port.saturating_sub(part.first_port) } else { 0 };
                if let Some(Some(selector)) = part.selectors.get(at)
                    && let Some(cell) = z.get_mut(*selector)
                {
                    *cell = Fr::one();
                }
                if let Some(step) = part.step(at) {
                    fill(step, forms, chooser, z);
                }
            }
        }
    }
}
