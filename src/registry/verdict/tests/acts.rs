//! The table's second part: those who speak for an issuer, and what issuers do to what they said.

use super::table::{hold, instead, same};
use super::world::*;
use crate::registry::attestation::Relation::Supersedes;
use crate::registry::event::{Act, Cause, Target};
use crate::registry::grant::{GrantId, Right};

/// Issuer 1's attestation in second 1000, signed by 4 under these grants.
fn delegated(world: &mut World, chain: &[GrantId]) {
    world.at(1000).main(1, |a| a.delegated = by(4, chain));
}

/// The same under a grant of second 500.
fn granted(world: &mut World) -> GrantId {
    *world = World::empty();
    let grant = world.at(500).grant(1, 4, |_| {});
    delegated(world, &[grant]);
    grant
}

pub(super) fn take_grant_back(world: &mut World, by: u8, grant: GrantId, effective: u64) {
    world.event(by, Target::Grant(grant), revoke(), |event| event.effective = t(effective));
}

#[test]
fn reject_those_who_do_not_speak_for_the_issuer() {
    fn with(world: &mut World, edit: impl FnOnce(&mut crate::registry::grant::Grant)) {
        *world = World::empty();
        let grant = world.at(500).grant(1, 4, edit);
        delegated(world, &[grant]);
    }
    hold(&[
        ("by a grant", |w| done(granted(w)), same, then(1000), "valid", (999, "unknown")),
        (
            "meant for another registry",
            |w| {
                let grant = granted(w);
                w.at(1100).main(1, |a| {
                    a.delegated = by(4, &[grant]);
                    a.delegated.as_mut().unwrap().audience = "another.example".to_owned();
                });
            },
            same,
            then(1100),
            "untrusted-issuer:delegation-audience",
            (1099, "unknown"),
        ),
        (
            "a grant for another registry",
            |w| with(w, |grant| grant.audience = "another.example".to_owned()),
            same,
            then(1000),
            "untrusted-issuer:delegation-audience",
            (999, "unknown"),
        ),
        (
            "after its deadline",
            |w| {
                let grant = granted(w);
                w.at(1100).main(1, |a| {
                    a.delegated = by(4, &[grant]);
                    a.delegated.as_mut().unwrap().deadline = t(1099);
                });
            },
            same,
            then(1100),
            "untrusted-issuer:delegation-deadline",
            (1099, "unknown"),
        ),
        (
            "by a grant to somebody else",
            |w| with(w, |grant| grant.delegate = attester(5)),
            same,
            then(1000),
            "untrusted-issuer:delegation-chain",
            (999, "unknown"),
        ),
        (
            "by a grant that came later",
            |w| {
                *w = World::empty();
                let grant = w.at(1001).grant(1, 4, |grant| grant.not_before = t(500));
                delegated(w, &[grant]);
            },
            same,
            then(1001),
            "untrusted-issuer:delegation-chain",
            (999, "unknown"),
        ),
        (
            "by a second grant that allows more",
            |w| {
                *w = World::empty();
                let first = w.at(500).grant(1, 5, |grant| grant.depth = 1);
                let second = w.grant(1, 4, |grant| {
                    (grant.grantor, grant.parent) = (attester(5), Some(first));
                });
                delegated(w, &[first, second]);
            },
            same,
            then(1000),
            "untrusted-issuer:delegation-wider",
            (999, "unknown"),
        ),
        (
            "by a second grant that allows less",
            |w| {
                *w = World::empty();
                let first = w.at(500).grant(1, 5, |grant| grant.depth = 1);
                let second = w.grant(1, 4, |grant| {
                    (grant.grantor, grant.parent, grant.depth) = (attester(5), Some(first), 0);
                });
                delegated(w, &[first, second]);
            },
            same,
            then(1000),
            "valid",
            (999, "unknown"),
        ),
        (
            "by a grant for another schema",
            |w| with(w, |grant| grant.schemas = [V2.id()].into()),
            same,
            then(1000),
            "untrusted-issuer:delegation-schema",
            (999, "unknown"),
        ),
        (
            "by a grant that lets revoke",
            |w| with(w, |grant| grant.rights = [Right::Revoke].into()),
            same,
            then(1000),
            "untrusted-issuer:delegation-right",
            (999, "unknown"),
        ),
        (
            "by a grant that has ended",
            |w| with(w, |grant| grant.not_after = t(1000)),
            same,
            then(1000),
            "untrusted-issuer:delegation-window",
            (999, "unknown"),
        ),
        (
            "anybody is trusted, and still nobody speaks for another",
            |w| with(w, |grant| grant.not_after = t(1000)),
            |t| t.trusted = crate::registry::terms::Trusted::Anybody,
            then(1000),
            "untrusted-issuer:delegation-window",
            (999, "unknown"),
        ),
        (
            "a grant that turns out to have been revoked in that second",
            |w| {
                let grant = granted(w);
                take_grant_back(w.at(2000), 1, grant, 1000);
            },
            same,
            then(2000),
            "untrusted-issuer:delegation-revoked",
            (1999, "valid"),
        ),
        (
            "the same in hindsight",
            |w| {
                let grant = granted(w);
                take_grant_back(w.at(2000), 1, grant, 1000);
            },
            same,
            now(1000),
            "untrusted-issuer:delegation-revoked",
            (1000, "valid"),
        ),
        (
            "a grant revoked in the next second",
            |w| {
                let grant = granted(w);
                take_grant_back(w.at(2000), 1, grant, 1001);
            },
            same,
            now(2000),
            "valid",
            (1000, "valid"),
        ),
        (
            "a grant that somebody else would revoke",
            |w| {
                let grant = granted(w);
                take_grant_back(w.at(2000), 2, grant, 1000);
            },
            same,
            now(2000),
            "valid",
            (1000, "valid"),
        ),
        (
            "a grant that its issuer would suspend, which there is not",
            |w| {
                let grant = granted(w);
                w.at(2000).event(1, Target::Grant(grant), suspend(None), |event| {
                    event.effective = t(1000);
                });
            },
            same,
            now(2000),
            "valid",
            (1000, "valid"),
        ),
        (
            "a grant that its issuer's other key revokes",
            |w| {
                let grant = granted(w);
                w.at(1500).bind(9, 1);
                take_grant_back(w.at(2000), 9, grant, 1000);
            },
            same,
            then(2000),
            "untrusted-issuer:delegation-revoked",
            (1999, "valid"),
        ),
        (
            "a grant that a delegate revokes",
            |w| {
                let grant = granted(w);
                let other = w.at(1500).grant(1, 5, |_| {});
                w.at(2000).event(1, Target::Grant(grant), revoke(), |event| {
                    (event.effective, event.delegated) = (t(1000), by(5, &[other]));
                });
            },
            same,
            then(2000),
            "untrusted-issuer:delegation-revoked",
            (1999, "valid"),
        ),
        (
            "a grant that a delegate would revoke who may no longer",
            |w| {
                let grant = granted(w);
                let other = w.at(1500).grant(1, 5, |_| {});
                w.at(2000).event(1, Target::Grant(grant), revoke(), |event| {
                    (event.effective, event.delegated) = (t(1000), by(5, &[other]));
                });
                take_grant_back(w.at(3000), 1, other, 1600);
            },
            same,
            now(2000),
            "valid",
            (2000, "untrusted-issuer:delegation-revoked"),
        ),
    ]);
}

#[test]
fn revocations() {
    hold(&[
        (
            "from its second on",
            |w| done(w.at(2000).act(1, revoke())),
            same,
            then(2000),
            "revoked:changed",
            (1999, "valid"),
        ),
        (
            "for good",
            |w| {
                w.at(2000).act(1, revoke());
                w.at(3000).act(1, Act::Resume);
            },
            same,
            then(9000),
            "revoked:changed",
            (1999, "valid"),
        ),
        (
            "of a time before it was said, in hindsight",
            |w| done(w.at(2000).act_from(1, Act::Revoke(Cause::KeyCompromise), 1500)),
            same,
            now(1500),
            "revoked:key-compromise",
            (1500, "valid"),
        ),
        (
            "not before that time",
            |w| done(w.at(2000).act_from(1, revoke(), 1500)),
            same,
            now(1499),
            "valid",
            (2000, "revoked:changed"),
        ),
        (
            "announced",
            |w| done(w.at(2000).act_from(1, revoke(), 3000)),
            same,
            then(3000),
            "revoked:changed",
            (2999, "valid"),
        ),
        (
            "clocks do not matter: the issuer said it",
            |w| done(w.at(2000).act(1, revoke())),
            |t| t.skew = 300,
            then(2000),
            "revoked:changed",
            (1999, "valid"),
        ),
        (
            "of two, the first that took effect is shown",
            |w| {
                w.at(2000).act(1, revoke());
                w.at(3000).act_from(1, Act::Revoke(Cause::IssuedInError), 1000);
            },
            same,
            then(3000),
            "revoked:issued-in-error",
            (2999, "revoked:changed"),
        ),
        (
            "by the issuer's other key",
            |w| {
                w.at(1500).bind(9, 1);
                w.at(2000).act(9, revoke());
            },
            same,
            then(2000),
            "revoked:changed",
            (1999, "valid"),
        ),
        (
            "by a key that is known to be the issuer's later",
            |w| {
                w.at(2000).act(9, revoke());
                w.at(3000).bind(9, 1);
            },
            same,
            then(3000),
            "revoked:changed",
            (2999, "valid"),
        ),
        (
            "by a delegate",
            |w| {
                let grant = w.at(1500).grant(1, 4, |grant| grant.rights = [Right::Revoke].into());
                let target = Target::Attestation(w.asked());
                w.at(2000).event(1, target, revoke(), |event| event.delegated = by(4, &[grant]));
            },
            same,
            then(2000),
            "revoked:changed",
            (1999, "valid"),
        ),
    ]);
}

#[test]
fn forge_revocations_that_are_nobodys_to_make() {
    hold(&[
        (
            "by somebody else",
            |w| done(w.at(2000).act(2, revoke())),
            same,
            now(3000),
            "valid",
            (1999, "valid"),
        ),
        (
            "of what was made not to be revocable",
            |w| {
                instead(w, 1000, |a| a.revocable = false);
                w.at(2000).act(1, revoke());
            },
            same,
            now(3000),
            "valid",
            (1999, "valid"),
        ),
        (
            "suspension of the same",
            |w| {
                instead(w, 1000, |a| a.revocable = false);
                w.at(2000).act(1, suspend(None));
            },
            same,
            now(3000),
            "valid",
            (1999, "valid"),
        ),
        (
            "by a delegate who may only attest",
            |w| {
                let grant = w.at(1500).grant(1, 4, |grant| grant.rights = [Right::Attest].into());
                let target = Target::Attestation(w.asked());
                w.at(2000).event(1, target, revoke(), |event| event.delegated = by(4, &[grant]));
            },
            same,
            now(3000),
            "valid",
            (1999, "valid"),
        ),
        (
            "by a delegate whose grant was revoked",
            |w| {
                let grant = w.at(1500).grant(1, 4, |_| {});
                let target = Target::Attestation(w.asked());
                w.at(2000).event(1, target, revoke(), |event| event.delegated = by(4, &[grant]));
                take_grant_back(w.at(3000), 1, grant, 1900);
            },
            same,
            then(3000),
            "valid",
            (2999, "revoked:changed"),
        ),
        (
            "resumption by somebody else",
            |w| {
                w.at(2000).act(1, suspend(None));
                w.at(3000).act(2, Act::Resume);
            },
            same,
            then(3000),
            "suspended:under-investigation",
            (1999, "valid"),
        ),
    ]);
}

#[test]
fn suspensions() {
    hold(&[
        (
            "until it is resumed",
            |w| {
                w.at(2000).act(1, suspend(None));
                w.at(3000).act(1, Act::Resume);
            },
            same,
            then(3000),
            "valid",
            (2999, "suspended:under-investigation"),
        ),
        (
            "until the time that it names",
            |w| done(w.at(2000).act(1, suspend(Some(3000)))),
            same,
            then(3000),
            "valid",
            (2999, "suspended:under-investigation"),
        ),
        (
            "again",
            |w| {
                w.at(2000).act(1, suspend(None));
                w.at(3000).act(1, Act::Resume);
                w.at(4000).act(1, suspend(None));
            },
            same,
            then(4000),
            "suspended:under-investigation",
            (3999, "valid"),
        ),
        (
            "of two in one second the later entry counts",
            |w| {
                w.at(2000).act_from(1, suspend(None), 2500);
                w.at(2100).act_from(1, Act::Resume, 2500);
            },
            same,
            then(2500),
            "valid",
            (2100, "valid"),
        ),
        (
            "and the other way round",
            |w| {
                w.at(2000).act_from(1, Act::Resume, 2500);
                w.at(2000).act_from(1, suspend(None), 2500);
            },
            same,
            then(2500),
            "suspended:under-investigation",
            (2499, "valid"),
        ),
        (
            "by when it took effect, not by when it was said",
            |w| {
                w.at(2000).act_from(1, Act::Resume, 3000);
                w.at(2500).act_from(1, suspend(None), 2200);
            },
            same,
            then(3000),
            "valid",
            (2999, "suspended:under-investigation"),
        ),
        (
            "in hindsight, before it was said",
            |w| done(w.at(2000).act_from(1, suspend(None), 1500)),
            same,
            now(1500),
            "suspended:under-investigation",
            (1999, "valid"),
        ),
        (
            "revoked before superseded before expired before suspended",
            |w| {
                instead(w, 1000, |a| a.valid_until = Some(t(5000)));
                w.at(2000).act(1, suspend(None));
                w.at(3000).link(1, Supersedes, |_| {});
                w.at(4000).act(1, revoke());
            },
            same,
            then(5000),
            "revoked:changed superseded expired suspended:under-investigation",
            (3999, "superseded suspended:under-investigation"),
        ),
        (
            "expired before suspended",
            |w| {
                instead(w, 1000, |a| a.valid_until = Some(t(5000)));
                w.at(2000).act(1, suspend(None));
            },
            same,
            then(5000),
            "expired suspended:under-investigation",
            (4999, "suspended:under-investigation"),
        ),
        (
            "suspended before not yet valid",
            |w| {
                instead(w, 1000, |a| a.valid_from = t(5000));
                w.at(2000).act(1, suspend(None));
            },
            same,
            then(4999),
            "suspended:under-investigation not-yet-valid",
            (1999, "not-yet-valid"),
        ),
    ]);
}
