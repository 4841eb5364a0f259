//! Ctrl-C: once to finish what runs, twice to stop now.

use crate::schedule::Interrupt;
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A process can listen once; whoever asks again hears with the first.
static LISTENING: Mutex<Option<Signals>> = Mutex::new(None);

/// Listens to interruptions of the user (Ctrl-C) and of the system (SIGTERM).
#[derive(Clone, Debug, Default)]
pub struct Signals {
    count: Arc<AtomicUsize>,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// If the system does not let it.
    pub fn listen() -> Result<Self> {
        let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signals) = &*listening {
            return Ok(signals.clone());
        }
        let signals = Self::default();
        let count = Arc::clone(&signals.count);
        ctrlc::set_handler(move || {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                eprintln!("\nfinishing the runs that are active; once more to stop now");
            }
        })
        .context("interruptions cannot be listened to")?;
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

    fn break_off(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 1
    }
}
