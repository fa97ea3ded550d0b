//! An answer of any size, read batch by batch in the order of its series: what is in memory at a time does not grow with it.

use super::answer::{Frame, answers};
use super::fetch::Reader;
use super::selected::Selected;
use crate::error::Result;

/// How many stored figures are in memory at a time, unless one target alone has more.
const BATCH: i64 = 10_000;

/// A way through everything that a query selects. Only what is selected is in memory from its beginning to its end.
#[derive(Debug)]
pub struct Walk {
    selected: Selected,
    /// How many targets were answered.
    at: usize,
}

impl Walk {
    /// One that begins with the first series.
    pub fn through(selected: Selected, source_at: usize) -> Self {
        Self { selected: selected.slim(source_at), at: 0 }
    }

    /// The next series, all of them whole; it may be that there is no figure in these. `None` at the end. Each call has to read the
    /// same state of the data: that of one snapshot.
    pub async fn next(&mut self, reader: &Reader<'_>) -> Result<Option<Frame>> {
        let batch = self.selected.batch(&self.selected.targets[self.at..], BATCH);
        if batch.is_empty() {
            return Ok(None);
        }
        let answered = answers(reader, &self.selected, batch).await?;
        self.at += batch.len();
        let mut frame = Frame::default();
        for (mut series, late) in answered {
            frame.series.append(&mut series);
            frame.late += late;
        }
        Ok(Some(frame))
    }
}
