//! A plot of a series as SVG: lines, points, two axes, a legend.

use crate::series::{Scale, Series};
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 180.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = 56.0;

/// Told apart by those who see few colours, too (Okabe and Ito).
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// From values to places along one axis.
struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn new(scale: Scale, values: impl Iterator<Item = f64> + Clone, [from, to]: [f64; 2]) -> Self {
        let (mut low, mut high) = (
            values.clone().fold(f64::INFINITY, f64::min),
            values.fold(f64::NEG_INFINITY, f64::max),
        );
        if scale == Scale::Linear {
            low = low.min(0.0);
        }
        if high <= low {
            high = low + 1.0;
        }
        Axis { scale, low, high, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        self.from + share * (self.to - self.from)
    }

    /// Round values within the axis.
    fn ticks(&self) -> Vec<f64> {
        let within = |tick: &f64| *tick >= self.low * 0.999 && *tick <= self.high * 1.001;
        match self.scale {
            Scale::Linear => {
                let rough = (self.high - self.low) / 5.0;
                let unit = 10f64.powf(rough.log10().floor());
                let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|k| k * unit >= rough);
                let step = step.unwrap_or(10.0) * unit;
                (0..=10).map(|i| f64::from(i) * step).filter(within).collect()
            }
            Scale::Logarithmic => {
                let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
                let in_decade = |decade: i32| [1.0, 2.0, 5.0].map(|k| k * 10f64.powi(decade));
                decades.flat_map(in_decade).filter(within).collect()
            }
        }
    }
}

/// The plot of a series: the columns in the unit of its first one.
pub(crate) fn svg(series: &Series) -> String {
    let unit = series.columns.first().map_or("", |column| column.unit);
    let plotted: Vec<usize> =
        (0..series.columns.len()).filter(|&i| series.columns[i].unit == unit).collect();
    let xs = series.points.iter().map(|(at, _)| *at);
    let points = series.points.iter();
    let ys = points.flat_map(|(_, values)| plotted.iter().map(|&i| values[i]));
    let x = Axis::new(series.scales[0], xs.clone(), [LEFT, WIDTH - RIGHT]);
    let y = Axis::new(series.scales[1], ys, [HEIGHT - BOTTOM, TOP]);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    text(&mut svg, [LEFT, TOP - 22.0], "start", series.title);
    text(&mut svg, [(LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14.0], "middle", series.over);
    text(&mut svg, [LEFT - 8.0, TOP - 6.0], "end", unit);
    axes(&mut svg, &x, &y, &xs.collect::<Vec<f64>>());
    for (line, &column) in plotted.iter().enumerate() {
        let colour = COLOURS[line % COLOURS.len()];
        let places: Vec<[f64; 2]> = series
            .points
            .iter()
            .map(|(at, values)| [x.place(*at), y.place(values[column])])
            .collect();
        polyline(&mut svg, &places, colour);
        let row = TOP + 10.0 + 18.0 * line as f64;
        let beside = WIDTH - RIGHT + 16.0;
        polyline(&mut svg, &[[beside, row - 4.0], [beside + 20.0, row - 4.0]], colour);
        text(&mut svg, [beside + 28.0, row], "start", series.columns[column].name);
    }
    svg.push_str("</svg>\n");
    svg
}

/// The frame, a label for each value that was measured at, and lines at round results.
fn axes(svg: &mut String, x: &Axis, y: &Axis, measured: &[f64]) {
    for tick in y.ticks() {
        let at = y.place(tick);
        rule(svg, [x.from, at], [x.to, at], "#ddd");
        text(svg, [x.from - 8.0, at + 4.0], "end", &label(tick));
    }
    let mut last = f64::NEG_INFINITY;
    for value in measured {
        let at = x.place(*value);
        rule(svg, [at, y.from], [at, y.from + 5.0], "black");
        // A label too near to the one before is left out.
        if at - last >= 34.0 {
            text(svg, [at, y.from + 20.0], "middle", &label(*value));
            last = at;
        }
    }
    rule(svg, [x.from, y.from], [x.to, y.from], "black");
    rule(svg, [x.from, y.from], [x.from, y.to], "black");
}

fn label(value: f64) -> String {
    if value >= 1.0 && value.fract() == 0.0 {
        format!("{value}")
    } else {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

fn rule(svg: &mut String, from: [f64; 2], to: [f64; 2], colour: &str) {
    let ([x1, y1], [x2, y2]) = (from, to);
    let _written = writeln!(
        svg,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
    );
}

fn text(svg: &mut String, [x, y]: [f64; 2], anchor: &str, content: &str) {
    let content = content.replace('&', "&amp;").replace('<', "&lt;");
    let _written =
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{content}</text>");
}

fn polyline(svg: &mut String, places: &[[f64; 2]], colour: &str) {
    let list: Vec<String> = places.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
    let _written = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
        list.join(" ")
    );
    for [x, y] in places {
        let _written =
            writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
    }
}
