//! Random figures with odd values, names and counts.

use crate::*;

const VALUES: [f64; 14] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    -1.0,
    1e-300,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    1.0,
    2.5,
    1e6,
    3.0e-5,
];

/// SplitMix64, so that the laws are checked on the same figures everywhere.
pub(super) struct Draws(pub u64);

impl Draws {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }

    /// Usually an ordinary number, sometimes an odd one.
    fn value(&mut self, odd: bool) -> f64 {
        match self.next(if odd { 3 } else { 40 }) {
            0 => VALUES[self.next(VALUES.len())],
            _ => (self.next(1000) as f64 + 1.0) / 100.0,
        }
    }

    fn point(&mut self, x: f64, odd: bool) -> Point {
        let (y, spread) = (self.value(odd), self.value(odd));
        Point { x, y, low: y - spread.abs() / 4.0, high: y + spread.abs() }
    }

    fn label(&mut self, index: usize) -> String {
        let long = "-with-a-name-that-goes-on".repeat(self.next(12) / 8 * self.next(5));
        let parameter = ["", " temperature=0.5", " samples=4, baseline=mean", " <&\"'>"];
        format!("kind{}{long}{} no.{index}", index % 7, parameter[self.next(4)])
    }

    fn series(&mut self, index: usize) -> Series {
        let odd = self.next(3) == 0;
        let count = [0, 1, 2, 11, 41][self.next(5)];
        Series {
            label: self.label(index),
            kind: format!("kind{}", index % 7),
            family: format!("family {}", index % 3),
            points: (0..count).map(|i| self.point(i as f64 * 50.0, odd)).collect(),
            expected: (0..self.next(3)).map(|i| (i as f64 * 50.0, i as f64)).collect(),
            runs: [0, 1, 4, 20, 20, 20][self.next(6)],
            failures: [0, 0, 3][self.next(3)],
        }
    }

    fn references(&mut self) -> Vec<Reference> {
        let count = self.next(4);
        let reference = |i| Reference { label: self.label(i), value: self.value(true) };
        (0..count).map(reference).collect()
    }

    pub fn figure(&mut self) -> Figure {
        let mut panel = || {
            let count = [0, 1, 4, 12, 20][self.next(5)];
            let series = (0..count).map(|i| self.series(i)).collect();
            let title = ["", "categories=3"][self.next(2)].into();
            Panel { title, series, references: self.references() }
        };
        Figure {
            title: "A heading".into(),
            x_label: "step".into(),
            y_label: "a rather long description of what is measured on this axis".into(),
            panels: (0..3).map(|_| panel()).collect(),
            y_scale: [Scale::Auto, Scale::Linear, Scale::Log][self.next(3)],
            x_scale: [Scale::Auto, Scale::Linear, Scale::Log][self.next(3)],
            caption: "What the caller says".into(),
            width: [None, None, Some(300.0), Some(1200.0)][self.next(4)],
        }
    }

    fn row(&mut self, index: usize) -> FinalRow {
        let odd = self.next(3) == 0;
        let Point { y, low, high, .. } = self.point(0.0, odd);
        FinalRow {
            label: self.label(index),
            kind: format!("kind{}", index % 7),
            value: y,
            low,
            high,
            samples: (0..self.next(20)).map(|_| self.value(odd)).collect(),
            runs: [4, 20, 20][self.next(3)],
            failures: [0, 0, 3][self.next(3)],
        }
    }

    pub fn finals(&mut self) -> FinalFigure {
        let Figure { title, x_label, x_scale, caption, width, .. } = self.figure();
        let mut panel = || {
            let count = [0, 1, 9, 36][self.next(4)];
            let rows = (0..count).map(|i| self.row(i)).collect();
            FinalPanel { title: "categories=3".into(), rows, references: self.references() }
        };
        FinalFigure {
            title,
            x_label,
            x_scale,
            caption,
            panels: (0..3).map(|_| panel()).collect(),
            better: [Better::Lower, Better::Higher][self.next(2)],
            reference_line: true,
            width,
        }
    }

    pub fn heat(&mut self) -> HeatFigure {
        let Figure { title, x_label, y_label, caption, width, .. } = self.figure();
        let mut panel = || {
            let (across, up) = ([0, 1, 4, 30][self.next(4)], [1, 3, 12][self.next(3)]);
            let odd = self.next(3) == 0;
            let mut tiles = vec![];
            for (column, row) in
                (0..across).flat_map(|column| (0..up).map(move |row| (column, row)))
            {
                if self.next(9) > 0 {
                    let known = [None, Some(self.value(odd))][self.next(2)];
                    let (runs, failures) = ([4, 20, 20][self.next(3)], [0, 0, 3][self.next(3)]);
                    tiles.push(Tile { column, row, value: self.value(odd), known, runs, failures });
                }
            }
            let labels = |count: usize| (0..count).map(|i| format!("{}e-{i}", i + 1)).collect();
            HeatPanel { title: self.label(0), columns: labels(across), rows: labels(up), tiles }
        };
        let panels = (0..3).map(|_| panel()).collect();
        let better = [Better::Lower, Better::Higher][self.next(2)];
        HeatFigure { title, x_label, y_label, better, caption, width, panels }
    }
}
