//! A look at the marks of an expression before CEL's parser sees it.
//!
//! Three things need it. CEL's parser drops a doubled `!` or `-` without a trace, whatever stands
//! behind it, so `!!kyc.income > 1` would read as a comparison: doubled marks are refused here. CEL
//! has no `not in`: the word `not` is blanked out and the `in` behind it remembered by its offset,
//! which the parser keeps for the node, so that every position stays that of the text as written.
//! And what an outsider may make the parser do is bounded by brackets and operators counted here.
//!
//! To find marks, text in quotes and comments must be told apart exactly as CEL does. Text is
//! therefore narrowed to what has one reading: no escapes, no prefixes, no triple quotes.

use super::Position;
use std::collections::BTreeSet;

/// Greatest nesting of brackets.
const MAX_DEPTH: usize = 32;
/// Greatest number of dots, signs and relations.
const MAX_MARKS: usize = 512;

/// What is wrong at an offset, and how to put it right.
pub(super) struct Flaw {
    pub(super) offset: usize,
    pub(super) message: String,
    pub(super) remedy: String,
}

fn flaw<T>(offset: usize, message: &str, remedy: &str) -> Result<T, Flaw> {
    Err(Flaw { offset, message: message.to_owned(), remedy: remedy.to_owned() })
}

/// An expression as CEL's parser may read it.
pub(super) struct Scanned {
    /// The text, every `not` of a `not in` blanked out.
    pub(super) text: String,
    /// Where each `in` stands that a `not` came before, with where the `not` stands.
    pub(super) negated: BTreeSet<(usize, usize)>,
}

impl Scanned {
    /// Where the `not` before the `in` at an offset stands, if there is one.
    pub(super) fn not_before(&self, offset: usize) -> Option<usize> {
        self.negated.iter().find(|(is, _)| *is == offset).map(|(_, not)| *not)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'s> {
    /// Letters, digits and `_`.
    Word(&'s str),
    Quoted,
    /// One mark, or one of the pairs.
    Mark(&'s str),
}

/// Marks of two characters.
const PAIRS: [&str; 6] = ["==", "!=", "<=", ">=", "&&", "||"];
const MARKS: &[u8] = b"()[],.<>!+-*/%?:{}=&|";

/// The place of an offset. Expressions are ASCII, so octets, characters and columns agree.
pub(super) fn position(source: &str, offset: usize) -> Position {
    let before = source.get(..offset).unwrap_or_default();
    let last = before.rsplit('\n').next().unwrap_or_default();
    Position { line: before.matches('\n').count() + 1, column: last.len() + 1 }
}

fn tokens(source: &str) -> Result<Vec<(usize, Token<'_>)>, Flaw> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source.as_bytes().get(at).copied() {
        let rest = source.get(at..).unwrap_or_default();
        let length = match first {
            b' ' | b'\n' => 1,
            b'/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            b'"' | b'\'' => quoted(at, rest, tokens.last().copied())?,
            b if b.is_ascii_alphanumeric() || b == b'_' => {
                let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
                rest.bytes().position(|b| !word(b)).unwrap_or(rest.len())
            }
            _ if PAIRS.iter().any(|pair| rest.starts_with(pair)) => 2,
            b if MARKS.contains(&b) => 1,
            _ => return flaw(at, "no such mark in expressions", "take it out"),
        };
        let text = rest.get(..length).unwrap_or_default();
        match first {
            b' ' | b'\n' => {}
            b'/' if length > 1 => {}
            b'"' | b'\'' => tokens.push((at, Token::Quoted)),
            b if b.is_ascii_alphanumeric() || b == b'_' => tokens.push((at, Token::Word(text))),
            _ => tokens.push((at, Token::Mark(text))),
        }
        at += length;
    }
    Ok(tokens)
}

/// An expression's text without its comments. Text in quotes has no escapes here, so that a quote
/// ends at the next one of its kind.
pub(super) fn bare(source: &str) -> String {
    let mut bare = String::with_capacity(source.len());
    let mut quote = None;
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(mark), _) if c == mark => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '/') if rest.peek() == Some(&'/') => {
                while rest.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            _ => {}
        }
        bare.push(c);
    }
    bare
}

/// The length of a text in quotes, with them.
fn quoted(at: usize, rest: &str, before: Option<(usize, Token<'_>)>) -> Result<usize, Flaw> {
    let mark = rest.get(..1).unwrap_or_default();
    if let Some((start, Token::Word(word))) = before
        && start + word.len() == at
    {
        return flaw(start, "text has no prefixes", "write it in plain quotes: \"CH\"");
    }
    if rest.get(1..3).is_some_and(|next| next == mark.repeat(2)) {
        return flaw(at, "text has no triple quotes", "write it in plain quotes: \"CH\"");
    }
    let inside = rest.get(1..).unwrap_or_default();
    match inside.find(|c: char| c == '\n' || c == '\\' || mark.starts_with(c)) {
        Some(end) if inside.get(end..).is_some_and(|rest| rest.starts_with(mark)) => Ok(end + 2),
        Some(end) if inside.get(end..).is_some_and(|rest| rest.starts_with('\\')) => {
            flaw(at + 1 + end, "text has no escapes", "write it plainly: names and codes are ASCII")
        }
        _ => flaw(at, "this text does not end", "close it with the same quote, on the same line"),
    }
}

/// Whether something that has a value may end here.
fn ends_operand(token: Token<'_>) -> bool {
    match token {
        Token::Word(word) => word != "in",
        Token::Quoted => true,
        Token::Mark(mark) => matches!(mark, ")" | "]" | "}"),
    }
}

/// Scans an expression.
pub(super) fn scan(source: &str) -> Result<Scanned, Flaw> {
    let tokens = tokens(source)?;
    bounded(&tokens)?;
    let mut text = source.to_owned();
    let mut negated = BTreeSet::new();
    let mut before: Option<Token<'_>> = None;
    for (i, &(at, token)) in tokens.iter().enumerate() {
        let next = tokens.get(i + 1).copied();
        let after_operand = before.is_some_and(ends_operand);
        match (token, next) {
            (Token::Word("not"), Some((is, Token::Word("in")))) if after_operand => {
                text.replace_range(at..at + 3, "   ");
                negated.insert((is, at));
                continue;
            }
            (Token::Word(word), _) if after_operand && word != "in" => return beside(at, word),
            (Token::Word("not"), Some((_, Token::Word(word))))
                if before != Some(Token::Mark(".")) =>
            {
                let remedy = match word {
                    "in" => "write `role.field not in [..]`",
                    _ => "write `!role.flag`, or `!(..)` around a condition",
                };
                return flaw(at, "`not` stands before `in` only, with a value before it", remedy);
            }
            (Token::Quoted, _) if after_operand => return beside(at, "text"),
            (Token::Mark("!"), Some((second, Token::Mark("!")))) => {
                return flaw(second, "`!` stands twice", "write it once, or not at all");
            }
            (Token::Mark("-"), Some((second, Token::Mark("-")))) if !after_operand => {
                return flaw(second, "`-` stands twice", "write it once, or not at all");
            }
            (Token::Mark(mark), next) => refused_mark(at, mark, next)?,
            _ => {}
        }
        before = Some(token);
    }
    Ok(Scanned { text, negated })
}

/// A word where an operator should be.
fn beside<T>(at: usize, word: &str) -> Result<T, Flaw> {
    let remedy = match word.to_ascii_lowercase().as_str() {
        "and" => "write `&&`",
        "or" => "write `||`",
        "is" | "eq" => "write `==`",
        "not" => "write `x not in [..]`, or `!(..)` around the whole condition",
        "between" => "write between(x, low, high)",
        _ => "write `&&`, `||`, a comparison or a comma between them",
    };
    flaw(at, "expected an operator before this", remedy)
}

/// Marks that other languages have.
fn refused_mark(at: usize, mark: &str, next: Option<(usize, Token<'_>)>) -> Result<(), Flaw> {
    let touching = match next {
        Some((start, Token::Mark(next))) if start == at + mark.len() => next,
        _ => "",
    };
    match (mark, touching) {
        ("=", ">") => flaw(at, "there is no `=>`", "write `>=`"),
        ("=", "<") => flaw(at, "there is no `=<`", "write `<=`"),
        ("=", _) => flaw(at, "one `=` compares nothing", "write `==`"),
        ("==", "=") => flaw(at, "there is no `===`", "write `==`"),
        ("!=", "=") => flaw(at, "there is no `!==`", "write `!=`"),
        ("<", ">") => flaw(at, "there is no `<>`", "write `!=`"),
        ("&", _) => flaw(at, "there is no `&`", "write `&&`"),
        ("|", _) => flaw(at, "there is no `|`", "write `||`"),
        ("?", _) => flaw(at, "there is no `? :`", "write `(a && b) || (!a && c)` for `a ? b : c`"),
        ("{" | "}", _) => flaw(at, "there are no maps", "write role.field, or `[1, 2]` for a list"),
        ("/" | "%", _) => {
            let remedy = "multiply the other side instead: `2 * a >= b` for `a >= b / 2`";
            flaw(at, "division is not exact", remedy)
        }
        _ => Ok(()),
    }
}

/// Brackets match, nest no deeper than the bound, and marks are no more than the bound.
fn bounded(tokens: &[(usize, Token<'_>)]) -> Result<(), Flaw> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut marks = 0;
    for &(at, token) in tokens {
        let Token::Mark(mark) = token else { continue };
        match mark {
            "(" | "[" => open.push((at, mark)),
            ")" | "]" => {
                let expected = if mark == ")" { "(" } else { "[" };
                if open.pop().is_none_or(|(_, opened)| opened != expected) {
                    let message = format!("this `{mark}` closes nothing");
                    return flaw(
                        at,
                        &message,
                        &format!("take it out, or open it with `{expected}`"),
                    );
                }
            }
            "," | ":" => {}
            _ => marks += 1,
        }
        if open.len() > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return flaw(at, &message, "take brackets out, or split the predicate");
        }
        if marks > MAX_MARKS {
            let message = format!("more than {MAX_MARKS} operators");
            return flaw(at, &message, "split the predicate");
        }
    }
    match open.pop() {
        Some((at, mark)) => {
            let message = format!("this `{mark}` is never closed");
            flaw(at, &message, &format!("close it with `{}`", if mark == "(" { ")" } else { "]" }))
        }
        None => Ok(()),
    }
}
