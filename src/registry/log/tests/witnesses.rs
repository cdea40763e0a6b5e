use super::*;
use crate::value::Timestamp;

fn signer(seed: u8) -> WitnessSigner {
    WitnessSigner::new(format!("witness.example/w{seed}").parse().unwrap(), key(seed))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + seconds).unwrap()
}

/// A log of 9 entries, of which a witness has seen the first 5.
fn seen() -> (Memory, Witness) {
    let memory = Memory::numbered(9);
    let fresh = Witness::trust_first(&log_key());
    let (witness, _) = step(&fresh, &memory, 5, 0).unwrap();
    (memory, witness)
}

/// The witness is shown the log at a size.
fn step(
    witness: &Witness,
    memory: &Memory,
    size: u64,
    seconds: u64,
) -> Result<(Witness, Checkpoint), WitnessRefusal> {
    let old = witness.size().min(size);
    let proof = memory.consistency(old, size);
    witness.cosign(&signer(7), &log_key(), &memory.checkpoint(size), &proof, at(seconds))
}

/// A log that had the same first entries, and others from one on.
fn forked(from: u64, size: u64) -> Memory {
    let other = |index| if index < from { leaf(index) } else { leaf(index + 1000) };
    Memory::of((0..size).map(other))
}

#[test]
fn a_witness_follows_a_log() {
    let memory = Memory::numbered(600);
    let mut witness = Witness::trust_first(&log_key());
    assert_eq!((witness.size(), witness.root(), witness.time()), (0, EMPTY_ROOT, None));
    assert_eq!(witness.cosigned(), None);
    for (seconds, size) in [0, 0, 1, 1, 2, 5, 256, 257, 600, 600].into_iter().enumerate() {
        let (next, cosigned) = step(&witness, &memory, size, seconds as u64).unwrap();
        cosigned.verify(&log_key()).unwrap();
        let time = verify_cosignature(&cosigned, &signer(7).public()).unwrap();
        assert_eq!((time, next.time()), (at(seconds as u64), Some(time)));
        assert_eq!((next.size(), next.root()), (size, memory.root(size)));
        assert_eq!(next.cosigned(), Some(&cosigned));
        // What is kept is read back the same.
        let text = cosigned.to_string();
        assert_eq!(Witness::parse(&text, &log_key(), &signer(7).public()), Ok(next.clone()));
        witness = next;
    }
}

/// Lines of other witnesses stay as they are, one's own earlier line goes.
#[test]
fn cosignatures_of_others_are_kept() {
    let memory = Memory::numbered(9);
    let fresh = Witness::trust_first(&log_key());
    let none = memory.consistency(0, 9);
    let sign = |seed, checkpoint: &Checkpoint, seconds| {
        let signed = fresh.cosign(&signer(seed), &log_key(), checkpoint, &none, at(seconds));
        signed.unwrap().1
    };
    let once = sign(7, &memory.checkpoint(9), 1);
    let twice = sign(8, &once, 2);
    assert!(twice.to_string().starts_with(&once.to_string()));
    let again = sign(7, &twice, 3);
    assert_eq!(again.signers().len(), 3);
    let times = [7, 8].map(|seed| verify_cosignature(&again, &signer(seed).public()));
    assert_eq!(times, [Ok(at(3)), Ok(at(2))]);
    let stranger = verify_cosignature(&again, &signer(9).public());
    assert_eq!(stranger, Err(CheckpointError::NotSigned("witness.example/w9".parse().unwrap())));
}

/// Octet by octet as tlog-cosignature says, put together by hand.
#[test]
fn the_octets_of_a_cosignature() {
    let (memory, witness) = seen();
    let signed = memory.checkpoint(5).signed().to_owned();
    let message = format!("cosignature/v1\ntime 1800000000\n{signed}");
    let public = key(7).authority().to_bytes();
    use base64::Engine;
    use sha2::Digest;
    let named = [b"witness.example/w7\n\x04", &public[..]].concat();
    let id = sha2::Sha256::digest(named);
    let octets =
        [&id[..4], &1_800_000_000u64.to_be_bytes(), &key(7).sign(message.as_bytes())].concat();
    let line = base64::engine::general_purpose::STANDARD.encode(octets);
    let text = witness.cosigned().unwrap().to_string();
    assert!(text.ends_with(&format!("\n\u{2014} witness.example/w7 {line}\n")), "{text}");
    let vkey = signer(7).public().to_string();
    assert!(vkey.starts_with(&format!("witness.example/w7+{}+B", hex::encode(&id[..4]))));
    assert_eq!(vkey.parse(), Ok(signer(7).public()));
}

#[test]
fn forge_a_rollback() {
    let (memory, witness) = seen();
    for found in [0, 1, 4] {
        let refusal = step(&witness, &memory, found, 1).unwrap_err();
        assert_eq!(refusal, WitnessRefusal::Rollback { seen: 5, found });
    }
}

#[test]
fn forge_a_fork_at_the_same_size() {
    let (_, witness) = seen();
    let refusal = step(&witness, &forked(4, 5), 5, 1).unwrap_err();
    assert_eq!(refusal, WitnessRefusal::ForkAtSameSize { size: 5 });
    // A tree that goes on with other entries is no fork.
    assert!(step(&witness, &forked(5, 9), 9, 1).is_ok());
}

#[test]
fn forge_a_fork_at_a_larger_size() {
    let (memory, witness) = seen();
    let fork = WitnessRefusal::Fork { seen: 5, found: 9 };
    for from in 0..5 {
        let other = forked(from, 9);
        assert_eq!(step(&witness, &other, 9, 1).unwrap_err(), fork, "{from}");
        // With the proof of the true log, which leads to another root.
        let (shown, proof) = (other.checkpoint(9), memory.consistency(5, 9));
        let refusal = witness.cosign(&signer(7), &log_key(), &shown, &proof, at(1));
        assert_eq!(refusal.unwrap_err(), fork);
    }
}

#[test]
fn forge_the_proof_of_other_sizes() {
    let (memory, witness) = seen();
    let checkpoint = memory.checkpoint(9);
    for (old, new) in [(4, 9), (0, 9), (6, 9), (5, 8), (9, 9)] {
        let proof = memory.consistency(old, new);
        let refusal = witness.cosign(&signer(7), &log_key(), &checkpoint, &proof, at(1));
        let expected = WitnessRefusal::OtherProof { old, new, seen: 5, found: 9 };
        assert_eq!(refusal.unwrap_err(), expected);
    }
    // Nothing leads from nothing, and nothing else does.
    let proof = ConsistencyProof::new(0, 9, vec![EMPTY_ROOT]).unwrap();
    let fresh = Witness::trust_first(&log_key());
    let refusal = fresh.cosign(&signer(7), &log_key(), &checkpoint, &proof, at(1));
    assert_eq!(refusal.unwrap_err(), WitnessRefusal::Fork { seen: 0, found: 9 });
}

#[test]
fn forge_the_checkpoint_of_another_log() {
    let (memory, witness) = seen();
    let proof = memory.consistency(5, 9);
    let name: KeyName = "example.org/other".parse().unwrap();
    let refuse = |log: &LogKey, checkpoint: &Checkpoint| {
        witness.cosign(&signer(7), log, checkpoint, &proof, at(1)).unwrap_err()
    };
    let stranger = sign_checkpoint(&origin(), 9, &memory.root(9), &key(2)).unwrap();
    assert_eq!(refuse(&log_key(), &stranger), WitnessRefusal::NotSigned(origin()));
    let other = sign_checkpoint(&name, 9, &memory.root(9), &key(1)).unwrap();
    let origin_differs = WitnessRefusal::OtherOrigin { expected: origin(), found: name.clone() };
    assert_eq!(refuse(&log_key(), &other), origin_differs);
    // The other log's key and checkpoint agree, and yet it is not the log that is watched.
    let other_key = LogKey::new(name, key(1).authority());
    assert_eq!(refuse(&other_key, &other), origin_differs);
}

/// What was cosigned once does not move a witness back, whoever shows it.
#[test]
fn forge_by_replaying_what_was_cosigned() {
    let (memory, witness) = seen();
    let before = witness.cosigned().unwrap().clone();
    let (witness, cosigned) = step(&witness, &memory, 9, 1).unwrap();
    let proof = memory.consistency(5, 5);
    let replayed = witness.cosign(&signer(7), &log_key(), &before, &proof, at(2));
    assert_eq!(replayed.unwrap_err(), WitnessRefusal::Rollback { seen: 9, found: 5 });
    // The newest again is the same statement at a later time, and never at an earlier one.
    let proof = memory.consistency(9, 9);
    let again = witness.cosign(&signer(7), &log_key(), &cosigned, &proof, at(2)).unwrap();
    assert_eq!((again.0.size(), again.1.signers().len()), (9, 2));
    let earlier = witness.cosign(&signer(7), &log_key(), &cosigned, &proof, at(0));
    assert_eq!(earlier.unwrap_err(), WitnessRefusal::Clock { seen: at(1), now: at(0) });
    // A cosignature moved to another checkpoint is none.
    let line = cosigned.to_string().lines().last().unwrap().to_owned() + "\n";
    let moved = Checkpoint::parse(&(memory.checkpoint(8).to_string() + &line)).unwrap();
    assert!(verify_cosignature(&moved, &signer(7).public()).is_err());
}

#[test]
fn forge_the_time_of_a_cosignature() {
    let (_, witness) = seen();
    let cosigned = witness.cosigned().unwrap();
    let cosignature = cosigned.signature_by(signer(7).public(), signer(7).public().name());
    let cosignature = cosignature.unwrap();
    let id = cosigned.signers()[1].1;
    for place in 0..cosignature.len() {
        let mut other = cosignature.clone();
        other[place] ^= 1;
        let other = cosigned.with_signature(signer(7).public().name(), id, &other);
        assert!(verify_cosignature(&other, &signer(7).public()).is_err(), "{place}");
    }
    for other in [&cosignature[..71], &[&cosignature[..], &[0]].concat(), &cosignature[8..]] {
        let other = cosigned.with_signature(signer(7).public().name(), id, other);
        assert!(verify_cosignature(&other, &signer(7).public()).is_err());
    }
}

#[test]
fn reject_states_that_nobody_kept() {
    let (memory, witness) = seen();
    let public = signer(7).public();
    let text = witness.cosigned().unwrap().to_string();
    assert!(Witness::parse(&text, &log_key(), &public).is_ok());
    let unseen = memory.checkpoint(9).to_string();
    let stranger = LogKey::new(origin(), key(2).authority());
    for (text, log) in [
        ("", &log_key()),
        (&unseen[..], &log_key()),
        (&text.replacen("\n5\n", "\n4\n", 1), &log_key()),
        (&text, &stranger),
    ] {
        assert!(Witness::parse(text, log, &public).is_err(), "{text:?}");
    }
    assert!(Witness::parse(&text, &log_key(), &signer(8).public()).is_err());
}

/// Whoever fills a checkpoint to the brim must not stop the witness for good.
#[test]
fn reject_a_checkpoint_without_room() {
    let (memory, witness) = seen();
    let mut text = memory.checkpoint(9).to_string();
    for line in 0..99 {
        text.push_str(&format!("\u{2014} stranger.example/{line} AAAAAAAA\n"));
    }
    let full = Checkpoint::parse(&text).unwrap();
    let proof = memory.consistency(5, 9);
    let refusal = witness.cosign(&signer(7), &log_key(), &full, &proof, at(1)).unwrap_err();
    assert!(matches!(refusal, WitnessRefusal::Malformed(_)), "{refusal}");
}
