//! A figure from its panels: as one document, and in pieces.

use crate::drawing::Drawing;
use crate::page::layout::{Block, Drawable, Heading, lay_out};
use crate::page::piece;

/// A figure: `panels` on one sheet, `columns` in a row, each in the block that it asks for; and
/// `pieces`, the same panels as a page lays them out.
pub(crate) fn compose<P: Drawable>(
    heading: Heading,
    panels: &[P],
    pieces: &[P],
    columns: usize,
) -> Drawing {
    let blocks: Vec<Block> = panels.iter().map(Drawable::block).collect();
    let (mut sheet, plots) = lay_out(&heading, &blocks, columns);
    for (panel, plot) in panels.iter().zip(plots) {
        panel.draw(&mut sheet, plot);
    }
    Drawing {
        svg: sheet.finish(&heading.title, &heading.description),
        panels: piece::all(&heading, pieces),
        title: heading.title,
        caption: heading.caption,
        columns,
    }
}
