/// The name of `known` that is nearest to `word`, if few edits separate them (insertions, deletions,
/// substitutions and swaps of neighboring letters).
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let distance = |name: &'a str| (strsim::osa_distance(word, name), name);
    let (distance, name) = known.into_iter().map(distance).min_by_key(|&(edits, _)| edits)?;
    let letters = word.len().max(name.len());
    (distance <= (letters / 3).max(1) && distance < letters).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_suggested() {
        let names = ["temperature", "samples", "baseline"];
        assert_eq!(nearest("temprature", names).as_deref(), Some("temperature"));
        assert_eq!(nearest("sample", names).as_deref(), Some("samples"));
        assert_eq!(nearest("sampels", names).as_deref(), Some("samples"));
        assert_eq!(nearest("sharpness", names), None);
        assert_eq!(nearest("bacth", ["batch", "steps"]).as_deref(), Some("batch"));
        assert_eq!(nearest("y", ["a", "b"]), None);
        assert_eq!(nearest("y", []), None);
    }
}
