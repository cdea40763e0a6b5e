//! Circuits of any number of constraints, made of what policies are made of: comparisons of hidden
//! integers with parameters.
//!
//! A comparison of integers of w bits takes w + 1 rows. So n rows are as many comparisons of 64 bits
//! as fit, 65 rows each, and one narrower comparison for what is left. Eight slots share the
//! comparisons, since a slot is an input, and inputs take rows of the domain too.

#![allow(dead_code, unreachable_pub, clippy::expect_used, reason = "benches take a part each")]

use sigil_circuits::{Comparison, Formula, Interval, Linear, Param, Shape, Slot};

/// Rows of a comparison of 64 bits.
const WIDEST: usize = 65;

/// Slots that wide comparisons share.
const SLOTS: usize = 8;

/// Slot `slot` is at least parameter `param`, both of `width` bits.
#[derive(Clone, Copy, Debug)]
pub struct AtLeast {
    pub slot: usize,
    pub param: usize,
    pub width: usize,
}

/// A conjunction of comparisons, and values for which it holds.
pub struct Comparisons {
    pub shape: Shape,
    pub slots: Vec<i128>,
    pub params: Vec<i128>,
    pub parts: Vec<AtLeast>,
}

impl Comparisons {
    /// Exactly so many constraints: at least two.
    pub fn with_constraints(count: usize) -> Self {
        let widths = widths(count);
        let wide = widths.iter().filter(|width| **width + 1 == WIDEST).count();
        let shared = wide.min(SLOTS);
        let mut slots = vec![64; shared];
        let mut params = vec![64; wide.div_ceil(SLOTS)];
        let mut parts: Vec<AtLeast> = (0..wide)
            .map(|i| AtLeast { slot: i % SLOTS, param: i / SLOTS, width: WIDEST - 1 })
            .collect();
        for width in widths.into_iter().filter(|width| *width + 1 < WIDEST) {
            parts.push(AtLeast { slot: slots.len(), param: params.len(), width });
            slots.push(width);
            params.push(width);
        }
        Self::new(&slots, &params, parts, count)
    }

    fn new(slots: &[usize], params: &[usize], parts: Vec<AtLeast>, count: usize) -> Self {
        let intervals = |widths: &[usize]| -> Vec<Interval> {
            widths.iter().map(|width| Interval::bits(*width as u32)).collect()
        };
        let at_least = |part: &AtLeast| {
            let slot = Linear::slot(Slot(part.slot as u16));
            Formula::compare(slot, Comparison::Ge, Linear::param(Param(part.param as u16)))
        };
        let formula = Formula::all(parts.iter().map(at_least).collect());
        let shape = Shape::new(intervals(slots), intervals(params), formula).expect("a shape");
        assert_eq!(shape.constraints(), count, "constraints");
        // Differences of about half as many ones as bits, which is what a proof's time depends on.
        let largest = |width: &usize| (1i128 << width) - 1;
        let slots = slots.iter().map(|width| largest(width) - largest(width) / 5).collect();
        let params = params.iter().map(|width| largest(width) / 7).collect();
        Comparisons { shape, slots, params, parts }
    }
}

/// Widths of comparisons that take `count` rows together.
fn widths(count: usize) -> Vec<usize> {
    let (mut wide, mut rest) = (count / WIDEST, count % WIDEST);
    if rest == 1 {
        // No comparison takes one row: two narrower ones share those of a wide one and this.
        wide -= 1;
        rest += WIDEST;
    }
    let mut widths = vec![WIDEST - 1; wide];
    match rest {
        0 => {}
        rest if rest > WIDEST => widths.extend([rest / 2 - 1, rest - rest / 2 - 1]),
        rest => widths.push(rest - 1),
    }
    widths
}
