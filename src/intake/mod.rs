//! Files that are sent to the service: each waits on disk, is taken in from there, and its import tells how that goes.
//!
//! `spool` has the files, `queue` says in the database what is to be done with each, `worker` does it, one after the other.
//! What an import is to the lists and figures, [`crate::ingest::file`] knows.

mod filters;
mod model;
mod parameters;
mod queries;
mod queue;
mod routes;
mod spool;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::Notify;

use crate::access::{Actor, Permit};
use crate::catalog::Vocabularies;
use crate::clock::Clock;
use crate::database::{Database, Gate};
use crate::error::{Error, Fault, Result};
use crate::ingest::file::{self, Kept, Options, Which, Withdrawn};
use queue::Sent;
pub use routes::routes;
use spool::{Spool, Upload};

/// How many files may arrive at a time.
const UPLOADS: u32 = 4;

/// How long a withdrawal waits for an import that is under way; less than a request waits for it.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a request waits for a withdrawal, which goes on without it; less than a request may take.
const WITHDRAWN_WITHIN: Duration = Duration::from_secs(6);

/// What takes in files. Clones share everything.
#[derive(Debug, Clone)]
pub struct Intake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    database: Database,
    spool: Spool,
    kept: Option<Kept>,
    vocabularies: Vocabularies,
    clock: Clock,
    uploads: Gate,
    withdrawals: Gate,
    work: Notify,
}

/// How files are taken in.
#[derive(Debug, Clone)]
pub struct Settings<'a> {
    /// The folder that has the spool.
    pub data_dir: &'a Path,
    /// How many bytes files that wait may take together.
    pub most_bytes: u64,
    /// Where files are kept; `None` where they are not.
    pub kept: Option<Kept>,
}

impl Intake {
    /// Whether files may be waiting in this data folder.
    pub fn is_in(data_dir: &Path) -> bool {
        Spool::is_in(data_dir)
    }

    /// Files for this database, with those that waited when the last service on the data folder ended. `None` where another process takes
    /// in those of the data folder.
    pub async fn open(
        database: Database,
        settings: Settings<'_>,
        vocabularies: Vocabularies,
        clock: Clock,
    ) -> Result<Option<Self>> {
        let identity = database.identity().await?;
        let Some(spool) = Spool::open(settings.data_dir, &identity, settings.most_bytes)? else {
            return Ok(None);
        };
        let (uploads, work) = (Gate::new(UPLOADS, "files"), Notify::new());
        // One at a time, since each waits for the lock of imports.
        let withdrawals = Gate::new(1, "withdrawals");
        let kept = settings.kept;
        let shared = Shared { database, spool, kept, vocabularies, clock, uploads, withdrawals, work };
        // Before anything new arrives: what is here and of no import that goes on is of one that ended, or was never told to its sender.
        let goes_on = shared.recover().await?;
        shared.spool.sweep(&goes_on)?;
        Ok(Some(Self(Arc::new(shared))))
    }

    /// Receives a file, and tells the number of its import; also whether that is new, and not the one by which the same file is or was
    /// taken in the same way.
    pub async fn receive<E: std::error::Error>(
        &self,
        (name, options, permit, by): (&str, &Options, &Permit, &Actor),
        body: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        length: Option<u64>,
    ) -> Result<(i32, bool)> {
        let shared = &self.0;
        let _place = shared.uploads.enter()?;
        let upload = shared.spool.receive(body, length).await?;
        let (name, options) = (name.to_owned(), options.clone());
        let sender = (permit.clone(), by.clone());
        // Where its sender goes away now, it goes on all the same.
        let entering = tokio::spawn(Arc::clone(shared).enter(upload, (name, options), sender));
        entering.await.map_err(|error| Error::internal("entering a file", error))?
    }

    /// Asks to end an import that is on its way; `false` where it is not.
    pub async fn cancel(&self, import: i32, by: &Actor) -> Result<bool> {
        let shared = &self.0;
        let mut connection = shared.database.writer().await?;
        let state =
            queue::cancel(&mut connection, (import, shared.spool.id()), by, shared.clock.now()).await?;
        if state.as_deref() == Some("cancelled") {
            shared.spool.remove(import);
        }
        Ok(state.is_some())
    }

    /// Withdraws a release, as [`Self::withdraw`] does.
    pub async fn withdraw_release(
        &self,
        release: i32,
        reason: Option<String>,
        by: &Actor,
    ) -> Result<Option<Withdrawn>> {
        self.withdraw(Which::Release(release), reason, by).await
    }

    /// Withdraws, for a reason that must be given; `None` where that takes longer than a request may, and goes on.
    pub async fn withdraw(
        &self,
        which: Which,
        reason: Option<String>,
        by: &Actor,
    ) -> Result<Option<Withdrawn>> {
        let reason = reason.ok_or_else(|| {
            let detail = "is needed to withdraw: it stays with what is withdrawn";
            Error::Rejected(vec![Fault::new("reason", "", detail)])
        })?;
        let shared = Arc::clone(&self.0);
        let place = shared.withdrawals.enter()?;
        let by = by.clone();
        let work = tokio::spawn(async move {
            let _place = place;
            let done =
                file::withdraw(&shared.database, (which, Some(&by)), &reason, PATIENCE, &shared.clock).await;
            shared.vocabularies.forget();
            if let Err(error) = &done {
                tracing::warn!(?which, "not withdrawn: {error}");
            }
            done
        });
        // Where nobody waits any more, the task goes on by itself.
        match tokio::time::timeout(WITHDRAWN_WITHIN, work).await {
            Ok(done) => done.map_err(|error| Error::internal("withdrawing", error))?.map(Some),
            Err(_) => Ok(None),
        }
    }
}

impl Shared {
    /// Enters a file that has arrived.
    async fn enter(
        self: Arc<Self>,
        upload: Upload,
        (name, options): (String, Options),
        (permit, by): (Permit, Actor),
    ) -> Result<(i32, bool)> {
        let sent = Sent {
            name: &name,
            size: upload.size(),
            checksum: upload.checksum,
            options: &options,
            permit: &permit,
            by: &by,
            spool: self.spool.id(),
            at: self.clock.now(),
        };
        let mut connection = self.database.writer().await?;
        let mut placed = None;
        let place = |import| {
            placed = Some(import);
            self.spool.place(upload, import)
        };
        let entered = queue::enter(&mut connection, sent, place).await;
        if let (Err(_), Some(import)) = (&entered, placed) {
            // How a commit ended that failed, only the database knows. Where it does not tell, the next start clears up.
            let mut connection = self.database.writer().await?;
            if !queue::is_entered(&mut connection, import).await? {
                self.spool.remove(import);
            }
        }
        self.work.notify_one();
        entered
    }
}
