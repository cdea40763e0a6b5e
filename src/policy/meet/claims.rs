//! The meet of what two policies say of one claim.
//!
//! Each word stands for a floor and a ceiling; the meet has the higher floor and the lower ceiling.
//! A list of accepted values goes with its word: `must` binds the value that is revealed, `may` the
//! value if it is revealed. So a list falls away where the meet no longer lets the claim be
//! revealed, and where two `may` have no value in common nothing can be revealed: the meet of
//! these is `predicate`.

use super::{Meeting, Place};
use crate::document::Document;
use crate::policy::document::{Claim, ClaimPath};
use crate::policy::{ClaimRule, Level};

/// What one policy does with a claim.
#[derive(Clone, Debug)]
pub(super) struct Stance<'p> {
    /// Where the word stands: the claim itself or, where none is written, the role.
    pub(super) word: Place,
    pub(super) rule: ClaimRule,
    pub(super) one_of: Option<&'p Vec<Document>>,
    /// Where something is proven about it: a predicate, an equality, an agreement.
    pub(super) proven: Option<Place>,
}

impl Stance<'_> {
    /// The floor, and where it is set.
    fn floor(&self) -> (Level, &Place) {
        match &self.proven {
            Some(place) if self.rule.floor() < Level::Predicate => (Level::Predicate, place),
            _ => (self.rule.floor(), &self.word),
        }
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
    pub(super) fn claim(
        &mut self,
        path: &ClaimPath,
        a: &Stance<'_>,
        b: &Stance<'_>,
    ) -> Option<Claim> {
        let ((floor_a, from_a), (floor_b, from_b)) = (a.floor(), b.floor());
        let clashes_a = floor_a > b.rule.ceiling();
        let clashes_b = floor_b > a.rule.ceiling();
        if clashes_a || clashes_b {
            let place_a = if clashes_a { from_a } else { &a.word };
            let place_b = if clashes_b { from_b } else { &b.word };
            self.clash(path, (a, place_a), (b, place_b));
            return None;
        }
        let ceiling = a.rule.ceiling().min(b.rule.ceiling());
        let rule = ClaimRule::of_limits(a.rule.floor().max(b.rule.floor()), ceiling);
        let one_of = match rule {
            ClaimRule::Must | ClaimRule::May => common(a.one_of, b.one_of),
            ClaimRule::Predicate | ClaimRule::Never => None,
        };
        match (rule, one_of) {
            (ClaimRule::Predicate, _) => None,
            (ClaimRule::May, Some(values)) if values.is_empty() => None,
            (_, Some(values)) if values.is_empty() => {
                let problem = "no value is accepted by both";
                let offer = "a value that stands in both lists".to_owned();
                self.conflict(&path.text(), a.word.clone(), b.word.clone(), problem, offer);
                None
            }
            (rule, one_of) => Some(Claim { path: path.clone(), rule, one_of }),
        }
    }

    /// A floor of one policy lies above the ceiling of the other.
    fn clash(&mut self, path: &ClaimPath, a: (&Stance<'_>, &Place), b: (&Stance<'_>, &Place)) {
        let claim = path.text();
        let must = [a.0, b.0].into_iter().find(|stance| stance.rule == ClaimRule::Must);
        let never = [a.0, b.0].into_iter().any(|stance| stance.rule == ClaimRule::Never);
        let instead = if never { " in place of never" } else { "" };
        let (problem, offer) = match must.map(|must| must.one_of) {
            Some(Some(values)) => {
                let predicate = membership(&claim, values);
                (
                    "one has it revealed, the other does not let it be",
                    format!("the predicate `{predicate}`, and {claim} at predicate{instead}"),
                )
            }
            Some(None) => (
                "one has it revealed, the other does not let it be",
                format!(
                    "name the values that matter in a predicate, such as `{claim} in [..]`, and \
                     {claim} at predicate{instead}"
                ),
            ),
            None => (
                "one has something proven about it, the other lets nothing be shown",
                format!("{claim} at predicate{instead}, or no rule about it"),
            ),
        };
        self.conflict(&claim, a.1.clone(), b.1.clone(), problem, offer);
    }
}

/// What a claim says, for people.
pub(in crate::policy) fn says(rule: ClaimRule, one_of: Option<&Vec<Document>>) -> String {
    match one_of {
        None => rule.word().to_owned(),
        Some(values) => format!("{}, one of {}", rule.word(), list(values)),
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
        [only] => format!("{claim} == {}", only.canonical()),
        values => format!("{claim} in {}", list(values)),
    }
}
