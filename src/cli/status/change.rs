//! `sigil status revoke`, `suspend`, `resume`, `add` and `remove`: events for the register.

use super::super::failure::Failure;
use super::super::report::Report;
use super::super::time;
use super::directory::Directory;
use super::elements::Many;
use crate::status::register::{Action, Event, Reason};
use crate::value::Timestamp;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The directory of the list, as `status init` made it.
    #[arg(long, value_name = "DIR")]
    register: PathBuf,
    #[command(flatten)]
    elements: Many,
    /// Why: unspecified, key-compromise, affiliation-changed, superseded, cessation-of-operation,
    /// privilege-withdrawn; hold for suspend alone.
    #[arg(long, value_name = "REASON")]
    reason: Option<Reason>,
    /// When; now by default. Never before the last event, nor before the last epoch.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    at: Option<Timestamp>,
}

impl Arguments {
    pub(super) fn run(&self, action: Action) -> Result<Report, Failure> {
        let mut directory = Directory::open(&self.register)?;
        let elements = self.elements.elements(&directory.register.key().elements)?;
        let at = directory.time(self.at)?;
        let reason = self.reason.unwrap_or(Reason::of(action));
        let event = |element| Event { element, action, reason, at };
        let events: Vec<Event> = elements.into_iter().map(event).collect();
        directory.record(&events)?;
        let on_list = directory.register.members_at(at).len();
        let report = Directory::ahead(at).into_iter().fold(Report::new(), Report::line);
        Ok(report
            .line(format!("Recorded; the next epoch of {}:", directory.register.key().list))
            .fact("action", action.word())
            .fact("recorded", events.len())
            .fact("reason", reason.word())
            .fact("at", at.to_string())
            .fact("on the list", on_list))
    }
}
