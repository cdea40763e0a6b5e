//! `sigil verify-batch`: a verifier checks many answers at once.

use super::failure::{Complaint, Failure};
use super::files::{Access, NewFile, io_failure};
use super::report::Report;
use super::spent::SpentFile;
use super::terms::Loaded;
use super::verify::outcome;
use super::{Exit, artefacts, progress, time};
use crate::decision::{Situation, decide};
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::encoding::{Wire, octets_from_text};
use crate::presentation::{
    Answer, BATCH, Expectation, Presentation, VerifiedPresentation, verify_batch,
};
use crate::request::{InMemoryNonces, NonceStore, PresentationRequest};
use crate::value::Timestamp;
use clap::Args;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Most octets of a line: a request, and the text of a presentation.
const MAX_LINE: usize = 2 * Presentation::MAX_LEN + (1 << 16);

/// Octets of lines after which a batch is full: what is held at a time.
const MAX_HELD: usize = 1 << 26;

/// What a line may be.
const LINE: Bounds = Bounds { octets: MAX_LINE, ..Bounds::PUBLISHED };

/// Verify many answers at once.
///
/// Says of each answer what `verify` would, at less than half the cost: the equations of up to
/// 1,024 answers are checked as one, and where they do not hold the false answers are found. The
/// file of answers has one JSON object on each line, { "request": .., "presentation": .. }, with a
/// request as `request` made it and a presentation as `prove` did. A line that is not that is
/// refused by itself. The requests must be the verifier's own copies, joined to the answers by the
/// verifier: who chooses the request chooses the time for which everything is proven.
///
/// The file of results gets one line for each, in the same order: what `verify --json` prints, with
/// the number of the line. Exit code 0 if all were accepted, 1 if not.
///
/// Reads the directory of terms, the answers, what is known of statuses with --status, --head and
/// --trust, and the clock unless --now is given. Writes the results, which hold revealed values, with
/// mode 0600, and the file of spent nonces. Nonces reach the disk when all results have, and before
/// these get their name: a run that fails before spends nothing, and leaves no results. One that is
/// killed may leave what it had of them beside their place, under a name that begins with a dot and
/// ends with .tmp.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  jq -cn '{request: input, presentation: input}' request.json presentation.json >> answers.jsonl
  sigil verify-batch --terms terms --audience https://shop.example --answers answers.jsonl \\
      --out results.jsonl --spent spent.txt")]
pub(super) struct Arguments {
    /// The directory of terms, as `setup` made it.
    #[arg(long, value_name = "DIR")]
    terms: PathBuf,
    /// Who verifies.
    #[arg(long, value_name = "NAME")]
    audience: String,
    /// The answers, each with its request.
    #[arg(long, value_name = "FILE")]
    answers: PathBuf,
    /// The file of results to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The file of spent nonces; made if it is not there.
    #[arg(long, value_name = "FILE")]
    spent: Option<PathBuf>,
    /// What is known of the statuses of credentials, for policies that ask for it.
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    /// The signed head of an epoch that is known, besides what --status has; repeat it for others.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    /// A signed trust list that is known, besides what --status has; repeat it for others.
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// The verifier's clock; the system's by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    now: Option<Timestamp>,
    /// Seconds by which this clock and those of the requests' makers may differ.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(0..=crate::request::MAX_LIFETIME))]
    skew: u64,
    /// Threads to verify with; all by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// A line as it was read; `None` if it was too long to be read.
type Text = Option<Vec<u8>>;

/// An answer as its line has it: the request, and the presentation's octets.
type Line = Result<(PresentationRequest, Vec<u8>), Complaint>;

/// How the answers fared.
#[derive(Default)]
struct Counts {
    accepted: usize,
    denied: usize,
    refused: usize,
    time: Duration,
}

impl Counts {
    fn all(&self) -> usize {
        self.accepted + self.denied + self.refused
    }
}

impl Arguments {
    pub(super) fn run(&self, quiet: bool) -> Result<Report, Failure> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.map_or(0, usize::from))
            .build();
        let pool = threads.map_err(|error| {
            Failure::input(Complaint::new(format!("no threads: {error}")).remedy("ask for fewer"))
        })?;
        let loaded = Loaded::read(&self.terms)?;
        let failed = |error| io_failure("read", &self.answers, &error);
        let answers = BufReader::new(File::open(&self.answers).map_err(failed)?);
        let mut out = NewFile::begin(&self.out, Access::Secret)?;
        let spent = self.spent.as_deref().map(SpentFile::open).transpose()?;
        let counts = pool.install(|| match &spent {
            Some(spent) => self.work(quiet, &loaded, answers, spent, &mut out),
            None => self.work(quiet, &loaded, answers, &InMemoryNonces::default(), &mut out),
        })?;
        // Once nonces are spent there are no second results: all that may fail is done before.
        out.settle()?;
        if let Some(spent) = spent {
            spent.finish()?;
        }
        out.commit_or_keep()?;
        Ok(self.report(&counts, pool.current_num_threads()))
    }

    /// Verifies batch by batch, and writes the results of each.
    fn work(
        &self,
        quiet: bool,
        loaded: &Loaded,
        mut answers: BufReader<File>,
        nonces: &(impl NonceStore + Sync),
        out: &mut NewFile,
    ) -> Result<Counts, Failure> {
        let status = artefacts::known(self.status.as_deref(), &self.head, &self.trust)?;
        let bar = progress::bar(quiet, "verifying", 0);
        let mut counts = Counts::default();
        loop {
            let lines = self.read(&mut answers)?;
            if lines.is_empty() {
                bar.finish_and_clear();
                return Ok(counts);
            }
            // For each batch: answers may come through a pipe for hours.
            let now = self.now.map_or_else(time::now, Ok)?;
            let expectation = Expectation { audience: &self.audience, now, skew: self.skew };
            let situation = Situation { audience: &self.audience, status: &status, now };
            bar.inc_length(lines.len() as u64);
            let start = Instant::now();
            let lines: Vec<Line> = lines.par_iter().map(read_line).collect();
            let views = lines.iter().flatten();
            let views: Vec<Answer<'_>> =
                views.map(|(request, octets)| Answer { request, octets }).collect();
            let mut verdicts =
                verify_batch(&loaded.terms, &expectation, &views, nonces).into_iter();
            counts.time += start.elapsed();
            for line in &lines {
                let number = counts.all() + 1;
                let mut result = match line {
                    Err(complaint) => refused(complaint, &mut counts),
                    Ok((request, _)) => match verdicts.next() {
                        Some(Ok(one)) => decided(loaded, request, &one, &situation, &mut counts),
                        Some(Err(error)) => {
                            refused(&Complaint::new(error.to_string()), &mut counts)
                        }
                        None => break,
                    },
                };
                if let Value::Object(object) = &mut result {
                    object.insert("line".to_owned(), number.into());
                }
                out.write(format!("{result}\n").as_bytes())?;
                bar.inc(1);
            }
        }
    }

    /// Up to a batch of lines; none at the end of the file.
    fn read(&self, answers: &mut BufReader<File>) -> Result<Vec<Text>, Failure> {
        let failed = |error| io_failure("read", &self.answers, &error);
        let (mut lines, mut held) = (Vec::new(), 0);
        while lines.len() < BATCH && held < MAX_HELD {
            let mut line = Vec::new();
            let mut bounded = answers.by_ref().take(MAX_LINE as u64 + 1);
            if bounded.read_until(b'\n', &mut line).map_err(failed)? == 0 {
                break;
            }
            if line.len() <= MAX_LINE {
                held += line.len();
                lines.push(Some(line));
                continue;
            }
            // Not for one holder to hold up all others.
            if line.last() != Some(&b'\n') {
                answers.skip_until(b'\n').map_err(failed)?;
            }
            lines.push(None);
        }
        Ok(lines)
    }

    fn report(&self, counts: &Counts, threads: usize) -> Report {
        let all = counts.all();
        let rate = all as f64 / counts.time.as_secs_f64().max(f64::MIN_POSITIVE);
        let report = Report::new()
            .line(format!("Results of {all} answers in {}", self.out.display()))
            .fact("accepted", counts.accepted)
            .fact("denied", counts.denied)
            .fact("refused", counts.refused)
            .row("rate", format!("{rate:.0} per second on {threads} threads"))
            .json("answers", all)
            .json("per_second", rate)
            .json("out", self.out.display().to_string())
            .exiting(if counts.accepted == all { Exit::Done } else { Exit::Refused });
        match &self.spent {
            Some(_) => report,
            None => report.line("Without --spent another run would accept these answers again."),
        }
    }
}

fn read_line(line: &Text) -> Line {
    let too_long = || {
        let problem = format!("longer than the {MAX_LINE} octets that are read");
        Complaint::new(problem).remedy("write one answer on each line")
    };
    Ok(parse(line.as_ref().ok_or_else(too_long)?)?)
}

fn parse(line: &[u8]) -> Result<(PresentationRequest, Vec<u8>), Fault> {
    let document = Document::read_json(line, &LINE)?;
    let fields = Cursor::root(&document).fields(&["request", "presentation"])?;
    let presentation = fields.required("presentation")?;
    let request = PresentationRequest::from_document(fields.required("request")?.document())
        .map_err(|fault| fault.under("$.request"))?;
    let envelope = presentation.fields(&["format", "cbor"])?;
    envelope.format(&format!("{}/{}", Presentation::FORMAT, Presentation::VERSION))?;
    let cbor = envelope.required("cbor")?;
    let octets = octets_from_text(cbor.text()?).ok_or_else(|| {
        cbor.invalid("not unpadded base64url", "copy the presentation as it came")
    })?;
    Ok((request, octets))
}

fn decided(
    loaded: &Loaded,
    request: &PresentationRequest,
    verified: &VerifiedPresentation,
    situation: &Situation<'_>,
    counts: &mut Counts,
) -> Value {
    let verdict = decide(&loaded.terms, &loaded.bundle, request, verified, situation);
    match verdict.decision().is_permit() {
        true => counts.accepted += 1,
        false => counts.denied += 1,
    }
    outcome(loaded.bundle.policy(), verified, &verdict, situation.status).to_json()
}

fn refused(complaint: &Complaint, counts: &mut Counts) -> Value {
    counts.refused += 1;
    json!({ "accepted": false, "refused": complaint.to_json() })
}
