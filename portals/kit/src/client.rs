//! Asking partners over HTTPS: own authorities, own certificate, no redirect, no proxy, and an end to every wait and
//! every answer.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

pub use reqwest::Client;
use reqwest::{
    Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use rustls::RootCertStore;

use crate::tls::{self, Identity, TlsError};

/// Why a partner gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It could not be reached, or broke off. The address is left out: it may carry a message.
    #[error("the partner did not answer: {0}")]
    Away(String),
    /// It took longer than agreed.
    #[error("the partner took too long to answer")]
    Slow,
    /// It answers more than it should.
    #[error("the partner's answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl From<reqwest::Error> for AskError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Slow;
        }
        let mut words = String::new();
        let error = error.without_url();
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            words = match words.as_str() {
                "" => error.to_string(),
                words => format!("{words}: {error}"),
            };
            cause = error.source();
        }
        Self::Away(words)
    }
}

/// A client that believes `believes`, shows `identity` where it is asked to, and waits `patience` for a whole answer.
///
/// # Errors
/// [`TlsError`]
pub fn client(believes: RootCertStore, identity: Option<&Identity>, patience: Duration) -> Result<Client, TlsError> {
    built(believes, identity, patience, true, None)
}

/// The same without a certificate, going out from `local` of this machine: from the unspecified address of a family, by
/// that family alone.
///
/// # Errors
/// [`TlsError`]
pub fn client_from(believes: RootCertStore, local: IpAddr, patience: Duration) -> Result<Client, TlsError> {
    built(believes, None, patience, true, Some(local))
}

/// The same for partners whose addresses were checked to be `https`, or plain `http` on this machine: demonstrations and
/// tests.
///
/// # Errors
/// [`TlsError`]
pub fn client_of_this_machine_too(
    believes: RootCertStore,
    identity: Option<&Identity>,
    patience: Duration,
) -> Result<Client, TlsError> {
    built(believes, identity, patience, false, None)
}

fn built(
    believes: RootCertStore,
    identity: Option<&Identity>,
    patience: Duration,
    https_only: bool,
    local: Option<IpAddr>,
) -> Result<Client, TlsError> {
    Client::builder()
        .use_preconfigured_tls(tls::client(believes, identity)?)
        .https_only(https_only)
        .local_address(local)
        .http1_only()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(Names))
        .connect_timeout(patience.min(Duration::from_secs(3)))
        .timeout(patience)
        .build()
        .map_err(|error| TlsError::Refused(error.to_string()))
}

/// Names under `localhost` are this machine, as browsers have it (RFC 6761 section 6.3), whatever the system's resolver
/// knows of them: a demonstration has all its hosts there. Others are the system's to resolve.
struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str();
            let found: Vec<SocketAddr> = if name == "localhost" || name.ends_with(".localhost") {
                vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]
            } else {
                // The port is put in by whoever connects.
                tokio::net::lookup_host((name, 0)).await?.collect()
            };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The body of `answer`, of `most` bytes at most.
///
/// # Errors
/// [`AskError`]
pub async fn body(mut answer: Response, most: usize) -> Result<Vec<u8>, AskError> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        if body.len() + part.len() > most {
            return Err(AskError::TooLarge(most));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
