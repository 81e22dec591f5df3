//! Whom a request is addressed to, where no token says who sends it.
//!
//! A service without clients answers whoever reaches its port, which is a loopback one. A page in a browser on the
//! same machine reaches it as well: as another origin, or, once the page's own name has been pointed at 127.0.0.1
//! (DNS rebinding), even as its own. The browser says the name in `host` and the page in `origin`, and neither can
//! be forged by the page. With clients there is a token, which no browser adds by itself, and the names by which
//! a service is reached are the operator's.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::Response;

use super::guard::{is_grpc, refuse};
use crate::core::Service;
use crate::error::ServiceError;
use crate::metrics::RequestLabel;

/// What a service without clients answers to.
#[derive(Clone)]
pub struct Local {
    /// The service.
    pub service: Arc<Service>,
    /// The port that it listens on.
    pub port: u16,
    /// `http` or `https`.
    pub scheme: &'static str,
}

/// Lets a request through that is addressed to this machine, and comes from no other's page.
pub async fn local_only(State(local): State<Local>, request: Request, next: Next) -> Response {
    let error = match local.check(request.uri(), request.headers()) {
        Ok(()) => return next.run(request).await,
        Err(error) => error,
    };
    let grpc = is_grpc(request.headers());
    let label = RequestLabel {
        api: if grpc { "grpc" } else { "http" },
        method: "refused",
        code: error.code().name,
    };
    local.service.metrics().requests.get_or_create(&label).inc();
    refuse(&error, grpc)
}

impl Local {
    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ServiceError> {
        let named = headers.get_all(HOST).iter().map(text);
        // `:authority`, in HTTP/2.
        let authority = uri.authority().map(|authority| authority.as_str());
        let mut hosts: Vec<&str> = named.chain(authority).collect();
        if hosts.is_empty() {
            hosts.push("");
        }
        for host in &hosts {
            if !self.is_here(host) {
                let expected = format!("localhost:{} or a loopback address", self.port);
                return Err(forbidden("host", expected, host));
            }
        }
        for origin in headers.get_all(ORIGIN).iter().map(text) {
            for host in &hosts {
                let expected = format!("{}://{host}", self.scheme);
                if !origin.eq_ignore_ascii_case(&expected) {
                    return Err(forbidden("origin", expected, origin));
                }
            }
        }
        Ok(())
    }

    /// Whether `name` or `name:port` is this service.
    fn is_here(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let name = authority.host();
        let here = name.eq_ignore_ascii_case("localhost")
            || name.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
            || bracketed(name).is_some_and(|ip| ip.is_loopback());
        // Nothing before the name, and no other port behind it.
        let rest = host.strip_prefix(name);
        here && rest.is_some_and(|rest| rest.is_empty() || rest == format!(":{}", self.port))
    }
}

fn bracketed(name: &str) -> Option<Ipv6Addr> {
    let inner = name.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse().ok()
}

/// What is no text is no name either.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

fn forbidden(header: &'static str, expected: String, got: &str) -> ServiceError {
    let got = got.chars().take(100).collect();
    ServiceError::Forbidden {
        header,
        expected,
        got,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> (tempfile::TempDir, crate::core::Started, Local) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = crate::config::Config::default();
        config.data.folder = folder.path().join("data");
        let started = Service::start(config).expect("a service");
        let local = Local {
            service: started.service.clone(),
            port: 8420,
            scheme: "http",
        };
        (folder, started, local)
    }

    #[test]
    fn loopback_alone_is_here() {
        let (_folder, started, local) = local();
        for host in [
            "localhost",
            "LocalHost:8420",
            "127.0.0.1",
            "127.0.0.1:8420",
            "127.1.2.3",
            "[::1]",
            "[::1]:8420",
        ] {
            assert!(local.is_here(host), "{host}");
        }
        for host in [
            "",
            "localhost:",
            "localhost:80",
            "localhost:84200",
            "localhost.evil.example",
            "evil.localhost",
            "evil.example:8420",
            "localhost@evil.example",
            "evil.example@localhost",
            "128.0.0.1",
            "0.0.0.0",
            "192.168.0.1:8420",
            "127.0.0.1.evil.example",
            "2130706433",
            "::1",
            "[::]",
            "[::2]:8420",
            "localhost localhost",
        ] {
            assert!(!local.is_here(host), "{host}");
        }
        started.stop(std::time::Duration::ZERO);
    }

    #[test]
    fn everything_that_a_request_says_of_itself_counts() {
        let (_folder, started, local) = local();
        let check = |uri: &str, headers: &[(&'static str, &'static str)]| {
            let uri = uri.parse().expect("a URI");
            let header = |(name, value): &(&'static str, &'static str)| {
                let name = axum::http::HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            };
            match local.check(&uri, &headers.iter().map(header).collect()) {
                Ok(()) => "ok",
                Err(ServiceError::Forbidden { header, .. }) => header,
                Err(other) => panic!("{other}"),
            }
        };
        let (here, evil) = (("host", "127.0.0.1:8420"), ("host", "evil.example"));
        let same = ("origin", "http://127.0.0.1:8420");
        assert_eq!(check("/", &[here]), "ok");
        assert_eq!(check("/", &[here, same]), "ok");
        assert_eq!(check("http://localhost:8420/", &[]), "ok");
        assert_eq!(check("/", &[]), "host");
        assert_eq!(check("/", &[evil]), "host");
        assert_eq!(check("/", &[here, evil]), "host");
        assert_eq!(check("http://evil.example/", &[here]), "host");
        assert_eq!(check("http://localhost:8420/", &[evil]), "host");
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://localhost:8420",
            "http://127.0.0.1",
            "http://127.0.0.1:3000",
            "https://127.0.0.1:8420",
        ] {
            assert_eq!(
                check("/", &[here, ("origin", origin)]),
                "origin",
                "{origin}"
            );
        }
        assert_eq!(check("/", &[here, same, ("origin", "null")]), "origin");
        started.stop(std::time::Duration::ZERO);
    }
}
