//! What the service counts of itself, for `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::error::{Error, Result};

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The upper bounds of the buckets of durations, in seconds: from what comes out of memory to what is cut off.
const BOUNDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The counts of one service. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Answers that were kept and sent again.
    pub hits: Counter,
    /// Answers that could be kept and had to be made.
    pub misses: Counter,
    /// Bytes of the answers that are kept, what is needed to find them included.
    pub kept: Gauge,
    requests: Family<Answered, Counter>,
    durations: Family<Operation, Histogram>,
    connections: Family<Connections, Gauge>,
    registry: Arc<Registry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    operation: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    state: &'static str,
}

impl Metrics {
    /// Counts that begin at nothing.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("china_auto");
        let (hits, misses, kept) = (Counter::default(), Counter::default(), Gauge::default());
        let (requests, connections) = (Family::default(), Family::default());
        let durations = Family::new_with_constructor((|| Histogram::new(BOUNDS)) as fn() -> Histogram);
        registry.register("requests", "Requests answered", requests.clone());
        let help = "Time from the request to the head of its answer";
        registry.register_with_unit("request_duration", help, Unit::Seconds, durations.clone());
        registry.register("cache_hits", "Answers that were kept and sent again", hits.clone());
        registry.register("cache_misses", "Answers that could be kept and had to be made", misses.clone());
        registry.register_with_unit("cache_size", "Size of the answers kept", Unit::Bytes, kept.clone());
        let help = "Connections of the pool for reading, by whether one reads";
        registry.register("pool_connections", help, connections.clone());
        Self { hits, misses, kept, requests, durations, connections, registry: Arc::new(registry) }
    }

    /// Counts a request of this operation (an `operationId`, or `none`) that was answered.
    pub fn answered(&self, operation: &'static str, status: u16, took: Duration) {
        self.requests.get_or_create(&Answered { operation, status }).inc();
        self.durations.get_or_create(&Operation { operation }).observe(took.as_secs_f64());
    }

    /// All counts in the text format of Prometheus, with so many connections reading and so many idle.
    pub fn text(&self, in_use: usize, idle: usize) -> Result<String> {
        for (state, count) in [("in_use", in_use), ("idle", idle)] {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.connections.get_or_create(&Connections { state }).set(count);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(|error| Error::internal("writing the metrics", error))?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told_by_operation_and_status() {
        let metrics = Metrics::new();
        metrics.answered("find", 200, Duration::from_millis(2));
        metrics.answered("find", 200, Duration::from_secs(20));
        metrics.answered("find", 422, Duration::from_millis(2));
        metrics.kept.set(7);
        let text = metrics.text(1, 2).unwrap();
        for line in [
            "china_auto_requests_total{operation=\"find\",status=\"200\"} 2",
            "china_auto_requests_total{operation=\"find\",status=\"422\"} 1",
            "china_auto_request_duration_seconds_bucket{le=\"0.0025\",operation=\"find\"} 2",
            "china_auto_request_duration_seconds_count{operation=\"find\"} 3",
            "china_auto_cache_hits_total 0",
            "china_auto_cache_size_bytes 7",
            "china_auto_pool_connections{state=\"in_use\"} 1",
            "china_auto_pool_connections{state=\"idle\"} 2",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in {text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
