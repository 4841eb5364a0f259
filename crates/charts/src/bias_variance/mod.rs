//! The figure of bias against variance.

mod drawing;
mod limits;
mod panel;
mod strips;

use crate::bias_variance::panel::{ScatterPanel, Setting, label};
use crate::bias_variance::strips::Tracks;
use crate::drawing::Drawing;
use crate::figure::{Figure, Point};
use crate::page::caption::{NOTHING, describe, sentences};
use crate::page::compose::compose;
use crate::page::layout::{Heading, Layout, plot_width};
use crate::page::replication::Replication;
use crate::page::small_multiples::{Part, split};
use crate::style::palette::Palette;
use crate::style::variants::Variants;

/// Width and height of a plot by the number of columns, in pixels. Its labels may need more height.
const SIZES: [(f64, f64); 3] = [(520.0, 380.0), (370.0, 340.0), (300.0, 300.0)];
/// Width and height of a plot in pieces.
const PIECE: (f64, f64) = (296.0, 270.0);

/// Relative bias (`y`, with its interval) against total variance (`x`), both on log axes.
///
/// The points of a series are training steps, early to late. At most three are shown (the first, the
/// middle and the last), in increasingly strong color, joined by a path. Points with zero variance are
/// in a strip at the left. A bias whose interval contains zero is in a strip at the bottom, with a bar
/// up to the upper bound of the interval: only that bound is known.
pub fn bias_variance(figure: &Figure, palette: &Palette) -> Drawing {
    let (parts, columns) = split(&figure.panels, palette);
    let series = || figure.panels.iter().flat_map(|panel| &panel.series);
    let counts: Vec<_> = series().map(|series| (series.runs, series.failures)).collect();
    let replication = Replication::of(&counts);
    let (width, height) = SIZES[columns.min(SIZES.len()) - 1];
    let heights = |part: &Part| -> f64 {
        part.series.iter().map(|series| label(series, &replication).height()).sum()
    };
    let setting = Setting {
        figure,
        variants: Variants::new(palette, series().map(|s| (s.kind.as_str(), s.label.as_str()))),
        replication: &replication,
        tracks: Tracks::of(parts.iter()),
        plot: (width, parts.iter().map(heights).fold(height, f64::max)),
        layout: Layout::Sheet,
    };
    let drawn = |setting: &Setting| -> Vec<ScatterPanel> {
        parts.iter().map(|part| ScatterPanel::new(part, setting)).collect()
    };
    let filling = |total| plot_width(&drawn(&setting), columns, total, (width, &figure.y_label));
    let width = figure.width.map_or(width, filling);
    let setting = Setting { plot: (width, setting.plot.1), ..setting };
    let panels = drawn(&setting);
    let setting = Setting { plot: PIECE, layout: Layout::Piece, ..setting };
    let pieces = drawn(&setting);
    let heading = Heading {
        title: figure.title.clone(),
        x_label: figure.x_label.clone(),
        y_label: figure.y_label.clone(),
        caption: caption(figure, &panels, &replication),
        description: describe(&parts, &replication),
    };
    compose(heading, &panels, &pieces, columns)
}

fn caption(figure: &Figure, panels: &[ScatterPanel], replication: &Replication) -> String {
    if panels.iter().all(ScatterPanel::is_empty) {
        return sentences(&[&figure.caption, NOTHING]);
    }
    let axes = || panels.iter().filter_map(|panel| panel.axes.as_ref());
    let left = axes().any(|(x, _)| x.strip() > 0.0);
    let below = axes().any(|(_, y)| y.strip() > 0.0);
    let mut series = figure.panels.iter().flat_map(|panel| &panel.series);
    let (bar, bottom) = match series.any(|series| series.points.iter().any(Point::has_interval)) {
        true => (
            "Bar: 95 % interval.",
            "Bottom strip: the interval contains 0; the bar ends at its upper bound.",
        ),
        false => ("", "Bottom strip: zero bias."),
    };
    sentences(&[
        &figure.caption,
        if panels.iter().any(ScatterPanel::any_path) {
            "Light to dark: early to late in training."
        } else {
            ""
        },
        bar,
        if left { "Left strip: zero variance." } else { "" },
        if below { bottom } else { "" },
        &replication.sentence("series"),
    ])
}
