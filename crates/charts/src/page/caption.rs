//! Captions and descriptions, assembled from sentences.

use crate::axis::number;
use crate::figure::{Reference, Series};
use crate::page::replication::Replication;
use crate::page::small_multiples::Part;

/// The caption of an empty figure.
pub(crate) const NOTHING: &str = "Nothing to show.";

/// Joins the sentences that are not empty, and ends each with a period if it has no end mark.
pub(crate) fn sentences(parts: &[&str]) -> String {
    let nonempty = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    let ended = nonempty.map(|part| match part.ends_with(['.', '!', '?', ':']) {
        true => part.to_owned(),
        false => format!("{part}."),
    });
    ended.collect::<Vec<_>>().join(" ")
}

/// The tooltip of a series: its name with its remarks.
pub(crate) fn tooltip(name: &str, remarks: &[String]) -> String {
    let parts = std::iter::once(name).chain(remarks.iter().map(String::as_str));
    parts.collect::<Vec<_>>().join(", ")
}

/// A note `what: name, name`, or `None` without names.
pub(crate) fn list(what: &str, names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
}

/// The description of a panel and its contents.
pub(crate) fn panel(title: &str, names: &[String], references: &[Reference]) -> String {
    let names = if names.is_empty() { "nothing to show".into() } else { names.join(", ") };
    let title = [title, "a panel"][usize::from(title.is_empty())];
    let references = list_references("References", references);
    sentences(&[&format!("{title}: {names}."), references.as_deref().unwrap_or("")])
}

/// A note that lists references with their values, or `None` without references.
pub(crate) fn list_references<'a>(
    what: &str,
    references: impl IntoIterator<Item = &'a Reference>,
) -> Option<String> {
    let named = |reference: &Reference| {
        format!("{} ({})", reference.label, number::any(reference.value, 3))
    };
    let names: Vec<String> = references.into_iter().map(named).collect();
    list(what, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The description of a figure, for screen readers, from those of its panels.
pub(crate) fn description(panels: &[String]) -> String {
    if panels.is_empty() { NOTHING.into() } else { panels.join(" ") }
}

/// Describes the panels and their series, for screen readers.
pub(crate) fn describe(parts: &[Part], replication: &Replication) -> String {
    let name = |series: &&Series| match replication.remark(series.runs, series.failures) {
        Some(remark) => format!("{} ({remark})", series.label),
        None => series.label.clone(),
    };
    let names = |part: &Part| part.series.iter().map(name).collect::<Vec<_>>();
    let panel = |part: &Part| panel(&part.title, &names(part), part.references);
    description(&parts.iter().map(panel).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_ends_with_one_period() {
        assert_eq!(sentences(&["One", "", "two.", " three? "]), "One. two. three?");
        assert_eq!(sentences(&[]), "");
    }

    #[test]
    fn an_empty_panel_is_described_as_empty() {
        assert_eq!(panel("K=3", &["a".into(), "b".into()], &[]), "K=3: a, b.");
        assert_eq!(panel("", &[], &[]), "a panel: nothing to show.");
        assert_eq!(list("nobody", &[]), None);
        assert_eq!(description(&[]), "Nothing to show.");
    }

    #[test]
    fn references_are_described_with_their_values() {
        let reference = |label: &str, value| Reference { label: label.into(), value };
        let both = [reference("floor", 0.08251), reference("ceiling", f64::INFINITY)];
        assert_eq!(
            panel("K=3", &["a".into()], &both),
            "K=3: a. References: floor (0.0825), ceiling (∞)."
        );
    }
}
