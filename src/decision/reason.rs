//! Why something is denied: codes with a fixed order and a fixed spelling.

use std::fmt;

/// A kind of reason. The order here is the order in which a decision names its reasons, and the
/// spelling never changes: other programs compare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The policy is not in force yet.
    PolicyNotYetValid,
    /// The policy is no longer in force.
    PolicyExpired,
    /// Another policy has replaced this one.
    PolicySuperseded,
    /// The policy lets only some classes of verifiers ask, and the request is of none of them.
    RelyingParty,
    /// The request asks under another bundle.
    RequestBundle,
    /// The request is addressed to another verifier.
    RequestAudience,
    /// The request is for a time that is yet to come.
    RequestNotYet,
    /// The request has expired.
    RequestExpired,
    /// The presentation was verified under another bundle.
    PresentationBundle,
    /// The presentation answers another request.
    PresentationRequest,
    /// The request asks for a claim that the policy lets nobody reveal.
    OverAsked,
    /// A credential is missing.
    CredentialCount,
    /// A credential is of an issuer that the policy does not trust.
    IssuerUntrusted,
    /// No edition of a trust list that the policy refers to is at hand.
    TrustUnknown,
    /// The newest edition of a trust list that is known is yet to come.
    TrustNotYet,
    /// The newest edition of a trust list that is known is too old, or the next one is overdue.
    TrustStale,
    /// There are two editions of a trust list under one number.
    TrustForked,
    /// The issuer's key is not in the trust list.
    IssuerUnlisted,
    /// The trust list does not let the issuer's key sign the credential's schema.
    IssuerSchema,
    /// The credential may begin after the issuer's key was compromised.
    IssuerKeyCompromised,
    /// The credential may begin before the issuer's key was to be used.
    IssuerKeyNotYet,
    /// The credential may begin after the issuer's key gave way to its successor.
    IssuerKeyRotated,
    /// The credential may begin after the issuer's key had expired.
    IssuerKeyExpired,
    /// Credentials that have to come from distinct issuers do not.
    IssuersNotDistinct,
    /// Issuers of the same precedence say different things of a claim.
    IssuersConflict,
    /// A claim that must be revealed is not.
    ClaimMissing,
    /// A claim is revealed that may not be.
    ClaimSurplus,
    /// A revealed value is none of those accepted.
    OneOf,
    /// A credential is not valid at the time of the request.
    Validity,
    /// A predicate does not hold.
    Predicate,
    /// What is accepted over the predicates does not hold.
    Accept,
    /// Two claims that have to be the same are not.
    Equality,
    /// Nothing is shown of a list that the policy asks for.
    StatusUnknown,
    /// The epoch of a list that is shown is yet to come.
    StatusNotYet,
    /// The epoch of a list that is shown is too old, or another is overdue.
    StatusStale,
    /// A newer epoch of the list is known than the one that is shown.
    StatusReplaced,
    /// The list has two histories: the epoch that is shown contradicts one that is known.
    StatusForked,
    /// A credential is revoked or suspended.
    StatusRevoked,
    /// A claim, or a credential, is on a list that it must not be on.
    ListPresent,
    /// A claim, or a credential, is not on a list that it must be on.
    ListAbsent,
    /// The policy wants a pseudonym, which presentations do not carry yet.
    PseudonymUnproven,
}

impl Code {
    /// All of them, in order.
    pub const ALL: [Self; 41] = [
        Self::PolicyNotYetValid,
        Self::PolicyExpired,
        Self::PolicySuperseded,
        Self::RelyingParty,
        Self::RequestBundle,
        Self::RequestAudience,
        Self::RequestNotYet,
        Self::RequestExpired,
        Self::PresentationBundle,
        Self::PresentationRequest,
        Self::OverAsked,
        Self::CredentialCount,
        Self::IssuerUntrusted,
        Self::TrustUnknown,
        Self::TrustNotYet,
        Self::TrustStale,
        Self::TrustForked,
        Self::IssuerUnlisted,
        Self::IssuerSchema,
        Self::IssuerKeyCompromised,
        Self::IssuerKeyNotYet,
        Self::IssuerKeyRotated,
        Self::IssuerKeyExpired,
        Self::IssuersNotDistinct,
        Self::IssuersConflict,
        Self::ClaimMissing,
        Self::ClaimSurplus,
        Self::OneOf,
        Self::Validity,
        Self::Predicate,
        Self::Accept,
        Self::Equality,
        Self::StatusUnknown,
        Self::StatusNotYet,
        Self::StatusStale,
        Self::StatusReplaced,
        Self::StatusForked,
        Self::StatusRevoked,
        Self::ListPresent,
        Self::ListAbsent,
        Self::PseudonymUnproven,
    ];

    /// The spelling.
    pub fn word(self) -> &'static str {
        match self {
            Self::PolicyNotYetValid => "policy-not-yet-valid",
            Self::PolicyExpired => "policy-expired",
            Self::PolicySuperseded => "policy-superseded",
            Self::RelyingParty => "relying-party",
            Self::RequestBundle => "request-bundle",
            Self::RequestAudience => "request-audience",
            Self::RequestNotYet => "request-not-yet",
            Self::RequestExpired => "request-expired",
            Self::PresentationBundle => "presentation-bundle",
            Self::PresentationRequest => "presentation-request",
            Self::OverAsked => "over-asked",
            Self::CredentialCount => "credential-count",
            Self::IssuerUntrusted => "issuer-untrusted",
            Self::TrustUnknown => "trust-unknown",
            Self::TrustNotYet => "trust-not-yet",
            Self::TrustStale => "trust-stale",
            Self::TrustForked => "trust-forked",
            Self::IssuerUnlisted => "issuer-unlisted",
            Self::IssuerSchema => "issuer-schema",
            Self::IssuerKeyCompromised => "issuer-key-compromised",
            Self::IssuerKeyNotYet => "issuer-key-not-yet",
            Self::IssuerKeyRotated => "issuer-key-rotated",
            Self::IssuerKeyExpired => "issuer-key-expired",
            Self::IssuersNotDistinct => "issuers-not-distinct",
            Self::IssuersConflict => "issuers-conflict",
            Self::ClaimMissing => "claim-missing",
            Self::ClaimSurplus => "claim-surplus",
            Self::OneOf => "one-of",
            Self::Validity => "validity",
            Self::Predicate => "predicate",
            Self::Accept => "accept",
            Self::Equality => "equality",
            Self::StatusUnknown => "status-unknown",
            Self::StatusNotYet => "status-not-yet",
            Self::StatusStale => "status-stale",
            Self::StatusReplaced => "status-replaced",
            Self::StatusForked => "status-forked",
            Self::StatusRevoked => "status-revoked",
            Self::ListPresent => "list-present",
            Self::ListAbsent => "list-absent",
            Self::PseudonymUnproven => "pseudonym-unproven",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One reason for a denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub(super) code: Code,
    pub(super) path: String,
    pub(super) sentence: String,
}

impl Reason {
    /// Its kind.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The place of the rule: in the policy, or in the request where the code begins with
    /// `request-`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong, for people. Names claims, never their values.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.code, self.path, self.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn all_codes_are_listed_in_order_and_spelt_apart() {
        assert!(Code::ALL.is_sorted());
        let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert_eq!(Code::ALL.len(), Code::PseudonymUnproven as usize + 1);
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }
}
