//! How many may be at something long at a time, so that it never takes every connection from what is short.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::{Error, Result};

/// How long one waits at a gate before it is told to come again; less than a request may take, so that work still fits in.
const PATIENCE: Duration = Duration::from_secs(3);

/// Lets so many in at a time. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate {
    places: Arc<Semaphore>,
    /// What takes place behind it, in the plural, as callers are told.
    what: &'static str,
}

/// That one is in; dropped, another may enter.
#[derive(Debug)]
pub struct Admission(#[expect(dead_code, reason = "it is held for what its end does")] OwnedSemaphorePermit);

impl Gate {
    /// A gate with so many places, at least one, for what the plural `what` names.
    pub fn new(places: u32, what: &'static str) -> Self {
        let places = usize::try_from(places.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), what }
    }

    /// Enters where a place is free. [`Error::Busy`] where none is.
    pub fn enter(&self) -> Result<Admission> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map(Admission).map_err(|_| Error::Busy(self.what))
    }

    /// Waits for a place, in the order of arrival. [`Error::Busy`] where none becomes free in time.
    pub async fn wait(&self) -> Result<Admission> {
        match timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(Admission(place)),
            _ => Err(Error::Busy(self.what)),
        }
    }

    /// How many places are free.
    pub fn free(&self) -> usize {
        self.places.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_is_told_so_and_who_waits_gets_the_first_that_is_free() {
        let gate = Gate::new(0, "tests");
        let first = gate.enter().unwrap();
        assert!(matches!(gate.enter(), Err(Error::Busy("tests"))));
        assert!(matches!(gate.wait().await, Err(Error::Busy("tests"))));
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.wait().await.map(drop) }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(waiting.await.unwrap().is_ok());
        assert_eq!(gate.free(), 1);
    }
}
