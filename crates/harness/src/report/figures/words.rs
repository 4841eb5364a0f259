//! Metrics and parameters in words.

use crate::experiment::Measure;

/// A parameter in words: `learning rate` for `optimizer.learning-rate`.
pub(super) fn parameter(path: &str) -> String {
    path.rsplit('.').next().unwrap_or(path).replace('-', " ")
}

/// The label of an axis, with the metric's note.
pub(super) fn axis(measure: &Measure) -> String {
    [measure.axis(), measure.note.to_owned()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// What a metric along training is measured on.
pub(super) fn measured_on(measure: &Measure) -> &'static str {
    match measure.over_steps {
        true => "In the training steps between two points.",
        false => "On rows that are not trained on.",
    }
}

/// The text with its first letter in upper case.
pub(in crate::report) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>())
        + letters.as_str()
}
