//! `sigil status history`.

use super::super::failure::{Complaint, Failure};
use super::super::report::Report;
use super::describe;
use super::directory::Directory;
use super::elements::{named, written};
use crate::status::SignedHead;
use crate::status::chain::check_chain;
use crate::status::file::elements_digest;
use crate::status::register::{Event, Register};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Print what happened to a list: its last events and epochs.
///
/// Reads the directory of the list. Each epoch shown is made again from the events up to its time,
/// and has to be the one that was signed; and they have to follow each other.
///
/// Writes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil status history --register revoked
  sigil status history --register revoked --last 1000 --json")]
pub(in crate::cli) struct Arguments {
    /// The directory of the list, as `status init` made it.
    #[arg(long, value_name = "DIR")]
    register: PathBuf,
    /// How many events, and epochs, to show; the newest ones.
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let directory = Directory::open(&self.register)?;
        let register = &directory.register;
        let (events, epochs) = (register.events(), directory.epochs());
        let first = epochs.saturating_sub(self.last as u64);
        let heads: Vec<SignedHead> =
            (first..epochs).map(|epoch| directory.expect(epoch)).collect::<Result<_, Failure>>()?;
        check_chain(&heads).map_err(|(_, broken)| self.contradiction(&broken.to_string()))?;
        heads.iter().try_for_each(|head| self.check_epoch(register, head))?;
        let shown = events.get(events.len().saturating_sub(self.last)..).unwrap_or_default();
        let mut report = describe(Report::new().line("List"), register.key())
            .fact("events", events.len())
            .fact("epochs", epochs)
            .line(format!("Events, the last {}:", shown.len()));
        for event in shown {
            let element = named(event.element, &register.key().elements);
            report = report
                .row(event.at.to_string(), format!("{} {element}, {}", event.action, event.reason));
        }
        report = report.line(format!("Epochs, the last {}:", heads.len()));
        for head in &heads {
            let (stamp, count) = (head.stamp(), head.count());
            let text = format!("{}: {count} on the list, head {}", stamp.epoch, head.hash());
            report = report.row(stamp.issued_at.to_string(), text);
        }
        if let Some(begun) = directory.begun() {
            let epoch = begun.stamp().epoch;
            report = report.line(format!("Epoch {epoch} was begun: publish again to complete it"));
        }
        let events: Vec<Value> = shown.iter().map(|event| event_json(register, event)).collect();
        let epochs: Vec<Value> = heads.iter().map(epoch_json).collect();
        Ok(report
            .json("last_events", events)
            .json("last_epochs", epochs)
            .json("begun", directory.begun().map(|head| head.stamp().epoch)))
    }

    /// Whether an epoch has what the register says.
    fn check_epoch(&self, register: &Register, head: &SignedHead) -> Result<(), Failure> {
        let members = register.members_at(head.stamp().issued_at);
        let digest = elements_digest(&register.key().elements, &members);
        match digest.is_ok_and(|digest| digest == *head.digest()) {
            true => Ok(()),
            false => {
                let epoch = head.stamp().epoch;
                Err(self.contradiction(&format!("epoch {epoch} has not what the register says")))
            }
        }
    }

    fn contradiction(&self, problem: &str) -> Failure {
        let remedy = "restore the directory from its backup";
        Failure::refused(Complaint::new(problem).in_file(&self.register).remedy(remedy))
    }
}

fn event_json(register: &Register, event: &Event) -> Value {
    let shown = written(event.element, &register.key().elements);
    json!({ "at": event.at.to_string(), "action": event.action.word(), "element": shown,
            "reason": event.reason.word() })
}

fn epoch_json(head: &SignedHead) -> Value {
    let stamp = head.stamp();
    json!({ "epoch": stamp.epoch, "issued_at": stamp.issued_at.to_string(),
            "next_update": stamp.next_update.to_string(), "on_the_list": head.count(),
            "head": head.hash().to_string() })
}
