//! Ctrl-C: once to finish the active runs, twice to stop now.

use anyhow::{Context, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether the user wants to stop.
pub trait Interrupt: Sync {
    /// Whether to start no more runs.
    fn finish(&self) -> bool;
    /// Whether to abandon active runs.
    fn abandon(&self) -> bool;
}

/// A process can install one handler; later callers share it.
static LISTENING: Mutex<Option<Signals>> = Mutex::new(None);

/// Interruptions by the user (Ctrl-C) and by the system (SIGTERM).
#[derive(Clone, Debug, Default)]
pub struct Signals {
    count: Arc<AtomicUsize>,
}

impl Signals {
    /// Starts to count interruptions.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub fn listen() -> Result<Self> {
        let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signals) = &*listening {
            return Ok(signals.clone());
        }
        let signals = Self::default();
        let count = Arc::clone(&signals.count);
        ctrlc::set_handler(move || {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                note!("\nfinishing the active runs; press Ctrl-C again to stop now");
            }
        })
        .context("cannot install the interrupt handler")?;
        Ok(listening.insert(signals).clone())
    }

    /// Whether there was one.
    pub fn stopped(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }
}

impl Interrupt for Signals {
    fn finish(&self) -> bool {
        self.stopped()
    }

    fn abandon(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 1
    }
}
