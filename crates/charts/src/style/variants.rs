//! The looks of a figure's series: one variant of its kind's style per label.

use crate::style::Style;
use crate::style::palette::Palette;
use std::collections::{BTreeMap, BTreeSet};

/// Label to style, for one figure.
pub(crate) struct Variants {
    palette: Palette,
    labels: BTreeMap<String, BTreeSet<String>>,
}

impl Variants {
    /// From the kind and label of every series of the figure, in any order; repetitions do not
    /// matter.
    ///
    /// Variants of a kind are numbered in the order of their labels, so figures of the same cells
    /// agree, whatever order they show them in.
    pub fn new<'a>(
        palette: &Palette,
        series: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Variants {
        let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (kind, label) in series {
            labels.entry(kind.to_owned()).or_default().insert(label.to_owned());
        }
        Variants { palette: palette.clone(), labels }
    }

    pub fn style(&self, kind: &str, label: &str) -> Style {
        let known = self.labels.get(kind);
        let index = known.and_then(|labels| labels.iter().position(|known| known == label));
        self.palette.style_of(kind).variant(index.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_share_only_the_color() {
        let palette = Palette::new(&[("gs", "Gumbel")], &[]);
        let forwards = Variants::new(&palette, [("gs", "gs t=0.1"), ("gs", "gs t=0.5")]);
        let backwards = Variants::new(&palette, [("gs", "gs t=0.5"), ("gs", "gs t=0.1")]);
        let (a, b) = (forwards.style("gs", "gs t=0.1"), forwards.style("gs", "gs t=0.5"));
        assert_eq!(a.color, b.color);
        assert!(a.dash != b.dash && a.marker != b.marker);
        assert_eq!(a, backwards.style("gs", "gs t=0.1"));
        assert_eq!(a, palette.style_of("gs"));
    }
}
