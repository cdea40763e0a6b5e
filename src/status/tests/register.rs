//! The register: which transitions it takes, and what it refuses to read.

use super::file::{list, times};
use crate::schema::STATUS_HANDLE_BITS;
use crate::status::Elements;
use crate::status::register::{Action, Event, Reason, Register, RegisterError, State};
use crate::value::{FieldType, Timestamp};

fn at(second: u64) -> Timestamp {
    times(second)[0]
}

fn event(action: Action, element: u64, second: u64) -> Event {
    Event { element, action, reason: Reason::of(action), at: at(second) }
}

fn numbers() -> Elements {
    let document = crate::document::Document::text("uint(16)");
    let of = FieldType::parse(&crate::document::Cursor::root(&document)).unwrap();
    Elements::of_field(&of).unwrap()
}

/// A register with every kind of event, and its text.
fn written() -> (Register, String) {
    let mut register = Register::new(list(Elements::Handle));
    let mut text = register.heading();
    for (second, action, element) in [
        (1, Action::Revoke, 30),
        (1, Action::Suspend, 10),
        (2, Action::Suspend, 20),
        (3, Action::Resume, 10),
        (4, Action::Suspend, 10),
        (5, Action::Revoke, 20),
        (6, Action::Resume, 10),
    ] {
        let event = event(action, element, second);
        register.record(event).unwrap();
        text += &event.line();
    }
    (register, text)
}

#[test]
fn every_transition_is_taken_or_refused_by_name() {
    use Action::{Add, Remove, Resume, Revoke, Suspend};
    let states: [(&[Action], State); 3] =
        [(&[], State::Absent), (&[Suspend], State::Suspended), (&[Revoke], State::Revoked)];
    for (before, state) in states {
        for action in [Revoke, Suspend, Resume] {
            let mut register = Register::new(list(Elements::Handle));
            before.iter().for_each(|action| register.record(event(*action, 7, 0)).unwrap());
            assert_eq!(register.state(7), state);
            let after = match (state, action) {
                (State::Absent | State::Suspended, Revoke) => State::Revoked,
                (State::Absent, Suspend) => State::Suspended,
                (State::Suspended, Resume) => State::Absent,
                _ => {
                    let refused = register.record(event(action, 7, 0)).unwrap_err();
                    assert_eq!(refused, RegisterError::Transition { element: 7, action, state });
                    let text = refused.to_string();
                    let named = ["element 7", action.word(), &state.to_string()];
                    assert!(named.iter().all(|part| text.contains(part)), "{text}");
                    assert_eq!(register.events().len(), before.len());
                    continue;
                }
            };
            register.record(event(action, 7, 0)).unwrap();
            assert_eq!(register.state(7), after);
        }
    }
    let mut values = Register::new(list(numbers()));
    for (action, good) in [(Remove, false), (Add, true), (Add, false), (Remove, true), (Add, true)]
    {
        assert_eq!(values.record(event(action, 7, 0)).is_ok(), good, "{action}");
    }
    for action in [Revoke, Suspend, Resume] {
        let refused = values.record(event(action, 8, 0)).unwrap_err();
        assert_eq!(refused, RegisterError::OtherAction { action });
    }
    let mut handles = Register::new(list(Elements::Handle));
    // An allow list of handles; what is on it is not revoked by the way.
    for (action, good) in [(Remove, false), (Add, true), (Revoke, false), (Suspend, false)] {
        assert_eq!(handles.record(event(action, 8, 0)).is_ok(), good, "{action}");
    }
    assert_eq!(handles.members_at(at(0)), [8]);
}

#[test]
fn reject_elements_reasons_and_times_that_do_not_fit() {
    let mut register = Register::new(list(Elements::Handle));
    let bits = STATUS_HANDLE_BITS;
    let refused = register.record(event(Action::Revoke, 1 << bits, 0)).unwrap_err();
    assert_eq!(refused, RegisterError::BeyondBits { element: 1 << bits, bits });
    for reason in Reason::ALL {
        for action in [Action::Revoke, Action::Suspend, Action::Resume] {
            let mut register = Register::new(list(Elements::Handle));
            if action == Action::Resume {
                register.record(event(Action::Suspend, 1, 0)).unwrap();
            }
            let fits = match action {
                Action::Revoke => reason != Reason::Hold,
                Action::Suspend => reason == Reason::Hold,
                _ => reason == Reason::Unspecified,
            };
            let taken = register.record(Event { reason, ..event(action, 1, 0) });
            assert_eq!(taken.is_ok(), fits, "{action} {reason}");
        }
        assert_eq!(reason.word().parse(), Ok(reason));
    }
    register.record(event(Action::Revoke, 1, 5)).unwrap();
    register.record(event(Action::Revoke, 2, 5)).unwrap();
    let refused = register.record(event(Action::Revoke, 3, 4)).unwrap_err();
    assert_eq!(refused, RegisterError::Backwards { at: at(4), last: at(5) });
}

#[test]
fn the_members_of_every_instant_follow_from_the_events() {
    let (register, text) = written();
    let read = Register::parse(text.as_bytes()).unwrap();
    assert_eq!(read.events(), register.events());
    assert_eq!((read.key(), read.heading()), (register.key(), register.heading()));
    for (second, members) in [
        (0, vec![]),
        (1, vec![10, 30]),
        (2, vec![10, 20, 30]),
        (3, vec![20, 30]),
        (4, vec![10, 20, 30]),
        (5, vec![10, 20, 30]),
        (6, vec![20, 30]),
        (60, vec![20, 30]),
    ] {
        assert_eq!(read.members_at(at(second)), members, "{second}");
    }
    assert_eq!((read.state(10), read.state(20)), (State::Absent, State::Revoked));
}

/// A crash leaves a beginning of the file. Whatever its length, it is a whole register or refused.
#[test]
fn reject_a_last_line_that_was_cut_short() {
    let (_, text) = written();
    for length in 0..text.len() {
        let lines = text[..length].matches('\n').count();
        match Register::parse(&text.as_bytes()[..length]) {
            Ok(register) => {
                assert!(text[..length].ends_with('\n'));
                assert_eq!(register.events().len(), lines - 1);
            }
            Err(error) => {
                assert_eq!(error, RegisterError::CutShort(lines + 1), "{length}");
                assert!(!text[..length].ends_with('\n'));
            }
        }
    }
}

#[test]
fn reject_lines_that_were_never_written() {
    let (_, text) = written();
    let error = |text: &str| Register::parse(text.as_bytes()).unwrap_err();
    let heading = text.lines().next().unwrap().to_owned() + "\n";
    for line in [
        "\n",
        "{}\n",
        "{ \"action\":\"revoke\",\"at\":\"2026-01-01T00:00:00Z\",\"element\":\"1\",\"reason\":\"unspecified\"}\n",
        "{\"action\":\"revoke\",\"at\":\"2026-01-01T00:00:00Z\",\"element\":\"01\",\"reason\":\"unspecified\"}\n",
        "{\"action\":\"revoke\",\"at\":\"2026-01-01T00:00:00Z\",\"element\":\"+1\",\"reason\":\"unspecified\"}\n",
        "{\"action\":\"revoke\",\"at\":\"2026-01-01\",\"element\":\"1\",\"reason\":\"unspecified\"}\n",
        "{\"action\":\"erase\",\"at\":\"2026-01-01T00:00:00Z\",\"element\":\"1\",\"reason\":\"unspecified\"}\n",
        "{\"action\":\"revoke\",\"at\":\"2026-01-01T00:00:00Z\",\"element\":\"1\",\"reason\":\"spite\"}\n",
        "{\"action\":\"revoke\",\"at\":\"2026-01-01T00:00:00Z\",\"element\":\"1\",\"reason\":\"unspecified\"}\r\n",
    ] {
        assert_eq!(error(&format!("{heading}{line}")), RegisterError::Line(2), "{line}");
    }
    let again = format!("{text}{}", text.lines().nth(1).unwrap()) + "\n";
    assert!(matches!(error(&again), RegisterError::At { line: 9, .. }));
    let mut swapped: Vec<&str> = text.lines().collect();
    swapped.swap(2, 4);
    assert!(matches!(error(&(swapped.join("\n") + "\n")), RegisterError::At { line: 3, .. }));
    for (from, to) in [("register/1", "register/2"), ("https", "http"), ("handle", "text")] {
        let text = text.replacen(from, to, 1);
        assert!(matches!(error(&text), RegisterError::Heading(_)), "{to}");
    }
}
