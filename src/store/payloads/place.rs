//! Where payloads are: the one spelling of a folder or a bucket, and the store behind it.

use super::PayloadError;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Greatest length of a location in octets: leaves room in the 512 of an IRI for a payload's name.
pub(super) const MAX_LOCATION: usize = 432;

const FILE: &str = "file://";
const S3: &str = "s3://";

/// A place that was opened.
pub(super) struct Place {
    /// Its one spelling, without a slash at its end.
    pub(super) location: String,
    /// What goes before a payload's name in the store: empty, or a prefix with its slash.
    pub(super) prefix: String,
    /// The folder, where it is one.
    pub(super) root: Option<PathBuf>,
    pub(super) store: Arc<dyn ObjectStore>,
}

impl Place {
    pub(super) fn open(location: &str, options: &[(String, String)]) -> Result<Self, PayloadError> {
        if let Some(rest) = location.strip_prefix(S3) {
            return bucket(location, rest, options);
        }
        if let Some((name, _)) = options.first() {
            return Err(option(name, "folders take no options"));
        }
        match location.strip_prefix(FILE) {
            Some(path) => folder(location, &decode(path).ok_or_else(|| bad_path(location))?),
            None if location.contains("://") => {
                let remedy = "write file:///.., s3://bucket/prefix or the path of a folder";
                Err(invalid(location, remedy))
            }
            None => folder(location, location),
        }
    }
}

fn invalid(location: &str, problem: impl Into<String>) -> PayloadError {
    let location = location.chars().take(MAX_LOCATION).collect();
    PayloadError::Location { location, problem: problem.into() }
}

fn option(name: &str, problem: impl Into<String>) -> PayloadError {
    PayloadError::Option { name: name.chars().take(64).collect(), problem: problem.into() }
}

fn bad_path(location: &str) -> PayloadError {
    invalid(location, "write file:/// and an absolute path in UTF-8, percent-encoded")
}

/// A folder, which must be there: one that is made on the way would hide that a disk is not
/// mounted.
fn folder(location: &str, path: &str) -> Result<Place, PayloadError> {
    if location.starts_with(FILE) && !path.starts_with('/') {
        return Err(bad_path(location));
    }
    let root = Path::new(path).canonicalize().map_err(|error| {
        invalid(location, format!("there is no such folder ({error}): create it first"))
    })?;
    if !root.is_dir() {
        return Err(invalid(location, "not a folder"));
    }
    let text = root.to_str().ok_or_else(|| bad_path(location))?;
    let spelled = format!("{FILE}{}", encode(text.trim_end_matches('/')));
    if spelled.len() > MAX_LOCATION {
        return Err(invalid(location, format!("more than {MAX_LOCATION} octets")));
    }
    let store = LocalFileSystem::new_with_prefix(&root)
        .map_err(|error| invalid(location, error.to_string()))?
        .with_fsync(true);
    let store: Arc<dyn ObjectStore> = Arc::new(store);
    Ok(Place { location: spelled, prefix: String::new(), root: Some(root), store })
}

/// RFC 3986's unreserved characters and the slash stay; everything else is percent-encoded, so that
/// a path has one spelling.
fn encode(path: &str) -> String {
    let mut out = String::new();
    for octet in path.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(octet.into());
            }
            // Writing to a string does not fail.
            _ => drop(write!(out, "%{octet:02X}")),
        }
    }
    out
}

fn decode(path: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [octet, tail @ ..] = rest {
        rest = tail;
        if *octet != b'%' {
            octets.push(*octet);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return None };
        octets.extend(hex::decode([*high, *low]).ok()?);
        rest = tail;
    }
    String::from_utf8(octets).ok().filter(|path| !path.contains('\0'))
}

#[cfg(not(feature = "s3"))]
fn bucket(
    location: &str,
    _rest: &str,
    _options: &[(String, String)],
) -> Result<Place, PayloadError> {
    Err(invalid(location, "this program was built without S3 (its feature s3)"))
}

#[cfg(feature = "s3")]
fn bucket(location: &str, rest: &str, options: &[(String, String)]) -> Result<Place, PayloadError> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (name, prefix) = rest.split_once('/').map_or((rest, None), |(name, p)| (name, Some(p)));
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let named = (3..=63).contains(&name.len())
        && name.bytes().all(|b| plain(b) || b == b'-' || b == b'.')
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    if !named || location.len() > MAX_LOCATION {
        return Err(invalid(location, "write s3://bucket or s3://bucket/prefix"));
    }
    let step = |step: &str| {
        let mark = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        !step.is_empty() && step != "." && step != ".." && step.bytes().all(mark)
    };
    if prefix.is_some_and(|prefix| !prefix.split('/').all(step)) {
        let problem = "the steps of a prefix are letters, digits, hyphens, dots and underscores";
        return Err(invalid(location, problem));
    }
    let store = super::s3::store(location, name, options)?;
    let prefix = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
    Ok(Place { location: format!("{S3}{rest}"), prefix, root: None, store })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_spelled_once() {
        for path in ["/a/b", "/with space/é#?%", "/", "/tilde~/dot./under_"] {
            let spelled = encode(path);
            assert!(spelled.bytes().all(|b| b.is_ascii_graphic() && !b"#? ".contains(&b)));
            assert_eq!(decode(&spelled).as_deref(), Some(path));
        }
        for other in ["/%", "/%4", "/%zz", "/%ff", "/%00", "/%+1"] {
            assert_eq!(decode(other), None, "{other}");
        }
    }
}
