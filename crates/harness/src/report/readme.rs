//! Parts of a text that people write, made from results.

use super::overview::{answer, overview};
use super::published::published;
use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The kinds of parts: each is spliced in between `<!-- KIND NAME -->` and `<!-- end KIND -->`, where
/// NAME is that of the experiment.
const KINDS: [&str; 4] = ["answer", "overview", "published", "ranking"];

/// The text with its parts about an experiment replaced: answer, overview and published values follow from
/// the content of its `summary.json`, the ranking is given, or stays as it is. None if it has no such part.
///
/// # Errors
/// If a second mark is missing, or the summary has no reading to answer with.
pub fn splice(text: &str, summary: &Value, ranking: Option<&str>) -> Result<Option<String>> {
    let name = summary["experiment"].as_str().context("a summary names its experiment")?;
    let (mut spliced, mut found) = (text.to_owned(), false);
    for kind in KINDS {
        let (begin, end) = (format!("<!-- {kind} {name} -->"), format!("<!-- end {kind} -->"));
        let Some(start) = spliced.find(&begin) else { continue };
        found = true;
        let content = match (kind, ranking) {
            ("answer", _) => answer(summary)?,
            ("overview", _) => overview(summary)?,
            ("published", _) => published(summary)?,
            (_, Some(ranking)) => ranking.to_owned(),
            (_, None) => continue,
        };
        let inside = start + begin.len();
        let Some(length) = spliced[inside..].find(&end) else {
            bail!("found `{begin}`, but no `{end}` after it");
        };
        if KINDS
            .iter()
            .any(|kind| spliced[inside..inside + length].contains(&format!("<!-- {kind} ")))
        {
            bail!("found `{begin}`, but another part begins before its `{end}`");
        }
        spliced.replace_range(inside..inside + length, &format!("\n{content}\n"));
    }
    Ok(found.then_some(spliced))
}

/// The marks that a text can have for an experiment, in words.
pub fn marks(name: &str) -> String {
    KINDS.map(|kind| format!("`<!-- {kind} {name} -->`")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_text_between_the_marks_is_replaced() {
        let summary = json!({ "experiment": "x", "reading": "First.\n\nSecond.", "tasks": [] });
        let text = "a\n<!-- ranking x -->\nold\n<!-- end ranking -->\nb\n<!-- answer x --><!-- end answer -->";
        let once = splice(text, &summary, Some("new\n")).unwrap().unwrap();
        let expected = "a\n<!-- ranking x -->\nnew\n\n<!-- end ranking -->\nb\n<!-- answer x -->\nFirst.\n<!-- end answer -->";
        assert_eq!(once, expected);
        assert_eq!(splice(&once, &summary, Some("new\n")).unwrap().unwrap(), once);
        assert_eq!(splice(&once, &summary, None).unwrap().unwrap(), once);
        let other = json!({ "experiment": "y" });
        assert_eq!(splice(text, &other, Some("new")).unwrap(), None);
        assert!(splice("<!-- ranking x -->", &summary, Some("new")).is_err());
        let nested = "<!-- ranking x -->mine<!-- ranking y --><!-- end ranking -->";
        assert!(splice(nested, &summary, Some("new")).is_err());
    }
}
