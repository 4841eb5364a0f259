//! One color, dash and marker per kind of estimator, the same in every figure.

use crate::style::Style;
use crate::style::oklch::to_rgb;

/// One hue per family, in order of first appearance: blue, vermilion, bluish green and reddish
/// purple of Okabe and Ito, olive and indigo of Paul Tol, and a cyan.
const HUES: [f64; 7] = [244.0, 47.5, 165.5, 346.0, 103.0, 288.0, 208.0];
/// Lightness, and rotation of the hue, by position in the family. Their lengths have no common
/// factor, so 20 members have 20 colors. Even the lightest has a contrast of 3 to white.
const LIGHTNESS: [f64; 5] = [0.55, 0.41, 0.65, 0.48, 0.60];
const TURNS: [f64; 4] = [0.0, 14.0, -14.0, 7.0];
const CHROMA: f64 = 0.15;
/// Where in [`LIGHTNESS`] a family starts. About one reader in twenty cannot tell red from green, so
/// the first members of the families must differ in lightness too.
const STARTS: [usize; 7] = [4, 4, 3, 2, 1, 0, 3];

/// The looks of all kinds of a project.
///
/// Each family has a hue; its members differ in lightness, dash and marker. The look of a kind
/// depends only on the families and kinds before it in the registry, so adding a kind at the end of
/// its family changes no other look.
///
/// ```
/// # use charts::Palette;
/// let kinds = [("exact", "exact"), ("straight-through", "vertex"), ("reinmax", "vertex")];
/// let palette = Palette::new(&kinds).with_reference("exact");
/// assert_ne!(palette.style_of("straight-through").color, palette.style_of("reinmax").color);
/// assert_eq!(palette.style_of("exact").hex(), "#565656");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Palette {
    styles: Vec<(String, Style)>,
    reference: Option<String>,
}

impl Palette {
    /// The palette of a registry: pairs of kind and family, in the order of the registry.
    pub fn new(kinds: &[(&str, &str)]) -> Palette {
        let mut families: Vec<(&str, usize)> = Vec::new();
        let mut styles = Vec::with_capacity(kinds.len());
        for &(kind, family) in kinds {
            let known = families.iter().position(|(name, _)| *name == family);
            let index = known.unwrap_or_else(|| {
                families.push((family, 0));
                families.len() - 1
            });
            styles.push((kind.to_owned(), member(index, families[index].1)));
            families[index].1 += 1;
        }
        Palette { styles, reference: None }
    }

    /// The same palette with `kind` as the reference: it is gray, and repeated in every panel of a
    /// figure that is split.
    pub fn with_reference(mut self, kind: &str) -> Palette {
        self.reference = Some(kind.to_owned());
        self
    }

    /// The look of `kind`. A kind that is not in the registry is brown, with a dash and a marker
    /// that depend only on its name.
    pub fn style_of(&self, kind: &str) -> Style {
        if self.is_reference(kind) {
            return Style::new([0x56; 3], 0);
        }
        let known = self.styles.iter().find(|(name, _)| name == kind);
        known.map_or_else(|| unknown(kind), |(_, style)| *style)
    }

    pub(crate) fn is_reference(&self, kind: &str) -> bool {
        self.reference.as_deref() == Some(kind)
    }
}

/// The look of the `position`-th member of the `family`-th family.
fn member(family: usize, position: usize) -> Style {
    let family = family % HUES.len();
    let lightness = LIGHTNESS[(position + STARTS[family]) % LIGHTNESS.len()];
    let hue = HUES[family] + TURNS[position % TURNS.len()];
    Style::new(to_rgb(lightness, CHROMA, hue), position)
}

fn unknown(kind: &str) -> Style {
    Style::new([0x80, 0x5a, 0x2b], kind.bytes().map(usize::from).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const FAMILIES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

    fn registry(per_family: usize) -> Vec<(String, &'static str)> {
        let member = |i| FAMILIES.map(|family| (format!("{family}{i}"), family));
        (0..per_family).flat_map(member).collect()
    }

    fn palette(kinds: &[(String, &str)]) -> Palette {
        Palette::new(
            &kinds.iter().map(|(kind, family)| (kind.as_str(), *family)).collect::<Vec<_>>(),
        )
    }

    /// Relative luminance contrast to white (WCAG 2).
    fn contrast(color: [u8; 3]) -> f64 {
        let linear = color.map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    }

    /// Committed figures contain these colors, so they must not change.
    #[test]
    fn the_colors_of_committed_figures_do_not_change() {
        let palette = palette(&registry(5));
        let hex = |kind: String| {
            let [red, green, blue] = palette.style_of(&kind).color;
            format!("{red:02x}{green:02x}{blue:02x}")
        };
        let colors =
            FAMILIES.map(|family| [0, 1, 2, 3, 4].map(|i| hex(format!("{family}{i}"))).join(" "));
        let frozen = [
            "0487d1 3370c7 02526e 3d93e7 04639a",
            "c65e1f a55d03 891b01 d37220 964102",
            "046f50 089582 038843 035846 05a87b",
            "ce65a2 9c2e5a b25aa7 b04579 7e1a5b",
            "534c01 8a9a06 745a02 868602 7e7400",
            "6f5fc3 5b2e8c 7485e9 6646a8 7e6ed3",
            "006a76 088eaf 068281 015463 05a1b2",
        ];
        assert_eq!(colors, frozen);
    }

    #[test]
    fn every_kind_has_its_own_color_and_contrasts_with_white() {
        let kinds = registry(20);
        let palette = palette(&kinds);
        let colors: HashSet<_> =
            kinds.iter().map(|(kind, _)| palette.style_of(kind).color).collect();
        assert_eq!(colors.len(), kinds.len());
        for color in colors {
            assert!(contrast(color) >= 3.0, "{color:?} {}", contrast(color));
        }
    }

    /// How a reader without red or green cones sees a color (Machado et al. 2009, in linear light).
    fn seen(color: [u8; 3], matrix: [[f64; 3]; 3]) -> [f64; 3] {
        let linear = color.map(|c| (f64::from(c) / 255.0).powf(2.2));
        matrix.map(|row| {
            row.iter().zip(linear).map(|(m, c)| m * c).sum::<f64>().max(0.0).powf(1.0 / 2.2)
        })
    }

    #[test]
    fn families_differ_for_readers_without_red_or_green_cones() {
        let deutan = [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]];
        let protan = [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]];
        let kinds = registry(1);
        let palette = palette(&kinds);
        for matrix in [deutan, protan] {
            let seen = |kind: &str| seen(palette.style_of(kind).color, matrix);
            for (i, (a, _)) in kinds[..5].iter().enumerate() {
                for (b, _) in &kinds[..i] {
                    let pairs = seen(a).into_iter().zip(seen(b));
                    let apart = pairs.map(|(a, b)| (a - b).abs());
                    let apart = apart.fold(0.0, f64::max);
                    assert!(apart > 0.15, "{a} and {b}: {apart}");
                }
            }
        }
    }

    #[test]
    fn more_kinds_than_colors_still_look_different() {
        let kinds = registry(50);
        let palette = palette(&kinds);
        let looks: HashSet<_> = kinds
            .iter()
            .map(|(kind, _)| palette.style_of(kind))
            .map(|style| (style.color, style.dash, style.marker))
            .collect();
        assert_eq!(looks.len(), kinds.len());
    }

    #[test]
    fn a_new_member_of_a_family_changes_no_other() {
        let (few, many) = (registry(3), registry(4));
        let (before, after) = (palette(&few), palette(&many));
        for (kind, _) in &few {
            assert_eq!(before.style_of(kind), after.style_of(kind));
        }
    }

    #[test]
    fn members_of_a_family_differ_without_color() {
        let kinds = registry(12);
        let palette = palette(&kinds);
        let looks: HashSet<_> = (0..12)
            .map(|i| palette.style_of(&format!("a{i}")))
            .map(|style| (style.dash, style.marker))
            .collect();
        assert_eq!(looks.len(), 12);
    }

    #[test]
    fn the_look_of_an_unknown_kind_depends_only_on_its_name() {
        let empty = Palette::default();
        let full = palette(&registry(2));
        assert_eq!(empty.style_of("mine"), full.style_of("mine"));
    }
}
