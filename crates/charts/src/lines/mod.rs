//! Line plots: a value with its interval against the training step or a parameter.

mod band;
mod drawable;
mod drawing;
mod limits;
mod panel;
mod segments;

use crate::axis::is_log;
use crate::drawing::Drawing;
use crate::figure::{Figure, Point, Scale};
use crate::lines::panel::{HEIGHT, Interval, LinePanel, Options, Setting};
use crate::page::caption::{NOTHING, describe, sentences};
use crate::page::compose::compose;
use crate::page::layout::{Heading, Layout, plot_width};
use crate::page::replication::Replication;
use crate::page::small_multiples::{Part, split};
use crate::reference;
use crate::style::palette::Palette;
use crate::style::variants::Variants;

/// The width of a plot by the number of columns, in pixels.
const WIDTHS: [f64; 3] = [520.0, 370.0, 300.0];
/// Width and height of a plot in pieces.
const PIECE: (f64, f64) = (296.0, 230.0);

/// The deployed loss against the training step: a line and a 95 % band per series.
///
/// A series whose runs diverge ends with × at its last finite value. Its values widen the vertical
/// axis by at most half the range of all others at each end (by a decade on a log axis). Values
/// beyond are cut off, × is at the edge, and the panel has a note. An automatic horizontal scale is
/// linear.
pub fn convergence(figure: &Figure, palette: &Palette) -> Drawing {
    draw(
        figure,
        palette,
        &Options {
            x_scale: linear_unless_forced(figure.x_scale),
            y_scale: figure.y_scale,
            interval: Interval::Band,
            zero: "zero",
        },
    )
}

/// The total variance of the gradient against the training step, on a log axis.
///
/// Series with zero variance have no position on that axis; a strip at its lower end names them. An
/// automatic horizontal scale is linear.
pub fn variance(figure: &Figure, palette: &Palette) -> Drawing {
    draw(
        figure,
        palette,
        &Options {
            x_scale: linear_unless_forced(figure.x_scale),
            y_scale: Scale::Log,
            interval: Interval::Band,
            zero: "zero variance",
        },
    )
}

/// A metric against a parameter: a line with a marker and a bar at each value, one per kind.
pub fn sensitivity(figure: &Figure, palette: &Palette) -> Drawing {
    draw(
        figure,
        palette,
        &Options {
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

fn draw(figure: &Figure, palette: &Palette, options: &Options) -> Drawing {
    let (parts, columns) = split(&figure.panels, palette);
    let series = || figure.panels.iter().flat_map(|panel| &panel.series);
    let variants = Variants::new(palette, series().map(|s| (s.kind.as_str(), s.label.as_str())));
    let counts: Vec<_> = series().map(|series| (series.runs, series.failures)).collect();
    let replication = Replication::of(&counts);
    let setting = Setting {
        log_x: is_log(options.x_scale, values(figure, |point| point.x)),
        log_y: is_log(options.y_scale, values(figure, |point| point.y)),
        options,
        figure,
        variants,
        replication: &replication,
        width: WIDTHS[columns.min(WIDTHS.len()) - 1],
        height: HEIGHT,
        layout: Layout::Sheet,
    };
    let usual = (setting.width, figure.y_label.as_str());
    let filling = |total| plot_width(&panels(&parts, &setting), columns, total, usual);
    let width = figure.width.map_or(setting.width, filling);
    let setting = Setting { width, ..setting };
    let panels = panels(&parts, &setting);
    let (width, height) = PIECE;
    let setting = Setting { width, height, layout: Layout::Piece, ..setting };
    let pieces = self::panels(&parts, &setting);
    let heading = Heading {
        title: figure.title.clone(),
        x_label: figure.x_label.clone(),
        y_label: figure.y_label.clone(),
        caption: caption(figure, &panels, &replication, options.interval),
        description: describe(&parts, &replication),
    };
    compose(heading, &panels, &pieces, columns)
}

/// The panels, all of one height.
fn panels(parts: &[Part], setting: &Setting) -> Vec<LinePanel> {
    let panels: Vec<_> = parts.iter().map(|part| LinePanel::new(part, setting)).collect();
    let height = panels.iter().map(LinePanel::least_height).fold(0.0, f64::max);
    panels.into_iter().map(|panel| panel.with_height(height)).collect()
}

/// The caption of the caller, followed by the meaning of the marks.
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
    let mut series = figure.panels.iter().flat_map(|panel| &panel.series);
    let interval = match interval {
        _ if !series.any(|series| series.points.iter().any(Point::has_interval)) => "",
        Interval::Band if panels.iter().any(LinePanel::is_crowded) => "Band or bar: 95 % interval.",
        Interval::Band => "Band: 95 % interval.",
        Interval::Bar => "Bar: 95 % interval.",
    };
    let cross = if diverged { "×: no finite values from here on." } else { "" };
    let expected = panels.iter().any(LinePanel::any_expected);
    let ring = if expected { "Ring: known value." } else { "" };
    let levels = panels.iter().any(|panel| !panel.levels.is_empty());
    let dotted = if levels { reference::CAPTION } else { "" };
    sentences(&[&figure.caption, interval, ring, dotted, cross, &replication.sentence("series")])
}
