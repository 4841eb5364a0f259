//! A figure as pixels.

use anyhow::Result;

/// The picture of an SVG as PNG, with two pixels for each of its own. Its font is part of the program, so
/// the result does not depend on the fonts of a machine.
///
/// # Errors
/// If the SVG is invalid.
#[cfg(feature = "png")]
pub(super) fn png(svg: &str) -> Result<Vec<u8>> {
    use anyhow::Context;
    use resvg::{tiny_skia, usvg};
    const SCALE: f32 = 2.0;
    let mut options = usvg::Options { font_family: "Ubuntu".to_owned(), ..Default::default() };
    let fonts = options.fontdb_mut();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    fonts.set_sans_serif_family("Ubuntu");
    let tree = usvg::Tree::from_str(svg, &options)?;
    let [width, height] = [tree.size().width(), tree.size().height()].map(|x| (SCALE * x) as u32);
    let mut pixels = tiny_skia::Pixmap::new(width, height).context("an empty picture")?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    let mut bytes = vec![];
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    // The page is opaque, so colors are not premultiplied.
    encoder.write_header()?.write_image_data(pixels.data())?;
    Ok(bytes)
}

/// Refuses: pictures are not part of this program.
///
/// # Errors
/// Always.
#[cfg(not(feature = "png"))]
pub(super) fn png(_svg: &str) -> Result<Vec<u8>> {
    anyhow::bail!(
        "this program was built without PNG; write .svg, or build it with `--features png`, as in \
         `cargo run -p harness --features png -- figure …`"
    )
}

#[cfg(all(test, feature = "png"))]
mod tests {
    use super::png as render;

    /// Text is drawn with the font of the program, whatever family it asks for.
    #[test]
    fn text_needs_no_font_of_the_machine() {
        let drawn = |text: &str| {
            let svg = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20' font-family='Helvetica, \
                 sans-serif'><rect width='40' height='20' fill='#fff'/><text y='15'>{text}</text></svg>"
            );
            let bytes = render(&svg).expect("a picture");
            let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            assert_eq!((info.width, info.height), (80, 40));
            pixels.chunks(4).filter(|pixel| pixel[0] < 128).count()
        };
        assert_eq!(drawn(""), 0);
        assert!(drawn("loss") > 100);
    }
}
