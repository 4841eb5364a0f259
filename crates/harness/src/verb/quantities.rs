//! Shards, durations and sizes on the command line.

use crate::plan::Run;
use std::time::Duration;

/// One of several equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

impl Shard {
    /// Whether a run is in this part. That depends on the run alone: more cells or seeds move no run.
    pub fn has(self, run: &Run) -> bool {
        let hash = u64::from_str_radix(&run.id, 16).unwrap_or(0);
        hash % self.count as u64 == self.index as u64 - 1
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, count)| {
            Some(Self { index: index.parse().ok()?, count: count.parse().ok()? })
        });
        parts
            .filter(|shard| (1..=shard.count).contains(&shard.index))
            .ok_or_else(|| "expected I/N with I from 1 to N, such as 1/4".to_owned())
    }
}

/// A size of memory in bytes, with its unit.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let units = [("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1.0), ("", 1.0)];
    let found = units.iter().find_map(|(unit, bytes)| {
        let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        Some(number * bytes).filter(|bytes| *bytes >= 1e6 && *bytes < 1e18)
    });
    let size =
        found.ok_or_else(|| "expected a size from 1 MB up, such as 500MB or 4GB".to_owned())?;
    Ok(size as u64)
}

/// A duration with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a duration above 0 with its unit, such as 90s or 15m".to_owned();
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| expected())?;
    Duration::try_from(parsed).ok().filter(|duration| !duration.is_zero()).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_and_durations() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, count: 4 }));
        for text in ["0/4", "5/4", "1", "a/b", "1/0"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        for (text, seconds) in [("1.5m", 90), ("90s", 90), ("2h", 7200), ("1m 30s", 90)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!((size("4GB"), size("1.5 MB")), (Ok(4_000_000_000), Ok(1_500_000)));
        for text in ["4", "GB", "-1GB", "0MB", "1 PB"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(duration("5ms"), Ok(Duration::from_millis(5)));
        for text in ["90", "0s", "s", "1x", "-1s", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
