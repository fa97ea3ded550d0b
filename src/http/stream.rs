//! Bodies that are sent while they are written, no faster than they are taken. One that is not written to its end breaks off: the
//! connection is reset, so that nobody takes a part for the whole.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How many chunks are written ahead of the connection.
const AHEAD: usize = 2;

/// How many bytes a chunk has, or a row more.
pub const CHUNK: usize = 64 * 1024;

/// How long a caller may take nothing before the rest is not written any more.
pub const IDLE: Duration = Duration::from_secs(30);

/// A part of a body, or that there is no more.
enum Part {
    Chunk(Bytes),
    End,
}

/// Where a body is written.
#[derive(Debug)]
pub struct Sink(mpsc::Sender<Part>);

/// A body that is being written. It can be sent once.
#[derive(Debug, Clone)]
pub struct Streamed(Arc<Mutex<Option<mpsc::Receiver<Part>>>>);

/// Why nothing more can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The caller went away.
    Gone,
    /// The caller has taken nothing for too long.
    Idle,
}

/// That a body was not written to its end.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
struct BrokenOff;

/// A body, and where it is written.
pub fn channel() -> (Sink, Streamed) {
    let (sender, receiver) = mpsc::channel(AHEAD);
    (Sink(sender), Streamed(Arc::new(Mutex::new(Some(receiver)))))
}

impl Sink {
    /// Writes a chunk. Waits until what was written before is taken.
    pub async fn send(&self, chunk: Bytes) -> Result<(), Stopped> {
        self.put(Part::Chunk(chunk)).await
    }

    /// Says that this was all. A body whose sink is dropped without it breaks off.
    pub async fn end(self) -> Result<(), Stopped> {
        self.put(Part::End).await
    }

    /// Waits until the caller has gone away.
    pub async fn gone(&self) {
        self.0.closed().await;
    }

    async fn put(&self, part: Part) -> Result<(), Stopped> {
        match timeout(IDLE, self.0.send(part)).await {
            Ok(sent) => sent.map_err(|_| Stopped::Gone),
            Err(_) => Err(Stopped::Idle),
        }
    }
}

impl Streamed {
    /// The body as it is sent.
    pub fn into_body(self) -> Body {
        let receiver = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        receiver.map_or_else(Body::empty, |receiver| Body::from_stream(chunks(receiver)))
    }
}

fn chunks(receiver: mpsc::Receiver<Part>) -> impl Stream<Item = Result<Bytes, BrokenOff>> {
    stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Part::Chunk(chunk)) => Some((Ok(chunk), Some(receiver))),
            Some(Part::End) => None,
            None => Some((Err(BrokenOff), None)),
        }
    })
}

/// The same body coded with gzip, chunk by chunk. Where it breaks off, so does what is made of it.
pub fn gzip(body: Body) -> Body {
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let coded = stream::unfold(Some((body.into_data_stream(), encoder)), async |state| {
        let (mut chunks, mut encoder) = state?;
        // The coder keeps back what is too little to be coded well.
        while encoder.get_ref().is_empty() {
            let written = match chunks.next().await {
                Some(Ok(chunk)) => encoder.write_all(&chunk),
                Some(Err(error)) => return Some((Err(error), None)),
                None => return Some((encoder.finish().map(Bytes::from).map_err(axum::Error::new), None)),
            };
            if let Err(error) = written {
                return Some((Err(axum::Error::new(error)), None));
            }
        }
        let coded = std::mem::take(encoder.get_mut());
        Some((Ok(Bytes::from(coded)), Some((chunks, encoder))))
    });
    Body::from_stream(coded)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::body::to_bytes;

    use super::*;

    fn written(chunks: Vec<Bytes>, whole: bool) -> Body {
        let (sink, streamed) = channel();
        tokio::spawn(async move {
            for chunk in chunks {
                sink.send(chunk).await.unwrap();
            }
            if whole {
                sink.end().await.unwrap();
            }
        });
        streamed.into_body()
    }

    #[tokio::test]
    async fn what_is_written_arrives_and_only_what_was_ended_is_whole() {
        let chunks: Vec<Bytes> = (0..9u8).map(|n| vec![n; 1000].into()).collect();
        let all = chunks.concat();
        assert_eq!(to_bytes(written(chunks.clone(), true), usize::MAX).await.unwrap(), all);
        assert!(to_bytes(written(chunks.clone(), false), usize::MAX).await.is_err());
        let coded = to_bytes(gzip(written(chunks.clone(), true)), usize::MAX).await.unwrap();
        let mut decoded = Vec::new();
        flate2::read::GzDecoder::new(coded.as_ref()).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, all);
        assert!(to_bytes(gzip(written(chunks, false)), usize::MAX).await.is_err());
        assert!(to_bytes(gzip(written(vec![], true)), usize::MAX).await.unwrap().len() >= 18);
    }

    #[tokio::test(start_paused = true)]
    async fn writing_waits_for_the_reader_and_ends_where_it_takes_nothing_or_goes_away() {
        let (sink, streamed) = channel();
        for _ in 0..AHEAD {
            sink.send(Bytes::new()).await.unwrap();
        }
        assert_eq!(sink.send(Bytes::new()).await, Err(Stopped::Idle));
        drop(streamed.into_body());
        sink.gone().await;
        assert_eq!(sink.send(Bytes::new()).await, Err(Stopped::Gone));
    }
}
