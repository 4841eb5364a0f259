//! The figures of the page: panels in pieces, which the page lays out.

use crate::report::figures::Drawn;
use charts::{Drawing, LegendEntry, Palette, Piece, Readout};
use minijinja::{Value, context};
use serde_json::json;

/// A figure with its forms: the same curves along other horizontal axes.
pub(super) fn figure(figure: &Drawn) -> Value {
    let forms = figure.forms.iter().map(|form| {
        context! { axis => form.axis, ..laid_out(&form.drawing) }
    });
    let pictures =
        figure.picture.iter().map(|&(axis, file)| context! { axis => axis, picture => file });
    context! {
        name => &figure.name,
        about => figure.about,
        x => figure.axis,
        forms => forms.chain(pictures).collect::<Vec<_>>(),
        ..laid_out(&figure.drawing)
    }
}

/// The colors of plots on a dark page.
pub(super) fn dark_colors() -> String {
    const PAGE: [u8; 3] = [0x16, 0x19, 0x1d];
    let hex = |[red, green, blue]: [u8; 3]| format!("#{red:02X}{green:02X}{blue:02X}");
    let rules = Palette::twins(PAGE).map(|(light, dark)| {
        let (light, dark) = (hex(light), hex(dark));
        format!(
            "[fill=\"{light}\"] {{ fill: {dark}; }} [stroke=\"{light}\"] {{ stroke: {dark}; }}\n"
        )
    });
    format!("@media screen and (prefers-color-scheme: dark) {{\n{}}}\n", rules.collect::<String>())
}

fn laid_out(drawing: &Drawing) -> Value {
    context! {
        title => &drawing.title,
        caption => &drawing.caption,
        columns => drawing.columns,
        panels => drawing.panels.iter().map(panel).collect::<Vec<_>>(),
        empty => drawing.panels.is_empty(),
    }
}

fn panel(piece: &Piece) -> Value {
    context! {
        title => &piece.title,
        warning => &piece.warning,
        notes => &piece.notes,
        svg => Value::from_safe_string(piece.svg.clone()),
        legend => piece.legend.iter().map(entry).collect::<Vec<_>>(),
        readout => piece.readout.as_ref().map(|read| Value::from_safe_string(readout(read))),
    }
}

fn entry(entry: &LegendEntry) -> Value {
    context! {
        label => &entry.label,
        remarks => entry.remarks.join(", "),
        swatch => Value::from_safe_string(entry.swatch.clone()),
        is_reference => entry.is_reference,
    }
}

/// The values of a plot as JSON, with four digits. It cannot end the script that it is in.
fn readout(read: &Readout) -> String {
    let digits = |x: f64| -> serde_json::Value {
        let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
        if rounded.is_finite() { json!(rounded) } else { json!(null) }
    };
    let value = |value: &Option<[f64; 3]>| match value {
        None => json!(null),
        Some([y, low, _]) if low.is_nan() => json!([digits(*y)]),
        Some(numbers) => json!(numbers.map(digits)),
    };
    let series = |(label, values): &(String, Vec<Option<[f64; 3]>>)| {
        json!([label, values.iter().map(value).collect::<Vec<_>>()])
    };
    let json = json!({
        "xlabel": read.x_label,
        "x": read.x,
        "at": read.at.iter().map(|&x| digits(x)).collect::<Vec<_>>(),
        "ends": read.ends.map(digits),
        "series": read.series.iter().map(series).collect::<Vec<_>>(),
    });
    json.to_string().replace('<', "\\u003c")
}
