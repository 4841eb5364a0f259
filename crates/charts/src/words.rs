//! Captions and descriptions, put together from what there is to say.

/// What is said of an empty figure.
pub(super) const NOTHING: &str = "Nothing to show.";

/// The sentences that are not empty, each with its full stop.
pub(super) fn sentences(parts: &[&str]) -> String {
    let said = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    let stopped = said.map(|part| match part.ends_with(['.', '!', '?', ':']) {
        true => part.to_owned(),
        false => format!("{part}."),
    });
    stopped.collect::<Vec<_>>().join(" ")
}

/// A note that names things, if there are any.
pub(super) fn list(what: &str, names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
}

/// A panel and what is in it.
pub(super) fn panel(title: &str, names: &[String]) -> String {
    let names = if names.is_empty() { "nothing to show".into() } else { names.join(", ") };
    let title = [title, "a panel"][usize::from(title.is_empty())];
    format!("{title}: {names}.")
}

/// All panels, for those who cannot see them.
pub(super) fn description(panels: &[String]) -> String {
    if panels.is_empty() { NOTHING.into() } else { panels.join(" ") }
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
        assert_eq!(panel("K=3", &["a".into(), "b".into()]), "K=3: a, b.");
        assert_eq!(panel("", &[]), "a panel: nothing to show.");
        assert_eq!(list("nobody", &[]), None);
        assert_eq!(description(&[]), "Nothing to show.");
    }
}
