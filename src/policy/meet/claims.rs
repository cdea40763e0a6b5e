//! The meet of what two policies say of one claim.
//!
//! Each word stands for a floor and a ceiling; the meet has the higher floor and the lower ceiling.
//! A list of accepted values goes with its word: `must` binds the value that is revealed, `may` the
//! value if it is revealed, `predicate` the value that stays hidden. So the list of a `may` falls
//! away where the meet no longer lets the claim be revealed, and where two `may` have no value in
//! common nothing can be revealed: the meet is `predicate`.

use super::{Meeting, Place};
use crate::document::Document;
use crate::policy::document::{Claim, ClaimPath};
use crate::policy::{ClaimRule, Level, Limits};

/// What one policy does with a claim: its word and list, and where it says so.
#[derive(Clone, Debug)]
pub(super) struct Stance {
    /// Where the word stands: the claim itself or, where none is written, its role.
    pub(super) word: Place,
    pub(super) rule: ClaimRule,
    pub(super) one_of: Option<Vec<Document>>,
    /// Where something is proven about it: a predicate, an equality, an agreement.
    pub(super) proven: Option<Place>,
}

impl Stance {
    /// The floor and the ceiling, with what is proven, and where the floor comes from.
    fn limits(&self) -> (Limits, &Place) {
        let mut limits = self.rule.limits();
        let listed = self.rule == ClaimRule::Predicate && self.one_of.is_some();
        let place = match &self.proven {
            Some(place) if limits.floor < Level::Predicate => place,
            _ => &self.word,
        };
        if self.proven.is_some() || listed {
            limits.floor = limits.floor.max(Level::Predicate);
        }
        (limits, place)
    }
}

/// The values in both lists; no list is any value.
fn common(a: Option<&Vec<Document>>, b: Option<&Vec<Document>>) -> Option<Vec<Document>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.iter().filter(|value| b.contains(value)).cloned().collect()),
        (one, None) | (None, one) => one.cloned(),
    }
}

impl Meeting<'_> {
    /// The meet, if there is one; none too where nothing has to be written.
    pub(super) fn claim(&mut self, path: &ClaimPath, a: &Stance, b: &Stance) -> Option<Claim> {
        let (limits_a, floor_a) = a.limits();
        let (limits_b, floor_b) = b.limits();
        let ceiling = limits_a.ceiling.min(limits_b.ceiling);
        // At most one way round: a policy whose own floor is above its ceiling is not met here.
        if limits_a.floor > limits_b.ceiling {
            self.clash(path, (a, floor_a), (b, &b.word));
            return None;
        }
        if limits_b.floor > limits_a.ceiling {
            self.clash(path, (a, &a.word), (b, floor_b));
            return None;
        }
        let rule = match (a.rule.limits().floor.max(b.rule.limits().floor), ceiling) {
            (Level::Revealed, _) => ClaimRule::Must,
            (_, Level::Revealed) => ClaimRule::May,
            (_, Level::Predicate) => ClaimRule::Predicate,
            (_, Level::Hidden) => ClaimRule::Never,
        };
        let list = |stance: &'_ Stance| match (rule, stance.rule) {
            (ClaimRule::Predicate, ClaimRule::May) | (ClaimRule::Never, _) => None,
            _ => stance.one_of.clone(),
        };
        let one_of = common(list(a).as_ref(), list(b).as_ref());
        let claim = |rule, one_of| Some(Claim { path: path.clone(), rule, one_of });
        match one_of {
            Some(values) if values.is_empty() && rule == ClaimRule::May => None,
            Some(values) if values.is_empty() => {
                let problem = "no value is accepted by both";
                let offer = "a value has to stand in both lists: add one, or leave the claim out";
                self.conflict(&path.text(), (&a.word, a.says()), (&b.word, b.says()), problem, offer);
                None
            }
            None if rule == ClaimRule::Predicate => None,
            one_of => claim(rule, one_of),
        }
    }

    /// A floor of one policy lies above the ceiling of the other.
    fn clash(&mut self, path: &ClaimPath, a: (&Stance, &Place), b: (&Stance, &Place)) {
        let must = [a.0, b.0].into_iter().find(|stance| stance.rule == ClaimRule::Must);
        let never = [a.0, b.0].into_iter().any(|stance| stance.rule == ClaimRule::Never);
        let claim = path.text();
        let (problem, offer) = match (must, never) {
            (Some(must), never) => {
                let word = if never { "`predicate` in place of `never`" } else { "`predicate`" };
                let offer = match &must.one_of {
                    Some(values) => format!(
                        "the predicate `{}`, with the claim at {word}",
                        membership(&claim, values)
                    ),
                    None => format!(
                        "name the values that matter, as in `{claim} in [..]`, with the claim at \
                         {word}"
                    ),
                };
                ("one has it revealed, the other does not let it be", offer)
            }
            _ => (
                "one has something proven about it, the other lets nothing be shown",
                format!("`predicate` for {claim} in place of `never`, or do without the proof"),
            ),
        };
        let says = |(stance, place): (&Stance, &Place)| match place.rule {
            Some(ref rule) => rule.clone(),
            None => stance.says(),
        };
        self.conflict(&claim, (a.1, says(a)), (b.1, says(b)), problem, &offer);
    }
}

impl Stance {
    fn says(&self) -> String {
        let word = self.rule.word();
        match &self.one_of {
            None => word.to_owned(),
            Some(values) => format!("{word}, one of {}", list(values)),
        }
    }
}

fn list(values: &[Document]) -> String {
    let mut texts: Vec<String> = values.iter().map(Document::canonical).collect();
    texts.sort();
    format!("[{}]", texts.join(", "))
}

/// The predicate that stands in place of a revealed value.
fn membership(claim: &str, values: &[Document]) -> String {
    match values {
        [Document::Bool(value)] => format!("{claim} == {value}"),
        values => format!("{claim} in {}", list(values)),
    }
}
