//! Hybrid storage against a folder and against an S3 server, which is started here: `s3s` 0.14 over
//! a folder (`s3s-fs` 0.14), on a free port of 127.0.0.1.

#![cfg(feature = "s3")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use sha2::{Digest, Sha256};
use sigil::registry::payload::{MAX_PAYLOAD, PayloadState};
use sigil::store::payloads::{PayloadError, Payloads};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

const KEY: &str = "test-key";
const SECRET: &str = "test-secret";

/// A place of payloads together with the files that it is made of, for going behind its back.
struct Scene {
    payloads: Payloads,
    files: PathBuf,
    _folder: TempDir,
    server: Option<Server>,
    runtime: Runtime,
}

struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// The server's whole life is this task: when it is aborted, its connections go with it.
async fn serve(root: &Path) -> Server {
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    service.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            connections.spawn(async move {
                let builder = Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    Server { address, task }
}

fn options(endpoint: &str, secret: &str) -> Vec<(String, String)> {
    let options = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ];
    options.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

impl Scene {
    fn folder() -> Self {
        let folder = TempDir::new().unwrap();
        let files = folder.path().canonicalize().unwrap();
        let payloads = Payloads::open(files.to_str().unwrap(), &[]).unwrap();
        Self { payloads, files, _folder: folder, server: None, runtime: Runtime::new().unwrap() }
    }

    fn bucket() -> Self {
        let folder = TempDir::new().unwrap();
        let files = folder.path().join("claims/eu/kyc");
        fs::create_dir_all(folder.path().join("claims")).unwrap();
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(serve(folder.path()));
        let endpoint = format!("http://{}", server.address);
        let payloads = Payloads::open("s3://claims/eu/kyc/", &options(&endpoint, SECRET)).unwrap();
        Self { payloads, files, _folder: folder, server: Some(server), runtime }
    }

    fn both() -> [Self; 2] {
        [Self::folder(), Self::bucket()]
    }

    fn put(&self, octets: &[u8]) -> Result<String, PayloadError> {
        self.runtime.block_on(self.payloads.put(octets))
    }

    fn state(&self, uri: &str, of: &[u8]) -> Result<PayloadState, PayloadError> {
        self.runtime.block_on(self.payloads.state(uri, &sha256(of), of.len() as u64))
    }

    fn read(&self, uri: &str, of: &[u8]) -> Result<Vec<u8>, PayloadState> {
        self.runtime.block_on(self.payloads.read(uri, &sha256(of), of.len() as u64)).unwrap()
    }

    fn file(&self, uri: &str) -> PathBuf {
        self.files.join(uri.strip_prefix(self.payloads.location()).unwrap().trim_matches('/'))
    }
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

/// Octets that do not repeat.
fn octets(len: usize) -> Vec<u8> {
    let mut octets = Vec::with_capacity(len + 32);
    while octets.len() < len {
        octets.extend(sha256(&(octets.len() as u64).to_be_bytes()));
    }
    octets.truncate(len);
    octets
}

#[test]
fn payloads_are_put_once_and_read_back() {
    for scene in Scene::both() {
        for len in [0, 1, 1 << 16, (1 << 16) + 1, 3_000_000] {
            let payload = octets(len);
            let uri = scene.put(&payload).unwrap();
            let hex = hex::encode(sha256(&payload));
            let name = format!("/sha256/{}/{}/{hex}", &hex[..2], &hex[2..4]);
            assert_eq!(uri, format!("{}{name}", scene.payloads.location()));
            assert_eq!(fs::read(scene.file(&uri)).unwrap(), payload);
            assert_eq!(scene.state(&uri, &payload).unwrap(), PayloadState::Present);
            assert_eq!(scene.read(&uri, &payload).unwrap(), payload);
            // A second time nothing is written: the file is the same one.
            let written = fs::metadata(scene.file(&uri)).unwrap().modified().unwrap();
            assert_eq!(scene.put(&payload).unwrap(), uri);
            assert_eq!(fs::metadata(scene.file(&uri)).unwrap().modified().unwrap(), written);
        }
    }
}

#[test]
fn locations_have_one_spelling() {
    let scene = Scene::bucket();
    assert_eq!(scene.payloads.location(), "s3://claims/eu/kyc");
    let debug = format!("{:?}", scene.payloads);
    assert!(debug.contains("s3://claims/eu/kyc") && !debug.contains(SECRET), "{debug}");

    let folder = TempDir::new().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let strange = root.join("with space # and é");
    fs::create_dir(&strange).unwrap();
    let plain = Payloads::open(strange.to_str().unwrap(), &[]).unwrap();
    assert_eq!(
        plain.location(),
        format!("file://{}/with%20space%20%23%20and%20%C3%A9", root.display())
    );
    let again = Payloads::open(plain.location(), &[]).unwrap();
    let slash = Payloads::open(&format!("{}/", plain.location()), &[]).unwrap();
    std::os::unix::fs::symlink(&strange, root.join("link")).unwrap();
    let link = Payloads::open(root.join("link").to_str().unwrap(), &[]).unwrap();
    let runtime = Runtime::new().unwrap();
    let uri = runtime.block_on(plain.put(b"x")).unwrap();
    assert!(uri.is_ascii());
    for place in [again, slash, link] {
        assert_eq!(place.location(), plain.location());
        let state = runtime.block_on(place.state(&uri, &sha256(b"x"), 1)).unwrap();
        assert_eq!(state, PayloadState::Present);
    }
}

#[test]
fn altered_truncated_and_extended_payloads_are_found() {
    let payload = octets(200_000);
    let mut flipped = payload.clone();
    flipped[150_000] ^= 1;
    let longer = [&payload[..], b"!"].concat();
    let much_longer = [&payload[..], &octets(2_000_000)].concat();
    let cut = &payload[..payload.len() - 1];
    for scene in Scene::both() {
        let uri = scene.put(&payload).unwrap();
        for (other, read) in [
            (&flipped[..], &flipped[..]),
            (cut, cut),
            (b"", b""),
            (&longer, &longer),
            // Of what is too long, one octet too many is read.
            (&much_longer, &much_longer[..payload.len() + 1]),
        ] {
            fs::write(scene.file(&uri), other).unwrap();
            let altered = PayloadState::Altered { found: sha256(read) };
            assert_eq!(scene.state(&uri, &payload).unwrap(), altered, "{}", other.len());
            assert_eq!(scene.read(&uri, &payload), Err(altered));
            // It is neither overwritten nor taken for what it should be.
            let refused = scene.put(&payload).unwrap_err();
            assert!(matches!(refused, PayloadError::Occupied { .. }), "{refused}");
            assert_eq!(fs::read(scene.file(&uri)).unwrap(), other);
        }
        fs::write(scene.file(&uri), &payload).unwrap();
        assert_eq!(scene.state(&uri, &payload).unwrap(), PayloadState::Present);
        // What the attestation signed counts, not what the name says.
        assert!(matches!(scene.state(&uri, b"x").unwrap(), PayloadState::Altered { .. }));
    }
}

#[test]
fn deleted_payloads_are_missing_and_can_be_put_again() {
    for scene in Scene::both() {
        let payload = octets(1000);
        let uri = scene.put(&payload).unwrap();
        fs::remove_file(scene.file(&uri)).unwrap();
        assert_eq!(scene.state(&uri, &payload).unwrap(), PayloadState::Missing);
        assert_eq!(scene.read(&uri, &payload), Err(PayloadState::Missing));
        assert_eq!(scene.put(&payload).unwrap(), uri);
        assert_eq!(scene.state(&uri, &payload).unwrap(), PayloadState::Present);
    }
}

#[test]
fn sixteen_tasks_put_one_payload() {
    for scene in Scene::both() {
        let payload = octets(500_000);
        let results = scene.runtime.block_on(async {
            let tasks = (0..16).map(|_| {
                let (payloads, payload) = (scene.payloads.clone(), payload.clone());
                tokio::spawn(async move { payloads.put(&payload).await })
            });
            let tasks: Vec<_> = tasks.collect();
            let mut results = Vec::new();
            for task in tasks {
                results.push(task.await.unwrap().unwrap());
            }
            results
        });
        assert_eq!(results.len(), 16);
        assert!(results.iter().all(|uri| *uri == results[0]));
        assert_eq!(fs::read(scene.file(&results[0])).unwrap(), payload);
        // In a folder nothing of the fifteen others is left over.
        if scene.server.is_none() {
            assert_eq!(fs::read_dir(scene.file(&results[0]).parent().unwrap()).unwrap().count(), 1);
        }
    }
}

#[test]
fn reject_uris_of_other_places() {
    for scene in Scene::both() {
        let payload = octets(100);
        let uri = scene.put(&payload).unwrap();
        let location = scene.payloads.location().to_owned();
        let name = uri.strip_prefix(&location).unwrap().to_owned();
        // A file outside that a traversal would find, with the very octets.
        fs::write(scene.files.parent().unwrap().join("outside"), &payload).unwrap();
        let (head, hex) = name.rsplit_once('/').unwrap();
        let others = [
            String::new(),
            location.clone(),
            format!("{location}/"),
            format!("{location}/../outside"),
            format!("{location}/sha256/../../outside"),
            format!("{location}/sha256/%2e%2e/%2e%2e/outside"),
            format!("{location}/sha256/../sha256{}", &name["/sha256".len()..]),
            format!("{location}/{name}"),
            format!("{location}/.{name}"),
            format!("{location}{name}/"),
            format!("{location}{name}?versionId=1"),
            format!("{location}{name}#1"),
            format!("{location}{head}/{}", hex.to_uppercase()),
            format!("{location}{head}/{}", &hex[..63]),
            format!("{location}/sha256/{hex}"),
            format!("{location}/sha256/00/00/{hex}"),
            format!("{location}x{name}"),
            format!("{}{name}", &location[..location.len() - 1]),
            format!("s3://other/eu/kyc{name}"),
            format!("s3://claims/eu{name}"),
            format!("s3://claims{name}"),
            format!("file:///etc{name}"),
            "file:///etc/passwd".to_owned(),
            format!("https://claims.example{name}"),
            name.clone(),
            location.replacen("://", ":/", 1) + &name,
            uri.to_uppercase(),
            "é".repeat(100_000),
        ];
        for other in others {
            let refused = scene.state(&other, &payload).unwrap_err();
            assert!(matches!(refused, PayloadError::Outside { .. }), "{other}: {refused}");
            assert!(refused.to_string().len() < 4096);
        }
    }
}

#[test]
fn reject_links_and_pipes_in_a_folder() {
    let payload = octets(100);
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("payload"), &payload).unwrap();
    // The last step leads to the very octets, the others to a folder that has them.
    for depth in 0..4 {
        let scene = Scene::folder();
        let uri = scene.put(&payload).unwrap();
        let step = scene.file(&uri).ancestors().nth(depth).unwrap().to_owned();
        let moved = outside.path().join(format!("moved-{depth}"));
        fs::rename(&step, &moved).unwrap();
        std::os::unix::fs::symlink(&moved, &step).unwrap();
        for refused in [scene.state(&uri, &payload).map(drop), scene.put(&payload).map(drop)] {
            let refused = refused.unwrap_err();
            let at = matches!(&refused, PayloadError::Foreign { path } if *path == step);
            assert!(at, "{depth}: {refused}");
        }
    }
    // A link that leads nowhere is not a payload that is missing.
    let scene = Scene::folder();
    let uri = scene.put(&payload).unwrap();
    fs::remove_file(scene.file(&uri)).unwrap();
    std::os::unix::fs::symlink(outside.path().join("none"), scene.file(&uri)).unwrap();
    assert!(matches!(scene.state(&uri, &payload), Err(PayloadError::Foreign { .. })));
    // Nor is a pipe, at which the opening alone would wait; nor a folder.
    fs::remove_file(scene.file(&uri)).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(scene.file(&uri)).status().unwrap();
    assert!(pipe.success());
    assert!(matches!(scene.state(&uri, &payload), Err(PayloadError::Foreign { .. })));
    fs::remove_file(scene.file(&uri)).unwrap();
    fs::create_dir(scene.file(&uri)).unwrap();
    assert!(matches!(scene.put(&payload), Err(PayloadError::Foreign { .. })));
}

#[test]
fn a_place_that_cannot_be_asked_says_nothing_of_a_payload() {
    let payload = octets(100);
    let scene = Scene::folder();
    let uri = scene.put(&payload).unwrap();
    fs::rename(&scene.files, scene.files.with_extension("away")).unwrap();
    let refused = [scene.state(&uri, &payload).map(drop), scene.put(&payload).map(drop)];
    fs::rename(scene.files.with_extension("away"), &scene.files).unwrap();
    for refused in refused {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, PayloadError::Unreachable { .. }), "{refused}");
    }
    assert_eq!(scene.state(&uri, &payload).unwrap(), PayloadState::Present);

    // A server that is down, within seconds.
    let scene = Scene::bucket();
    let uri = scene.put(&payload).unwrap();
    let server = scene.server.as_ref().unwrap();
    server.task.abort();
    while !server.task.is_finished() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    for refused in [scene.state(&uri, &payload).map(drop), scene.put(b"more").map(drop)] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, PayloadError::Unreachable { .. }), "{refused}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_bucket_that_refuses_says_nothing_of_a_payload() {
    let payload = octets(100);
    let scene = Scene::bucket();
    let uri = scene.put(&payload).unwrap();
    let endpoint = format!("http://{}", scene.server.as_ref().unwrap().address);
    let ask = |location: &str, secret: &str, octets: &[u8]| {
        let place = Payloads::open(location, &options(&endpoint, secret)).unwrap();
        let hex = hex::encode(sha256(octets));
        let uri = format!("{}/sha256/{}/{}/{hex}", place.location(), &hex[..2], &hex[2..4]);
        let (digest, len) = (sha256(octets), octets.len() as u64);
        let state = scene.runtime.block_on(place.state(&uri, &digest, len));
        (state, scene.runtime.block_on(place.put(octets)))
    };
    // Whether the payload is there or not. (s3s-fs would make a bucket that it does not have; how
    // others answer is in the next test.)
    for octets in [&payload[..], b"not there"] {
        let (state, put) = ask("s3://claims/eu/kyc", "another-secret", octets);
        for refused in [state.map(drop), put.map(drop)] {
            let refused = refused.unwrap_err();
            assert!(matches!(refused, PayloadError::Denied { .. }), "{refused}");
            assert!(!refused.to_string().contains("another-secret"));
        }
    }
    assert_eq!(scene.state(&uri, &payload).unwrap(), PayloadState::Present);
}

/// A server that gives every request one answer and then keeps silent, or hangs up.
async fn answering(answer: Vec<u8>, silent: bool) -> (SocketAddr, JoinHandle<()>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(&answer).await;
                if silent {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
            });
        }
    });
    (address, task)
}

#[test]
fn answers_that_are_none_say_nothing_of_a_payload() {
    let runtime = Runtime::new().unwrap();
    let date = "ETag: \"x\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    let page = "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot here!".to_owned();
    let empty = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned();
    let cut = format!("HTTP/1.1 200 OK\r\n{date}Content-Length: 100\r\n\r\npart");
    let said = |code: &str| {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
        format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    // The one answer of them that is one.
    let key = said("NoSuchKey");
    let answers = [
        (page, false),
        (empty, false),
        (said("NoSuchBucket"), false),
        (cut.clone(), false),
        (cut, true),
        (key.clone(), false),
    ];
    for (answer, silent) in answers {
        let (address, task) = runtime.block_on(answering(answer.clone().into_bytes(), silent));
        let options = options(&format!("http://{address}"), SECRET);
        let place = Payloads::open("s3://claims", &options).unwrap();
        let hex = hex::encode(sha256(&octets(100)));
        let uri = format!("s3://claims/sha256/{}/{}/{hex}", &hex[..2], &hex[2..4]);
        let start = Instant::now();
        let state = runtime.block_on(place.state(&uri, &sha256(&octets(100)), 100));
        task.abort();
        match state {
            Ok(state) => assert_eq!((state, &answer), (PayloadState::Missing, &key)),
            Err(refused) => {
                assert_ne!(answer, key, "{refused}");
                assert!(matches!(refused, PayloadError::Unreachable { .. }), "{answer}: {refused}");
            }
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }
}

#[test]
fn an_endless_answer_is_left_after_one_octet_too_many() {
    let runtime = Runtime::new().unwrap();
    let head = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
                Content-Length: 1000000000000\r\n\r\n";
    let body = octets(50_000);
    let answer = [head.as_bytes(), &body].concat();
    // The rest never comes: whoever waited for it would not answer.
    let (address, task) = runtime.block_on(answering(answer, true));
    let options = options(&format!("http://{address}"), SECRET);
    let place = Payloads::open("s3://claims", &options).unwrap();
    let hex = hex::encode(sha256(b"x"));
    let uri = format!("s3://claims/sha256/{}/{}/{hex}", &hex[..2], &hex[2..4]);
    let state = runtime.block_on(place.state(&uri, &sha256(b"x"), 1)).unwrap();
    task.abort();
    assert_eq!(state, PayloadState::Altered { found: sha256(&body[..2]) });
}

#[test]
fn reject_places_that_are_none() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"x").unwrap();
    let none = folder.path().join("none");
    let long = format!("s3://claims/{}", "x".repeat(500));
    for location in [
        "",
        "file://",
        "file://relative",
        "file:///%zz",
        "file:///%00",
        none.to_str().unwrap(),
        file.to_str().unwrap(),
        "https://claims.example",
        "S3://claims",
        "s3://",
        "s3:///claims",
        "s3://UPPER",
        "s3://ab",
        "s3://claims//kyc",
        "s3://claims/../kyc",
        "s3://claims/./kyc",
        "s3://claims/a b",
        "s3://claims/%2e%2e",
        "s3://claims?x",
        "s3://key:secret@claims",
        &long,
    ] {
        let options = if location.starts_with("s3:") {
            options("http://127.0.0.1:1", SECRET)
        } else {
            Vec::new()
        };
        let refused = Payloads::open(location, &options).unwrap_err();
        assert!(matches!(refused, PayloadError::Location { .. }), "{location}: {refused}");
    }
}

#[test]
fn reject_options_that_are_none() {
    let good = options("http://127.0.0.1:1", SECRET);
    Payloads::open("s3://claims", &good).unwrap();
    let folder = TempDir::new().unwrap();
    let with = |name: &str, value: &str| {
        let mut options = good.clone();
        options.push((name.to_owned(), value.to_owned()));
        options
    };
    let mut unsigned = good.clone();
    unsigned.truncate(2);
    let mut half = good.clone();
    half.truncate(3);
    for options in [
        // Without keys: the metadata service of a cloud's machine is never asked for them.
        Vec::new(),
        unsigned,
        half,
        with("AWS_PROFILE", "x"),
        with("AWS_METADATA_ENDPOINT", "http://127.0.0.1"),
        with("allow_invalid_certificates", "true"),
        with("bucket", "other"),
        with("AWS_SESSION_TOKEN", ""),
        with("AWS_SESSION_TOKEN", "two\r\nlines"),
        with("AWS_SKIP_SIGNATURE", "yes"),
        with("AWS_ENDPOINT_URL", "127.0.0.1"),
        with("AWS_ENDPOINT_URL", "ftp://127.0.0.1"),
        with("AWS_ENDPOINT_URL", "http://"),
        with("AWS_ENDPOINT_URL", "http://key:secret@host"),
    ] {
        let refused = Payloads::open("s3://claims", &options).unwrap_err();
        assert!(matches!(refused, PayloadError::Option { .. }), "{options:?}: {refused}");
        assert!(!refused.to_string().contains(SECRET));
    }
    let refused = Payloads::open(folder.path().to_str().unwrap(), &good).unwrap_err();
    assert!(matches!(refused, PayloadError::Option { .. }), "{refused}");
    // Names without AWS_, and a bucket for everybody.
    let public = [("skip_signature".to_owned(), "true".to_owned())];
    Payloads::open("s3://claims", &public).unwrap();
}

#[test]
fn reject_payloads_that_are_too_long() {
    let scene = Scene::folder();
    let uri = scene.put(b"x").unwrap();
    let len = MAX_PAYLOAD + 1;
    let asked = scene.runtime.block_on(scene.payloads.state(&uri, &sha256(b"x"), len));
    assert!(matches!(asked, Err(PayloadError::TooLarge { octets }) if octets == len));
    let read = scene.runtime.block_on(scene.payloads.read(&uri, &sha256(b"x"), u64::MAX));
    assert!(matches!(read, Err(PayloadError::TooLarge { .. })));
    let refused = scene.put(&vec![0; len as usize]).unwrap_err();
    assert!(matches!(refused, PayloadError::TooLarge { .. }));
}
