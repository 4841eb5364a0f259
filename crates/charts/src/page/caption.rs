//! Captions and descriptions, put together from what there is to say.

use crate::axis::number;
use crate::figure::{Reference, Series};
use crate::page::replication::Replication;
use crate::page::small_multiples::Part;

/// What is said of an empty figure.
pub(crate) const NOTHING: &str = "Nothing to show.";

/// The sentences that are not empty, each with its full stop.
pub(crate) fn sentences(parts: &[&str]) -> String {
    let said = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    let stopped = said.map(|part| match part.ends_with(['.', '!', '?', ':']) {
        true => part.to_owned(),
        false => format!("{part}."),
    });
    stopped.collect::<Vec<_>>().join(" ")
}

/// A note that names things, if there are any.
pub(crate) fn list(what: &str, names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
}

/// A panel and what is in it.
pub(crate) fn panel(title: &str, names: &[String], references: &[Reference]) -> String {
    let names = if names.is_empty() { "nothing to show".into() } else { names.join(", ") };
    let title = [title, "a panel"][usize::from(title.is_empty())];
    let references = list_references("References", references);
    sentences(&[&format!("{title}: {names}."), references.as_deref().unwrap_or("")])
}

/// A note that names references with their values, if there are any.
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

/// All panels, for those who cannot see them.
pub(crate) fn description(panels: &[String]) -> String {
    if panels.is_empty() { NOTHING.into() } else { panels.join(" ") }
}

/// The panels and their series, for those who cannot see them.
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
    fn sentences_end_with_one_stop() {
        assert_eq!(sentences(&["One", "", "two.", " three? "]), "One. two. three?");
        assert_eq!(sentences(&[]), "");
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
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
