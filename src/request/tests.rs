use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + seconds).unwrap()
}

const BUNDLE: BundleHash = BundleHash::from_bytes([7; 32]);
const AUDIENCE: &str = "https://verifier.example";

fn request() -> PresentationRequest {
    let nonce = Nonce::from_bytes([9; 32]);
    PresentationRequest::new(BUNDLE, AUDIENCE, nonce, at(0), at(600)).unwrap()
}

#[test]
fn requests_round_trip() {
    let request = request();
    let text = request.to_document().canonical();
    let again = PresentationRequest::parse(text.as_bytes()).unwrap();
    assert_eq!(again, request);
    assert_eq!(again.digest(), request.digest());
    assert_eq!(request.now_hours(), 500_000);
    // Computed outside this program.
    assert_eq!(request.digest().to_string(), DIGEST);
}

const DIGEST: &str = "60e67343f69bc52b761629abd34237b6981cdc38ec2a482829ac8316c1937763";

#[test]
fn every_part_is_in_the_digest() {
    let text = request().to_document().canonical();
    for (from, to) in [
        ("07", "08"),
        ("09", "0a"),
        ("verifier", "verifiar"),
        ("08:00:00Z", "08:00:01Z"),
        ("08:10:00Z", "08:10:01Z"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        let other = PresentationRequest::parse(other.as_bytes()).unwrap();
        assert_ne!(other.digest(), request().digest(), "{from} -> {to}");
    }
}

#[test]
fn reject_requests_with_a_fault() {
    let text = request().to_document().canonical();
    let long = "x".repeat(MAX_AUDIENCE + 1);
    for (from, to, path) in [
        ("sigil-request/1", "sigil-request/2", "$.format"),
        ("\"bundle\"", "\"bundel\"", "$.bundel"),
        ("0707", "07", "$.bundle"),
        ("0909", "090G", "$.nonce"),
        ("0909", "090A", "$.nonce"),
        (AUDIENCE, "", "$.audience"),
        (AUDIENCE, long.as_str(), "$.audience"),
        (AUDIENCE, "a\\nb", "$.audience"),
        ("08:00:00Z", "08:00:00", "$.time"),
        ("08:10:00Z", "08:00:00Z", "$.expires"),
        ("08:10:00Z", "07:00:00Z", "$.expires"),
        ("2027-01-15T08:10:00Z", "2027-01-16T08:00:01Z", "$.expires"),
        ("\"2027-01-15T08:10:00Z\"", "1800000600", "$.expires"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        let fault = PresentationRequest::parse(other.as_bytes()).expect_err(to);
        assert_eq!(fault.path(), path, "{from} -> {to}: {fault}");
    }
}

/// Who asks and for what: in the digest when it is there, and nowhere when it is not.
#[test]
fn relying_party_and_claims_are_optional_parts() {
    let class = "https://example.org/class/bank";
    let party = request().with_relying_party(class).unwrap();
    let asked = party.clone().with_claims(&["kyc.status", "kyc.name"]).unwrap();
    assert_eq!((asked.relying_party(), request().relying_party()), (Some(class), None));
    assert_eq!(asked.claims().iter().collect::<Vec<_>>(), ["kyc.name", "kyc.status"]);
    let swapped = party.clone().with_claims(&["kyc.name", "kyc.status"]).unwrap();
    assert_eq!(swapped, asked, "order says nothing");
    let digests = [request().digest(), party.digest(), asked.digest()];
    assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2]);
    let text = asked.to_document().canonical();
    assert_eq!(PresentationRequest::parse(text.as_bytes()).unwrap(), asked);
    for (from, to, path) in [
        (class, "bank", "$.relying_party"),
        (class, "https://example.org/a b", "$.relying_party"),
        ("kyc.name", "name", "$.claims[0]"),
        ("kyc.name", "kyc.a.b", "$.claims[0]"),
        ("kyc.name", "kyc.status", "$.claims[1]"),
        ("[\"kyc.name\",\"kyc.status\"]", "[]", "$.claims"),
        ("[\"kyc.name\",\"kyc.status\"]", "null", "$.claims"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        let fault = PresentationRequest::parse(other.as_bytes()).expect_err(to);
        assert_eq!(fault.path(), path, "{from} -> {to}: {fault}");
    }
    let many: Vec<String> = (0..=MAX_CLAIMS).map(|i| format!("kyc.f{i}")).collect();
    assert_eq!(request().with_claims(&many).unwrap_err().path(), "$.claims");
}

#[test]
fn reject_expired_requests() {
    let check = |now| request().check(BUNDLE, AUDIENCE, at(now), 30);
    assert_eq!(check(0), Ok(()));
    assert_eq!(check(629), Ok(()));
    assert_eq!(check(630), Err(RequestError::Expired { expires: at(600) }));
    assert_eq!(
        request().check(BUNDLE, AUDIENCE, at(600), 0),
        Err(RequestError::Expired { expires: at(600) })
    );
}

#[test]
fn reject_requests_of_the_future() {
    let early = |seconds: u64| Timestamp::from_unix(1_800_000_000 - seconds).unwrap();
    let check = |now, skew| request().check(BUNDLE, AUDIENCE, now, skew);
    assert_eq!(check(early(30), 30), Ok(()));
    assert_eq!(check(early(31), 30), Err(RequestError::NotYet { time: at(0) }));
    assert_eq!(check(early(1), 0), Err(RequestError::NotYet { time: at(0) }));
}

#[test]
fn reject_foreign_requests() {
    let check = |bundle, audience: &str| request().check(bundle, audience, at(1), 0);
    assert_eq!(check(BUNDLE, AUDIENCE), Ok(()));
    for audience in ["", "https://verifier.example/", "HTTPS://verifier.example"] {
        assert_eq!(check(BUNDLE, audience), Err(RequestError::Audience));
    }
    assert_eq!(check(BundleHash::from_bytes([8; 32]), AUDIENCE), Err(RequestError::Bundle));
}

#[test]
fn reject_replayed_nonce() {
    let (store, request) = (InMemoryNonces::default(), request());
    let (accepted, spent) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let barrier = std::sync::Barrier::new(100);
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                barrier.wait();
                match request.spend(&store, at(5), 30) {
                    Ok(()) => accepted.fetch_add(1, Ordering::SeqCst),
                    Err(error) => {
                        assert_eq!(error, NonceError::Spent);
                        spent.fetch_add(1, Ordering::SeqCst)
                    }
                };
            });
        }
    });
    assert_eq!((accepted.into_inner(), spent.into_inner()), (1, 99));
}

#[test]
fn nonces_are_remembered_while_their_request_is_good() {
    let (store, request) = (InMemoryNonces::default(), request());
    assert_eq!(request.spend(&store, at(0), 30), Ok(()));
    for now in [0, 600, 629, 630] {
        assert_eq!(request.spend(&store, at(now), 30), Err(NonceError::Spent), "{now}");
    }
    // By now the request itself is refused, so the nonce may go.
    assert!(request.check(BUNDLE, AUDIENCE, at(631), 30).is_err());
    let other = Nonce::from_bytes([1; 32]);
    assert_eq!(store.spend(&other, at(700), at(631)), Ok(()));
    // A clock that is set back does not bring it to life again.
    assert_eq!(request.check(BUNDLE, AUDIENCE, at(5), 30), Ok(()));
    assert_eq!(request.spend(&store, at(5), 30), Err(NonceError::Spent));
}

#[test]
fn a_full_store_accepts_nothing_until_something_expires() {
    let store = InMemoryNonces::new(2);
    let spend = |id: u8, until, now| store.spend(&Nonce::from_bytes([id; 32]), at(until), at(now));
    assert_eq!(spend(1, 10, 0), Ok(()));
    assert_eq!(spend(2, 20, 0), Ok(()));
    assert_eq!(spend(3, 30, 0), Err(NonceError::Unavailable));
    assert_eq!(spend(3, 30, 10), Err(NonceError::Unavailable));
    assert_eq!(spend(3, 30, 11), Ok(()));
    assert_eq!(spend(2, 20, 11), Err(NonceError::Spent));
}

#[test]
fn nonces_come_from_the_generator() {
    use rand_core::SeedableRng;
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
    assert_ne!(Nonce::random(&mut rng), Nonce::random(&mut rng));
}
