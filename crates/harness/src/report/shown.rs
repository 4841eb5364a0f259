//! Whether the written reading of an experiment is shown.

use super::reading::render;
use crate::results::Summary;
use anyhow::{Context, Result};
use serde_json::Value;

/// The written reading of an experiment, as far as it is true of these results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// There is none.
    Absent,
    /// With the numbers that it refers to.
    Shown(String),
    /// It was written for other settings.
    OtherSettings,
    /// It was written for all runs, and some are missing.
    Incomplete,
}

impl Reading {
    /// The reading of a summary, given the content of its `summary.json` and `curves.csv`.
    ///
    /// # Errors
    /// If it refers to numbers that do not exist.
    pub(super) fn of(
        summary: &Summary<'_>,
        numbers: &Value,
        curves: Option<&[u8]>,
    ) -> Result<Self> {
        let experiment = summary.experiment;
        if experiment.reading.is_empty() {
            return Ok(Self::Absent);
        }
        // A reading that names no settings is for those of the file.
        let is_of_these = match &experiment.reading_of {
            Some(settings) => *settings == summary.settings,
            None => experiment.has_own_settings,
        };
        let (stored, all) = summary.progress();
        if !is_of_these {
            return Ok(Self::OtherSettings);
        }
        if stored < all {
            return Ok(Self::Incomplete);
        }
        let named = || format!("experiment {}", experiment.path.display());
        Ok(Self::Shown(render(&experiment.reading, numbers, curves).with_context(named)?))
    }

    /// What a reader is told where it is not shown.
    pub(super) fn note(&self) -> Option<&'static str> {
        match self {
            Self::Absent | Self::Shown(_) => None,
            Self::OtherSettings => Some(
                "The experiment has a written reading, but for other settings: it is not shown here.",
            ),
            Self::Incomplete => Some(
                "The experiment has a written reading of all its runs: it is shown when they are done.",
            ),
        }
    }
}
