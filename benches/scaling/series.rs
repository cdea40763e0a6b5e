//! A series of measurements, and how one is taken.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// How much time to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A few runs of fewer points.
    Quick,
    /// As many runs as fit a bound of time, of all points.
    Full,
}

impl Effort {
    /// The first few of these sizes, or all of them.
    pub(crate) fn points<T: Copy>(self, all: &[T], quick: usize) -> Vec<T> {
        let count = match self {
            Effort::Quick => quick.min(all.len()),
            Effort::Full => all.len(),
        };
        all.iter().take(count).copied().collect()
    }

    /// The median time of a run, in milliseconds: of at least three runs, and of as many as fit the
    /// bound. The first run warms caches and is not counted; unless it takes several times the bound,
    /// and is the only one.
    pub(crate) fn milliseconds<T>(self, mut run: impl FnMut() -> T) -> f64 {
        let (least, most, bound) = match self {
            Effort::Quick => (3, 7, Duration::from_millis(20)),
            Effort::Full => (3, 301, Duration::from_millis(1_200)),
        };
        let start = Instant::now();
        std::hint::black_box(run());
        let first = start.elapsed();
        if first > 4 * bound {
            return first.as_secs_f64() * 1e3;
        }
        let (begun, mut times) = (Instant::now(), Vec::new());
        while times.len() < least || (times.len() < most && begun.elapsed() < bound) {
            let start = Instant::now();
            std::hint::black_box(run());
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_unstable_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// How an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Evenly.
    Linear,
    /// By factors.
    Logarithmic,
}

/// One measured quantity of a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Of what.
    pub(crate) name: &'static str,
    /// In what.
    pub(crate) unit: &'static str,
}

/// A quantity that is plotted is in the unit of the first column.
pub(crate) struct Series {
    /// What it is about, with what was held fixed.
    pub(crate) title: &'static str,
    /// What grows.
    pub(crate) over: &'static str,
    /// How the axes count.
    pub(crate) scales: [Scale; 2],
    /// What was measured.
    pub(crate) columns: Vec<Column>,
    /// What grows, and a value for each column.
    pub(crate) points: Vec<(f64, Vec<f64>)>,
}

impl Series {
    /// A series without points.
    pub(crate) fn new(
        title: &'static str,
        over: &'static str,
        scales: [Scale; 2],
        columns: &[(&'static str, &'static str)],
    ) -> Self {
        let columns = columns.iter().map(|(name, unit)| Column { name, unit }).collect();
        Series { title, over, scales, columns, points: Vec::new() }
    }

    /// Adds a point.
    pub(crate) fn push(&mut self, at: f64, values: Vec<f64>) {
        assert_eq!(values.len(), self.columns.len(), "a value for each column");
        self.points.push((at, values));
    }

    /// As a table for other programs.
    pub(crate) fn to_csv(&self) -> String {
        let mut text = self.over.to_owned();
        for Column { name, unit } in &self.columns {
            let _written = write!(text, ",{name} ({unit})");
        }
        text.push('\n');
        for (at, values) in &self.points {
            let _written = write!(text, "{at}");
            for value in values {
                let _written = write!(text, ",{value:.6}");
            }
            text.push('\n');
        }
        text
    }

    /// As a table for readers.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = format!("\n{}:\n\n| {} |", self.title, self.over);
        for Column { name, unit } in &self.columns {
            let _written = write!(text, " {name}, {unit} |");
        }
        text.push_str(&format!("\n|{}\n", "---|".repeat(self.columns.len() + 1)));
        for (at, values) in &self.points {
            let _written = write!(text, "| {at} |");
            for (value, column) in values.iter().zip(&self.columns) {
                let _written = write!(text, " {} |", readable(*value, column.unit));
            }
            text.push('\n');
        }
        text
    }
}

/// Octets and the like whole, everything else to three figures.
fn readable(value: f64, unit: &str) -> String {
    let whole = unit == "octets" || value >= 100.0;
    let decimals = if whole { 0 } else { (2 - value.abs().log10().floor() as i32).clamp(0, 4) };
    format!("{value:.*}", decimals as usize)
}
