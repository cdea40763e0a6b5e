//! Many answers in one run: `verify-batch`.

use super::place::{AUDIENCE, Place, SOON, prove, request, requested, verify};
use serde_json::Value;
use std::process::{Command, Stdio};

/// A place with three requests, an answer to each, and the lines of a file of answers.
fn answered(name: &str) -> (Place, Vec<String>) {
    let place = requested(name);
    request(&place, "request-1.json");
    request(&place, "request-2.json");
    let names = ["request", "request-1", "request-2"];
    let lines = names.map(|name| {
        let (request, answer) = (format!("{name}.json"), format!("{name}-answer.json"));
        place.ends(0, &prove(&request, &answer));
        let [request, answer] = [request, answer].map(|name| place.text(&name));
        format!("{{\"request\":{},\"presentation\":{}}}\n", request.trim(), answer.trim())
            .replace('\n', " ")
            + "\n"
    });
    (place, lines.to_vec())
}

fn command(answers: &str, out: &str) -> String {
    format!(
        "verify-batch --terms terms --audience {AUDIENCE} --now {SOON} --answers {answers} --out {out}"
    )
}

fn results(place: &Place, name: &str) -> Vec<Value> {
    place.text(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_batch_says_of_each_answer_what_verify_says() {
    let (place, lines) = answered("batch");
    place.write("answers.jsonl", lines.concat());
    let report = place.json(&command("answers.jsonl", "results.jsonl"));
    assert_eq!((&report["answers"], &report["accepted"]), (&3.into(), &3.into()));
    for (index, mut result) in results(&place, "results.jsonl").into_iter().enumerate() {
        let name = ["request", "request-1", "request-2"][index];
        let line = verify(&format!("{name}.json"), &format!("{name}-answer.json"));
        let mut alone = place.json(&line);
        alone.as_object_mut().unwrap().remove("octets");
        let number = result.as_object_mut().unwrap().remove("line").unwrap();
        assert_eq!((number, result), ((index + 1).into(), alone));
    }
    place.assert_no_remains();
}

#[test]
fn reject_in_a_batch_by_line_and_accept_the_rest() {
    let (place, lines) = answered("batch-reject");
    let other = lines[1].replace(AUDIENCE, "https://elsewhere.example");
    let swapped = {
        let half =
            |line: &str| line.split_once("\"presentation\"").map(|(a, b)| [a, b].map(String::from));
        let (Some([request, _]), Some([_, answer])) = (half(&lines[1]), half(&lines[2])) else {
            panic!("both have a presentation")
        };
        format!("{request}\"presentation\"{answer}")
    };
    let bad = ["\n", "{}\n", "no answer\n", &lines[0], &other, &swapped];
    let text: String = [lines[0].as_str()].into_iter().chain(bad).collect();
    place.write("answers.jsonl", text + lines[2].trim_end());
    let line = format!("{} --spent spent.txt", command("answers.jsonl", "results.jsonl"));
    place.ends(1, &line);
    let results = results(&place, "results.jsonl");
    let accepted: Vec<bool> = results.iter().map(|one| one["accepted"] == true).collect();
    assert_eq!(accepted, [true, false, false, false, false, false, false, true]);
    let problem = |index: usize| results[index]["refused"]["problem"].as_str().unwrap();
    assert!(problem(4).contains("answered before"), "{}", problem(4));
    assert!(problem(5).contains("audience"), "{}", problem(5));
    assert_eq!(problem(6), "the presentation was refused");
    assert_eq!(results[2]["refused"]["path"], "$.presentation");
    // What was accepted is spent, for `verify` too, and nothing else is.
    assert_eq!(place.text("spent.txt").lines().count(), 2);
    let alone = verify("request.json", "request-answer.json");
    place.ends(1, &format!("{alone} --spent spent.txt"));
    let alone = verify("request-1.json", "request-1-answer.json");
    place.ends(0, &format!("{alone} --spent spent.txt"));
    // Nothing is overwritten, and nothing is spent for a name that is taken.
    place.ends(2, &line.replace("spent.txt", "fresh.txt"));
    assert!(!place.path("fresh.txt").exists());
    place.assert_no_remains();
}

/// What one holder sends, or one program writes, holds up nobody else's answer.
#[test]
fn reject_lines_of_any_form_by_themselves() {
    let (place, lines) = answered("batch-forms");
    let most = (2 << 20) + (1 << 16);
    let crlf = lines[1].replace('\n', "\r\n");
    let twice = lines[2].replacen('{', "{\"request\":1,", 1);
    let (mark, open) = (format!("\u{feff}{}", lines[2]), "[".repeat(most - 1) + "\n");
    let (full, over) = (" ".repeat(most) + "\n", " ".repeat(3 * most) + "\n");
    let text = [&over, &lines[0], &full, &crlf, &twice, &mark, &open, &lines[2]];
    let mut text = text.map(String::as_str).concat().into_bytes();
    text.extend(b"\xff\xfe\0\n");
    text.resize(text.len() + most + 1, b'x');
    place.write("answers.jsonl", text);
    place.ends(1, &command("answers.jsonl", "results.jsonl"));
    let results = results(&place, "results.jsonl");
    let accepted: Vec<bool> = results.iter().map(|one| one["accepted"] == true).collect();
    let [t, f] = [true, false];
    assert_eq!(accepted, [f, t, f, t, f, f, f, t, f, f]);
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["line"], index + 1);
    }
    for index in [0, 2, 9] {
        let problem = results[index]["refused"]["problem"].as_str().unwrap();
        assert!(problem.contains("longer than"), "{index}: {problem}");
    }
    place.assert_no_remains();
}

/// The same answers in two runs at once: each is accepted in one of them.
#[test]
fn two_runs_at_once_accept_each_answer_once() {
    let (place, lines) = answered("batch-race");
    place.write("answers.jsonl", lines.concat());
    let runs = ["one.jsonl", "two.jsonl"].map(|out| {
        let line = format!("{} --spent spent.txt", command("answers.jsonl", out));
        place.command(&line).stdout(Stdio::null()).spawn().unwrap()
    });
    let mut codes = runs.map(|mut run| run.wait().unwrap().code());
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1)]);
    let accepted = ["one.jsonl", "two.jsonl"]
        .map(|out| results(&place, out).iter().filter(|one| one["accepted"] == true).count());
    assert!(accepted == [3, 0] || accepted == [0, 3], "{accepted:?}");
    assert_eq!(place.text("spent.txt").lines().count(), 3);
    place.assert_no_remains();
}

/// Where results cannot be given, nothing is spent.
#[test]
fn reject_without_spending_where_results_have_no_place() {
    let (place, lines) = answered("batch-place");
    place.write("answers.jsonl", lines.concat());
    let line =
        |out: &str, spent: &str| format!("{} --spent {spent}", command("answers.jsonl", out));
    place.ends(2, &line("answers.jsonl", "spent.txt"));
    place.ends(2, &line("missing/results.jsonl", "spent.txt"));
    assert!(!place.path("spent.txt").exists());
    // One name for both is taken by the nonces' file when the results are to get it.
    place.ends(2, &line("same.txt", "same.txt"));
    assert_eq!(place.text("same.txt"), "");
    assert_eq!(place.text("answers.jsonl"), lines.concat());
    place.ends(2, &line("results.jsonl", "answers.jsonl"));
    assert!(!place.path("results.jsonl").exists());
    place.ends(0, &line("results.jsonl", "spent.txt"));
    place.assert_no_remains();
}

/// A disk that is full in the midst of the nonces: none of them is spent, and no results appear.
#[cfg(unix)]
#[test]
fn reject_without_spending_where_nonces_have_no_room() {
    let (place, lines) = answered("batch-full");
    place.write("answers.jsonl", lines.concat());
    let spent: String =
        (0..470).map(|number| format!("{number:064x} 2026-06-01T12:06:00Z\n")).collect();
    place.write("spent.txt", &spent);
    // Blocks of 512 octets: room for the results, and for a third of a line of nonces.
    assert_eq!(spent.len().div_ceil(512), 79);
    let line = format!("{} --spent spent.txt", command("answers.jsonl", "results.jsonl"));
    let full = "trap '' XFSZ; ulimit -f 79; exec \"$0\" \"$@\"";
    let mut shell = Command::new("sh");
    shell.current_dir(place.path("")).args(["-c", full, env!("CARGO_BIN_EXE_sigil")]);
    let output = shell.args(line.split_whitespace()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{printed}");
    assert!(printed.contains("spent.txt"), "{printed}");
    assert!(place.text("spent.txt") == spent && !place.path("results.jsonl").exists());
    place.assert_no_remains();
    place.ends(0, &line);
    assert_eq!(place.text("spent.txt").lines().count(), 473);
}

#[test]
fn reject_files_of_answers_that_are_none() {
    let (place, _) = answered("batch-none");
    assert!(place.ends(2, &command("missing.jsonl", "results.jsonl")).contains("missing.jsonl"));
    place.write("empty.jsonl", "");
    place.ends(0, &command("empty.jsonl", "results.jsonl"));
    assert!(results(&place, "results.jsonl").is_empty());
    place.assert_no_remains();
}
