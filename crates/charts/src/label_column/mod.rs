//! The column of labels to the right of a plot: a legend that also labels lines directly.

mod spread;

use crate::label_column::spread::{Slot, centers};
use crate::page::layout::{LEADING, REMARK, height};
use crate::svg::mark::{INK, Lettering, MUTED, write};
use crate::svg::sheet::{Area, Drawn, Rect};
use crate::text::{widest, wrap};

const SIZE: f64 = 12.0;
/// From the plot to the swatch, with space for the leader lines.
const GAP: f64 = 26.0;
/// The length of a swatch: a piece of the line with its marker.
const SWATCH: f64 = 24.0;
const SPACE: f64 = 6.0;
/// The longest line of a label; longer names are wrapped.
const LONGEST: f64 = 215.0;

/// A name with remarks, broken into lines.
pub(crate) struct Label {
    name: Vec<String>,
    remarks: Vec<String>,
}

impl Label {
    pub fn new(name: &str, remarks: &[String]) -> Label {
        let remarks = remarks.iter().flat_map(|remark| wrap(remark, REMARK, LONGEST)).collect();
        Label { name: wrap(name, SIZE, LONGEST), remarks }
    }

    /// A name written like a remark.
    pub fn muted(name: &str) -> Label {
        Label { name: Vec::new(), remarks: wrap(name, REMARK, LONGEST) }
    }

    pub fn height(&self) -> f64 {
        height(&self.name, SIZE) + height(&self.remarks, REMARK) + 1.0
    }

    fn width(&self) -> f64 {
        widest(&self.name, SIZE).max(widest(&self.remarks, REMARK))
    }

    /// Writes the label. The first line of the name is beside the swatch.
    fn write(&self, area: &Area<'_>, left: f64, center: f64) -> Drawn {
        let mut y = first_line(self, center);
        for line in &self.name {
            write(area, line, (left, y), Lettering::new(SIZE, INK))?;
            y += SIZE * LEADING;
        }
        y -= (SIZE - REMARK) * LEADING / 2.0;
        for line in &self.remarks {
            write(area, line, (left, y), Lettering::new(REMARK, MUTED))?;
            y += REMARK * LEADING;
        }
        Ok(())
    }
}

fn first_line(label: &Label, center: f64) -> f64 {
    center - label.height() / 2.0 + 0.5 + SIZE * LEADING / 2.0
}

/// The space that labels take to the right of a plot.
pub(crate) fn column_width<'a>(labels: impl Iterator<Item = &'a Label>) -> f64 {
    let widest = labels.map(Label::width).fold(0.0, f64::max);
    GAP + SWATCH + SPACE + widest.ceil()
}

/// A column of labels with their positions.
pub(crate) struct LabelColumn<'a> {
    labels: Vec<(&'a Label, f64)>,
    left: f64,
}

impl<'a> LabelColumn<'a> {
    /// Places each label as near as possible to the height of its line.
    pub fn new(labels: Vec<(&'a Label, f64)>, plot: &Rect) -> LabelColumn<'a> {
        let slots: Vec<_> =
            labels.iter().map(|&(label, wanted)| Slot { wanted, height: label.height() }).collect();
        let centers = centers(&slots, plot.top - 4.0, plot.bottom() + 4.0);
        let labels = labels.iter().map(|(label, _)| *label).zip(centers).collect();
        LabelColumn { labels, left: plot.right() + GAP }
    }

    /// Both ends of the swatch of the `index`-th label.
    pub fn swatch(&self, index: usize) -> [(f64, f64); 2] {
        let (label, center) = self.labels[index];
        let y = first_line(label, center);
        [(self.left, y), (self.left + SWATCH, y)]
    }

    /// The leader from the end of a line, at the right edge of the plot, to the swatch.
    pub fn leader(&self, index: usize, end: (f64, f64)) -> [(f64, f64); 2] {
        let [(left, y), _] = self.swatch(index);
        [(end.0 + 5.0, end.1), (left - 3.0, y)]
    }

    pub fn write(&self, area: &Area<'_>) -> Drawn {
        let left = self.left + SWATCH + SPACE;
        self.labels.iter().try_for_each(|(label, center)| label.write(area, left, *center))
    }
}
