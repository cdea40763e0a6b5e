//! The command line: arguments, files, messages and remedies. No protocol is decided here.
//!
//! The clock and the system's randomness are read in this module's commands and nowhere else in the
//! crate. Each command gives a report or a failure; this file prints either, as text for people
//! or as one JSON object, and turns it into the exit code.

mod algebra;
mod artefacts;
mod authority;
mod demo;
mod explain;
mod failure;
mod files;
mod inspect;
mod issue;
mod issuer;
mod judge;
mod plan;
mod policy;
mod predicate;
mod progress;
mod prove;
#[cfg(feature = "store")]
mod registry;
mod report;
mod request;
mod schema;
mod setup;
mod snippet;
mod spent;
mod status;
mod table;
mod terms;
mod time;
mod trust;
mod verify;
mod verify_batch;
mod wallet;

use clap::{Parser, Subcommand};
use failure::{Complaint, Failure};
use report::Report;
use std::io::Write;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Done, or accepted.
    Done,
    /// Well formed, and refused.
    Refused,
    /// Not well formed, or not there.
    BadInput,
}

impl Exit {
    fn word(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Refused => "refused",
            Exit::BadInput => "bad input",
        }
    }

    fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::BadInput => 2,
        })
    }
}

/// Privacy-preserving selective disclosure.
///
/// An issuer signs credentials of typed fields. A policy says which fields a holder must, may and must
/// never reveal, and which predicates the hidden ones have to satisfy. A holder answers a verifier's
/// request with a presentation: the revealed fields, and one proof of everything else.
///
/// Files are read whole and within bounds. What is written appears whole or not at all, and nothing is
/// ever overwritten. Files that hold secrets have mode 0600.
///
/// Exit codes: 0 done or accepted, 1 refused, 2 bad input or usage.
#[derive(Debug, Parser)]
#[command(
    name = "sigil",
    version,
    max_term_width = 100,
    after_help = "\
The whole way:
  sigil issuer init --out issuer
  sigil schema check person.toml
  sigil issue --issuer issuer --schema person.toml --valid-from 2026-01-01 \\
      --valid-until 2027-01-01 --record alice.json --out alice.credential.json
  sigil setup --policy adult.toml --schema person.toml --out terms
  sigil request --bundle terms/bundle.json --audience https://shop.example --out request.json
  sigil prove --terms terms --request request.json --credential person=alice.credential.json \\
      --out presentation.json
  sigil verify --terms terms --request request.json --audience https://shop.example \\
      --presentation presentation.json --spent spent.txt"
)]
struct Arguments {
    /// Print one JSON object on standard output; failures as one JSON object on standard error.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(subcommand)]
    Issuer(issuer::Command),
    #[command(subcommand)]
    Authority(authority::Command),
    #[command(subcommand)]
    Trust(trust::Command),
    #[command(subcommand)]
    Schema(schema::Command),
    Issue(issue::Arguments),
    #[command(subcommand)]
    Policy(policy::Command),
    #[command(subcommand)]
    Predicate(predicate::Command),
    Setup(setup::Arguments),
    Request(request::Arguments),
    Prove(prove::Arguments),
    Verify(verify::Arguments),
    VerifyBatch(verify_batch::Arguments),
    #[command(subcommand)]
    Status(Box<status::Command>),
    #[command(subcommand)]
    Wallet(wallet::Command),
    #[cfg(feature = "store")]
    #[command(subcommand)]
    Registry(Box<registry::Command>),
    Inspect(inspect::Arguments),
    Demo(demo::Arguments),
}

impl Command {
    fn run(self, quiet: bool) -> Result<Report, Failure> {
        match self {
            Command::Issuer(command) => command.run(),
            Command::Authority(command) => command.run(),
            Command::Trust(command) => command.run(),
            Command::Schema(command) => command.run(),
            Command::Issue(arguments) => arguments.run(quiet),
            Command::Policy(command) => command.run(),
            Command::Predicate(command) => command.run(),
            Command::Setup(arguments) => arguments.run(),
            Command::Request(arguments) => arguments.run(),
            Command::Prove(arguments) => arguments.run(),
            Command::Verify(arguments) => arguments.run(),
            Command::VerifyBatch(arguments) => arguments.run(quiet),
            Command::Status(command) => command.run(quiet),
            Command::Wallet(command) => command.run(),
            #[cfg(feature = "store")]
            Command::Registry(command) => command.run(quiet),
            Command::Inspect(arguments) => arguments.run(),
            Command::Demo(arguments) => arguments.run(quiet),
        }
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    match arguments.command.run(arguments.json) {
        Ok(report) if arguments.json => {
            finish(std::io::stdout(), &format!("{}\n", report.to_json()), report.exit())
        }
        Ok(report) => finish(std::io::stdout(), &report.to_string(), report.exit()),
        Err(failure) if arguments.json => {
            finish(std::io::stderr(), &format!("{}\n", failure.to_json()), failure.exit())
        }
        Err(failure) => finish(std::io::stderr(), &failure.to_string(), failure.exit()),
    }
}

/// Help and version are no failures; a mistake in the arguments is bad input.
fn usage(error: &clap::Error) -> ExitCode {
    let asked_for_json = std::env::args_os().any(|argument| argument == "--json");
    if !error.use_stderr() || !asked_for_json {
        // Where the terminal is gone there is nobody to tell.
        let _ = error.print();
        return if error.use_stderr() { Exit::BadInput.code() } else { Exit::Done.code() };
    }
    let text = error.to_string();
    let problem = text.trim_start_matches("error: ").trim_end();
    let failure = Failure::input(Complaint::new(problem).remedy("see --help"));
    finish(std::io::stderr(), &format!("{}\n", failure.to_json()), failure.exit())
}

/// A reader that has gone away, as `head` does, changes nothing about the outcome.
fn finish(mut stream: impl Write, text: &str, exit: Exit) -> ExitCode {
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    exit.code()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn each(command: &clap::Command, path: &str, check: &mut dyn FnMut(&clap::Command, &str)) {
        let path = format!("{path} {}", command.get_name());
        check(command, path.trim_start());
        command.get_subcommands().for_each(|inner| each(inner, &path, check));
    }

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_manual_with_an_example_of_itself() {
        each(&Arguments::command(), "", &mut |command, path| {
            assert!(command.get_about().is_some(), "{path}: no summary");
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let fits = |line: &str| line.chars().count() < 100;
            assert!(examples.lines().all(fits), "{path}: a line is too long to be copied");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path}: {} has no help", argument.get_id());
            }
            if command.get_subcommands().next().is_none() {
                let manual = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(manual.contains(&format!("{path} ")), "{path}: no example\n{manual}");
                let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
                assert!(about.contains("Reads") && about.contains("rites"), "{path}: {about}");
            }
        });
    }
}
