//! Large answers as CSV or lines of JSON: sent while they are read, all in one state of the data, however large they are.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::{Found, MOST_LINES, Understood, WAYS_OUT, envelope, pinned};
use crate::app::App;
use crate::database::Admission;
use crate::error::{Error, Result};
use crate::formats::{self, Row, Written, csv_chunk, csv_head};
use crate::http::negotiate::Format;
use crate::http::records::{lines_chunk, lines_end};
use crate::http::reply::Reply;
use crate::http::stream::{self, CHUNK, Sink, Stopped, Streamed};
use crate::language::Language;
use crate::timeseries::answer::of_selected;
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::fetch::{Cancel, Connections, Reader, Snapshot};
use crate::timeseries::frame::source_at;
use crate::timeseries::plan::Plan;
use crate::timeseries::selected::Selected;
use crate::timeseries::walk::Walk;

/// The fewest observations that an answer may turn out to have that is sent while it is read. Smaller ones are read whole first,
/// and have a length.
const STREAMED_FROM: u64 = 10_000;

/// Answers all observations as lines, series by series.
pub(super) async fn answer(
    understood: Understood<'_>,
    app: &App,
    vocabulary: &Arc<Vocabulary>,
) -> Result<Reply> {
    let start = Instant::now();
    let asked = &understood.asked;
    let (pages_at, pin) = pinned(vocabulary, &understood.dataset.name, &asked.view)?;
    let dataset = understood.dataset.with(&asked.plan.sums);
    let (connections, heavy) = (Connections::Pool(&app.pool), Some(&app.heavy));
    let by = (&*dataset, &**vocabulary);
    let reader = Reader { connections, pin, heavy, ..Reader::now(&app.pool, &asked.plan, by) };
    let selected = Selected::read(&reader, &asked.plan).await?;
    let most: u64 = selected.bounds_then(&reader).await?.into_iter().map(|bounds| bounds.most).sum();
    if most < STREAMED_FROM {
        let frame = of_selected(&reader, &selected, (MOST_LINES, WAYS_OUT)).await?;
        let database_ms = start.elapsed().as_secs_f64() * 1000.0;
        let (warnings, explanation, annotations) = (Vec::new(), None, None);
        let found = Found { understood, frame, warnings, explanation, annotations, pages_at, database_ms };
        return found.written();
    }
    let admission = app.streams.enter()?;
    let source_at = source_at(&dataset);
    let download = Download {
        path: asked.view.target.path.clone(),
        plan: asked.plan.clone(),
        dataset: dataset.into_owned(),
        vocabulary: Arc::clone(vocabulary),
        language: asked.language,
        format: asked.view.format,
    };
    let stream =
        download.begin(Cancel::open(app.pool.clone()), Walk::through(selected, source_at), admission).await?;
    let database_ms = Some(start.elapsed().as_secs_f64() * 1000.0);
    let head = envelope::head(asked, vocabulary, pages_at);
    Ok(Reply { stream: Some(stream), database_ms, ..head })
}

/// What is sent. It reads on its own, since the request ends with the head of the answer.
struct Download {
    path: String,
    plan: Plan,
    dataset: Dataset,
    vocabulary: Arc<Vocabulary>,
    language: Language,
    format: Format,
}

/// Tells the request that the first series are there, or why they are not: until then the answer may be a problem.
type Begun = oneshot::Sender<Result<()>>;

/// Why a download ended early.
enum Early {
    Failed(Error),
    Stopped(Stopped),
}

impl From<Error> for Early {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Stopped> for Early {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

impl Download {
    /// Begins to read; the body is there when the first series are.
    async fn begin(
        self,
        opening: impl Future<Output = Result<(Snapshot, Cancel)>> + Send + 'static,
        walk: Walk,
        admission: Admission,
    ) -> Result<Streamed> {
        let (sink, streamed) = stream::channel();
        let (begun, beginning) = oneshot::channel();
        tokio::spawn(async move {
            let whole = match opening.await {
                Ok(opened) => self.run(opened, walk, (sink, begun)).await,
                Err(error) => {
                    // That nobody hears it means that the caller went away.
                    drop(begun.send(Err(error)));
                    None
                }
            };
            // Held as long as the connection is, and no longer: the caller may take its time with the last chunks.
            drop(admission);
            if let Some(sink) = whole {
                // One that has gone away by now lacks nothing but the end.
                let _ = sink.end().await;
            }
        });
        let ended = |_| Error::internal("beginning a download", "it ended before it had begun");
        beginning.await.map_err(ended)??;
        Ok(streamed)
    }

    /// Reads and sends until all is sent, or the caller goes away: then the statement under way is cancelled. Gives back the sink
    /// where all is sent but the end.
    async fn run(
        self,
        (snapshot, cancel): (Snapshot, Cancel),
        walk: Walk,
        (sink, begun): (Sink, Begun),
    ) -> Option<Sink> {
        let mut begun = Some(begun);
        let sent = tokio::select! {
            sent = self.send(&snapshot, walk, (&sink, &mut begun)) => sent,
            () = sink.gone() => Err(Early::Stopped(Stopped::Gone)),
        };
        let path = &self.path;
        match (sent, begun) {
            (Ok(rows), _) => {
                let closed = snapshot.close().await.is_ok();
                tracing::info!(rows, closed, "{path} was read whole");
                return Some(sink);
            }
            (Err(Early::Failed(error)), Some(begun)) => drop(begun.send(Err(error))),
            (Err(Early::Failed(error)), None) => tracing::error!(%error, "{path} broke off"),
            (Err(Early::Stopped(why)), _) => {
                cancel.end(snapshot).await;
                tracing::info!(?why, "{path} was given up");
            }
        }
        None
    }

    /// Sends everything and tells how many observations that were.
    async fn send(
        &self,
        snapshot: &Snapshot,
        mut walk: Walk,
        (sink, begun): (&Sink, &mut Option<Begun>),
    ) -> std::result::Result<usize, Early> {
        let Self { plan, dataset, vocabulary, language, .. } = self;
        let connections = Connections::Snapshot(snapshot);
        let reader =
            Reader { connections, plan, dataset, vocabulary, pin: None, reads_all: false, heavy: None };
        let mut next = walk.next(&reader).await?;
        if begun.take().is_some_and(|begun| begun.send(Ok(())).is_err()) {
            return Err(Stopped::Gone.into());
        }
        if self.format == Format::Csv {
            sink.send(csv_head(&dataset.dimensions)?.into()).await?;
        }
        let mut sent = 0;
        while let Some(frame) = next {
            let (language, transform) = (*language, plan.transform);
            let written = Written { frame: &frame, dataset, vocabulary, language, transform };
            let mut rows = formats::rows(written).peekable();
            while rows.peek().is_some() {
                let (chunk, count) = self.chunk(&mut rows)?;
                sink.send(chunk.into()).await?;
                sent += count;
            }
            next = walk.next(&reader).await?;
        }
        if self.format == Format::Ndjson {
            sink.send(lines_end(sent, None)?.into()).await?;
        }
        Ok(sent)
    }

    fn chunk<'a>(&self, rows: &mut impl Iterator<Item = Row<'a>>) -> Result<(Vec<u8>, usize)> {
        match self.format {
            Format::Csv => csv_chunk(rows, &self.dataset.dimensions, CHUNK),
            _ => lines_chunk(rows, CHUNK),
        }
    }
}
