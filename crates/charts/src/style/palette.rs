//! One color, dash and marker per kind of estimator, the same in every figure.

use crate::style::{STRENGTHS, Style, mixed};

/// A color on white, and on a dark page.
type Twins = ([u8; 3], [u8; 3]);

/// Colors that readers without red or green cones can tell apart, too: found by a search for the
/// largest distance of the nearest pair in OKLab, as such readers see them (Machado et al. 2009), at
/// a contrast of at least 3 to white. Beside each, its twin on a dark page.
const COLORS: [Twins; 11] = [
    ([0x10, 0x5f, 0xd9], [0x90, 0x99, 0xfe]),
    ([0xbf, 0x43, 0x06], [0xe7, 0x74, 0x12]),
    ([0x25, 0x85, 0x5b], [0x40, 0xd8, 0x68]),
    ([0xaa, 0x71, 0xfc], [0xf7, 0xaa, 0xfe]),
    ([0xaf, 0x92, 0x3c], [0x91, 0x65, 0x08]),
    ([0xe6, 0x48, 0x87], [0xde, 0x70, 0xc6]),
    ([0x33, 0x98, 0xc2], [0xa3, 0xf5, 0xff]),
    ([0x9c, 0x3b, 0x96], [0xd0, 0x32, 0x75]),
    ([0x0f, 0x44, 0x00], [0xee, 0xef, 0x08]),
    ([0x62, 0x07, 0x4e], [0x8d, 0x5a, 0xb1]),
    ([0x1c, 0x24, 0x8e], [0x19, 0x74, 0xed]),
];
/// The color of the reference, and of kinds that are not in the registry.
const REFERENCE: Twins = ([0x56, 0x56, 0x56], [0xb4, 0xb4, 0xb4]);
const UNKNOWN: Twins = ([0x80, 0x5a, 0x2b], [0xc8, 0xa0, 0x70]);
/// The distance of the first colors of consecutive families in [`COLORS`].
const STRIDE: usize = 3;

/// The looks of all kinds of a project.
///
/// The members of a family differ in color, dash and marker; a family of more than eleven repeats
/// colors. Kinds that are often in one figure can be named first, so that all of them differ. The look
/// of a kind depends only on those and on the kinds of its family before it, so adding a kind at the
/// end of its family changes no other look.
///
/// ```
/// # use charts::Palette;
/// let kinds = [("exact", "exact"), ("straight-through", "vertex"), ("reinmax", "vertex")];
/// let palette = Palette::new(&kinds, &["reinmax"]).with_reference("exact");
/// assert_ne!(palette.style_of("straight-through").color, palette.style_of("reinmax").color);
/// assert_eq!(palette.style_of("exact").hex(), "#565656");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Palette {
    styles: Vec<(String, Style)>,
    reference: Option<String>,
}

impl Palette {
    /// The palette of a registry: pairs of kind and family in the order of the registry, and the
    /// kinds that are often in one figure.
    pub fn new(kinds: &[(&str, &str)], together: &[&str]) -> Palette {
        let mut families: Vec<&str> = Vec::new();
        for &(_, family) in kinds {
            if !families.contains(&family) {
                families.push(family);
            }
        }
        let mut styles: Vec<(String, Style)> = Vec::with_capacity(kinds.len());
        for (index, family) in families.into_iter().enumerate() {
            let of_family = kinds.iter().filter(|(_, other)| *other == family);
            let members: Vec<&str> = of_family.map(|(kind, _)| *kind).collect();
            let colors = colors_of(index, &members, together).into_iter().enumerate();
            let looks = colors.map(|(position, color)| Style::new(COLORS[color], position));
            styles.extend(members.iter().map(|kind| (*kind).to_owned()).zip(looks));
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
            return Style::new(REFERENCE, 0);
        }
        let known = self.styles.iter().find(|(name, _)| name == kind);
        known.map_or_else(|| unknown(kind), |(_, style)| *style)
    }

    /// Every color of a plot with its twin on a dark page, for the style sheet of that page: those of the
    /// kinds, and the paler ones of early steps.
    pub fn twins(page: [u8; 3]) -> impl Iterator<Item = ([u8; 3], [u8; 3])> {
        let colors = COLORS.into_iter().chain([REFERENCE, UNKNOWN]);
        colors.flat_map(move |(light, dark)| {
            STRENGTHS
                .map(|strength| (mixed(light, [255; 3], strength), mixed(dark, page, strength)))
        })
    }

    pub(crate) fn is_reference(&self, kind: &str) -> bool {
        self.reference.as_deref() == Some(kind)
    }
}

/// The indices of the colors of a family. Those of kinds that are often in one figure are theirs; the
/// other members have the colors that are left, in turn.
fn colors_of(family: usize, members: &[&str], together: &[&str]) -> Vec<usize> {
    let own = |member: &&str| {
        together.iter().position(|name| name == member).map(|index| index % COLORS.len())
    };
    let taken: Vec<usize> = members.iter().filter_map(own).collect();
    let all = (0..COLORS.len()).map(|i| (STRIDE * family + i) % COLORS.len());
    let left: Vec<usize> = all.filter(|color| !taken.contains(color)).collect();
    let mut left = left.into_iter().cycle();
    // Nothing is left if every color has an owner in the family.
    members.iter().map(|member| own(member).or_else(|| left.next()).unwrap_or(0)).collect()
}

fn unknown(kind: &str) -> Style {
    Style::new(UNKNOWN, kind.bytes().map(usize::from).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use palette::color_difference::EuclideanDistance;
    use palette::{FromColor, LinSrgb, Oklab, Srgb};
    use std::collections::HashSet;

    const FAMILIES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

    fn registry(per_family: usize) -> Vec<(String, &'static str)> {
        let member = |i| FAMILIES.map(|family| (format!("{family}{i}"), family));
        (0..per_family).flat_map(member).collect()
    }

    fn palette(kinds: &[(String, &str)], together: &[&str]) -> Palette {
        let kinds: Vec<_> = kinds.iter().map(|(kind, family)| (kind.as_str(), *family)).collect();
        Palette::new(&kinds, together)
    }

    fn linear(color: [u8; 3]) -> LinSrgb<f64> {
        Srgb::from(color).into_format::<f64>().into_linear()
    }

    /// Contrast of relative luminances (WCAG 2).
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let [a, b] = [a, b].map(|color| {
            let LinSrgb { red, green, blue, .. } = linear(color);
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        });
        a.max(b) / a.min(b)
    }

    /// How a reader sees a color: with all cones, without green ones, without red ones (Machado et al.
    /// 2009).
    fn seen(color: [u8; 3]) -> [Oklab<f64>; 3] {
        let all = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let deutan = [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]];
        let protan = [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]];
        let LinSrgb { red, green, blue, .. } = linear(color);
        [all, deutan, protan].map(|matrix| {
            let [red, green, blue] = matrix.map(|row: [f64; 3]| {
                (row[0] * red + row[1] * green + row[2] * blue).clamp(0.0, 1.0)
            });
            Oklab::from_color(LinSrgb::new(red, green, blue))
        })
    }

    #[test]
    fn colors_differ_for_every_reader_on_white_and_on_dark_pages() {
        let pages: [fn(Twins) -> [u8; 3]; 2] = [|(light, _)| light, |(_, dark)| dark];
        for page in pages {
            let colors: Vec<[u8; 3]> = COLORS.into_iter().chain([REFERENCE]).map(page).collect();
            for (i, &a) in colors.iter().enumerate() {
                for &b in &colors[..i] {
                    for (reader, least) in [(0, 0.14), (1, 0.08), (2, 0.08)] {
                        let apart = seen(a)[reader].distance(seen(b)[reader]);
                        assert!(apart > least, "{a:x?} and {b:x?}: {apart} for reader {reader}");
                    }
                }
            }
        }
    }

    #[test]
    fn colors_contrast_with_their_page() {
        for (light, dark) in COLORS.into_iter().chain([REFERENCE, UNKNOWN]) {
            assert!(contrast(light, [255; 3]) >= 3.0, "{light:x?}");
            assert!(contrast(dark, [0x16, 0x19, 0x1d]) >= 3.0, "{dark:x?}");
        }
    }

    #[test]
    fn kinds_that_are_together_have_colors_of_their_own() {
        let kinds = registry(4);
        let together = ["a1", "a3", "b0", "c2", "d0", "d1", "d2", "e0", "f3", "g0", "g1"];
        let palette = palette(&kinds, &together);
        let colors: HashSet<_> = together.iter().map(|kind| palette.style_of(kind).color).collect();
        assert_eq!(colors.len(), COLORS.len());
    }

    #[test]
    fn members_of_a_family_differ_with_and_without_color() {
        let kinds = registry(11);
        let palette = palette(&kinds, &["a1", "b3", "c0"]);
        for family in FAMILIES {
            let styles = (0..11).map(|i| palette.style_of(&format!("{family}{i}")));
            let colors: HashSet<_> = styles.clone().map(|style| style.color).collect();
            let looks: HashSet<_> = styles.map(|style| (style.dash, style.marker)).collect();
            assert_eq!((colors.len(), looks.len()), (11, 11), "{family}");
        }
    }

    #[test]
    fn a_new_member_of_a_family_changes_no_other() {
        let (few, many) = (registry(3), registry(4));
        let together = ["a1", "c2"];
        let (before, after) = (palette(&few, &together), palette(&many, &together));
        for (kind, _) in &few {
            assert_eq!(before.style_of(kind), after.style_of(kind));
        }
    }

    #[test]
    fn the_look_of_an_unknown_kind_depends_only_on_its_name() {
        let empty = Palette::default();
        let full = palette(&registry(2), &[]);
        assert_eq!(empty.style_of("mine"), full.style_of("mine"));
    }
}
