//! One request at a time, and what it was answered.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;

/// The header of a request that asks for an answer made anew.
pub const FRESH: &str = "Cache-Control: no-cache";

/// Headers that the framework or the connection sets, which the bare handler sets by itself.
const OWN: [&str; 4] = ["content-length", "date", "connection", "transfer-encoding"];

/// An answer, so that it can be sent again.
#[derive(Serialize, Deserialize)]
pub struct Recorded {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Recorded {
    /// A header of it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its body.
    pub fn json(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.body)?)
    }

    /// Refuses it unless `Server-Timing` tells this origin.
    pub fn check_origin(&self, origin: &str) -> Result<()> {
        let told = self.header("server-timing").unwrap_or_default();
        if told.contains(&format!("cache;desc={origin},")) {
            return Ok(());
        }
        Err(format!("the answer should be a {origin}, and its Server-Timing says {told}").into())
    }
}

/// A client that keeps its connection.
pub struct Client {
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
}

impl Client {
    pub fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, http: reqwest::Client::new() })
    }

    /// What is answered, whatever its status.
    pub fn get(&self, url: &str, headers: &[String]) -> Result<Recorded> {
        self.runtime.block_on(async {
            let mut request = self.http.get(url);
            for (name, value) in headers.iter().filter_map(|header| header.split_once(": ")) {
                request = request.header(name, value);
            }
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let kept = answer.headers().iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
            let headers = kept.map(|(name, value)| Ok((name.to_string(), value.to_str()?.to_owned())));
            let headers = headers.collect::<Result<_>>()?;
            Ok(Recorded { status, headers, body: answer.text().await? })
        })
    }

    /// What is answered well.
    pub fn get_well(&self, url: &str, headers: &[String]) -> Result<Recorded> {
        let answer = self.get(url, headers)?;
        match answer.status {
            200..400 => Ok(answer),
            status => Err(format!("{url}: {status} {}", answer.body).into()),
        }
    }

    /// What is answered when it is made anew, and in how many milliseconds.
    pub fn timed(&self, url: &str) -> Result<(Recorded, f64)> {
        let started = Instant::now();
        let answer = self.get(url, &[FRESH.to_owned()])?;
        Ok((answer, started.elapsed().as_secs_f64() * 1000.0))
    }
}
