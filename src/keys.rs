//! `china-auto keys`: the keys of callers, made and revoked on the machine that the service runs on.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::access::{self, Actor, Key, Made, Scope, Wish};
use crate::clock::Clock;
use crate::config::Settings;
use crate::database::Opened;
use crate::error::{Error, Result};

/// How long closing may take.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// What is to be done with keys.
#[derive(Debug, Clone, clap::Args)]
pub struct Wanted {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// Make a key; its text is shown this once
    Create(Create),
    /// List the keys, without their texts
    List,
    /// Revoke a key: no service takes it a second later
    Revoke {
        /// Its number, or its beginning as ca_5f0c91d2
        #[arg(value_name = "KEY")]
        key: String,
    },
}

#[derive(Debug, Clone, clap::Args)]
struct Create {
    /// What it is called: who holds it, or what for
    #[arg(value_name = "NAME")]
    name: String,
    /// What it may be used for: read, write (and read), admin (everything) [default: read]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scope: Vec<Scope>,
    /// A dataset that it may read although it is restricted, and write with the scope write; may be given again
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "all_datasets")]
    dataset: Vec<String>,
    /// All datasets, those to come included
    #[arg(long)]
    all_datasets: bool,
    /// Until when it is of use: the last day (2027-06-30, in China), or days from now (90d) [default: until it is revoked]
    #[arg(long, value_name = "DATE|DAYS")]
    expires: Option<String>,
}

/// Does it, and tells what came of it.
pub async fn run(settings: Settings, wanted: Wanted) -> Result<String> {
    let clock = Clock::system();
    // What is wrong with the words is told before anything is opened.
    let wish = if let What::Create(create) = &wanted.what { Some(create.wish(&clock)?) } else { None };
    let opened = settings.attached().await?;
    let done = done(&opened, wanted.what, wish, &clock).await;
    opened.close(STOP_WITHIN).await?;
    done
}

async fn done(opened: &Opened, what: What, wish: Option<Wish>, clock: &Clock) -> Result<String> {
    let by = Actor::of_command_line();
    match (what, wish) {
        (What::Revoke { key }, _) => {
            let is_new = access::revoke(&opened.database, &key, &by, clock.now()).await?;
            Ok(format!("key {key} {}\n", if is_new { "is revoked" } else { "was revoked already" }))
        }
        (What::Create(_), Some(wish)) => {
            let Made { id, secret } = access::create(&opened.database, &wish, &by, clock.now()).await?;
            Ok(format!(
                "{}\n\nkey {id}, {}: {}. It is shown this once; send it as\nAuthorization: Bearer {}…\n",
                secret.reveal(),
                wish.name,
                told(&wish.scopes, wish.datasets.as_deref()),
                secret.prefix(),
            ))
        }
        _ => Ok(table(&access::list(&opened.database).await?, clock.now())),
    }
}

impl Create {
    fn wish(&self, clock: &Clock) -> Result<Wish> {
        let wrong = |detail: String| Error::Startup(detail);
        let mut scopes = self.scope.clone();
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            scopes.push(Scope::Read);
        }
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(wrong("the name of a key has 1 to 100 characters".to_owned()));
        }
        let is_admin = scopes.contains(&Scope::Admin);
        if is_admin && !self.dataset.is_empty() {
            return Err(wrong("the scope admin is over all datasets: leave --dataset out".to_owned()));
        }
        if scopes == [Scope::Write] && self.dataset.is_empty() && !self.all_datasets {
            return Err(wrong("say what the key may write: --dataset NAME, or --all-datasets".to_owned()));
        }
        let datasets = (!self.all_datasets && !is_admin).then(|| self.dataset.clone());
        let expires_at = self.expires.as_deref().map(|text| end(text, clock)).transpose()?;
        Ok(Wish { name, scopes, datasets, expires_at })
    }
}

/// The moment from which on a key is of no use.
fn end(text: &str, clock: &Clock) -> Result<DateTime<Utc>> {
    let wrong =
        || Error::Startup(format!("--expires {text}: a day to come (2027-06-30) or days (90d) are possible"));
    let end = if let Some(days) = text.strip_suffix('d') {
        let days = days.parse().ok().filter(|days| *days > 0).ok_or_else(wrong)?;
        clock.now().checked_add_days(Days::new(days))
    } else {
        let last: NaiveDate = text.parse().map_err(|_| wrong())?;
        // The day ends in China eight hours before it does in UTC.
        let next = last.checked_add_days(Days::new(1)).and_then(|day| day.and_hms_opt(0, 0, 0));
        next.map(|at| at.and_utc() - chrono::TimeDelta::hours(8))
    };
    end.filter(|end| *end > clock.now()).ok_or_else(wrong)
}

fn told(scopes: &[Scope], datasets: Option<&[String]>) -> String {
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    let datasets = datasets.map_or("all datasets".to_owned(), |all| {
        if all.is_empty() { "public datasets".to_owned() } else { all.join(", ") }
    });
    format!("{} on {datasets}", scopes.join(", "))
}

fn table(keys: &[Key], now: DateTime<Utc>) -> String {
    if keys.is_empty() {
        return "there is no key: everybody may read what is public\n".to_owned();
    }
    let mut text = String::new();
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    for key in keys {
        let used = key.last_used_at.map_or("never used".to_owned(), |at| format!("last used {}", day(at)));
        let state = match (key.fault(now), key.revoked_at, key.expires_at) {
            (Some(_), Some(at), _) => format!("revoked {}", day(at)),
            (Some(_), None, Some(at)) => format!("expired {}", day(at)),
            (None, _, Some(at)) => format!("until {}", day(at)),
            _ => "no end".to_owned(),
        };
        let what = told(&key.scopes, key.datasets.as_deref());
        let made = day(key.created_at);
        let _ =
            writeln!(text, "{} {} {:?}: {what}; made {made}, {state}, {used}", key.id, key.prefix, key.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(scope: &[Scope], dataset: &[&str], all_datasets: bool) -> Create {
        let dataset = dataset.iter().map(|name| (*name).to_owned()).collect();
        Create { name: "one".to_owned(), scope: scope.to_vec(), dataset, all_datasets, expires: None }
    }

    fn clock() -> Clock {
        Clock::fixed("2026-11-30T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_key_is_for_what_was_said_and_for_nothing_more() {
        let wish = |create: &Create| create.wish(&clock());
        let plain = wish(&create(&[], &[], false)).unwrap();
        assert_eq!((plain.scopes, plain.datasets), (vec![Scope::Read], Some(Vec::new())));
        let admin = wish(&create(&[Scope::Admin], &[], false)).unwrap();
        assert_eq!(admin.datasets, None);
        assert!(wish(&create(&[Scope::Write], &[], false)).is_err());
        assert!(wish(&create(&[Scope::Admin], &["own"], false)).is_err());
        assert!(wish(&Create { name: " ".to_owned(), ..create(&[], &[], false) }).is_err());
    }

    #[test]
    fn an_end_is_the_end_of_a_day_in_china_or_some_days_from_now() {
        let end = |text: &str| end(text, &clock()).map(|at| at.to_rfc3339()).ok();
        assert_eq!(end("2027-06-30").as_deref(), Some("2027-06-30T16:00:00+00:00"));
        assert_eq!(end("90d").as_deref(), Some("2027-02-28T10:00:00+00:00"));
        for wrong in ["0d", "yesterday", "2026-11-29", "2026-13-01", "-1d"] {
            assert_eq!(end(wrong), None, "{wrong}");
        }
    }
}
