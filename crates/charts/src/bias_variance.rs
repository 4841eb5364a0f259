//! The figure of bias against variance.

use super::book::Book;
use super::frame::Frame;
use super::line_drawing::nothing;
use super::lines::describe;
use super::mark::{INK, Lettering, line, pixel, stroke, symbol};
use super::page::{Heading, REMARK, lay_out, paragraph};
use super::replication::Replication;
use super::scatter::{Path, RADIUS, ScatterPanel};
use super::sheet::{Area, Drawn, Rect, Sheet};
use super::split::split;
use super::steps::Lanes;
use super::words::{NOTHING, sentences};
use super::{Figure, Palette};
use plotters::element::{PathElement, Rectangle};
use plotters::style::{Color, WHITE};

/// Width and height of a plot by the number of columns, in pixels.
const SIZES: [(f64, f64); 3] = [(620.0, 400.0), (490.0, 360.0), (380.0, 320.0)];

/// What the panels of a figure have in common.
pub(super) struct Setting<'a> {
    pub figure: &'a Figure,
    pub book: Book,
    pub replication: &'a Replication,
    pub lanes: Lanes,
    pub plot: (f64, f64),
}

/// Relative bias (`y`, with its interval) against total variance (`x`), both on log axes.
///
/// The points of a series are steps of training, early to late: at most three are shown (the
/// first, the middle, the last), pale to full, joined by a path. Members without variance stand
/// in a strip at the left. A bias whose interval holds zero stands in a strip at the bottom, with
/// a bar up to the interval's upper end: all that is known of it is an upper bound.
pub fn bias_variance(figure: &Figure, palette: &Palette) -> String {
    let (parts, columns) = split(&figure.panels, palette);
    let series = || figure.panels.iter().flat_map(|panel| &panel.series);
    let counts: Vec<_> = series().map(|series| (series.runs, series.failures)).collect();
    let replication = Replication::of(&counts);
    let setting = Setting {
        figure,
        book: Book::new(palette, series().map(|s| (s.kind.as_str(), s.label.as_str()))),
        replication: &replication,
        lanes: Lanes::of(parts.iter()),
        plot: SIZES[columns.min(SIZES.len()) - 1],
    };
    let panels: Vec<_> = parts.iter().map(|part| ScatterPanel::new(part, &setting)).collect();
    let heading = Heading {
        title: figure.title.clone(),
        x_label: figure.x_label.clone(),
        y_label: figure.y_label.clone(),
        caption: caption(figure, &panels, &replication),
        description: describe(&parts, &replication),
    };
    let blocks: Vec<_> = panels.iter().map(ScatterPanel::block).collect();
    let (mut sheet, plots) = lay_out(&heading, &blocks, columns);
    for (panel, plot) in panels.iter().zip(plots) {
        draw(panel, &mut sheet, plot);
    }
    sheet.finish(&heading.title, &heading.description)
}

fn caption(figure: &Figure, panels: &[ScatterPanel], replication: &Replication) -> String {
    if panels.iter().all(ScatterPanel::is_empty) {
        return sentences(&[&figure.caption, NOTHING]);
    }
    let axes = || panels.iter().filter_map(|panel| panel.axes.as_ref());
    let left = axes().any(|(x, _)| x.strip() > 0.0);
    let below = axes().any(|(_, y)| y.strip() > 0.0);
    let bottom = "Bottom strip: 0 lies in the interval; the bar ends at its upper end.";
    sentences(&[
        &figure.caption,
        "Pale to full: early to late in training. Bar: 95 % interval.",
        if left { "Left strip: zero variance." } else { "" },
        if below { bottom } else { "" },
        &replication.sentence("series"),
    ])
}

fn draw(panel: &ScatterPanel, sheet: &mut Sheet, rect: Rect) {
    let Some((x, y)) = panel.axes.clone() else {
        return nothing(sheet, rect);
    };
    let frame = Frame { rect, x, y };
    sheet.layer(|area| {
        frame.draw_axes(area)?;
        panel.paths.iter().try_for_each(|path| draw_bars(area, path, &rect))
    });
    for path in &panel.paths {
        sheet.titled(&path.title, |sheet| {
            sheet.layer(|area| draw_steps(area, path, &rect));
            sheet.edged(|sheet| sheet.layer(|area| draw_marks(area, path, &rect)));
        });
    }
    sheet.layer(|area| panel.paths.iter().try_for_each(|path| write_label(area, path, &rect)));
}

/// A place in a plot as a place on the sheet.
fn moved(rect: &Rect, (x, y): (f64, f64)) -> (f64, f64) {
    (rect.left + x, rect.top + y)
}

fn draw_bars(area: &Area<'_>, path: &Path, rect: &Rect) -> Drawn {
    for mark in &path.marks {
        let Some((upper, lower)) = mark.bar else {
            continue;
        };
        let ends = [upper, lower].map(|y| pixel(moved(rect, (mark.at.0, y))));
        let color = path.style.rgb().mix(0.55 * mark.strength);
        area.draw(&PathElement::new(ends.to_vec(), stroke(color, 1.3)))?;
    }
    Ok(())
}

fn draw_steps(area: &Area<'_>, path: &Path, rect: &Rect) -> Drawn {
    for pair in path.marks.windows(2) {
        let ends = [pair[0].at, pair[1].at].map(|at| pixel(moved(rect, at)));
        let color = path.style.rgb().mix(0.8 * pair[1].strength);
        area.draw(&PathElement::new(ends.to_vec(), stroke(color, 0.9)))?;
    }
    Ok(())
}

fn draw_marks(area: &Area<'_>, path: &Path, rect: &Rect) -> Drawn {
    path.marks.iter().try_for_each(|mark| {
        let at = pixel(moved(rect, mark.at));
        area.draw(&symbol(at, path.style, RADIUS, mark.strength))
    })
}

/// The label; if it covers something, on a ground that lets it shine through.
fn write_label(area: &Area<'_>, path: &Path, rect: &Rect) -> Drawn {
    let Some(placed) = path.placed else {
        return Ok(());
    };
    if let Some(leader) = placed.leader {
        line(area, &leader.map(|at| moved(rect, at)), path.style.rgb(), 0.7)?;
    }
    let Rect { left, top, width, height } = placed.rect;
    if placed.covers {
        let ground = [(left, top), (left + width, top + height)];
        let corners = ground.map(|corner| pixel(moved(rect, corner)));
        area.draw(&Rectangle::new(corners, WHITE.mix(0.7).filled()))?;
    }
    let from = moved(rect, (left + 1.0, top));
    paragraph(area, &path.label, from, Lettering::new(REMARK, INK))
}
