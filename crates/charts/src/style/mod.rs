//! How a kind of estimator looks: a colour, a dash and a marker.

mod oklch;
pub(crate) mod palette;
pub(crate) mod variants;

use plotters::style::RGBColor;

/// How a line is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Strokes as long as six widths.
    Dashed,
    /// Dots.
    Dotted,
    /// A stroke, a dot.
    DashDot,
    /// Long strokes with short gaps.
    Long,
}

impl Dash {
    const ALL: [Dash; 5] = [Dash::Solid, Dash::Dashed, Dash::DashDot, Dash::Dotted, Dash::Long];

    /// Lengths of strokes and gaps in pixels; empty if unbroken.
    pub(crate) fn lengths(self) -> &'static [f64] {
        match self {
            Dash::Solid => &[],
            Dash::Dashed => &[6.0, 3.0],
            Dash::Dotted => &[1.6, 2.4],
            Dash::DashDot => &[7.0, 2.4, 1.6, 2.4],
            Dash::Long => &[12.0, 3.0],
        }
    }
}

/// The outline of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A disc.
    Circle,
    /// An upright square.
    Square,
    /// A triangle that points up.
    Up,
    /// A square on its corner.
    Diamond,
    /// A triangle that points down.
    Down,
    /// Five corners.
    Pentagon,
}

/// What stands at the points of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Marker {
    /// Its outline.
    pub shape: Shape,
    /// Filled with the colour, or white inside.
    pub filled: bool,
}

impl Marker {
    const SHAPES: [Shape; 6] =
        [Shape::Circle, Shape::Square, Shape::Up, Shape::Diamond, Shape::Down, Shape::Pentagon];

    fn nth(position: usize) -> Marker {
        let (round, shape) = (position / Self::SHAPES.len(), position % Self::SHAPES.len());
        Marker { shape: Self::SHAPES[shape], filled: round.is_multiple_of(2) }
    }
}

/// How a kind of estimator looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Style {
    /// Red, green and blue.
    pub color: [u8; 3],
    /// The dash of its lines.
    pub dash: Dash,
    /// The marker at its points.
    pub marker: Marker,
    position: usize,
}

impl Style {
    /// The look of that colour at a position in its family.
    pub(crate) fn new(color: [u8; 3], position: usize) -> Style {
        Style {
            color,
            dash: Dash::ALL[position % Dash::ALL.len()],
            marker: Marker::nth(position),
            position,
        }
    }

    /// The look of the `index`-th variant of the same kind: the colour stays, dash and marker
    /// change.
    ///
    /// ```
    /// # use charts::Palette;
    /// let style = Palette::new(&[("gumbel-softmax", "Gumbel")]).style_of("gumbel-softmax");
    /// assert_eq!(style.variant(0), style);
    /// assert_eq!(style.variant(1).color, style.color);
    /// assert_ne!(style.variant(1).marker, style.variant(2).marker);
    /// ```
    pub fn variant(self, index: usize) -> Style {
        Style::new(self.color, self.position + index)
    }

    /// The colour as CSS writes it, such as `#0072b2`.
    pub fn hex(self) -> String {
        let [red, green, blue] = self.color;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    pub(crate) fn rgb(self) -> RGBColor {
        let [red, green, blue] = self.color;
        RGBColor(red, green, blue)
    }
}
