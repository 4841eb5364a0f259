//! Figures of lines: a value with its interval against the training step or a parameter.

use super::axis::is_log;
use super::book::Book;
use super::line_panel::LinePanel;
use super::page::{Heading, lay_out};
use super::replication::Replication;
use super::split::{Part, split};
use super::words::{self, NOTHING, sentences};
use super::{Figure, Palette, Point, Scale, Series};

/// How an interval is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Interval {
    /// A translucent band.
    Band,
    /// A bar at each point.
    Bar,
}

/// What differs between the figures of lines.
pub(super) struct Manner {
    pub x_scale: Scale,
    pub y_scale: Scale,
    pub interval: Interval,
    /// What a series is said to have that is zero everywhere and has no place on a log axis.
    pub zero: &'static str,
}

/// What the panels of a figure have in common.
pub(super) struct Setting<'a> {
    pub figure: &'a Figure,
    pub manner: &'a Manner,
    pub book: Book,
    pub replication: &'a Replication,
    pub log_x: bool,
    pub log_y: bool,
    /// The width of a plot in pixels.
    pub width: f64,
}

/// The width of a plot by the number of columns, in pixels.
const WIDTHS: [f64; 3] = [520.0, 370.0, 300.0];

/// The deployed loss against the training step: a line and a 95 % band per series.
///
/// A series whose runs diverge ends with × at its last finite value. Its values widen the vertical
/// axis at most by half the range of all others (by a decade on a log axis); what lies beyond is
/// cut off, × stands at the edge, and the panel says so. An automatic horizontal scale is linear.
pub fn convergence(figure: &Figure, palette: &Palette) -> String {
    draw(
        figure,
        palette,
        &Manner {
            x_scale: linear_unless_forced(figure.x_scale),
            y_scale: figure.y_scale,
            interval: Interval::Band,
            zero: "zero",
        },
    )
}

/// The total variance of the gradient against the training step, on a log axis.
///
/// Series without variance cannot stand on that axis; a strip at its lower end names them. An
/// automatic horizontal scale is linear.
pub fn variance(figure: &Figure, palette: &Palette) -> String {
    draw(
        figure,
        palette,
        &Manner {
            x_scale: linear_unless_forced(figure.x_scale),
            y_scale: Scale::Log,
            interval: Interval::Band,
            zero: "zero variance",
        },
    )
}

/// A metric against a parameter: a line with a marker and a bar at each value, one per kind.
///
/// The series stand a few pixels apart, so that the bars at one value of the parameter can be told
/// from each other.
pub fn sensitivity(figure: &Figure, palette: &Palette) -> String {
    draw(
        figure,
        palette,
        &Manner {
            x_scale: figure.x_scale,
            y_scale: figure.y_scale,
            interval: Interval::Bar,
            zero: "zero",
        },
    )
}

fn linear_unless_forced(scale: Scale) -> Scale {
    if scale == Scale::Auto { Scale::Linear } else { scale }
}

/// The values of each panel.
fn values(
    figure: &Figure,
    value: fn(&Point) -> f64,
) -> impl Iterator<Item = impl Iterator<Item = f64>> {
    let panels = figure.panels.iter();
    panels.map(move |panel| panel.series.iter().flat_map(|series| &series.points).map(value))
}

fn draw(figure: &Figure, palette: &Palette, manner: &Manner) -> String {
    let (parts, columns) = split(&figure.panels, palette);
    let series = || figure.panels.iter().flat_map(|panel| &panel.series);
    let book = Book::new(palette, series().map(|s| (s.kind.as_str(), s.label.as_str())));
    let counts: Vec<_> = series().map(|series| (series.runs, series.failures)).collect();
    let replication = Replication::of(&counts);
    let setting = Setting {
        log_x: is_log(manner.x_scale, values(figure, |point| point.x)),
        log_y: is_log(manner.y_scale, values(figure, |point| point.y)),
        manner,
        figure,
        book,
        replication: &replication,
        width: WIDTHS[columns.min(WIDTHS.len()) - 1],
    };
    let panels: Vec<_> = parts.iter().map(|part| LinePanel::new(part, &setting)).collect();
    let height = panels.iter().map(LinePanel::least_height).fold(0.0, f64::max);
    let panels: Vec<_> = panels.into_iter().map(|panel| panel.with_height(height)).collect();
    let heading = Heading {
        title: figure.title.clone(),
        x_label: figure.x_label.clone(),
        y_label: figure.y_label.clone(),
        caption: caption(figure, &panels, &replication, manner.interval),
        description: describe(&parts, &replication),
    };
    let blocks: Vec<_> = panels.iter().map(LinePanel::block).collect();
    let (mut sheet, plots) = lay_out(&heading, &blocks, columns);
    for (panel, plot) in panels.iter().zip(plots) {
        panel.draw(&mut sheet, plot);
    }
    sheet.finish(&heading.title, &heading.description)
}

/// The caller's caption, and what the marks mean.
fn caption(
    figure: &Figure,
    panels: &[LinePanel],
    replication: &Replication,
    interval: Interval,
) -> String {
    if panels.iter().all(LinePanel::is_empty) {
        return sentences(&[&figure.caption, NOTHING]);
    }
    let diverged = panels.iter().any(LinePanel::any_diverged);
    let interval = match interval {
        Interval::Band => "Band: 95 % interval.",
        Interval::Bar => "Bar: 95 % interval.",
    };
    let cross = if diverged { "×: no finite value from there on." } else { "" };
    let expected = panels.iter().any(LinePanel::any_expected);
    let ring = if expected { "Ring: the known value." } else { "" };
    sentences(&[&figure.caption, interval, ring, cross, &replication.sentence("series")])
}

/// The panels and their series, for those who cannot see them.
pub(super) fn describe(parts: &[Part], replication: &Replication) -> String {
    let name = |series: &&Series| match replication.remark(series.runs, series.failures) {
        Some(remark) => format!("{} ({remark})", series.label),
        None => series.label.clone(),
    };
    let names = |part: &Part| part.series.iter().map(name).collect::<Vec<_>>();
    let panels: Vec<_> = parts.iter().map(|part| words::panel(&part.title, &names(part))).collect();
    words::description(&panels)
}
