//! Where rows come from.

use super::references::Known;
use super::{ArgmaxIndex, Table};
use crate::Result;
use crate::data::{self, Absent};
use crate::task::TaskKind;
use std::path::PathBuf;

/// Where rows come from.
pub(super) enum Source {
    /// A process of the task's own.
    Synthetic,
    /// A file.
    Table(Table),
    /// A file that is no longer there, with what stored runs know of it.
    Gone { absent: Absent, digest: String, target: Known },
}

impl Source {
    /// A file that is not there, if stored runs of the task know it.
    ///
    /// # Errors
    /// If they do not.
    pub(super) fn remembered(
        task: &ArgmaxIndex,
        path: PathBuf,
        known: &[data::Known],
    ) -> Result<Self> {
        let absent = Absent::Named { path };
        let is_of_task = |known: &&data::Known| {
            known.kind == ArgmaxIndex::NAME
                && serde_json::from_value(known.parameters.clone())
                    .is_ok_and(|other: ArgmaxIndex| serde_json::to_value(other).ok() == own(task))
        };
        // The file may have been another one before: the last runs count.
        let Some(data::Known { digest, metrics, .. }) = known.iter().rev().find(is_of_task) else {
            return Err(absent.into());
        };
        let has_classes = metrics.iter().any(|metric| metric == "test-accuracy");
        let target = if has_classes { Known::Classes } else { Known::Numbers };
        Ok(Self::Gone { absent, digest: digest.clone(), target })
    }

    /// What is known of the target.
    pub(super) fn target(&self) -> Known {
        match self {
            Self::Synthetic => Known::Regimes,
            Self::Table(table) if table.classes().is_some() => Known::Classes,
            Self::Table(_) => Known::Numbers,
            Self::Gone { target, .. } => *target,
        }
    }

    /// The hash of the file.
    pub(super) fn digest(&self) -> Option<String> {
        match self {
            Self::Synthetic => None,
            Self::Table(Table { digest, .. }) | Self::Gone { digest, .. } => Some(digest.clone()),
        }
    }

    /// The file, if it is not there.
    pub(super) fn absent(&self) -> Option<&Absent> {
        match self {
            Self::Gone { absent, .. } => Some(absent),
            _ => None,
        }
    }
}

fn own(task: &ArgmaxIndex) -> Option<serde_json::Value> {
    serde_json::to_value(task).ok()
}
