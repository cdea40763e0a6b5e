//! The list of revoked and suspended credentials, through three epochs.
//!
//! | epoch | made | on the list |
//! |---|---|---|
//! | 0 | three hours before | nobody |
//! | 1 | two hours before | who is revoked, and who is suspended |
//! | 2 | one hour before | who is revoked; who was suspended is resumed |

use super::population::{Applicant, Expected};
use super::stages::{Stage, WORDS};
use crate::bbs::{SecretKey, Suite};
use crate::cli::failure::{Complaint, Failure};
use crate::credential::Credential;
use crate::decision::{Code, Situation, StatusState, decide};
use crate::policy::CompiledPolicy;
use crate::presentation::{Expectation, ProveError, verify};
use crate::request::{InMemoryNonces, PresentationRequest};
use crate::schema::STATUS_HANDLE;
use crate::status::file::{FileError, ListFile, publish, unwatched};
use crate::status::{Entry, ListKey, SignedHead};
use crate::value::Timestamp;
use std::io::Cursor;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Hours before the time of evaluation at which each epoch is made.
const EPOCHS: [u64; 3] = [3, 2, 1];

/// Who keeps the list, and of which role.
pub(super) struct Authority {
    key: SecretKey,
    list: ListKey,
    pub(super) role: usize,
}

/// An epoch as it is published.
pub(super) struct Epoch {
    head: SignedHead,
    file: Vec<u8>,
}

impl Authority {
    /// The authority of the policy's list; none if it has no list.
    pub(super) fn of(policy: &CompiledPolicy) -> Result<Option<Self>, Complaint> {
        let [check] = policy.lists() else {
            return match policy.lists().is_empty() {
                true => Ok(None),
                false => Err(Complaint::new("the demo keeps one list only").at("$.roles")),
            };
        };
        let key = SecretKey::generate(Suite::Sha256, WORDS, b"list", None);
        let key = key.map_err(|error| Complaint::new(error.to_string()))?;
        if check.key.authority != *key.public_key() || check.subject.message != STATUS_HANDLE {
            let did = crate::did_key::encode(key.public_key());
            let complaint =
                Complaint::new("the demo keeps a list of status handles, by its own key");
            return Err(complaint.at(check.path.as_str()).remedy(format!("write {did}")));
        }
        Ok(Some(Authority { key, list: check.key.clone(), role: check.subject.role }))
    }

    /// Publishes the three epochs.
    pub(super) fn publish(
        &self,
        at: Timestamp,
        applicants: &[Applicant],
        held: &[Vec<Credential>],
    ) -> Result<Vec<Epoch>, Failure> {
        let handles = |listed: &[Expected]| {
            let pairs = applicants.iter().zip(held);
            let pairs = pairs.filter(|(applicant, _)| listed.contains(&applicant.expected));
            let credentials = pairs.filter_map(|(_, held)| held.get(self.role));
            let mut handles: Vec<u64> = credentials.map(Credential::status_handle).collect();
            handles.sort_unstable();
            handles
        };
        let listed: [&[Expected]; EPOCHS.len()] =
            [&[], &[Expected::Revoked, Expected::Resumed], &[Expected::Revoked]];
        let mut epochs: Vec<Epoch> = Vec::new();
        for (hours, listed) in EPOCHS.iter().zip(listed) {
            let made = at.unix().saturating_sub(hours * HOUR);
            let times = [made, made + DAY].map(|time| Timestamp::from_unix(time).unwrap_or(at));
            let previous = epochs.last().map(|epoch| &epoch.head);
            let (mut file, elements) = (Cursor::new(Vec::new()), handles(listed));
            let head =
                publish(&self.key, &self.list, previous, times, &elements, &mut file, &unwatched);
            let head = head.map_err(|error| Failure::input(Complaint::new(error.to_string())))?;
            epochs.push(Epoch { head, file: file.into_inner() });
        }
        Ok(epochs)
    }
}

impl Epoch {
    /// A holder opens the file and finds its gap.
    pub(super) fn find(&self, credential: &Credential) -> Result<Entry, FileError> {
        ListFile::open(Cursor::new(&self.file[..]))?.find(credential.status_handle())
    }
}

/// What a verifier knows that has seen these epochs.
pub(super) fn known(epochs: &[Epoch]) -> StatusState {
    let heads = epochs.iter().map(|epoch| epoch.head.clone());
    heads.fold(StatusState::default(), StatusState::with_head)
}

/// What becomes of entries of earlier epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Earlier {
    /// Revoked holders.
    pub(super) revoked: usize,
    /// Of these, how many answered truly with the epoch before, and were denied for that alone.
    pub(super) denied: usize,
    /// Suspended holders.
    pub(super) suspended: usize,
    /// Of these, how many could not answer until they were resumed.
    pub(super) refused: usize,
}

impl Earlier {
    pub(super) fn right(&self) -> bool {
        self.denied == self.revoked && self.refused == self.suspended
    }
}

/// Revoked holders answer with the entries that they kept from epoch 0, suspended ones try with epoch 1.
pub(super) fn earlier(
    stage: &Stage,
    applicants: &[Applicant],
    held: &[Vec<Credential>],
    epochs: &[Epoch],
    expectation: &Expectation<'_>,
    request: impl Fn() -> Result<PresentationRequest, Failure>,
) -> Result<Earlier, Failure> {
    let mut earlier = Earlier::default();
    let (Some(authority), [empty, both, ..]) = (&stage.authority, epochs) else {
        return Ok(earlier);
    };
    let situation =
        Situation { audience: expectation.audience, status: &known(epochs), now: expectation.now };
    for (applicant, held) in applicants.iter().zip(held) {
        let (kept, revoked) = match applicant.expected {
            Expected::Revoked => (empty, true),
            Expected::Resumed => (both, false),
            _ => continue,
        };
        let Some(credential) = held.get(authority.role) else { continue };
        let entry = kept.find(credential);
        let entry = entry.map_err(|error| Failure::input(Complaint::new(error.to_string())))?;
        let request = request()?;
        let made = stage.prove_one(held, &[entry], &request);
        if !revoked {
            earlier.suspended += 1;
            earlier.refused += usize::from(matches!(made, Err(ProveError::Listed { .. })));
            continue;
        }
        earlier.revoked += 1;
        let Ok(presentation) = made else { continue };
        let nonces = InMemoryNonces::default();
        let verified = verify(&stage.terms, &request, expectation, &presentation, &nonces);
        let Ok(verified) = verified else { continue };
        let verdict = decide(&stage.terms, &stage.bundle, &request, &verified, &situation);
        let codes: Vec<Code> = verdict.decision().reasons().iter().map(|one| one.code()).collect();
        earlier.denied += usize::from(codes == [Code::StatusReplaced]);
    }
    Ok(earlier)
}
