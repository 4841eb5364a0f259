//! A pair of axes at a position on the sheet.

use crate::axis::{Axis, TICK_SIZE};
use crate::svg::mark::{FAINT_GRID, GRID, INK, Lettering, STRIP, stroke};
use crate::svg::sheet::{Area, Drawn, Rect, units};
use plotters::chart::ChartBuilder;
use plotters::drawing::DrawingArea;
use plotters::element::Rectangle;
use plotters::prelude::{Cartesian2d, SVGBackend};
use plotters::style::Color;

/// The space below a plot for its tick labels, in pixels.
pub(crate) const BELOW: f64 = 20.0;
const TICK: f64 = 4.0;

/// A drawing area for marks, in the coordinates of the axes.
pub(crate) type Plot<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<Axis, Axis>>;

/// Two axes around a rectangle.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub rect: Rect,
    pub x: Axis,
    pub y: Axis,
}

impl Frame {
    /// The space to the left of a plot for the tick labels of `y`, in pixels.
    pub fn beside(y: &Axis) -> f64 {
        (y.label_width() + 2.0 * TICK + 2.0).ceil()
    }

    /// The position of a pair of values in pixels.
    pub fn pixel(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let Rect { left, width, height, .. } = self.rect;
        let up = self.y.position(y) * height;
        (left + self.x.position(x) * width, self.rect.bottom() - up)
    }

    /// The plot without the strips for zero.
    fn main(&self) -> Rect {
        let (across, up) = (self.x.strip() * self.rect.width, self.y.strip() * self.rect.height);
        let Rect { left, top, width, height } = self.rect;
        Rect { left: left + across, top, width: width - across, height: height - up }
    }

    /// Draws the grid, the axes with their ticks, and the background of the strips.
    pub fn draw_axes(&self, area: &Area<'_>) -> Drawn {
        let (beside, below) = (units(Frame::beside(&self.y)), units(BELOW));
        let around = self.placed(area, beside, below);
        let mut chart = ChartBuilder::on(&around)
            .y_label_area_size(beside)
            .x_label_area_size(below)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(stroke(GRID, 0.8))
            .light_line_style(stroke(FAINT_GRID, 0.8))
            .axis_style(stroke(INK, 0.8))
            .set_all_tick_mark_size(units(TICK))
            .label_style(Lettering::new(TICK_SIZE, INK).style())
            .draw()?;
        self.draw_strips(area)
    }

    /// A drawing area for marks on the same axes.
    pub fn plot<'a>(&self, area: &Area<'a>) -> Result<Plot<'a>, PlotError> {
        let around = self.placed(area, 0, 0);
        let chart = ChartBuilder::on(&around).build_cartesian_2d(self.x.clone(), self.y.clone())?;
        Ok(chart.plotting_area().clone())
    }

    fn placed<'a>(&self, area: &Area<'a>, beside: i32, below: i32) -> Area<'a> {
        let Rect { left, top, width, height } = self.rect;
        let corner = (units(left) - beside, units(top));
        area.clone().shrink(corner, (units(width) + beside, units(height) + below))
    }

    fn draw_strips(&self, area: &Area<'_>) -> Drawn {
        let (whole, main) = (self.rect, self.main());
        let background = |corners: [(f64, f64); 2]| {
            let corners = corners.map(|(x, y)| (units(x), units(y)));
            area.draw(&Rectangle::new(corners, STRIP.filled()))
        };
        if self.y.strip() > 0.0 {
            background([(whole.left + 0.8, main.bottom()), (whole.right(), whole.bottom() - 0.8)])?;
        }
        if self.x.strip() > 0.0 {
            background([(whole.left + 0.8, whole.top), (main.left, whole.bottom() - 0.8)])?;
        }
        Ok(())
    }
}

type PlotError = plotters::drawing::DrawingAreaErrorKind<std::io::Error>;
