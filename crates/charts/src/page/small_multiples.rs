//! Small multiples: a crowded panel is split into one panel per family.

use crate::figure::{Panel, Reference, Series};
use crate::style::palette::Palette;

/// The most series in one panel of a figure, not counting the reference.
pub const MOST_SERIES: usize = 12;

/// A panel as it is drawn.
pub(crate) struct Part<'a> {
    pub title: String,
    /// The index of its panel in the figure. The parts of a panel share their vertical axis.
    pub panel: usize,
    pub series: Vec<&'a Series>,
    pub references: &'a [Reference],
}

/// The panels of a figure as they are drawn, row by row, and the number of columns.
pub(crate) fn split<'a>(panels: &'a [Panel], palette: &Palette) -> (Vec<Part<'a>>, usize) {
    let parts: Vec<Vec<Part>> =
        panels.iter().enumerate().map(|(index, panel)| parts_of(index, panel, palette)).collect();
    let rows = parts.iter().map(Vec::len).max().unwrap_or(0);
    let aligned = parts.iter().all(|parts| parts.len() == rows) && (2..=3).contains(&parts.len());
    let columns = match (rows, panels.len()) {
        (0 | 1, count) => {
            if count == 4 {
                2
            } else {
                count.clamp(1, 3)
            }
        }
        (_, count) if aligned => count,
        _ => 2,
    };
    if !aligned {
        return (parts.into_iter().flatten().collect(), columns);
    }
    let mut queues: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    let in_rows =
        (0..rows).flat_map(|_| queues.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>());
    (in_rows.collect(), columns)
}

fn parts_of<'a>(index: usize, panel: &'a Panel, palette: &Palette) -> Vec<Part<'a>> {
    let (reference, members): (Vec<&Series>, Vec<&Series>) =
        panel.series.iter().partition(|series| palette.is_reference(&series.kind));
    if members.len() <= MOST_SERIES {
        let series = panel.series.iter().collect();
        let (title, references) = (panel.title.clone(), &panel.references[..]);
        return vec![Part { title, panel: index, series, references }];
    }
    let mut families: Vec<(&str, Vec<&Series>)> = Vec::new();
    for series in members {
        match families.iter_mut().find(|(family, _)| *family == series.family) {
            Some((_, members)) => members.push(series),
            None => families.push((&series.family, vec![series])),
        }
    }
    let part = |(title, members): (String, Vec<&'a Series>)| Part {
        title,
        panel: index,
        series: reference.iter().copied().chain(members).collect(),
        references: &panel.references,
    };
    families.into_iter().flat_map(|family| chunks(&panel.title, family)).map(part).collect()
}

/// Splits a family into as few and as equal parts as [`MOST_SERIES`] allows, with titles.
fn chunks<'a>(
    panel: &str,
    (family, members): (&str, Vec<&'a Series>),
) -> Vec<(String, Vec<&'a Series>)> {
    let count = members.len().div_ceil(MOST_SERIES);
    let names = [panel, family].into_iter().filter(|name| !name.is_empty());
    let title = names.collect::<Vec<_>>().join(" · ");
    let chunk = |(i, chunk): (usize, &[&'a Series])| match count {
        1 => (title.clone(), chunk.to_vec()),
        _ => (format!("{title} ({} of {count})", i + 1), chunk.to_vec()),
    };
    members.chunks(members.len().div_ceil(count)).enumerate().map(chunk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(title: &str, families: &[(&str, usize)]) -> Panel {
        let member = |(family, count): &(&str, usize)| {
            let (family, count) = (family.to_string(), *count);
            (0..count).map(move |i| Series {
                label: format!("{family}{i}"),
                kind: format!("{family}{i}"),
                family: family.clone(),
                ..Series::default()
            })
        };
        let series = families.iter().flat_map(member).collect();
        Panel { title: title.into(), series, ..Panel::default() }
    }

    fn titles(parts: &[Part]) -> Vec<String> {
        parts.iter().map(|part| format!("{}: {}", part.title, part.series.len())).collect()
    }

    #[test]
    fn a_panel_of_few_series_is_not_split() {
        let panels = [panel("K=3", &[("a", 7), ("b", 5)]), panel("K=8", &[("a", 2)])];
        let (parts, columns) = split(&panels, &Palette::default());
        assert_eq!((titles(&parts), columns), (vec!["K=3: 12".into(), "K=8: 2".into()], 2));
    }

    #[test]
    fn a_crowded_panel_is_split_by_family_and_repeats_the_reference() {
        let panels = [panel("K=3", &[("exact", 1), ("a", 8), ("b", 20)])];
        let palette = Palette::default().with_reference("exact0");
        let (parts, columns) = split(&panels, &palette);
        assert_eq!(titles(&parts), ["K=3 · a: 9", "K=3 · b (1 of 2): 11", "K=3 · b (2 of 2): 11"]);
        assert!(parts.iter().all(|part| part.series[0].kind == "exact0"));
        assert_eq!(columns, 2);
    }

    #[test]
    fn the_panels_of_two_tasks_are_side_by_side() {
        let families = [("a", 8), ("b", 8)];
        let panels = [panel("K=3", &families), panel("K=8", &families)];
        let (parts, columns) = split(&panels, &Palette::default());
        assert_eq!(titles(&parts), ["K=3 · a: 8", "K=8 · a: 8", "K=3 · b: 8", "K=8 · b: 8"]);
        assert_eq!(columns, 2);
        let order: Vec<_> = parts.iter().map(|part| part.panel).collect();
        assert_eq!(order, [0, 1, 0, 1]);
    }
}
