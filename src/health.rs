//! Asks a running service whether it is ready: for containers, which have no other program to ask with.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::config::Settings;
use crate::error::{Error, Result};

/// How long the service may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Whether the service that has these settings is ready, asked on this machine: where operators ask, if that is elsewhere.
pub fn check(settings: &Settings) -> Result<()> {
    let edge = &settings.edge;
    let (listen, tls) = match &edge.metrics_listen {
        Some(listen) => (listen, false),
        None => (&settings.listen, edge.tls.is_some()),
    };
    let failed = |reason: String| Error::Startup(format!("the service at {listen} is not ready: {reason}"));
    let status = ask(listen, tls).map_err(|error| failed(error.to_string()))?;
    if status == "200" { Ok(()) } else { Err(failed(format!("/readyz answers {status:?}"))) }
}

/// The status of `/readyz`.
fn ask(listen: &str, tls: bool) -> std::io::Result<String> {
    let address = listen.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let stream = TcpStream::connect_timeout(&reachable(address), ANSWER_WITHIN)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    if tls { status(crate::listener::unproven(stream)?) } else { status(stream) }
}

fn status(mut stream: impl Read + Write) -> std::io::Result<String> {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut line = [0; 12];
    stream.read_exact(&mut line)?;
    Ok(String::from_utf8_lossy(&line[9..]).into_owned())
}

/// An address that can be called: one that stands for all of the machine's cannot.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let local: IpAddr =
            if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(local);
    }
    address
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn answering(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn the_status_is_read_off_the_answer() {
        assert_eq!(ask(&answering("HTTP/1.1 200 OK\r\n\r\n"), false).unwrap(), "200");
        assert_eq!(ask(&answering("HTTP/1.1 503 Service Unavailable\r\n\r\n"), false).unwrap(), "503");
        ask("127.0.0.1:1", false).unwrap_err();
    }

    #[test]
    fn an_address_for_all_interfaces_is_called_at_the_local_one() {
        assert_eq!(reachable("0.0.0.0:80".parse().unwrap()).to_string(), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80".parse().unwrap()).to_string(), "[::1]:80");
        assert_eq!(reachable("10.0.0.1:80".parse().unwrap()).to_string(), "10.0.0.1:80");
    }
}
