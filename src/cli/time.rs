//! Points in time as arguments, and the system's clock.

use super::failure::{Complaint, Failure};
use crate::value::{Date, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// Reads `2026-01-31T13:00:00Z`, or `2026-01-31` for its first second.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let text = match text.parse::<Date>() {
        Ok(date) => format!("{date}T00:00:00Z"),
        Err(_) => text.to_owned(),
    };
    let remedy =
        "write it in UTC, as 2026-01-31T13:00:00Z or 2026-01-31, of the years 1970 to 9999";
    text.parse().map_err(|_| remedy.to_owned())
}

/// The system's clock.
pub(super) fn now() -> Result<Timestamp, Failure> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    elapsed.and_then(|elapsed| Timestamp::from_unix(elapsed.as_secs())).ok_or_else(|| {
        let problem = "the system's clock is outside the years 1970 to 9999";
        Failure::input(Complaint::new(problem).remedy("set the clock, or say the time"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_utc_and_whole() {
        assert_eq!(instant("1970-01-02").unwrap().unix(), 86_400);
        assert_eq!(instant("1970-01-01T01:00:00Z").unwrap().unix(), 3600);
        for wrong in ["", "now", "1970-01-01T01:00:00", "1970-01-01T01:00:00+01:00", "1970-1-1"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }
}
