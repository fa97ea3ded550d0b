//! The limit of what is answered from memory: a handler that does nothing but send a recorded answer, on the same framework.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::any;

use crate::Result;
use crate::client::Recorded;

/// The argument that makes this program the peer.
pub const COMMAND: &str = "--bare-handler";

/// The peer as a process of its own, with as many threads as the service has.
pub struct Bare {
    child: Child,
    pub url: String,
    _recorded: tempfile::NamedTempFile,
}

impl Bare {
    pub fn start(recorded: &Recorded) -> Result<Self> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(&serde_json::to_vec(recorded)?)?;
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(COMMAND).arg(file.path()).stdout(Stdio::piped()).spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().ok_or("it is piped")?).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned(), _recorded: file })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It holds nothing that an end could harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends the answer recorded in a file to whoever asks for anything, for as long as the process lives.
pub fn serve(recorded: &str) -> Result<()> {
    let Recorded { status, headers, body } = serde_json::from_slice(&std::fs::read(recorded)?)?;
    let status = StatusCode::from_u16(status)?;
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| Ok((HeaderName::try_from(name)?, HeaderValue::try_from(value)?)))
        .collect::<Result<_>>()?;
    let body = Bytes::from(body);
    let answer = move || std::future::ready((status, headers.clone(), body.clone()));
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}/", listener.local_addr()?);
        axum::serve(listener, Router::new().fallback(any(answer))).await?;
        Ok(())
    })
}
