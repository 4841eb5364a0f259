//! The width of text, and line breaking.
//!
//! Measuring text exactly needs a font library; plotters itself only guesses from the number of
//! bytes. The widths here are those of Helvetica and Arial, which Liberation Sans shares, with
//! some room for a wider substitute.

/// Room for a substitute font: about what DejaVu Sans, the widest of the usual ones, needs.
const ROOM: f64 = 1.16;

/// The width of a line in pixels at a font of `size` pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let thousandths: u32 = text.chars().map(advance).sum();
    f64::from(thousandths) / 1000.0 * size * ROOM
}

/// The widest of several lines.
pub(crate) fn widest<S: AsRef<str>>(lines: &[S], size: f64) -> f64 {
    lines.iter().map(|line| width(line.as_ref(), size)).fold(0.0, f64::max)
}

/// The width of a character in thousandths of the font size (Helvetica's metrics).
fn advance(c: char) -> u32 {
    match c {
        'i' | 'j' | 'l' | '\'' => 222,
        '|' => 260,
        ' ' | 'f' | 't' | 'I' | '.' | ',' | ':' | ';' | '!' | '/' | '[' | ']' | '\\' => 278,
        '-' | 'r' | '(' | ')' | '`' | '·' | '{' | '}' => 333,
        '¹' | '²' | '³' | '⁰'..='⁹' | '⁻' => 350,
        '"' | '*' | '°' => 380,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500,
        '+' | '=' | '<' | '>' | '~' | '−' | '×' | '≤' | '≥' => 584,
        'F' | 'T' | 'Z' => 611,
        'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | '&' => 667,
        'w' | 'C' | 'D' | 'H' | 'N' | 'R' | 'U' => 722,
        'G' | 'O' | 'Q' => 778,
        'm' | 'M' => 833,
        '%' => 889,
        'W' => 944,
        '@' => 1015,
        '\u{2190}'..='\u{21ff}' | '\u{2e80}'.. => 1000,
        _ => 556,
    }
}

/// Breaks `text` into lines of at most `limit` pixels: at spaces if possible, else after
/// punctuation, else anywhere.
///
/// Characters that XML does not allow are replaced.
pub(crate) fn wrap(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(&clean(text)) {
        for part in fitting(piece, size, limit) {
            let line = lines.last_mut().expect("there is always a line");
            if !line.is_empty() && width(&format!("{line}{}", part.trim_end()), size) > limit {
                lines.push(part);
            } else {
                line.push_str(&part);
            }
        }
    }
    lines.iter().map(|line| line.trim().to_owned()).collect()
}

/// Replaces characters that XML does not allow.
pub(crate) fn clean(text: &str) -> String {
    let legal = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let shown = |c: char| match c {
        '\n' | '\t' | '\r' => ' ',
        c if legal(c) => c,
        _ => '\u{fffd}',
    };
    text.chars().map(shown).collect()
}

/// The pieces between possible line breaks: after a space, and after punctuation in a long word.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    const LONG_WORD: usize = 24;
    text.split_inclusive(' ').flat_map(|word| {
        let breakable = word.chars().count() > LONG_WORD;
        word.split_inclusive(move |c| breakable && matches!(c, '-' | '_' | '=' | ',' | '/' | '.'))
    })
}

/// `piece` itself if it fits on a line, else cut wherever a line is full.
fn fitting(piece: &str, size: f64, limit: f64) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in piece.chars() {
        let part = parts.last_mut().expect("there is always a part");
        let with = width(part, size) + width(c.encode_utf8(&mut [0; 4]), size);
        if !part.is_empty() && c != ' ' && with > limit {
            parts.push(c.into());
        } else {
            part.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_match_helvetica() {
        assert!((width("0", 1000.0) - 556.0 * ROOM).abs() < 1e-9);
        assert!((width("Wi", 10.0) - 11.66 * ROOM).abs() < 1e-9);
        assert!((widest(&["i", "W"], 1000.0) - 944.0 * ROOM).abs() < 1e-9);
    }

    #[test]
    fn lines_fit_and_keep_every_character() {
        let long = "averyveryverylongnamewithoutanyplacetobreak temperature=0.25,samples=16";
        for text in ["short", "two words", long, "", "a-b_c=d,e"] {
            let lines = wrap(text, 12.0, 100.0);
            assert!(lines.iter().all(|line| width(line, 12.0) <= 100.0), "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }

    #[test]
    fn a_name_breaks_at_a_space_first() {
        let lines = wrap("gumbel-softmax temperature=0.5", 12.0, 120.0);
        assert_eq!(lines, ["gumbel-softmax", "temperature=0.5"]);
    }

    #[test]
    fn characters_not_allowed_in_xml_are_replaced() {
        assert_eq!(clean("a\u{0}b\nc"), "a\u{fffd}b c");
    }
}
