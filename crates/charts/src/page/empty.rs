//! The placeholder for a plot without data.

use crate::svg::mark::{Lettering, MUTED, WARNING, line, write};
use crate::svg::sheet::{Rect, Sheet};

/// Draws an empty box in place of a plot.
pub(crate) fn nothing(sheet: &mut Sheet, rect: Rect) {
    let Rect { left, top, width, height } = rect;
    let corners = [(left, top), (left + width, top), (left + width, top + height)];
    let outline = [corners[0], corners[1], corners[2], (left, top + height), corners[0]];
    sheet.layer(|area| {
        line(area, &outline, MUTED, 0.6)?;
        let middle = (left + width / 2.0, top + height / 2.0);
        write(area, "nothing to show", middle, Lettering::new(13.0, WARNING).centered())
    });
}
