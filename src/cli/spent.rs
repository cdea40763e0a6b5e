//! Spent nonces in a file, for verifiers that are processes.
//!
//! One line for each nonce: its 64 hexadecimal digits, a space, and until when it has to be
//! remembered. The file is locked while a run verifies, and the lines of what it spends are
//! appended and flushed to the disk at its end, before anything is said to be accepted; none of
//! them is ever taken out, so a clock that is set back revives nothing. Where they cannot all be
//! written, none stay: the run accepted nothing. A last line that a crash cut short was never acted
//! on, and is removed. A file that holds anything else is left alone.

use super::failure::{Complaint, Failure};
use super::files::{Lock, io_failure};
use crate::request::{Nonce, NonceError, NonceStore};
use crate::value::Timestamp;
use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Most octets of the file: some three million answers.
const MAX_LEN: u64 = 1 << 28;

/// A file of spent nonces, locked and read.
pub(super) struct SpentFile {
    path: PathBuf,
    lock: Lock,
    /// Octets of whole lines, and of all.
    whole: usize,
    length: usize,
    state: Mutex<State>,
}

struct State {
    known: HashSet<Nonce>,
    /// The lines to be appended.
    new: String,
}

impl SpentFile {
    /// Waits for the lock, which is held until this is finished or dropped, and reads the file.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let lock = Lock::take(path)?;
        let mut text = Vec::new();
        let read = lock.file().take(MAX_LEN + 1).read_to_end(&mut text);
        read.map_err(|error| io_failure("use", path, &error))?;
        if text.len() as u64 > MAX_LEN {
            let complaint = Complaint::new("too long").in_file(path);
            return Err(Failure::input(complaint.remedy("begin a new file and new requests")));
        }
        let mut known = HashSet::new();
        let mut whole = 0;
        for (i, line) in text.split_inclusive(|octet| *octet == b'\n').enumerate() {
            match Line::read(line) {
                Some(Line::Whole(nonce)) => known.insert(nonce),
                Some(Line::CutShort) if i > 0 => break,
                _ => return Err(damaged(path, i + 1)),
            };
            whole += line.len();
        }
        let state = Mutex::new(State { known, new: String::new() });
        Ok(SpentFile { path: path.to_owned(), lock, whole, length: text.len(), state })
    }

    /// Brings the nonces spent to the disk. Nothing may be said to be accepted before.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let new = self.state.into_inner().unwrap_or_else(PoisonError::into_inner).new;
        if new.is_empty() {
            return Ok(());
        }
        let failed = |error: io::Error| io_failure("use", &self.path, &error);
        let mut file = self.lock.file();
        if self.whole != self.length {
            file.set_len(self.whole as u64).map_err(failed)?;
            file.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        let written = file.write_all(new.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| {
            let _ = file.set_len(self.whole as u64);
            failed(error)
        })
    }
}

fn damaged(path: &Path, line: usize) -> Failure {
    let complaint = Complaint::new("not a line of spent nonces").in_file(path);
    let remedy = "name a file of spent nonces, or restore it: without it answers could be \
                  accepted again";
    Failure::input(complaint.at(format!("line {line}")).remedy(remedy))
}

/// A line of the file.
enum Line {
    Whole(Nonce),
    /// The beginning of a line, without its end.
    CutShort,
}

impl Line {
    /// `None` for what was never written here. That matters most for a last line without an end: it
    /// is removed, and whoever named another file by mistake is not to lose it.
    fn read(octets: &[u8]) -> Option<Self> {
        if let Some(line) = octets.strip_suffix(b"\n") {
            let (nonce, until) = std::str::from_utf8(line).ok()?.split_once(' ')?;
            until.parse::<Timestamp>().ok()?;
            return Some(Line::Whole(nonce.parse().ok()?));
        }
        let mut pattern = [b'0'; 64].iter().chain(b" 0000-00-00T00:00:00Z");
        let fits = octets.iter().all(|octet| match pattern.next() {
            Some(b'0') => octet.is_ascii_hexdigit(),
            expected => expected == Some(octet),
        });
        fits.then_some(Line::CutShort)
    }
}

impl NonceStore for SpentFile {
    fn spend(&self, nonce: &Nonce, until: Timestamp, _now: Timestamp) -> Result<(), NonceError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.known.insert(*nonce) {
            return Err(NonceError::Spent);
        }
        state.new.push_str(&format!("{nonce} {until}\n"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend(path: &Path, nonce: u8) -> Result<(), NonceError> {
        let time = Timestamp::from_unix(0).unwrap();
        let file = SpentFile::open(path).map_err(|_| NonceError::Unavailable)?;
        file.spend(&Nonce::from_bytes([nonce; 32]), time, time)?;
        file.finish().map_err(|_| NonceError::Unavailable)
    }

    fn file(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("sigil-spent-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn of_a_hundred_answers_at_once_one_is_accepted() {
        let path = file("parallel");
        for nonce in 0..8 {
            let start = std::sync::Barrier::new(100);
            let answer = || {
                start.wait();
                spend(&path, nonce)
            };
            let accepted = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..100).map(|_| scope.spawn(answer)).collect();
                let outcomes = threads.into_iter().map(|thread| thread.join().unwrap());
                outcomes.filter(|outcome| outcome.is_ok()).count()
            });
            assert_eq!(accepted, 1);
        }
        assert_eq!(spend(&path, 7), Err(NonceError::Spent));
        assert_eq!(spend(&path, 8), Ok(()));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_line_cut_short_is_removed_and_a_damaged_file_accepts_nothing() {
        let path = file("damaged");
        spend(&path, 1).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{good}{}", &good[..40])).unwrap();
        assert_eq!(spend(&path, 2), Ok(()));
        assert_eq!(spend(&path, 2), Err(NonceError::Spent));
        assert_eq!(spend(&path, 1), Err(NonceError::Spent));
        assert_eq!(std::fs::read_to_string(&path).unwrap().len(), 2 * good.len());
        std::fs::write(&path, format!("{}\n{good}", &good[1..70])).unwrap();
        assert_eq!(spend(&path, 3), Err(NonceError::Unavailable));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn another_file_named_by_mistake_is_left_as_it_is() {
        let path = file("mistake");
        spend(&path, 1).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        for cut in 1..good.len() {
            std::fs::write(&path, format!("{good}{}", &good[..cut])).unwrap();
            assert_eq!(spend(&path, 2), Ok(()), "a line cut to {cut} octets is removed");
        }
        let too_long = format!("{}0", good.trim_end());
        // A first line without an end could be a key that somebody keeps as hexadecimal digits.
        std::fs::write(&path, &good[..64]).unwrap();
        assert_eq!(spend(&path, 2), Err(NonceError::Unavailable));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), good[..64]);
        for other in ["{", " ", "{\"format\":\"sigil-credential/1\"}", &too_long, "\u{e9}"] {
            for text in [other.to_owned(), format!("{good}{other}")] {
                std::fs::write(&path, &text).unwrap();
                assert_eq!(spend(&path, 2), Err(NonceError::Unavailable), "{text}");
                assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            }
        }
        std::fs::write(&path, b"\xff\xfe\n").unwrap();
        assert_eq!(spend(&path, 2), Err(NonceError::Unavailable));
        std::fs::remove_file(&path).unwrap();
    }
}
