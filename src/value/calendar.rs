//! Days and seconds of the proleptic Gregorian calendar.
//!
//! A date is the number of days since 0001-01-01, which is day 0; the calendar's rule (a year is
//! leap if 4 divides it, except centuries that 400 does not divide) is taken back to the year 1. A
//! timestamp is the number of seconds since 1970-01-01T00:00:00Z in which every day has 86,400
//! seconds, as in POSIX: a leap second has no number of its own and is refused. Both are written in
//! four-digit years, so they end with the year 9999. Notation: RFC 3339, upper case, `Z` only.

use super::ValueError;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroize;

/// Days before each month of a common year.
const DAYS_BEFORE_MONTH: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
/// Days from 0001-01-01 to 1970-01-01.
const UNIX_EPOCH: u32 = 719_162;
/// Days from 0001-01-01 to 9999-12-31.
const LAST_DAY: u32 = 3_652_058;
const SECONDS_PER_DAY: u64 = 86_400;

/// A date of the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    days: u32,
}

impl Zeroize for Date {
    fn zeroize(&mut self) {
        self.days.zeroize();
    }
}

impl Date {
    /// The day 9999-12-31.
    pub const MAX: Self = Self { days: LAST_DAY };

    /// The date of a year (1 to 9999), month and day, if there is one.
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let before = *DAYS_BEFORE_MONTH.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
        if !(1..=9999).contains(&year) || !(1..=month_length(year, month)).contains(&day) {
            return None;
        }
        let leap_day = u32::from(month > 2 && is_leap(year));
        Some(Self { days: days_before_year(year) + before + leap_day + day - 1 })
    }

    /// The date of a number of days since 0001-01-01.
    pub fn from_days(days: u64) -> Option<Self> {
        let days = u32::try_from(days).ok()?;
        (days <= LAST_DAY).then_some(Self { days })
    }

    /// Days since 0001-01-01.
    pub fn days(self) -> u32 {
        self.days
    }

    /// Year, month and day.
    pub fn civil(self) -> (u32, u32, u32) {
        // 400 years have 146,097 days; the estimate is the year or one too many.
        let estimate = u64::from(self.days) * 400 / 146_097 + 1;
        let mut year = u32::try_from(estimate).unwrap_or(9999);
        while days_before_year(year) > self.days {
            year -= 1;
        }
        while days_before_year(year + 1) <= self.days {
            year += 1;
        }
        let mut rest = self.days - days_before_year(year);
        let mut month = 1;
        while rest >= month_length(year, month) {
            rest -= month_length(year, month);
            month += 1;
        }
        (year, month, rest + 1)
    }
}

/// When who is born on a 29 February has a birthday in a common year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeapDay {
    /// On 28 February.
    Feb28,
    /// On 1 March.
    Mar1,
}

impl LeapDay {
    /// Both, for tables.
    pub const ALL: [Self; 2] = [Self::Feb28, Self::Mar1];

    /// The word in a policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Feb28 => "feb28",
            Self::Mar1 => "mar1",
        }
    }
}

impl Date {
    /// The day `years` years later, by the rule for a 29 February. None beyond the year 9999.
    pub fn anniversary(self, years: u32, rule: LeapDay) -> Option<Self> {
        let (year, month, day) = self.civil();
        let year = year.checked_add(years)?;
        Self::new(year, month, day).or_else(|| match rule {
            LeapDay::Feb28 => Self::new(year, 2, 28),
            LeapDay::Mar1 => Self::new(year, 3, 1),
        })
    }

    /// The day so many years later or, for a negative number, [`Self::latest_birth`].
    pub fn plus_years(self, years: i16, rule: LeapDay) -> Option<Self> {
        let count = u32::from(years.unsigned_abs());
        if years < 0 { self.latest_birth(count, rule) } else { self.anniversary(count, rule) }
    }

    /// The latest day whose anniversary after `years` years is not after this one: who was born on
    /// it or before is at least `years` years old today. None before the year 1.
    pub fn latest_birth(self, years: u32, rule: LeapDay) -> Option<Self> {
        let (year, month, day) = self.civil();
        let year = year.checked_sub(years).filter(|year| *year >= 1)?;
        // Only a day around the end of February is not simply the same day of that year.
        let guess = Self::new(year, month, day).or_else(|| Self::new(year, 2, 28))?;
        let next = Self::from_days(u64::from(guess.days) + 1);
        let reached = |born: &Self| born.anniversary(years, rule).is_some_and(|then| then <= self);
        next.filter(reached).or(Some(guess))
    }
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_length(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_year(year: u32) -> u32 {
    let past = year.saturating_sub(1);
    past * 365 + past / 4 - past / 100 + past / 400
}

/// A fixed number of ASCII digits.
fn digits(text: &str, range: std::ops::Range<usize>) -> Option<u32> {
    let part = text.get(range)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
}

impl FromStr for Date {
    type Err = ValueError;

    /// Exactly `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let read = || {
            let separators = text.len() == 10 && text.get(4..5)? == "-" && text.get(7..8)? == "-";
            let (year, month, day) =
                (digits(text, 0..4)?, digits(text, 5..7)?, digits(text, 8..10)?);
            separators.then(|| Self::new(year, month, day))?
        };
        read().ok_or(ValueError::Form("a date of the calendar as YYYY-MM-DD"))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A second of the years 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: u64,
}

impl Zeroize for Timestamp {
    fn zeroize(&mut self) {
        self.seconds.zeroize();
    }
}

impl Timestamp {
    /// The second 9999-12-31T23:59:59Z.
    pub const MAX: Self =
        Self { seconds: (LAST_DAY - UNIX_EPOCH + 1) as u64 * SECONDS_PER_DAY - 1 };

    /// The timestamp of a number of seconds since 1970-01-01T00:00:00Z.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        (seconds <= Self::MAX.seconds).then_some(Self { seconds })
    }

    /// The first second of a whole hour since 1970-01-01T00:00:00Z.
    pub fn from_hours(hours: u64) -> Option<Self> {
        Self::from_unix(hours.checked_mul(3600)?)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> u64 {
        self.seconds
    }

    /// Whole hours since 1970-01-01T00:00:00Z, rounded down: the unit of validity.
    pub fn hours(self) -> u64 {
        self.seconds / 3600
    }

    /// The day, in UTC.
    pub fn date(self) -> Date {
        let days = u32::try_from(self.seconds / SECONDS_PER_DAY).unwrap_or(0);
        Date { days: (days + UNIX_EPOCH).min(LAST_DAY) }
    }
}

impl FromStr for Timestamp {
    type Err = ValueError;

    /// Exactly `YYYY-MM-DDThh:mm:ssZ`.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let read = || {
            let date: Date = text.get(..10)?.parse().ok()?;
            let marks = [10..11, 13..14, 16..17, 19..20].map(|range| text.get(range));
            let marked = marks == [Some("T"), Some(":"), Some(":"), Some("Z")] && text.len() == 20;
            let (hour, minute, second) =
                (digits(text, 11..13)?, digits(text, 14..16)?, digits(text, 17..19)?);
            let days = u64::from(date.days.checked_sub(UNIX_EPOCH)?);
            let of_day = u64::from(hour * 3600 + minute * 60 + second);
            let valid = marked && hour < 24 && minute < 60 && second < 60;
            valid.then_some(Self { seconds: days * SECONDS_PER_DAY + of_day })
        };
        read().ok_or(ValueError::Form("a time from 1970 on, in UTC, as YYYY-MM-DDThh:mm:ssZ"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.seconds % SECONDS_PER_DAY;
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{:02}Z", self.date(), second % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition, day by day over a leap cycle and a century that is not leap.
    #[test]
    fn latest_birth_is_the_last_day_old_enough() {
        for rule in LeapDay::ALL {
            for (from, to) in [("2023-01-01", "2028-12-31"), ("2099-12-01", "2104-12-31")] {
                let [from, to] = [from, to].map(|day| day.parse::<Date>().unwrap().days());
                for (days, years) in (from..=to).flat_map(|day| [(day, 1), (day, 4), (day, 18)]) {
                    let today = Date { days };
                    let born = today.latest_birth(years, rule).unwrap();
                    let tomorrow = Date { days: born.days + 1 };
                    assert!(born.anniversary(years, rule).unwrap() <= today, "{today} {rule:?}");
                    assert!(tomorrow.anniversary(years, rule).unwrap() > today, "{today} {rule:?}");
                }
            }
        }
        let day = |text: &str| text.parse::<Date>().unwrap();
        let born = |today, rule| day(today).latest_birth(18, rule).unwrap().to_string();
        assert_eq!(born("2026-02-28", LeapDay::Feb28), "2008-02-29");
        assert_eq!(born("2026-02-28", LeapDay::Mar1), "2008-02-28");
        assert_eq!(born("2026-03-01", LeapDay::Mar1), "2008-03-01");
        assert_eq!(born("2024-02-29", LeapDay::Mar1), "2006-02-28");
        assert_eq!(Date { days: 0 }.latest_birth(1, LeapDay::Mar1), None);
        assert_eq!(Date { days: LAST_DAY }.anniversary(1, LeapDay::Mar1), None);
    }

    #[test]
    fn known_days() {
        for (text, days) in [
            ("0001-01-01", 0),
            ("0001-12-31", 364),
            ("0004-02-29", 1154),
            ("0400-12-31", 146_096),
            ("0401-01-01", 146_097),
            ("1582-10-15", 577_735),
            ("1600-02-29", 584_081),
            ("1900-03-01", 693_654),
            ("1970-01-01", UNIX_EPOCH),
            ("2000-02-29", 730_178),
            ("2008-02-29", 733_100),
            ("9999-12-31", LAST_DAY),
        ] {
            let date: Date = text.parse().unwrap();
            assert_eq!(date.days(), days, "{text}");
            assert_eq!(date.to_string(), text);
        }
        const { assert!(LAST_DAY < 1 << 22) };
    }

    /// Walks every day there is with a calendar that counts one by one.
    #[test]
    fn every_day_in_order() {
        let (mut year, mut month, mut day) = (1, 1, 1);
        for days in 0..=LAST_DAY {
            let date = Date::from_days(days.into()).unwrap();
            assert_eq!(date.civil(), (year, month, day));
            assert_eq!(Date::new(year, month, day), Some(date));
            day += 1;
            if Date::new(year, month, day).is_none() {
                (month, day) = (month + 1, 1);
            }
            if month == 13 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!((year, month, day), (10_000, 1, 1));
        assert_eq!(Date::from_days(u64::from(LAST_DAY) + 1), None);
        assert_eq!(Date::from_days(1 << 32), None);
    }

    #[test]
    fn reject_what_is_no_date() {
        for text in [
            "",
            "2023-02-29",
            "1900-02-29",
            "2100-02-29",
            "2024-02-30",
            "2024-04-31",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-01-32",
            "0000-01-01",
            "10000-01-01",
            "2024-1-01",
            "2024/01/01",
            "2024-01-01 ",
            " 2024-01-01",
            "20240101",
            "+024-01-01",
            "2024-+1-01",
            "٢٠٢٤-01-01",
            "2024-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn timestamps_at_their_edges() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-01-01T00:00:00Z", 946_684_800),
            ("2001-09-09T01:46:40Z", 1_000_000_000),
            ("2038-01-19T03:14:08Z", 1 << 31),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let timestamp: Timestamp = text.parse().unwrap();
            assert_eq!(timestamp.unix(), seconds, "{text}");
            assert_eq!(timestamp.to_string(), text);
        }
        assert_eq!(Timestamp::MAX.unix(), 253_402_300_799);
        assert!(Timestamp::MAX.unix() < 1 << 40 && Timestamp::MAX.hours() >= 1 << 22);
        assert_eq!(Timestamp::from_unix(253_402_300_800), None);
        assert_eq!(Timestamp::from_unix(7199).map(Timestamp::hours), Some(1));
    }

    #[test]
    fn reject_what_is_no_timestamp() {
        for text in [
            "",
            "1969-12-31T23:59:59Z",
            "2016-12-31T23:59:60Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00+00:00",
            "2024-01-01t00:00:00Z",
            "2024-01-01T00:00:00z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00.5Z",
            "2024-02-30T00:00:00Z",
            "2024-01-01T00:00:00Z ",
            "2024-01-01T-1:00:00Z",
            "2024-01-01",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
        }
    }
}
