//! A panel of lines as part of a figure: the space that it asks for, its legend and its readout.

use crate::drawing::{LegendEntry, Readout};
use crate::label_column::column_width;
use crate::lines::panel::{Line, LinePanel};
use crate::page::layout::{Block, Drawable, Layout};
use crate::page::legend;
use crate::svg::frame::Frame;
use crate::svg::sheet::{Rect, Sheet};

impl Drawable for LinePanel {
    fn block(&self) -> Block {
        Block {
            title: self.title.clone(),
            warning: self.warning.clone(),
            footnotes: self.footnotes.clone(),
            before: self.axes.as_ref().map_or(0.0, |(_, y)| Frame::beside(y)),
            plot: self.size,
            after: match self.layout {
                Layout::Sheet => column_width(self.labels()),
                Layout::Piece => 0.0,
            },
        }
    }

    fn draw(&self, sheet: &mut Sheet, rect: Rect) {
        self.draw_at(sheet, rect);
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let height = |line: &Line| line.segments.points().last().map_or(f64::MIN, |point| point.y);
        let mut lines: Vec<&Line> = self.lines.iter().collect();
        lines.sort_by(|a, b| height(b).total_cmp(&height(a)));
        let lines = lines
            .into_iter()
            .map(|line| legend::series(&line.name, &line.remarks, line.style, true));
        lines
            .chain(self.levels.iter().map(|level| legend::reference((&level.name, level.value))))
            .collect()
    }

    fn readout(&self, x_label: &str, rect: Rect, size: (f64, f64)) -> Option<Readout> {
        let (axis, _) = self.axes.as_ref()?;
        let points = |line: &Line| line.segments.points().copied().collect::<Vec<_>>();
        let mut x: Vec<f64> = self.lines.iter().flat_map(points).map(|point| point.x).collect();
        x.sort_by(f64::total_cmp);
        x.dedup();
        let series = |line: &Line| {
            let points = points(line);
            let at = |x: &f64| {
                let point = points.iter().find(|point| point.x == *x)?;
                Some([point.y, point.low, point.high])
            };
            (line.name.clone(), x.iter().map(at).collect())
        };
        Some(Readout {
            x_label: x_label.to_owned(),
            at: x.iter().map(|&x| (rect.left + axis.position(x) * rect.width) / size.0).collect(),
            ends: [rect.top, rect.bottom()].map(|y| y / size.1),
            series: self.lines.iter().map(series).collect(),
            x,
        })
    }
}
