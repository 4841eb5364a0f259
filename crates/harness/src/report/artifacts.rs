//! Pictures of what networks have learned.

use crate::results::Summary;
use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};

/// A picture of a cell's first seed.
pub(super) struct Artifact {
    /// The name of its file, without extension.
    pub(super) file: String,
    /// The task, the estimator and what the picture shows.
    pub(super) caption: String,
    /// The bytes of a PNG file.
    pub(super) png: Vec<u8>,
}

/// The pictures of the best cells.
pub(super) fn artifacts(summary: &Summary<'_>) -> Result<Vec<Artifact>> {
    let mut artifacts = vec![];
    for cell in summary.cells.iter().filter(|cell| cell.best) {
        let Some((seed, record)) = cell.runs.first() else { continue };
        for picture in &record.artifacts {
            let png = BASE64_STANDARD.decode(&picture.png);
            let name = [&*cell.task, &*cell.estimator, &*picture.name].map(slug).join("-");
            artifacts.push(Artifact {
                file: name,
                caption: format!(
                    "{}, {}, seed {seed}. {}",
                    cell.task, cell.estimator, picture.caption
                ),
                png: png.context("an artifact of a record is not in base 64")?,
            });
        }
    }
    Ok(artifacts)
}

/// The text as part of a file's name.
fn slug(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn labels_become_names_of_files() {
        assert_eq!(slug("gumbel-softmax temperature=0.5"), "gumbel-softmax-temperature-0.5");
        assert_eq!(slug("schedule={kind:cosine}"), "schedule-kind-cosine");
    }
}
