//! A fault in an expression, drawn under the place where it is.

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, SourceSpan,
};
use std::fmt;

/// Columns of a drawing: it has to be the same on every terminal and in every log.
const WIDTH: usize = 100;

/// An expression with a fault in it.
#[derive(Debug)]
struct Snippet {
    source: String,
    start: usize,
    length: usize,
}

impl fmt::Display for Snippet {
    // What is wrong is said elsewhere.
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet {}

impl Diagnostic for Snippet {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = SourceSpan::new(self.start.into(), self.length);
        Some(Box::new([LabeledSpan::new_primary_with_span(None, span)].into_iter()))
    }
}

/// Draws an expression with a caret under a place, counted from 1. None if there is no such place, or
/// nothing to draw.
pub(super) fn draw(source: &str, line: usize, column: usize) -> Option<String> {
    let before = source.split_inclusive('\n').take(line.checked_sub(1)?);
    let start = before.map(str::len).sum::<usize>() + column.checked_sub(1)?;
    let rest = source.get(start.min(source.len())..)?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let length = rest.find(|c| !word(c)).unwrap_or(rest.len()).max(1).min(rest.len());
    // One more character, so that the end of the expression is a place too.
    let padded = format!("{source} ");
    let start = start.min(source.len());
    let snippet = Snippet { source: padded, start, length: length.max(1) };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::none());
    let mut drawing = String::new();
    handler.with_width(WIDTH).with_links(false).render_report(&mut drawing, &snippet).ok()?;
    // The first lines are for a message.
    let lines: Vec<&str> =
        drawing.lines().skip_while(|line| !line.trim_start().starts_with(",-")).collect();
    (!lines.is_empty()).then(|| lines.join("\n").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let source = "kyc.children >= 1\n&& kyc.birht_date <= today";
        let drawn = draw(source, 2, 4).unwrap_or_default();
        let lines: Vec<&str> = drawn.lines().collect();
        let at = lines.iter().position(|line| line.contains("birht")).unwrap_or_default();
        let column = |line: &str, mark: &str| line.find(mark).map(|i| line[..i].chars().count());
        let caret = lines.get(at + 1).copied().unwrap_or_default();
        assert_eq!(column(lines[at], "kyc.birht"), column(caret, "^"), "{drawn}");
        assert_eq!(caret.matches('^').count(), "kyc.birht_date".len(), "{drawn}");
    }

    #[test]
    fn a_place_that_is_not_there_is_not_drawn_or_is_the_end() {
        assert_eq!(draw("a", 0, 1), None);
        assert_eq!(draw("a", 1, 0), None);
        assert!(draw("a &&", 1, 5).is_some());
        assert!(draw("", 1, 1).is_none_or(|drawn| drawn.len() < 200));
        assert!(draw("a", 9, 9).is_some());
    }
}
