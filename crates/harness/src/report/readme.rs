//! Rankings spliced into a text that people write.

use anyhow::{Result, bail};

/// The mark before an experiment's ranking.
pub fn mark(name: &str) -> String {
    format!("<!-- ranking {name} -->")
}

/// The text with the part between `<!-- ranking NAME -->` and `<!-- end ranking -->` replaced. A text
/// without such a mark is returned unchanged.
///
/// # Errors
/// If the second mark is missing.
pub fn splice(text: &str, name: &str, ranking: &str) -> Result<String> {
    const END: &str = "<!-- end ranking -->";
    let begin = mark(name);
    let Some(start) = text.find(&begin) else { return Ok(text.to_owned()) };
    let inside = start + begin.len();
    let Some(length) = text[inside..].find(END) else {
        bail!("found `{begin}`, but no `{END}` after it");
    };
    Ok(format!("{}\n{ranking}\n{}", &text[..inside], &text[inside + length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_between_the_marks_is_replaced() {
        let text = "a\n<!-- ranking x -->\nold\n<!-- end ranking -->\nb\n";
        let once = splice(text, "x", "new\n").unwrap();
        assert_eq!(once, "a\n<!-- ranking x -->\nnew\n\n<!-- end ranking -->\nb\n");
        assert_eq!(splice(&once, "x", "new\n").unwrap(), once);
        assert_eq!(splice(text, "y", "new").unwrap(), text);
        assert!(splice("<!-- ranking x -->", "x", "new").is_err());
    }
}
