//! Whose address a request comes from. What a header says of it is believed only as far as proxies of one's own wrote it.

use std::net::IpAddr;

use axum::http::{Extensions, HeaderMap};

/// The header in which each proxy writes, behind what is there, the address that it was called from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address at the other end of the connection; an extension of each request that came over one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The address of who asked: that of the connection, or what the outermost of so many trusted proxies was called from. Who calls
/// can write entries of its own, but only to the left of those. Where one is missing or no address, nobody vouches for anything
/// and it is that of the connection; none where there is no connection either, as in a call within the process.
pub fn of_caller(headers: &HeaderMap, extensions: &Extensions, trusted_proxies: u8) -> Option<IpAddr> {
    let forwarded = trusted_proxies.checked_sub(1).and_then(|inner| {
        // Several headers of one name are one list, in their order.
        let all = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .rev()
            .flat_map(|value| value.as_bytes().rsplit(|b| *b == b','));
        all.into_iter().nth(inner.into()).and_then(address)
    });
    let peer = || extensions.get::<Peer>().map(|peer| peer.0);
    Some(forwarded.or_else(peer)?.to_canonical())
}

/// An entry as an address; some proxies write the port too.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    let with_port = || entry.parse().ok().map(|address: std::net::SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn found(lines: &[&'static str], trusted: u8) -> String {
        let (mut headers, mut extensions) = (HeaderMap::new(), Extensions::new());
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        extensions.insert(Peer("::ffff:10.0.0.1".parse().unwrap()));
        of_caller(&headers, &extensions, trusted).unwrap().to_string()
    }

    #[test]
    fn without_trusted_proxies_it_is_the_peer_whatever_is_said() {
        assert_eq!(found(&["192.0.2.1"], 0), "10.0.0.1");
        assert_eq!(found(&[], 0), "10.0.0.1");
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        assert_eq!(
            found(&["198.51.100.9, 192.0.2.1"], 1),
            "192.0.2.1",
            "what stands left of it is the caller's own"
        );
        assert_eq!(found(&["198.51.100.9, 192.0.2.1, 10.0.0.2"], 2), "192.0.2.1");
        assert_eq!(found(&["198.51.100.9", "192.0.2.1"], 1), "192.0.2.1", "two headers are one list");
        assert_eq!(found(&["[2001:db8::1]:443"], 1), "2001:db8::1");
        assert_eq!(found(&["192.0.2.1:1234"], 1), "192.0.2.1");
    }

    #[test]
    fn where_an_entry_is_missing_or_none_it_is_the_peer() {
        assert_eq!(found(&[], 1), "10.0.0.1");
        assert_eq!(found(&["192.0.2.1"], 2), "10.0.0.1");
        assert_eq!(found(&["192.0.2.1, unknown"], 1), "10.0.0.1");
        assert_eq!(found(&["192.0.2.1,"], 1), "10.0.0.1");
    }

    #[test]
    fn a_call_within_the_process_has_none() {
        assert_eq!(of_caller(&HeaderMap::new(), &Extensions::new(), 0), None);
    }
}
