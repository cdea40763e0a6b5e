//! The authority's register of a list: what happened to which element, when and why.
//!
//! A register only grows. Its lines are JSON, the first one names the list, each of the others is
//! an [`Event`]; what the list has at an instant follows from them ([`Register::members_at`]), so
//! that every epoch can be made again from the register and its head. It is private: it has every
//! element with its times and reasons, of which a list shows only that they are there.
//!
//! | list of | action | from | to | reason |
//! |---|---|---|---|---|
//! | handles | `revoke` | absent, suspended | revoked, for good | any but `hold` |
//! | handles | `suspend` | absent | suspended | `hold` |
//! | handles | `resume` | suspended | absent | – |
//! | values | `add` | absent | listed | – |
//! | values | `remove` | listed | absent | – |
//!
//! Both the revoked and the suspended are on the list; nobody who sees the list can tell which of
//! the two. The reasons are those of RFC 5280 §5.3.1 that fit a credential, in words.
//!
//! A register is read strictly. A last line without its end is what a crash leaves of an append
//! that was never reported done: it is refused by name, and neither used nor removed.

use super::{Elements, ListKey};
use crate::did_key;
use crate::document::{Bounds, Cursor, Document, Fault, address};
use crate::value::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The format of a register.
pub const REGISTER_FORMAT: &str = "sigil-list-register/1";
/// The longest line that is read: the first has an enumeration at most.
const MAX_LINE: usize = 1 << 18;

/// What happened to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A handle comes onto the list for good.
    Revoke,
    /// A handle comes onto the list for a time.
    Suspend,
    /// A suspended handle leaves the list.
    Resume,
    /// A value comes onto the list.
    Add,
    /// A value leaves the list.
    Remove,
}

impl Action {
    const ALL: [Self; 5] = [Self::Revoke, Self::Suspend, Self::Resume, Self::Add, Self::Remove];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Add => "add",
            Self::Remove => "remove",
        }
    }

    /// Whether lists of such elements know it. Handles know all: an allow list adds and removes them.
    pub fn is_of(self, elements: &Elements) -> bool {
        *elements == Elements::Handle || matches!(self, Self::Add | Self::Remove)
    }
}

/// Why it happened: the words of RFC 5280's CRLReason that fit a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reason {
    /// Nothing is said.
    #[default]
    Unspecified,
    /// The holder's key or device fell into other hands.
    KeyCompromise,
    /// What the credential says of the holder's belonging has changed.
    AffiliationChanged,
    /// Another credential took its place.
    Superseded,
    /// What it was issued for has ended.
    CessationOfOperation,
    /// Suspended: `certificateHold`.
    Hold,
    /// The holder has lost the right that it shows.
    PrivilegeWithdrawn,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::Hold,
        Self::PrivilegeWithdrawn,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::Hold => "hold",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
        }
    }

    /// The reason that an action has where none is given.
    pub fn of(action: Action) -> Self {
        if action == Action::Suspend { Self::Hold } else { Self::Unspecified }
    }

    /// Whether an action can have it.
    fn fits(self, action: Action) -> bool {
        match action {
            Action::Revoke => self != Self::Hold,
            Action::Suspend => self == Self::Hold,
            Action::Resume | Action::Add | Action::Remove => self == Self::Unspecified,
        }
    }
}

macro_rules! words {
    ($type:ty, $what:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.into_iter().find(|one| one.word() == text);
                found.ok_or_else(|| {
                    let known = Self::ALL.map(Self::word).join(", ");
                    format!("no such {}: write one of {known}", $what)
                })
            }
        }
    };
}

words!(Action, "action");
words!(Reason, "reason");

/// One line of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// To which element.
    pub element: u64,
    /// What.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// The line, its end included.
    pub fn line(&self) -> String {
        let Event { element, action, reason, at } = self;
        // In the order of the canonical form; none of it needs escaping.
        format!(
            "{{\"action\":\"{action}\",\"at\":\"{at}\",\"element\":\"{element}\",\
             \"reason\":\"{reason}\"}}\n"
        )
    }

    /// Reads a line without its end: exactly as [`line`](Self::line) writes it.
    fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("{\"action\":\"")?;
        let (action, rest) = rest.split_once("\",\"at\":\"")?;
        let (at, rest) = rest.split_once("\",\"element\":\"")?;
        let (element, rest) = rest.split_once("\",\"reason\":\"")?;
        let event = Event {
            element: element.parse().ok()?,
            action: action.parse().ok()?,
            reason: rest.strip_suffix("\"}")?.parse().ok()?,
            at: at.parse().ok()?,
        };
        (event.line().strip_suffix('\n') == Some(line)).then_some(event)
    }
}

/// Where an element stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Not on the list.
    #[default]
    Absent,
    /// On the list, for a time.
    Suspended,
    /// On the list, for good.
    Revoked,
    /// A value on the list.
    Listed,
}

impl State {
    /// Where an action takes an element of this state; none if nowhere.
    fn after(self, action: Action) -> Option<Self> {
        match (action, self) {
            (Action::Revoke, Self::Absent | Self::Suspended) => Some(Self::Revoked),
            (Action::Suspend, Self::Absent) => Some(Self::Suspended),
            (Action::Resume, Self::Suspended) => Some(Self::Absent),
            (Action::Add, Self::Absent) => Some(Self::Listed),
            (Action::Remove, Self::Listed) => Some(Self::Absent),
            _ => None,
        }
    }

    /// What there is to be done where an action is refused in this state.
    pub fn remedy(self, action: Action) -> &'static str {
        match (self, action) {
            (Self::Revoked, Action::Revoke) => "nothing is left to be done",
            (Self::Revoked, _) => "revocation is final: issue another credential",
            (Self::Suspended, _) => "resume it first, or revoke it",
            (Self::Listed, _) => "nothing is left to be done",
            (Self::Absent, _) => "check the element: it is not on the list",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "not on the list",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Listed => "on the list",
        })
    }
}

/// Why an event is not recorded, or a register not read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegisterError {
    /// The action is not one of this list's.
    #[error("{action} is no action of this list: values are added and removed")]
    OtherAction {
        /// The action.
        action: Action,
    },
    /// The action and the reason do not go together.
    #[error("{action} cannot have the reason {reason}; suspend has hold, revoke any other")]
    Reason {
        /// The action.
        action: Action,
        /// The reason.
        reason: Reason,
    },
    /// The element is in no state for it.
    #[error("cannot {action} element {element}: it is {state}; {}", state.remedy(*action))]
    Transition {
        /// The element.
        element: u64,
        /// The action.
        action: Action,
        /// Where the element stands.
        state: State,
    },
    /// The element is no element of this list.
    #[error("element {element} is beyond the {bits} bits of the list's elements; check the number")]
    BeyondBits {
        /// The element.
        element: u64,
        /// The bits.
        bits: u32,
    },
    /// The event is before the last one.
    #[error(
        "{at} is before {last}, the time of the last event; set the clock, or name a later time"
    )]
    Backwards {
        /// Its time.
        at: Timestamp,
        /// The last event's.
        last: Timestamp,
    },
    /// The first line does not say which register it is.
    #[error("line 1: {0}")]
    Heading(Fault),
    /// A line is no event, or longer than any.
    #[error("line {0}: not an event of a register; restore the file from its backup")]
    Line(usize),
    /// The last line has no end.
    #[error(
        "line {0}: cut short, as by a crash while it was written; that append was never reported \
         done: look at it, take the line out, and record again what is missing"
    )]
    CutShort(usize),
    /// A line is an event that the lines before it do not allow.
    #[error("line {line}: {fault}")]
    At {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        fault: Box<RegisterError>,
    },
}

/// A register, every transition in it checked.
#[derive(Clone, Debug)]
pub struct Register {
    key: ListKey,
    events: Vec<Event>,
    states: HashMap<u64, State>,
}

impl Register {
    /// The empty register of a list.
    pub fn new(key: ListKey) -> Self {
        Register { key, events: Vec::new(), states: HashMap::new() }
    }

    /// Reads a register.
    pub fn parse(octets: &[u8]) -> Result<Self, RegisterError> {
        let mut lines = (1..).zip(octets.split_inclusive(|octet| *octet == b'\n'));
        let (_, first) = lines.next().unwrap_or((1, &[]));
        let heading = first.strip_suffix(b"\n").ok_or(RegisterError::CutShort(1))?;
        let mut register = Self::new(read_heading(heading).map_err(RegisterError::Heading)?);
        for (number, line) in lines {
            let line = line.strip_suffix(b"\n").ok_or(RegisterError::CutShort(number))?;
            let text = std::str::from_utf8(line).ok().filter(|line| line.len() <= MAX_LINE);
            let event = text.and_then(Event::parse).ok_or(RegisterError::Line(number))?;
            register
                .record(event)
                .map_err(|fault| RegisterError::At { line: number, fault: Box::new(fault) })?;
        }
        Ok(register)
    }

    /// The first line, its end included.
    pub fn heading(&self) -> String {
        let document = Document::object([
            ("format", Document::text(REGISTER_FORMAT)),
            ("list", Document::text(&self.key.list)),
            ("authority", Document::Text(did_key::encode(&self.key.authority))),
            ("elements", self.key.elements.to_document()),
        ]);
        document.canonical() + "\n"
    }

    /// Which list it is of.
    pub fn key(&self) -> &ListKey {
        &self.key
    }

    /// Every event, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Where an element stands now.
    pub fn state(&self, element: u64) -> State {
        self.states.get(&element).copied().unwrap_or_default()
    }

    /// Records an event, if the element's state allows it. The line is for the caller to keep.
    pub fn record(&mut self, event: Event) -> Result<(), RegisterError> {
        let Event { element, action, reason, at } = event;
        let elements = &self.key.elements;
        if !action.is_of(elements) {
            return Err(RegisterError::OtherAction { action });
        }
        if !reason.fits(action) {
            return Err(RegisterError::Reason { action, reason });
        }
        if u128::from(element) >= elements.end() {
            return Err(RegisterError::BeyondBits { element, bits: elements.bits() });
        }
        if let Some(last) = self.events.last().map(|last| last.at).filter(|last| at < *last) {
            return Err(RegisterError::Backwards { at, last });
        }
        let state = self.state(element);
        let refused = RegisterError::Transition { element, action, state };
        let next = state.after(action).ok_or(refused)?;
        self.states.insert(element, next);
        self.events.push(event);
        Ok(())
    }

    /// The elements on the list after all events up to an instant, in ascending order: what an
    /// epoch issued then has.
    pub fn members_at(&self, time: Timestamp) -> Vec<u64> {
        let until = self.events.partition_point(|event| event.at <= time);
        let mut states: HashMap<u64, State> = HashMap::new();
        for Event { element, action, .. } in self.events.iter().take(until) {
            let state = states.entry(*element).or_default();
            // Every event was checked when it was recorded.
            *state = state.after(*action).unwrap_or(*state);
        }
        let on_list = states.into_iter().filter(|(_, state)| *state != State::Absent);
        let mut members: Vec<u64> = on_list.map(|(element, _)| element).collect();
        members.sort_unstable();
        members
    }
}

fn read_heading(line: &[u8]) -> Result<ListKey, Fault> {
    let document = Document::read_json(line, &Bounds::PUBLISHED)?;
    let fields = Cursor::root(&document).fields(&["format", "list", "authority", "elements"])?;
    fields.format(REGISTER_FORMAT)?;
    let authority = fields.required("authority")?;
    Ok(ListKey {
        list: address(&fields.required("list")?)?,
        authority: did_key::decode(authority.text()?).map_err(|error| {
            authority.invalid(error.to_string(), "restore the file from its backup")
        })?,
        elements: Elements::parse(&fields.required("elements")?)?,
    })
}
