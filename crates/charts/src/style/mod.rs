//! The look of a kind of estimator: a color, a dash and a marker.

pub(crate) mod palette;
pub(crate) mod variants;

use plotters::style::RGBColor;

/// How strong the colors of late, middle and early steps are.
pub(crate) const STRENGTHS: [f64; 3] = [1.0, 0.6, 0.35];

/// The opaque color that looks like a color at an opacity on a page.
pub(crate) fn mixed(color: [u8; 3], page: [u8; 3], opacity: f64) -> [u8; 3] {
    let channel = |i: usize| {
        let (color, page) = (f64::from(color[i]), f64::from(page[i]));
        (page + opacity * (color - page)).round() as u8
    };
    [channel(0), channel(1), channel(2)]
}

/// The dash pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dash {
    /// No gaps.
    Solid,
    /// Short dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// A dash and a dot in turn.
    DashDot,
    /// Long dashes.
    Long,
}

impl Dash {
    const ALL: [Dash; 5] = [Dash::Solid, Dash::Dashed, Dash::DashDot, Dash::Dotted, Dash::Long];

    /// Lengths of strokes and gaps in pixels; empty if solid.
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

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A disk.
    Circle,
    /// An upright square.
    Square,
    /// A triangle that points up.
    Up,
    /// A square standing on a corner.
    Diamond,
    /// A triangle that points down.
    Down,
    /// A pentagon that points up.
    Pentagon,
}

/// The marker at the points of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Marker {
    /// Its shape.
    pub shape: Shape,
    /// Whether it is filled with the color; otherwise it is white inside.
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

/// The look of a kind of estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Style {
    /// Red, green and blue.
    pub color: [u8; 3],
    /// The color on a dark page.
    pub dark: [u8; 3],
    /// The dash of its lines.
    pub dash: Dash,
    /// The marker at its points.
    pub marker: Marker,
    position: usize,
}

impl Style {
    /// The look of a color with its dark twin, at a position in its family.
    pub(crate) fn new((color, dark): ([u8; 3], [u8; 3]), position: usize) -> Style {
        Style {
            color,
            dark,
            dash: Dash::ALL[position % Dash::ALL.len()],
            marker: Marker::nth(position),
            position,
        }
    }

    /// The look of the `index`-th variant of the same kind: the same color, but another dash and
    /// marker.
    ///
    /// ```
    /// # use charts::Palette;
    /// let style = Palette::new(&[("gumbel-softmax", "Gumbel")], &[]).style_of("gumbel-softmax");
    /// assert_eq!(style.variant(0), style);
    /// assert_eq!(style.variant(1).color, style.color);
    /// assert_ne!(style.variant(1).marker, style.variant(2).marker);
    /// ```
    pub fn variant(self, index: usize) -> Style {
        Style::new((self.color, self.dark), self.position + index)
    }

    /// The color in CSS notation, such as `#0072b2`.
    pub fn hex(self) -> String {
        let [red, green, blue] = self.color;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    pub(crate) fn rgb(self) -> RGBColor {
        let [red, green, blue] = self.color;
        RGBColor(red, green, blue)
    }
}
