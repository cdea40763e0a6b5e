//! What is printed: the contests, and what was to be shown.

use crate::contest::{Line, Operation};
use crate::floors;
use crate::primitives::Primitive;
use std::collections::HashMap;

/// Prints the contests. The ratio is the peer's time over ours: above one, ours is the faster. The last
/// column is our time over our floor.
pub fn contests(lines: &[Line], primitives: &HashMap<Primitive, f64>) {
    println!(
        "{:<16}{:<44}{:>9}{:>9}{:>8}{:>9}{:>8}{:>8}{:>8}",
        "operation", "peer", "ours ms", "peer ms", "ratio", "floor", "/floor", "ours B", "peer B"
    );
    let milliseconds = |seconds: f64| format!("{:.3}", seconds * 1e3);
    let octets = |n: Option<usize>| n.map_or(String::new(), |n| n.to_string());
    for line in lines {
        let ours = line.ours.time.as_secs_f64();
        let floor = floors::floor(line.operation, primitives);
        println!(
            "{:<16}{:<44}{:>9}{:>9}{:>8}{:>9}{:>8}{:>8}{:>8}",
            line.operation.name(),
            line.peer,
            milliseconds(ours),
            milliseconds(line.theirs.time.as_secs_f64()),
            format!("{:.2}x", line.ratio()),
            floor.map_or(String::new(), milliseconds),
            floor.map_or(String::new(), |floor| format!("{:.2}", ours / floor)),
            octets(line.ours.octets),
            octets(line.theirs.octets),
        );
    }
}

/// Which side of its bound a figure has to be.
#[derive(Clone, Copy)]
pub enum Bound {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
}

impl Bound {
    fn holds(self, figure: f64) -> bool {
        match self {
            Bound::AtLeast(least) => figure >= least,
            Bound::AtMost(most) => figure <= most,
        }
    }
}

/// Something to be shown.
pub struct Requirement {
    /// What is measured.
    pub what: String,
    /// What it has to be.
    pub bound: Bound,
    /// What it is; `None` if this run did not measure it.
    pub figure: Option<f64>,
}

impl Requirement {
    /// With its figure.
    pub fn new(what: impl Into<String>, bound: Bound, figure: Option<f64>) -> Self {
        Self { what: what.into(), bound, figure }
    }
}

/// What the contests are to show: how many times as fast as whom, and how near to the floor.
pub fn requirements(lines: &[Line], primitives: &HashMap<Primitive, f64>) -> Vec<Requirement> {
    use Operation::*;
    let ratios = [
        (Sign, "bbs_plus 0.25", 4.0),
        (Verify, "bbs_plus 0.25", 2.1),
        (ProofGen, "bbs_plus 0.25", 3.5),
        (ProofVerify, "bbs_plus 0.25", 2.1),
        (Sign, "zkryptium 0.8", 30.0),
        (Verify, "zkryptium 0.8", 11.0),
        (ProofGen, "zkryptium 0.8", 22.0),
        (ProofVerify, "zkryptium 0.8", 10.0),
        (Groth16ProveOf(25), "ark-groth16 0.6", 2.5),
        (Groth16ProveOf(65), "ark-groth16 0.6", 2.5),
        (Groth16ProveOf(520), "ark-groth16 0.6", 2.0),
        (Groth16ProveOf(8_192), "ark-groth16 0.6", 1.2),
        (Present, "proof_system 0.34", 45.0),
        (PresentVerify, "proof_system 0.34", 2.1),
        (PresentVerifyTwo, "proof_system 0.34", 3.0),
        (Present, "legogroth16 0.18", 6.0),
    ];
    let find = |operation, peer: &str| {
        lines.iter().find(|line| line.operation == operation && line.peer.starts_with(peer))
    };
    let mut all: Vec<Requirement> = ratios
        .into_iter()
        .map(|(operation, peer, least)| {
            let what = match operation {
                PresentVerifyTwo => {
                    format!("present verify, ours on 2 threads, against {peer} on its one")
                }
                other => format!("{}, against {peer}", other.name()),
            };
            let figure = find(operation, peer).map(Line::ratio);
            Requirement::new(what, Bound::AtLeast(least), figure)
        })
        .collect();
    for operation in [Present, PresentVerify] {
        let line = find(operation, "proof_system 0.34");
        let floor = floors::floor(operation, primitives);
        let figure = line.zip(floor).map(|(line, floor)| line.ours.time.as_secs_f64() / floor);
        let what = format!("{}, over its floor", operation.name());
        all.push(Requirement::new(what, Bound::AtMost(1.35), figure));
    }
    all
}

/// Prints requirements with their bounds, and which are missed.
pub fn must_show(requirements: &[Requirement]) {
    println!("\n{:<72}{:>10}{:>12}{:>8}", "must show", "bound", "measured", "");
    for Requirement { what, bound, figure } in requirements {
        let bound_text = match bound {
            Bound::AtLeast(least) => format!(">= {least}"),
            Bound::AtMost(most) => format!("<= {most}"),
        };
        let (measured, verdict) = match figure {
            None => ("-".to_owned(), "not run"),
            Some(figure) if bound.holds(*figure) => (format!("{figure:.2}"), "ok"),
            Some(figure) => (format!("{figure:.2}"), "MISS"),
        };
        println!("{what:<72}{bound_text:>10}{measured:>12}{verdict:>8}");
    }
}
