//! A panel in pieces: its plot with its axes as an SVG of its own, whose texts the page writes.

use crate::drawing::Piece;
use crate::page::layout::{
    AXIS, Block, Drawable, Heading, height, lines, paragraph, write_upwards,
};
use crate::svg::frame::BELOW;
use crate::svg::mark::{INK, Lettering};
use crate::svg::sheet::{Rect, Sheet};

/// The space above a plot, for half a tick label, and below its last text.
const ABOVE: f64 = 7.0;
const UNDER: f64 = 3.0;
/// The least space to the right of a plot, for half a tick label.
const EDGE: f64 = 18.0;

/// The panels in pieces, all of one width, with their plots below each other.
pub(crate) fn all<P: Drawable>(heading: &Heading, panels: &[P]) -> Vec<Piece> {
    let blocks: Vec<Block> = panels.iter().map(Drawable::block).collect();
    let widest = |space: fn(&Block) -> f64| blocks.iter().map(space).fold(0.0, f64::max);
    let (before, after) = (widest(|block| block.before), widest(|block| block.after).max(EDGE));
    let piece = |(panel, block)| piece(heading, panel, block, (before, after));
    panels.iter().zip(blocks).map(piece).collect()
}

fn piece<P: Drawable>(
    heading: &Heading,
    panel: &P,
    block: Block,
    (before, after): (f64, f64),
) -> Piece {
    let (width, down) = block.plot;
    let y_label = lines(&heading.y_label, AXIS, down);
    let x_label = lines(&heading.x_label, AXIS, width);
    let left = height(&y_label, AXIS) + before;
    let rect = Rect { left, top: ABOVE, width, height: down };
    let labels = rect.bottom() + BELOW;
    let size = ((left + width + after).ceil(), (labels + height(&x_label, AXIS) + UNDER).ceil());
    let mut sheet = Sheet::new(size.0, size.1);
    panel.draw(&mut sheet, rect);
    sheet.layer(|area| {
        let center = rect.left + rect.width / 2.0;
        paragraph(area, &x_label, (center, labels), Lettering::new(AXIS, INK).centered())?;
        write_upwards(area, &y_label, 0.0, &rect)
    });
    let names = [&heading.title, &block.title].map(String::as_str);
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    Piece {
        svg: sheet.finish_piece(&names.join(", ")),
        legend: panel.legend(),
        readout: panel.readout(&heading.x_label, rect, size),
        title: block.title,
        warning: block.warning,
        notes: block.footnotes,
    }
}
