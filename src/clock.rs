//! The clock as a value, so that tests can hold it still.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

/// Tells the time. Everything that needs the time is handed one.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Utc::now))
    }

    /// A clock that stands still.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Arc::new(move || at))
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }

    /// Today's date in China, where the market's days begin and end.
    pub fn today(&self) -> NaiveDate {
        let china = FixedOffset::east_opt(8 * 3600).expect("eight hours is a valid offset");
        self.now().with_timezone(&china).date_naive()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_china_begins_at_four_in_the_afternoon_of_utc() {
        let at = |text: &str| Clock::fixed(text.parse().unwrap()).today().to_string();
        assert_eq!(at("2026-11-24T15:59:59Z"), "2026-11-24");
        assert_eq!(at("2026-11-24T16:00:00Z"), "2026-11-25");
    }
}
