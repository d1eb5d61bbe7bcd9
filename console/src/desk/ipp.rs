//! Printing by the Internet Printing Protocol (RFC 8010, RFC 8011): a job is sent, then asked after until the printer says that
//! it is done. What did not end well is cancelled, so that a second attempt prints nothing twice.

use std::{sync::Arc, time::Duration};

/// Why a job was not printed.
#[derive(Debug, thiserror::Error)]
pub enum NotPrinted {
    /// No answer, or one that is none.
    #[error("the printer does not answer: {0}")]
    Gone(String),
    /// It stopped, or gave the job up; the reasons are keywords of RFC 8011 §5.3.8.
    #[error("the printer stopped: {0}")]
    Stopped(String),
}

const PRINT_JOB: u16 = 0x0002;
const CANCEL_JOB: u16 = 0x0008;
const GET_JOB_ATTRIBUTES: u16 = 0x0009;
/// Status codes below this are successes (RFC 8011 §B.1).
const FIRST_ERROR: u16 = 0x0100;
const URI: u8 = 0x45;
const NAME: u8 = 0x42;
const KEYWORD: u8 = 0x44;
const INTEGER: u8 = 0x21;
const MIME: u8 = 0x49;
/// Between two questions after a job.
const PAUSE: Duration = Duration::from_millis(500);
/// A thousand letters take a slow printer an hour.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);

/// Prints `pdf` at `printer` (`ipp://…`) as a job called `name`; gives the job's number once the printer says that it is done.
///
/// # Errors
/// [`NotPrinted`]; the job is cancelled then.
pub async fn print(printer: &str, name: &str, pdf: Vec<u8>) -> Result<String, NotPrinted> {
    let client = client().map_err(|error| NotPrinted::Gone(error.to_string()))?;
    let desk = Printer { client, uri: printer };
    let about: [(u8, &str, &[u8]); 2] = [
        (NAME, "job-name", name.as_bytes()),
        (MIME, "document-format", b"application/pdf"),
    ];
    let answer = desk.ask(PRINT_JOB, &about, pdf).await?;
    let job = answer
        .number("job-id")
        .ok_or_else(|| NotPrinted::Gone("no job number".to_owned()))?;
    let began = std::time::Instant::now();
    loop {
        let told = desk.of_job(GET_JOB_ATTRIBUTES, job).await;
        let state = told.as_ref().ok().and_then(|told| told.number("job-state"));
        let why = told
            .as_ref()
            .ok()
            .map(|told| told.words("job-state-reasons"))
            .unwrap_or_default();
        match (state, told) {
            (Some(9), _) => return Ok(job.to_string()),
            (Some(7 | 8), _) => return Err(NotPrinted::Stopped(why)),
            // Stopped in the middle: out of paper, open. Nobody knows when it goes on; somebody is told now.
            (Some(6), _) => {
                let _ = desk.of_job(CANCEL_JOB, job).await;
                return Err(NotPrinted::Stopped(why));
            }
            (_, Err(error)) => return Err(error),
            _ if began.elapsed() > LONGEST => {
                let _ = desk.of_job(CANCEL_JOB, job).await;
                return Err(NotPrinted::Stopped("timeout".to_owned()));
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn client() -> anyhow::Result<reqwest::Client> {
    // The address is plain HTTP inside the office; the client asks for a library of ciphers all the same.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .use_preconfigured_tls(tls)
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .build()?)
}

struct Printer<'a> {
    client: reqwest::Client,
    uri: &'a str,
}

impl Printer<'_> {
    async fn of_job(&self, operation: u16, job: i32) -> Result<Answer, NotPrinted> {
        self.ask(operation, &[(INTEGER, "job-id", &job.to_be_bytes())], Vec::new())
            .await
    }

    async fn ask(&self, operation: u16, more: &[(u8, &str, &[u8])], document: Vec<u8>) -> Result<Answer, NotPrinted> {
        let mut body = vec![2, 0];
        body.extend(operation.to_be_bytes());
        body.extend(1u32.to_be_bytes());
        // Operation attributes; charset and language come first (RFC 8011 §4.1.4).
        body.push(0x01);
        attribute(&mut body, 0x47, "attributes-charset", b"utf-8");
        attribute(&mut body, 0x48, "attributes-natural-language", b"ja");
        attribute(&mut body, URI, "printer-uri", self.uri.as_bytes());
        // The job's number stands before who asks.
        for (tag, name, value) in more.iter().filter(|(tag, ..)| *tag == INTEGER) {
            attribute(&mut body, *tag, name, value);
        }
        attribute(&mut body, NAME, "requesting-user-name", b"madoguchi");
        for (tag, name, value) in more.iter().filter(|(tag, ..)| *tag != INTEGER) {
            attribute(&mut body, *tag, name, value);
        }
        if operation == GET_JOB_ATTRIBUTES {
            attribute(&mut body, KEYWORD, "requested-attributes", b"job-state");
            attribute(&mut body, KEYWORD, "", b"job-state-reasons");
        }
        body.push(0x03);
        body.extend(document);
        let gone = |error: reqwest::Error| NotPrinted::Gone(error.without_url().to_string());
        let sent = self
            .client
            .post(self.http())
            .header("content-type", "application/ipp")
            .body(body)
            .send();
        let answer = sent.await.map_err(gone)?.bytes().await.map_err(gone)?;
        Answer::read(&answer)
            .ok_or_else(|| NotPrinted::Gone("not an answer of a printer".to_owned()))?
            .good()
    }

    /// `ipp://host/…` as HTTP on its port (RFC 3510).
    fn http(&self) -> String {
        let (scheme, rest) = self.uri.split_once("://").unwrap_or(("ipp", self.uri));
        let scheme = if scheme == "ipps" || scheme == "https" {
            "https"
        } else {
            "http"
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let port = if host.contains(':') { "" } else { ":631" };
        format!("{scheme}://{host}{port}/{path}")
    }
}

fn attribute(body: &mut Vec<u8>, tag: u8, name: &str, value: &[u8]) {
    body.push(tag);
    body.extend((name.len() as u16).to_be_bytes());
    body.extend(name.as_bytes());
    body.extend((value.len() as u16).to_be_bytes());
    body.extend(value);
}

/// What a printer answered.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    attributes: Vec<(String, Vec<u8>)>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| bytes.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
        let status = word(2)?;
        let (mut at, mut attributes, mut name) = (8, Vec::new(), String::new());
        loop {
            match *bytes.get(at)? {
                0x03 => return Some(Self { status, attributes }),
                // The beginning of a group.
                0x00..=0x0F => at += 1,
                _ => {
                    let length = usize::from(word(at + 1)?);
                    let own = bytes.get(at + 3..at + 3 + length)?;
                    // Another value of the attribute before has no name.
                    if length > 0 {
                        name = String::from_utf8_lossy(own).into_owned();
                    }
                    at += 3 + length;
                    let length = usize::from(word(at)?);
                    attributes.push((name.clone(), bytes.get(at + 2..at + 2 + length)?.to_vec()));
                    at += 2 + length;
                }
            }
        }
    }

    fn good(self) -> Result<Self, NotPrinted> {
        match self.status {
            ..FIRST_ERROR => Ok(self),
            status => {
                let said = self.words("status-message");
                Err(NotPrinted::Stopped(if said.is_empty() {
                    format!("0x{status:04x}")
                } else {
                    said
                }))
            }
        }
    }

    fn number(&self, name: &str) -> Option<i32> {
        let (_, value) = self.attributes.iter().find(|(own, _)| own == name)?;
        Some(i32::from_be_bytes(value.as_slice().try_into().ok()?))
    }

    fn words(&self, name: &str) -> String {
        let own = self.attributes.iter().filter(|(own, _)| own == name);
        let words: Vec<String> = own
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect();
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_the_standard_writes_it_and_a_broken_one_is_none() {
        let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 1, 0x01];
        attribute(&mut bytes, 0x47, "attributes-charset", b"utf-8");
        bytes.push(0x02);
        attribute(&mut bytes, INTEGER, "job-id", &7i32.to_be_bytes());
        attribute(&mut bytes, KEYWORD, "job-state-reasons", b"media-empty");
        attribute(&mut bytes, KEYWORD, "", b"stopped");
        bytes.push(0x03);
        let answer = Answer::read(&bytes).unwrap();
        assert_eq!((answer.status, answer.number("job-id")), (0, Some(7)));
        assert_eq!(answer.words("job-state-reasons"), "media-empty, stopped");
        for cut in 0..bytes.len() {
            assert_eq!(Answer::read(&bytes[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn a_printers_address_is_reached_over_http_on_its_port() {
        let http = |uri| {
            Printer {
                client: client().unwrap(),
                uri,
            }
            .http()
        };
        assert_eq!(
            http("ipp://127.0.0.1:8631/ipp/print"),
            "http://127.0.0.1:8631/ipp/print"
        );
        assert_eq!(
            http("ipps://printer.example/ipp/print"),
            "https://printer.example:631/ipp/print"
        );
    }

    /// A printer of another make, where one is set up: `IPP_PRINTER=ipp://127.0.0.1:8631/ipp/print` (ippeveprinter).
    #[tokio::test]
    async fn a_real_printer_prints_and_says_so() {
        let Ok(printer) = std::env::var("IPP_PRINTER") else {
            return;
        };
        let pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n".to_vec();
        let job = print(&printer, "発送 12-1", pdf).await.unwrap();
        assert!(job.parse::<i32>().is_ok_and(|job| job > 0), "{job}");
    }

    #[tokio::test]
    async fn a_printer_that_is_gone_is_told() {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let ended = print(&format!("ipp://127.0.0.1:{port}/ipp/print"), "x", Vec::new()).await;
        assert!(matches!(ended, Err(NotPrinted::Gone(_))), "{ended:?}");
    }
}
