//! What an operator is warned of at the start: settings that are each right and together let more happen than may be meant.

use std::net::SocketAddr;

use crate::config::Settings;

/// The risks of these settings, one sentence each, where the API and the counts listen at these addresses.
pub fn of(settings: &Settings, api: SocketAddr, counts: Option<SocketAddr>) -> Vec<String> {
    let (edge, mut risks) = (&settings.edge, Vec::new());
    let is_open = |address: SocketAddr| !address.ip().is_loopback();
    if let Some(counts) = counts.filter(|counts| is_open(*counts)) {
        risks.push(format!("others than this machine can read /metrics at {counts}"));
    }
    if !is_open(api) {
        return risks;
    }
    if edge.tls.is_none() && edge.trusted_proxies == 0 {
        risks.push(format!(
            "others than this machine can reach {api}, and nothing is encrypted: give --tls-cert and --tls-key, or put a proxy \
             before it and say so with --trusted-proxies"
        ));
    }
    if edge.trusted_proxies > 0 {
        risks.push(format!(
            "whoever reaches {api} past the proxies of --trusted-proxies can say that it is any address: let nobody"
        ));
    }
    if edge.limits.is_open() {
        risks.push(format!(
            "others than this machine can reach {api}, and a limit of 0 lets each send any number"
        ));
    }
    if edge.most_requests == 0 {
        risks.push(
            "with --max-requests 0 nothing is refused that comes faster than it can be answered".to_owned(),
        );
    }
    if counts.is_none() {
        risks
            .push(format!("whoever can reach {api} can read /metrics: --metrics-listen serves it elsewhere"));
    }
    risks
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Flags;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        flags: Flags,
    }

    fn risks(arguments: &[&str], api: &str, counts: Option<&str>) -> Vec<String> {
        let flags = Program::try_parse_from([&["china-auto"], arguments].concat()).unwrap().flags;
        let counts = counts.map(|counts| counts.parse().unwrap());
        of(&Settings::load(flags).unwrap(), api.parse().unwrap(), counts)
    }

    #[track_caller]
    fn are(risks: &[String], parts: &[&str]) {
        assert_eq!(risks.len(), parts.len(), "{risks:?}");
        for (risk, part) in risks.iter().zip(parts) {
            assert!(risk.contains(part), "{risk}");
        }
    }

    #[test]
    fn what_this_machine_alone_can_reach_has_none() {
        are(&risks(&["--query-limit=0", "--max-requests=0"], "127.0.0.1:80", None), &[]);
        are(&risks(&[], "[::1]:80", Some("0.0.0.0:90")), &["can read /metrics at 0.0.0.0:90"]);
    }

    #[test]
    fn each_combination_is_told() {
        are(&risks(&[], "0.0.0.0:80", None), &["nothing is encrypted", "--metrics-listen"]);
        let apart = Some("127.0.0.1:90");
        are(&risks(&["--trusted-proxies=1"], "0.0.0.0:80", apart), &["past the proxies"]);
        are(&risks(&["--tls-cert=a", "--tls-key=b"], "0.0.0.0:80", apart), &[]);
        let open = ["--tls-cert=a", "--tls-key=b", "--import-limit=0", "--max-requests=0"];
        are(&risks(&open, "0.0.0.0:80", apart), &["a limit of 0", "--max-requests 0"]);
    }
}
