//! How far an import has come, and whether somebody asked to end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Error, Result};

/// Shared by whoever does the work and whoever watches it.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    bytes: AtomicU64,
    rows: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Progress {
    /// Says how much of the file was read; ends the work where that was asked for.
    pub fn read(&self, bytes: u64, rows: u64) -> Result<()> {
        self.0.bytes.store(bytes, Ordering::Relaxed);
        self.0.rows.store(rows, Ordering::Relaxed);
        self.check()
    }

    /// Ends the work where that was asked for.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Asks to end it.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked to end it.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Relaxed)
    }

    /// Bytes of the file as stored, and rows, that were read.
    pub fn so_far(&self) -> (u64, u64) {
        (self.0.bytes.load(Ordering::Relaxed), self.0.rows.load(Ordering::Relaxed))
    }
}
