//! An import that somebody watches: a bar on a terminal, and Ctrl-C, which ends it before anything is changed.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::{Error, Result};
use crate::ingest::file::Progress;

/// How often the bar is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Does `work` on a file of so many bytes. The bar is hidden where standard error is no terminal.
pub async fn watched<T>(progress: &Progress, size: u64, work: impl Future<Output = Result<T>>) -> Result<T> {
    let bar = ProgressBar::new(size);
    let form = "{bar:40} {bytes}/{total_bytes} read, {msg}";
    bar.set_style(
        ProgressStyle::with_template(form).map_err(|error| Error::internal("drawing a bar", error))?,
    );
    let mut work = std::pin::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.map_err(|error| Error::internal("listening for Ctrl-C", error))?;
                interrupt(progress);
            }
            () = tokio::time::sleep(DRAWN_EVERY) => {
                let (bytes, rows) = progress.so_far();
                bar.set_position(bytes);
                bar.set_message(if bytes < size { format!("{rows} rows") } else { format!("{rows} rows; writing") });
            }
        }
    };
    bar.finish_and_clear();
    done
}

/// The first time asks the work to end, which it does where it can; the second time ends the program, and with it the transaction.
fn interrupt(progress: &Progress) {
    if progress.is_cancelled() {
        std::process::exit(INTERRUPTED);
    }
    progress.cancel();
}
