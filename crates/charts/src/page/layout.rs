//! The layout of a page: a heading, a grid of blocks (plots with their texts), and a caption.

use crate::drawing::{LegendEntry, Readout};
use crate::svg::frame::BELOW;
use crate::svg::mark::{INK, Lettering, MUTED, WARNING, write};
use crate::svg::sheet::{Area, Drawn, Rect, Sheet};
use crate::text::wrap;

/// Font sizes in pixels.
const HEADING: f64 = 14.0;
const TITLE: f64 = 13.0;
pub(crate) const AXIS: f64 = 12.0;
const CAPTION: f64 = 12.0;
pub(crate) const REMARK: f64 = 11.0;
/// The distance between lines of text, in font sizes.
pub(crate) const LEADING: f64 = 1.28;
const MARGIN: f64 = 14.0;
const BETWEEN_COLUMNS: f64 = 22.0;
const BETWEEN_ROWS: f64 = 18.0;
const BELOW_TITLE: f64 = 8.0;
const ABOVE_NOTES: f64 = 3.0;
const ABOVE_CAPTION: f64 = 12.0;
/// Width of bold text relative to regular text.
const BOLD: f64 = 1.07;
/// The least width of a page, so that captions have room.
const LEAST_WIDTH: f64 = 440.0;

/// The texts that all blocks share.
pub(crate) struct Heading {
    pub title: String,
    pub x_label: String,
    pub y_label: String,
    pub caption: String,
    pub description: String,
}

/// How a panel is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// On a sheet, with its labels and remarks beside the plot.
    Sheet,
    /// As narrow as a phone; a page writes what stands beside the plot.
    Piece,
}

/// A panel of a figure, ready to be drawn.
pub(crate) trait Drawable {
    /// The space it asks for, and its texts.
    fn block(&self) -> Block;

    /// Draws it with its plot at `rect`.
    fn draw(&self, sheet: &mut Sheet, rect: Rect);

    /// Its series and references, for a page.
    fn legend(&self) -> Vec<LegendEntry>;

    /// Its values, where a pointer can read them along the horizontal axis.
    fn readout(&self, x_label: &str, rect: Rect, size: (f64, f64)) -> Option<Readout>;
}

/// A plot with its texts and the space it needs, in pixels.
pub(crate) struct Block {
    pub title: String,
    /// Written above the plot, in the color of a warning.
    pub warning: Option<String>,
    /// Written below the plot.
    pub footnotes: Vec<String>,
    /// Space to the left of the plot.
    pub before: f64,
    /// Width and height of the plot.
    pub plot: (f64, f64),
    /// Space to the right of the plot.
    pub after: f64,
}

/// Widths of one column of blocks.
#[derive(Clone, Copy, Default)]
struct Column {
    before: f64,
    plot: f64,
    after: f64,
}

impl Column {
    fn width(&self) -> f64 {
        self.before + self.plot + self.after
    }
}

/// The texts of a block, broken into lines.
struct Texts {
    title: Vec<String>,
    warning: Vec<String>,
    footnotes: Vec<String>,
    x_label: Vec<String>,
}

impl Texts {
    fn new(block: &Block, heading: &Heading, column: &Column) -> Texts {
        let beside_axis = column.plot + column.after;
        let footnotes = block.footnotes.iter();
        Texts {
            title: lines(&block.title, TITLE * BOLD, beside_axis),
            warning: lines(block.warning.as_deref().unwrap_or(""), REMARK, beside_axis),
            footnotes: footnotes.flat_map(|note| lines(note, REMARK, beside_axis)).collect(),
            x_label: lines(&heading.x_label, AXIS, column.plot),
        }
    }

    fn write(&self, area: &Area<'_>, plot: &Rect) -> Drawn {
        let top = plot.top - self.above();
        let warnings = top + height(&self.title, TITLE);
        let labels = plot.bottom() + BELOW;
        let notes = labels + height(&self.x_label, AXIS) + ABOVE_NOTES;
        let center = plot.left + plot.width / 2.0;
        let remark = |color| Lettering::new(REMARK, color);
        let label = Lettering::new(AXIS, INK).centered();
        paragraph(area, &self.title, (plot.left, top), Lettering::new(TITLE, INK).bold())?;
        paragraph(area, &self.warning, (plot.left, warnings), remark(WARNING))?;
        paragraph(area, &self.x_label, (center, labels), label)?;
        paragraph(area, &self.footnotes, (plot.left, notes), remark(MUTED))
    }

    fn above(&self) -> f64 {
        let lines = height(&self.title, TITLE) + height(&self.warning, REMARK);
        if lines > 0.0 { lines + 4.0 } else { 6.0 }
    }

    fn below(&self) -> f64 {
        let notes = height(&self.footnotes, REMARK);
        BELOW + height(&self.x_label, AXIS) + if notes > 0.0 { notes + ABOVE_NOTES } else { 0.0 }
    }
}

/// Lays out the blocks row by row, `columns` in a row. Returns a sheet with all texts written, and
/// the rectangle of each plot.
pub(crate) fn lay_out(heading: &Heading, blocks: &[Block], columns: usize) -> (Sheet, Vec<Rect>) {
    let page = Page::new(heading, blocks, columns.clamp(1, blocks.len().max(1)));
    let (plots, bottom) = page.place(blocks);
    let mut sheet = Sheet::new(page.width, bottom + height(&page.caption, CAPTION) + MARGIN);
    sheet.layer(|area| page.write(area, &plots, bottom));
    (sheet, plots)
}

/// The texts of a page, broken into lines, and the widths that follow from them.
struct Page {
    title: Vec<String>,
    caption: Vec<String>,
    y_label: Vec<String>,
    texts: Vec<Texts>,
    columns: Vec<Column>,
    /// The left edge of the first column.
    left: f64,
    width: f64,
}

impl Page {
    fn new(heading: &Heading, blocks: &[Block], count: usize) -> Page {
        let columns = column_widths(blocks, count);
        let numbered = blocks.iter().enumerate();
        let texts = numbered.map(|(i, block)| Texts::new(block, heading, &columns[i % count]));
        let lowest = blocks.iter().map(|block| block.plot.1).reduce(f64::min);
        let y_label = lowest.map_or(Vec::new(), |lowest| lines(&heading.y_label, AXIS, lowest));
        let left = MARGIN + height(&y_label, AXIS);
        let between = BETWEEN_COLUMNS * (count - 1) as f64;
        let across = columns.iter().map(Column::width).sum::<f64>() + between;
        let width = (left + across + MARGIN).max(LEAST_WIDTH);
        Page {
            title: lines(&heading.title, HEADING * BOLD, width - 2.0 * MARGIN),
            caption: lines(&heading.caption, CAPTION, width - 2.0 * MARGIN),
            texts: texts.collect(),
            y_label,
            columns,
            left,
            width,
        }
    }

    /// The rectangles of the plots, and the top of the caption. Plots in a row are aligned.
    fn place(&self, blocks: &[Block]) -> (Vec<Rect>, f64) {
        let count = self.columns.len();
        let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        let mut plots = Vec::with_capacity(blocks.len());
        let mut bottom = MARGIN + height(&self.title, HEADING) + BELOW_TITLE;
        for (row, texts) in blocks.chunks(count).zip(self.texts.chunks(count)) {
            let gap = if plots.is_empty() { 0.0 } else { BETWEEN_ROWS };
            let top = bottom + gap + largest(&mut texts.iter().map(Texts::above));
            let height = largest(&mut row.iter().map(|block| block.plot.1));
            let mut start = self.left;
            for column in self.columns.iter().take(row.len()) {
                let (left, width) = (start + column.before, column.plot);
                plots.push(Rect { left, top, width, height });
                start += column.width() + BETWEEN_COLUMNS;
            }
            bottom = top + height + largest(&mut texts.iter().map(Texts::below));
        }
        (plots, bottom + ABOVE_CAPTION)
    }

    fn write(&self, area: &Area<'_>, plots: &[Rect], bottom: f64) -> Drawn {
        let heading = Lettering::new(HEADING, INK).bold();
        paragraph(area, &self.title, (MARGIN, MARGIN), heading)?;
        paragraph(area, &self.caption, (MARGIN, bottom), Lettering::new(CAPTION, INK))?;
        for (texts, plot) in self.texts.iter().zip(plots) {
            texts.write(area, plot)?;
        }
        let mut first = plots.iter().step_by(self.columns.len());
        first.try_for_each(|plot| write_upwards(area, &self.y_label, MARGIN - 4.0, plot))
    }
}

/// The width of a plot, if `panels` are to fill a document of a width: at least a third of what the panel
/// usually has.
pub(crate) fn plot_width<P: Drawable>(
    panels: &[P],
    columns: usize,
    total: f64,
    (usual, y_label): (f64, &str),
) -> f64 {
    let blocks: Vec<Block> = panels.iter().map(Drawable::block).collect();
    let count = columns.clamp(1, blocks.len().max(1));
    let beside =
        column_widths(&blocks, count).into_iter().map(|column| column.before + column.after);
    let label = if y_label.is_empty() { 0.0 } else { AXIS * LEADING };
    let between = BETWEEN_COLUMNS * (count - 1) as f64;
    let room = total - 2.0 * MARGIN - label - between - beside.sum::<f64>();
    (room / count as f64).floor().max(usual / 3.0)
}

fn column_widths(blocks: &[Block], columns: usize) -> Vec<Column> {
    let mut widths = vec![Column::default(); columns];
    for (i, block) in blocks.iter().enumerate() {
        let column = &mut widths[i % columns];
        column.before = column.before.max(block.before);
        column.plot = column.plot.max(block.plot.0);
        column.after = column.after.max(block.after);
    }
    widths
}

/// Writes the label of the vertical axis to the left of a plot, from `left` on.
pub(crate) fn write_upwards(area: &Area<'_>, lines: &[String], left: f64, plot: &Rect) -> Drawn {
    let middle = plot.top + plot.height / 2.0;
    lines.iter().enumerate().try_for_each(|(i, line)| {
        let left = left + (i as f64 + 0.5) * AXIS * LEADING;
        write(area, line, (left, middle), Lettering::new(AXIS, INK).centered().upwards())
    })
}

/// The height of lines in a font size.
pub(crate) fn height(lines: &[String], size: f64) -> f64 {
    lines.len() as f64 * size * LEADING
}

/// Breaks a text into lines of a width. An empty text has no lines.
pub(crate) fn lines(text: &str, size: f64, width: f64) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { wrap(text, size, width) }
}

/// Writes lines below each other, the first with its upper edge at `from`.
pub(crate) fn paragraph(
    area: &Area<'_>,
    lines: &[String],
    from: (f64, f64),
    lettering: Lettering,
) -> Drawn {
    let leading = lettering.size * LEADING;
    let middle = |line: usize| from.1 + (line as f64 + 0.5) * leading;
    let mut lines = lines.iter().enumerate();
    lines.try_for_each(|(i, line)| write(area, line, (from.0, middle(i)), lettering))
}
