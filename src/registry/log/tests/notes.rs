use super::*;
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};

/// Published with the implementations of signed notes.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
/// The example of tlog-cosignature.
const COSIGNED: &str = "example.com/behind-the-sofa\n20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

fn checkpoint() -> Checkpoint {
    Memory::numbered(9).checkpoint(9)
}

#[test]
fn the_published_key_and_note() {
    let peter: LogKey = PETER.parse().unwrap();
    assert_eq!((peter.to_string().as_str(), peter.origin().as_str()), (PETER, "PeterNeumann"));
    let note = Note::from_bytes(NOTE.as_bytes()).unwrap();
    let (verified, _) = note.verify(&VerifierList::new(vec![Box::new(peter.clone())])).unwrap();
    assert_eq!(verified[0].name(), "PeterNeumann");
    assert!(!peter.verify(b"another text", verified[0].signature()));
    assert!(!peter.verify(note.text(), &verified[0].signature()[1..]));
}

#[test]
fn the_published_cosigned_checkpoint() {
    let checkpoint = Checkpoint::parse(COSIGNED).unwrap();
    assert_eq!(checkpoint.to_string(), COSIGNED);
    assert_eq!(checkpoint.body().origin().as_str(), "example.com/behind-the-sofa");
    assert_eq!(checkpoint.body().size(), 20_852_163);
    assert_eq!(
        checkpoint.signers(),
        [
            ("example.com/behind-the-sofa".to_owned(), 0x033d_e0ae),
            ("witness.example.com/w1".to_owned(), 0x8d66_cf3f)
        ]
    );
}

/// Signed by us, read and verified by the library's own key type.
#[test]
fn checkpoints_verify_elsewhere() {
    let text = checkpoint().to_string();
    assert!(text.starts_with("example.org/log\n9\n"), "{text}");
    let theirs = StandardVerifier::new(&log_key().to_string()).unwrap();
    let note = Note::from_bytes(text.as_bytes()).unwrap();
    let (verified, unknown) = note.verify(&VerifierList::new(vec![Box::new(theirs)])).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    let tree = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((tree.size(), tree.hash().0), (9, Memory::numbered(9).root(9)));
}

#[test]
fn checkpoints_verify() {
    let log = log_key();
    assert_eq!(log.to_string().parse::<LogKey>(), Ok(log.clone()));
    let checkpoint = checkpoint();
    let read = Checkpoint::parse(&checkpoint.to_string()).unwrap();
    assert_eq!(read, checkpoint);
    assert_eq!(read.verify(&log).unwrap(), checkpoint.body());
    let empty = sign_checkpoint(&origin(), 0, &EMPTY_ROOT, &key(1)).unwrap();
    assert_eq!(Checkpoint::parse(&empty.to_string()).unwrap().verify(&log).unwrap().size(), 0);
}

/// Lines that a log adds are signed with the rest and kept.
#[test]
fn extension_lines_are_signed() {
    let signed = checkpoint().signed().to_owned() + "extension 1\n";
    let id = super::super::key::key_id(&origin(), 1, &key(1).authority());
    let line =
        super::super::checkpoint::signature_line(&origin(), id, &key(1).sign(signed.as_bytes()));
    let text = format!("{signed}\n{line}");
    let checkpoint = Checkpoint::parse(&text).unwrap();
    assert_eq!(checkpoint.to_string(), text);
    assert_eq!(checkpoint.verify(&log_key()).unwrap().size(), 9);
    let other = Checkpoint::parse(&text.replace("extension 1", "extension 2")).unwrap();
    assert_eq!(other.verify(&log_key()), Err(CheckpointError::NotSigned(origin())));
}

#[test]
fn forge_checkpoints() {
    let log = log_key();
    let text = checkpoint().to_string();
    let refused = |text: &str| Checkpoint::parse(text).unwrap().verify(&log).cloned();
    let not_signed = || Err(CheckpointError::NotSigned(origin()));
    assert!(refused(&text).is_ok());
    assert_eq!(refused(&text.replace("\n9\n", "\n8\n")), not_signed());
    let root = hash_to_text(&Memory::numbered(9).root(9));
    assert_eq!(refused(&text.replace(&root, &hash_to_text(&EMPTY_ROOT))), not_signed());
    // Another key, by its own id and by the id of the log's.
    let root = Memory::numbered(9).root(9);
    let stranger = sign_checkpoint(&origin(), 9, &root, &key(2)).unwrap();
    assert_eq!(stranger.verify(&log).cloned(), not_signed());
    let id = super::super::key::key_id(&origin(), 1, &key(1).authority());
    let signature = key(2).sign(stranger.signed().as_bytes());
    let line = super::super::checkpoint::signature_line(&origin(), id, &signature);
    assert_eq!(refused(&format!("{}\n{line}", stranger.signed())), not_signed());
    // A line that lies in the log's name spoils the note wherever it stands.
    let [head, signature] = text.split_once("\n\n").map(|(a, b)| [a, b]).unwrap();
    assert_eq!(refused(&format!("{head}\n\n{line}{signature}")), not_signed());
    // Another log with the same key.
    let other = sign_checkpoint(&"example.org/other".parse().unwrap(), 9, &root, &key(1));
    assert!(matches!(other.unwrap().verify(&log), Err(CheckpointError::OtherOrigin { .. })));
    // The same text, said to be of the other log.
    let renamed = text.replacen("example.org/log", "example.org/other", 1);
    let other = LogKey::new("example.org/other".parse().unwrap(), key(1).authority());
    assert!(matches!(
        Checkpoint::parse(&renamed).unwrap().verify(&other),
        Err(CheckpointError::NotSigned(_))
    ));
}

/// Whatever octet is changed, left out, doubled or put in: it is no checkpoint of the log.
#[test]
fn forge_any_octet_of_a_checkpoint() {
    let log = log_key();
    let text = checkpoint().to_string().into_bytes();
    let refused = |octets: Vec<u8>| {
        let text = String::from_utf8(octets).ok();
        let read = text.and_then(|text| Checkpoint::parse(&text).ok());
        read.is_none_or(|checkpoint| checkpoint.verify(&log).is_err())
    };
    assert!(!refused(text.clone()));
    for place in 0..text.len() {
        for bit in 0..8 {
            let mut other = text.clone();
            other[place] ^= 1 << bit;
            assert!(refused(other), "{place} {bit}");
        }
        let mut other = text.clone();
        other.remove(place);
        assert!(refused(other), "without {place}");
        for octet in [text[place], b'\n', b' ', b'=', b'A', 0] {
            let mut other = text.clone();
            other.insert(place, octet);
            assert!(refused(other), "{octet} at {place}");
        }
    }
}

#[test]
fn reject_what_is_no_checkpoint() {
    let text = checkpoint().to_string();
    let root = hash_to_text(&Memory::numbered(9).root(9));
    let line = text.lines().last().unwrap().to_owned() + "\n";
    for other in [
        String::new(),
        text[..text.len() - 1].to_owned(),
        text.clone() + "\n",
        text.clone() + "x\n",
        text.replacen("\n\n", "\n", 1),
        text.replacen("\n\n", "\n\n\n", 1),
        text.replacen("\n\n", "\nextension\n\nmore\n\n", 1),
        text.replace('\n', "\r\n"),
        text.replacen("\n9\n", "\n09\n", 1),
        text.replacen("\n9\n", "\n+9\n", 1),
        text.replacen("\n9\n", "\n0\n", 1),
        text.replacen("\n9\n", "\n281474976710657\n", 1),
        text.replacen("\n9\n", "\n18446744073709551616\n", 1),
        text.replacen(&root, &root[1..], 1),
        text.replacen("example.org/log\n", "\n", 1),
        text.replacen("example.org/log\n", "example.org/a log\n", 1),
        text.replacen("example.org/log\n", "https://example.org/log\n", 1),
        text.replacen('\u{2014}', "-", 1),
        text.clone() + &line.repeat(100),
        text.clone() + &format!("\u{2014} a {}\n", "AAAA".repeat(MAX_CHECKPOINT_LEN / 4)),
    ] {
        assert_ne!(other, text);
        let parsed = Checkpoint::parse(&other);
        assert!(matches!(parsed, Err(CheckpointError::Malformed(_))), "{other:?}");
    }
    let none = sign_checkpoint(&origin(), 0, &[7; 32], &key(1));
    assert!(matches!(none, Err(CheckpointError::Malformed(_))));
    let none = sign_checkpoint(&origin(), MAX_SIZE + 1, &[7; 32], &key(1));
    assert!(matches!(none, Err(CheckpointError::Malformed(_))));
}

#[test]
fn reject_other_names_and_keys() {
    let long = "a".repeat(MAX_NAME + 1);
    for name in ["", "a b", "a+b", "https://a", "/a", "a/", "a//b", "a\u{a0}b", "a\tb", "ä", &long]
    {
        assert_eq!(name.parse::<KeyName>(), Err(KeyError::Name), "{name:?}");
    }
    assert!(long[1..].parse::<KeyName>().is_ok());
    let log = log_key().to_string();
    let [name, id, octets] = log.split('+').collect::<Vec<_>>().try_into().unwrap();
    let witness = WitnessKey::new(origin(), key(1).authority()).to_string();
    // The identity, which has order 1: y = 1.
    let small = format!("AQE{}", "A".repeat(41));
    for (text, error) in [
        (String::new(), KeyError::Form),
        (format!("{name}+{id}"), KeyError::Form),
        (format!("{name}+{id}+{}", &octets[4..]), KeyError::Form),
        (format!("{name}+{id}+{octets}+"), KeyError::Form),
        (format!("a b+{id}+{octets}"), KeyError::Name),
        (format!("{name}x+{id}+{octets}"), KeyError::Id),
        (format!("{name}+{}+{octets}", id.to_uppercase()), KeyError::Id),
        (format!("{name}+0{id}+{octets}"), KeyError::Id),
        (format!("{name}+00000000+{octets}"), KeyError::Id),
        (format!("{name}+{id}+{small}"), KeyError::Point),
        (witness, KeyError::Kind),
    ] {
        assert_eq!(text.parse::<LogKey>(), Err(error), "{text}");
    }
    assert_eq!(log.parse::<WitnessKey>(), Err(KeyError::Kind));
}
