//! Sorted lists in a policy: what they come to as rules over hidden messages.
//!
//! Every rule of a role's `lists` takes one signed entry of the list ([`crate::status`]) into the
//! presentation. Its two messages lo and hi stand beside those of the credentials: the entries come
//! after the roles, so that [`SlotSource::role`] counts on from the last role. Of the integer h that is
//! looked up,
//!
//! | `is` | h hidden | h revealed |
//! |---|---|---|
//! | `absent` | lo ≤ h and h < hi, in the circuit | the same, with h a parameter |
//! | `present` | h = hi, as a hidden equality | hi = h, in the circuit |

use super::circuit::Plan;
use super::compile::{Equality, Exposure, Scope};
use super::document::{ClaimPath, ClaimRule, ListRule, Policy, Presence};
use super::public::{PublicForm, PublicTerm, SlotSource};
use super::rule::Rule;
use crate::document::{Fault, Problem};
use crate::schema::STATUS_HANDLE;
use crate::status::{Elements, Entry, HI, LO, ListKey};
use sigil_circuits::{Comparison, Interval};

/// One list that a role's credential is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCheck {
    /// Its place in the policy.
    pub path: String,
    /// The message that is looked up.
    pub subject: SlotSource,
    /// Which list.
    pub key: ListKey,
    /// Whether it must not be on the list, or must.
    pub presence: Presence,
    /// Greatest age of the epoch, in hours.
    pub max_age: u32,
}

impl ListCheck {
    /// Whether an entry shows what is asked of this integer.
    pub fn shows(&self, entry: &Entry, element: i128) -> bool {
        let Ok(element) = u64::try_from(element) else { return false };
        match self.presence {
            Presence::Absent => entry.shows_absence(element),
            Presence::Present => entry.shows_presence(element),
        }
    }
}

fn invalid(path: &str, problem: &str, remedy: &str) -> Fault {
    Fault::new(path, Problem::Invalid(problem.to_owned()), remedy)
}

/// A list has elements of one kind: no credential satisfies two rules that take it for two lists.
fn one_kind(before: &[ListCheck], check: &ListCheck) -> Result<(), Fault> {
    let key = |check: &'_ ListCheck| (check.key.list.clone(), check.key.authority);
    let mut same = before.iter().filter(|other| key(other) == key(check));
    match same.find(|other| other.key.elements != check.key.elements) {
        None => Ok(()),
        Some(other) => {
            let problem =
                format!("{} takes this list for one of elements of another kind", other.path);
            let remedy = "use fields of one type, or name the list that each is held against";
            Err(invalid(&check.path, &problem, remedy))
        }
    }
}

impl Policy {
    /// Plans the rules of all lists. Their entries are numbered in the order of roles and rules.
    pub(super) fn compile_lists(&self, scope: &Scope<'_>, plan: &mut Plan) -> Result<(), Fault> {
        for (i, role) in self.roles.iter().enumerate() {
            for (j, rule) in role.lists.iter().enumerate() {
                let path = format!("$.roles[{i}].lists[{j}]");
                let (check, exposure) = self.list_check(scope, i, rule, path)?;
                one_kind(&plan.lists, &check)?;
                let entry = self.roles.len() + plan.lists.len();
                plan.list_rules(&check, exposure, entry);
                plan.lists.push(check);
            }
        }
        Ok(())
    }

    fn list_check(
        &self,
        scope: &Scope<'_>,
        role: usize,
        rule: &ListRule,
        path: String,
    ) -> Result<(ListCheck, Exposure), Fault> {
        let mut subject = SlotSource { role, message: STATUS_HANDLE };
        let (mut elements, mut exposure) = (Elements::Handle, Exposure::Hidden);
        if let (Some(name), Some(own)) = (&rule.field, self.roles.get(role)) {
            let at = format!("{path}.field");
            let claim = ClaimPath { role: own.name.clone(), field: name.clone() };
            let (source, field) = scope.path(&claim, &at)?;
            if field.optional() {
                let remedy = "use a field that every credential has";
                return Err(invalid(&at, "an absent field is on no list, and on none not", remedy));
            }
            if self.claim_rule(&own.name, name) == ClaimRule::Never {
                let remedy = "make the claim `predicate`, or take the list out";
                return Err(invalid(&at, "the policy never lets this claim be used", remedy));
            }
            elements = Elements::of_field(field.field_type()).ok_or_else(|| {
                let problem = format!("a list cannot be sorted by {}", field.field_type());
                invalid(&at, &problem, "use a field whose type has integers")
            })?;
            (subject, exposure) = (source, scope.exposure(source));
            if exposure == Exposure::Optional {
                let problem = "the claim may be revealed or hidden, and a list needs one of both";
                return Err(invalid(&at, problem, "make it `must`, or `predicate`"));
            }
        }
        let key = ListKey { list: rule.list.clone(), authority: rule.authority, elements };
        let (presence, max_age) = (rule.presence, rule.max_age);
        Ok((ListCheck { path, subject, key, presence, max_age }, exposure))
    }
}

impl Plan {
    fn list_rules(&mut self, check: &ListCheck, exposure: Exposure, entry: usize) {
        let [lo, hi] = [LO, HI].map(|message| SlotSource { role: entry, message });
        let subject = check.subject;
        let rules = match (check.presence, exposure) {
            (Presence::Present, Exposure::Hidden) => {
                self.equalities.push(Equality { a: subject, b: hi });
                self.equality_paths.push(check.path.clone());
                Vec::new()
            }
            (Presence::Absent, Exposure::Hidden) => [(lo, Comparison::Ge), (hi, Comparison::Lt)]
                .map(|(end, op)| Rule::Compare {
                    hidden: vec![(1, subject), (-1, end)],
                    op,
                    public: PublicForm::default(),
                    interval: Interval::bits(0),
                })
                .into(),
            (presence, _) => {
                let revealed = |(end, op)| Rule::Compare {
                    hidden: vec![(1, end)],
                    op,
                    public: PublicForm::term(PublicTerm::Disclosed(subject)),
                    interval: Interval::bits(check.key.elements.bits()),
                };
                match presence {
                    Presence::Absent => {
                        [(lo, Comparison::Le), (hi, Comparison::Gt)].map(revealed).into()
                    }
                    Presence::Present => vec![revealed((hi, Comparison::Eq))],
                }
            }
        };
        self.rules.extend(rules.into_iter().map(|rule| (check.path.clone(), rule)));
    }
}
