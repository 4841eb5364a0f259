//! Drawing primitives in pixels: text, lines and markers.

use crate::style::{Marker, Shape, Style, mixed};
use crate::svg::sheet::{Area, Drawn, units};
use plotters::element::Text;
use plotters::element::{Circle, DynElement, EmptyElement, IntoDynElement, PathElement, Polygon};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform};
use plotters::style::{RGBColor, ShapeStyle, TextStyle, WHITE};

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Remarks; contrast 7 to white.
pub(crate) const MUTED: RGBColor = RGBColor(0x55, 0x55, 0x55);
/// Warnings; contrast 7 to white.
pub(crate) const WARNING: RGBColor = RGBColor(0x9c, 0x1f, 0x00);
/// The grid at labeled ticks, and between them.
pub(crate) const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
pub(crate) const FAINT_GRID: RGBColor = RGBColor(0xf1, 0xf1, 0xf1);
/// The background of a strip.
pub(crate) const STRIP: RGBColor = RGBColor(0xf5, 0xf5, 0xf5);

/// The size, color and alignment of a line of text. The vertical anchor is its middle.
#[derive(Clone, Copy)]
pub(crate) struct Lettering {
    pub size: f64,
    color: RGBColor,
    bold: bool,
    upwards: bool,
    side: HPos,
}

impl Lettering {
    pub fn new(size: f64, color: RGBColor) -> Lettering {
        Lettering { size, color, bold: false, upwards: false, side: HPos::Left }
    }

    pub fn bold(self) -> Lettering {
        Lettering { bold: true, ..self }
    }

    /// Reads from bottom to top.
    pub fn upwards(self) -> Lettering {
        Lettering { upwards: true, ..self }
    }

    /// Centered at the given position.
    pub fn centered(self) -> Lettering {
        Lettering { side: HPos::Center, ..self }
    }

    /// Ends at the given position.
    pub fn ending(self) -> Lettering {
        Lettering { side: HPos::Right, ..self }
    }

    /// The equivalent style for plotters, which divides the size by 1.24 when it writes SVG.
    pub fn style(self) -> TextStyle<'static> {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let size = f64::from(units(self.size)) * 1.24;
        let font = FontDesc::new(FontFamily::SansSerif, size, weight);
        let turn = if self.upwards { FontTransform::Rotate270 } else { FontTransform::None };
        TextStyle {
            font: font.transform(turn),
            color: self.color.to_backend_color(),
            pos: Pos::new(self.side, VPos::Center),
        }
    }
}

/// Writes one line of text at a position in pixels.
pub(crate) fn write(area: &Area<'_>, text: &str, at: (f64, f64), lettering: Lettering) -> Drawn {
    area.draw(&Text::new(text.to_owned(), pixel(at), lettering.style()))
}

/// Draws a polyline through positions in pixels.
pub(crate) fn line(area: &Area<'_>, through: &[(f64, f64)], color: RGBColor, width: f64) -> Drawn {
    let through: Vec<_> = through.iter().copied().map(pixel).collect();
    area.draw(&PathElement::new(through, stroke(color, width)))
}

/// A position in pixels for plotters.
pub(crate) fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    (units(x), units(y))
}

/// A stroke of a width in pixels.
pub(crate) fn stroke(color: impl Color, width: f64) -> ShapeStyle {
    color.stroke_width(units(width) as u32)
}

/// The marker of `style` with a radius in pixels, at a position in any coordinate system. A
/// `strength` of 1 is the full color, and 0 is white. The marker is opaque and hides what is below.
pub(crate) fn symbol<'a, DB, C>(
    at: C,
    style: Style,
    radius: f64,
    strength: f64,
) -> DynElement<'a, DB, C>
where
    DB: DrawingBackend + 'a,
    C: Clone + 'a,
{
    let [red, green, blue] = mixed(style.color, [255; 3], strength);
    let color = RGBColor(red, green, blue);
    let Marker { shape, filled } = style.marker;
    let edge = stroke(color, 1.4);
    let place = EmptyElement::at(at);
    let outline = corners(shape, units(radius));
    match (shape, filled) {
        (Shape::Circle, true) => {
            (place + Circle::new((0, 0), units(radius), color.filled())).into_dyn()
        }
        (_, true) => (place + Polygon::new(outline, color.filled())).into_dyn(),
        (_, false) => (place
            + Polygon::new(outline.clone(), WHITE.filled())
            + PathElement::new(closed(outline), edge))
        .into_dyn(),
    }
}

/// A cross, for the end of a line whose runs diverged.
pub(crate) fn cross<'a, DB, C>(at: C, color: RGBColor, radius: f64) -> DynElement<'a, DB, C>
where
    DB: DrawingBackend + 'a,
    C: Clone + 'a,
{
    let r = units(radius);
    let [falling, rising] = [vec![(-r, -r), (r, r)], vec![(-r, r), (r, -r)]];
    let drawn = |path: Vec<(i32, i32)>, color, width| PathElement::new(path, stroke(color, width));
    (EmptyElement::at(at)
        + drawn(falling.clone(), WHITE, 4.4)
        + drawn(rising.clone(), WHITE, 4.4)
        + drawn(falling, color, 2.2)
        + drawn(rising, color, 2.2))
    .into_dyn()
}

/// A circle around a position.
pub(crate) fn ring<'a, DB, C>(at: C, radius: f64) -> DynElement<'a, DB, C>
where
    DB: DrawingBackend + 'a,
    C: Clone + 'a,
{
    (EmptyElement::at(at) + Circle::new((0, 0), units(radius), stroke(INK, 1.1))).into_dyn()
}

/// A triangle with its tip at a position. It points right if `length` is positive, else left.
pub(crate) fn arrow<'a, DB, C>(tip: C, length: f64, color: RGBColor) -> DynElement<'a, DB, C>
where
    DB: DrawingBackend + 'a,
    C: Clone + 'a,
{
    let (back, half) = (units(-length), units(length.abs() * 0.6));
    let corners = vec![(0, 0), (back, -half), (back, half)];
    (EmptyElement::at(tip) + Polygon::new(corners, color)).into_dyn()
}

/// The corners of a shape with about the area of a disk of `radius`.
fn corners(shape: Shape, radius: i32) -> Vec<(i32, i32)> {
    let (count, first, reach) = match shape {
        Shape::Circle => (12, 0.0, 1.02),
        Shape::Square => (4, 45.0, 1.28),
        Shape::Diamond => (4, 0.0, 1.32),
        Shape::Up => (3, -90.0, 1.42),
        Shape::Down => (3, 90.0, 1.42),
        Shape::Pentagon => (5, -90.0, 1.15),
    };
    let corner = |i: i32| {
        let (sin, cos) = (f64::from(i) * 360.0 / f64::from(count) + first).to_radians().sin_cos();
        let reach = f64::from(radius) * reach;
        ((reach * cos).round() as i32, (reach * sin).round() as i32)
    };
    (0..count).map(corner).collect()
}

fn closed(mut corners: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    corners.extend(corners.first().copied());
    corners
}
