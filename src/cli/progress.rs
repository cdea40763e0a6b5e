//! Progress bars: on standard error, on a terminal only, gone when done.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// A bar over so many steps; an invisible one if `quiet` or not on a terminal.
pub(super) fn bar(quiet: bool, label: &'static str, steps: usize) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(steps as u64).with_message(label);
    let template = "{msg:24} {bar:40} {pos}/{len}, {per_sec}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
