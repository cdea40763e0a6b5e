//! The repository keeps its own shape: a file imports only from its layer or a lower one, two files
//! know both curves, files stay short, and the top level holds what it is meant to.
//!
//! The checker reads tokens, not types: paths that start with `crate::`, or with enough `super::` to
//! leave their module, outside comments and strings. It is itself tested on sources that it must
//! refuse.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the library and its layer, lowest first. A new module has to be put here.
const LAYERS: [&[&str]; 8] = [
    &[
        "curve",
        "transcript",
        "coefficients",
        "bisection",
        "encoding",
        "digest",
        "bbs",
        "document",
        "did_key",
        "authority",
    ],
    &["value", "schema"],
    &["credential", "status", "trust"],
    &["policy", "request", "plan"],
    &["presentation"],
    &["decision"],
    &["store", "registry", "distribution"],
    &["cli", "server", "main"],
];

/// `lib.rs` is a table of contents: it declares every layer and imports from none.
const CONTENTS: &str = "lib";

/// Crates that do arithmetic on BLS12-381. What they offer goes through `curve`, which checks it.
const CURVE_CRATES: [&str; 3] = ["blst", "blstrs", "bls12_381"];

/// What `sigil_circuits` has that lives on BN254. Its formulas, shapes and keys are not among it:
/// whoever holds a key computes nothing on the curve.
const BN254_ITEMS: [&str; 3] = ["Scalar", "Commitment", "Opening"];

/// Files that may compute on both curves. The link is that computation.
const BOTH_CURVES: [&str; 1] = ["presentation/link.rs"];

/// The one file that speaks to the foreign function interface of blst.
const UNSAFE: [&str; 1] = ["curve/ffi.rs"];

/// Top-level entries besides dot files and what Git ignores.
const TOP_LEVEL: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE",
    "README.md",
    "src",
    "circuits",
    "benches",
    "tests",
    "vectors",
    "target",
];

const MOST_LINES: usize = 650;

/// A file of `src`: its path there, its modules from the root, its text.
struct Source {
    path: String,
    modules: Vec<String>,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let stem = path.trim_end_matches(".rs");
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        let modules = stem.split('/').map(str::to_owned).collect();
        Source { path: path.to_owned(), modules, text: text.to_owned() }
    }

    /// Everything wrong with it.
    fn faults(&self) -> Vec<String> {
        let tokens = tokens(&self.text);
        let mut faults = self.import_faults(&tokens);
        let names = |crates: &[&str]| {
            let mut paths = tokens.windows(2).filter(|pair| pair[1] == "::");
            paths.any(|pair| crates.contains(&pair[0]))
        };
        if self.modules[0] != "curve" && names(&CURVE_CRATES) {
            faults.push("names a curve crate: go through crate::curve".to_owned());
        }
        let bn254 = after(&tokens, "sigil_circuits")
            .iter()
            .any(|item| BN254_ITEMS.contains(item) || *item == "*");
        let bls = self.reached(&tokens).contains(&"curve");
        if bn254 && bls && !BOTH_CURVES.contains(&&self.path[..]) {
            faults.push("computes on both curves: only the link does that".to_owned());
        }
        if tokens.contains(&"unsafe") && !UNSAFE.contains(&&self.path[..]) {
            faults.push("is unsafe: only the binding to blst may be".to_owned());
        }
        faults.iter().map(|fault| format!("src/{} {fault}", self.path)).collect()
    }

    fn import_faults(&self, tokens: &[&str]) -> Vec<String> {
        let own = &self.modules[0];
        if own == CONTENTS {
            let reached = self.reached(tokens);
            return reached
                .iter()
                .map(|name| format!("imports {name}: it only declares"))
                .collect();
        }
        let Some(own_layer) = layer(own) else {
            return vec![format!(
                "is in no layer: put `{own}` into the table of tests/layering.rs"
            )];
        };
        let mut faults = Vec::new();
        for name in self.reached(tokens) {
            match layer(name) {
                None => faults.push(format!("imports `{name}`, which is in no layer")),
                Some(layer) if layer > own_layer => faults
                    .push(format!("is in layer {own_layer} and imports `{name}` of layer {layer}")),
                Some(_) => {}
            }
        }
        faults
    }

    /// The modules of the root that its paths start from, by `crate::` or by `super::` beyond its
    /// own module. The binary reaches them as `sigil::`.
    fn reached<'a>(&self, tokens: &[&'a str]) -> Vec<&'a str> {
        let mut reached = after(tokens, "crate");
        if self.modules[0] == "main" {
            reached.extend(after(tokens, "sigil"));
        }
        // `lib` and `main` are the root itself.
        let root = [CONTENTS, "main"].contains(&&self.modules[0][..]);
        let depth = if root { 0 } else { self.modules.len() };
        let mut inline = Vec::new();
        let mut braces = 0usize;
        for (at, token) in tokens.iter().enumerate() {
            match *token {
                "{" => {
                    if at >= 2 && tokens[at - 2] == "mod" {
                        inline.push(braces);
                    }
                    braces += 1;
                }
                "}" => {
                    braces = braces.saturating_sub(1);
                    inline.pop_if(|opened| *opened == braces);
                }
                "super" if !(at >= 2 && tokens[at - 2..at] == ["super", "::"]) => {
                    let chain = tokens[at..].chunks(2).take_while(|pair| *pair == ["super", "::"]);
                    let count = chain.count();
                    if count >= depth + inline.len() && count > 0 {
                        reached.extend(heads(&tokens[at + 2 * count..]));
                    }
                }
                _ => {}
            }
        }
        reached
    }
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The first names of every path that goes on from `root ::`.
fn after<'a>(tokens: &[&'a str], root: &str) -> Vec<&'a str> {
    let starts = tokens.windows(2).enumerate().filter(|(_, pair)| **pair == [root, "::"]);
    starts.flat_map(|(at, _)| heads(&tokens[at + 2..])).collect()
}

/// The first names of a path or a use tree: `a::b` gives a; `{a::b, c}` gives a and c.
fn heads<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let Some((&"{", rest)) = tokens.split_first() else {
        return tokens.first().copied().into_iter().collect();
    };
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut before = "{";
    for token in rest {
        match *token {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            // A group directly inside a group starts paths as well.
            name if !",".contains(name) && depth == 0 && [",", "{"].contains(&before) => {
                found.push(name);
            }
            _ => {}
        }
        before = token;
    }
    found
}

/// Identifiers, `::` and single other characters, without comments, strings and characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(len) = string(rest) {
            len
        } else if first == '\'' {
            character(rest)
        } else if is_word(first) {
            let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            found.push(&rest[..len]);
            len
        } else if rest.starts_with("::") {
            found.push("::");
            2
        } else {
            if !first.is_whitespace() {
                found.push(&rest[..first.len_utf8()]);
            }
            first.len_utf8()
        };
        rest = &rest[len..];
    }
    found
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string literal that starts here, if one does.
fn string(text: &str) -> Option<usize> {
    let prefix = text.find('"')?;
    let (mark, _) = text.split_at(prefix);
    let hashes = mark.bytes().rev().take_while(|&b| b == b'#').count();
    match &mark[..mark.len() - hashes] {
        "r" | "br" | "cr" => {
            let end = ["\"", &"#".repeat(hashes)].concat();
            let body = &text[prefix + 1..];
            Some(prefix + 1 + body.find(&end).unwrap_or(body.len() - end.len()) + end.len())
        }
        "" | "b" | "c" if hashes == 0 => {
            let mut escaped = false;
            let body = text[prefix + 1..].bytes().position(|b| {
                let end = b == b'"' && !escaped;
                escaped = b == b'\\' && !escaped;
                end
            });
            Some(body.map_or(text.len(), |len| prefix + len + 2))
        }
        _ => None,
    }
}

/// The length of a character literal, or of the mark of a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), _) => text[3..].find('\'').map_or(1, |len| len + 4),
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a directory of the repository, but for what a build leaves there.
fn rust_files(directory: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    rust_files("src")
        .iter()
        .map(|file| {
            let path = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            Source::new(&path, &fs::read_to_string(file).unwrap())
        })
        .collect()
}

#[test]
fn every_file_imports_from_its_layer_or_below() {
    let sources = sources();
    assert!(sources.iter().any(|source| source.path == "lib.rs"), "the files are where I look");
    let faults: Vec<_> = sources.iter().flat_map(Source::faults).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn arkworks_stays_in_the_circuits_crate() {
    // Unit tests may forge with it.
    for source in sources().iter().filter(|source| !source.path.ends_with("tests.rs")) {
        let tokens = tokens(&source.text);
        let arkworks = tokens.iter().find(|token| token.starts_with("ark_"));
        assert!(arkworks.is_none(), "src/{} names {}", source.path, arkworks.unwrap());
    }
}

#[test]
fn files_stay_short() {
    for directory in ["src", "circuits", "tests", "benches"] {
        for file in rust_files(directory) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= MOST_LINES, "{} has {lines} lines", file.display());
        }
    }
}

/// The argument of the presentation rests on conditions, and each on tests: those must exist.
#[test]
fn the_argument_names_tests_that_exist() {
    let page = fs::read_to_string(root().join("src/presentation/mod.rs")).unwrap();
    let files = ["src", "circuits/src", "tests", "circuits/tests"].map(rust_files).concat();
    let sources: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut named = 0;
    let rows = page.lines().skip_while(|line| !line.ends_with("| tested by |")).skip(2);
    for row in rows.take_while(|line| line.starts_with("//! |")) {
        let tests = row.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        let names = tests.split('`').skip(1).step_by(2).filter(|name| !name.contains(['*', '/']));
        for name in names {
            let function = format!("fn {name}() {{");
            let found = sources.iter().any(|text| text.contains(&function));
            assert!(found, "{name} is no test");
            named += 1;
        }
    }
    assert!(named > 20, "{named} tests named");
}

#[test]
fn the_top_level_holds_what_it_is_meant_to() {
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with('.') || TOP_LEVEL.contains(&&name[..]), "{name} at the top level");
    }
}

/// The faults of a made-up file, joined.
fn faults(path: &str, text: &str) -> String {
    Source::new(path, text).faults().join("\n")
}

#[test]
fn the_checker_refuses_upward_imports_however_they_are_written() {
    for text in [
        "use crate::presentation::prove;",
        "use crate::{curve::Scalar, presentation};",
        "use crate::{curve::{G1, Scalar}, presentation::{self, wire}};",
        "use crate :: presentation;",
        "fn f() { crate::presentation::prove() }",
        "use super::super::presentation;",
        "mod inner { use super::super::super::presentation; }",
        "mod a { mod b {} } use super::super::presentation;",
        "pub(in crate::presentation) fn f() {}",
        "const A: &str = \"\\\"\"; const B: char = '\"'; use crate::presentation;",
        "const A: &str = r#\"\"\"#; use crate::presentation;",
        "/* /* */ */ use crate::presentation;",
        "fn f<'a>(x: &'a u8) {} use crate::presentation;",
    ] {
        let found = faults("bbs/proof.rs", text);
        assert!(found.contains("imports `presentation` of layer 4"), "{text}: {found:?}");
    }
    assert!(faults("value.rs", "use super::policy;").contains("imports `policy` of layer 3"));
    assert!(faults("bbs/mod.rs", "use super::policy;").contains("imports `policy` of layer 3"));
    assert!(faults("lib.rs", "use crate::cli;").contains("only declares"));
}

#[test]
fn the_checker_accepts_what_is_allowed() {
    for (path, text) in [
        ("bbs/proof.rs", "use crate::curve::Scalar; use super::{Error, Suite};"),
        ("bbs/proof.rs", "mod tests { use super::super::presentation_like; use super::*; }"),
        ("bbs/proof.rs", "// use crate::presentation;\n/* crate::cli */ /// [crate::cli]\n"),
        ("bbs/proof.rs", "const A: &str = \"crate::cli\"; const B: &[u8] = br#\"crate::cli\"#;"),
        ("bbs/proof.rs", "pub(crate) fn f() {}"),
        ("presentation/link.rs", "use crate::curve::G1; use sigil_circuits::{Commitment, Scalar};"),
        ("presentation/prove.rs", "use crate::curve::G1; use sigil_circuits::ProvingKey;"),
        ("request.rs", "use crate::policy::Bundle;"),
        ("main.rs", "use sigil::cli;"),
        ("lib.rs", "pub mod cli;"),
        ("curve/ffi.rs", "fn f() { unsafe { blst::f() } }"),
    ] {
        assert_eq!(faults(path, text), "", "{path}: {text}");
    }
}

#[test]
fn the_checker_refuses_unknown_modules_a_second_link_foreign_curves_and_unsafe_code() {
    assert!(faults("helpers.rs", "").contains("is in no layer"));
    assert!(
        faults("value.rs", "use crate::helpers::x;").contains("`helpers`, which is in no layer")
    );
    assert!(faults("value.rs", "use crate::*;").contains("in no layer"));
    for circuits in
        ["sigil_circuits::{Shape, Scalar}", "sigil_circuits::Commitment", "sigil_circuits::*"]
    {
        let text = format!("use crate::curve::G1; use {circuits};");
        assert!(faults("presentation/prove.rs", &text).contains("both curves"), "{text}");
    }
    assert!(faults("bbs/proof.rs", "use blst::blst_p1;").contains("curve crate"));
    assert!(faults("value.rs", "fn f() { blstrs::Scalar::one() }").contains("curve crate"));
    assert!(faults("curve/table.rs", "unsafe fn f() {}").contains("unsafe"));
}
