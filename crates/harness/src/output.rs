//! Whether what was asked for could be printed.

use std::io::{Error, ErrorKind};
use std::sync::{Mutex, PoisonError};

/// The first error of standard output.
static FAILED: Mutex<Option<Error>> = Mutex::new(None);

/// Keeps an error of printing. A reader that has gone away, such as `head`, is not an error.
pub(crate) fn result(printed: Result<(), Error>) {
    if let Err(error) = printed
        && error.kind() != ErrorKind::BrokenPipe
    {
        FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// The error that was kept, if there was one.
pub(crate) fn failure() -> Option<Error> {
    FAILED.lock().unwrap_or_else(PoisonError::into_inner).take()
}
