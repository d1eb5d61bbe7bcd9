//! Printing by the Internet Printing Protocol (RFC 8010, RFC 8011): a job is sent, then asked after until the printer says how it
//! ended. Nothing is ever sent a second time from here, and nothing is called printed or not printed but by the printer's word.

use std::{sync::Arc, time::Duration};

/// Why the printer did not take a job, for certain: it was never reached, or it said no.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    #[error("the printer does not answer: {0}")]
    Gone(String),
    /// The printer's own words, or its status code.
    #[error("the printer refused the job: {0}")]
    Refused(String),
    /// It may have taken it: the answer was lost, or is none.
    #[error("the printer's answer was lost: {0}")]
    Lost(String),
}

/// What the printer says of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Printed,
    /// It gave the job up; the reasons are keywords of RFC 8011 §5.3.8.
    NotPrinted(String),
    /// It goes on once somebody has mended something: a keyword of RFC 8011 §5.4.12, without its suffix.
    Waits(String),
    /// It does not know the job, or its number is another job's now.
    Unknown,
    /// It does not answer.
    Gone(String),
}

const PRINT_JOB: u16 = 0x0002;
const GET_JOB_ATTRIBUTES: u16 = 0x0009;
const GET_JOBS: u16 = 0x000A;
const GET_PRINTER_ATTRIBUTES: u16 = 0x000B;
/// Status codes below this are successes (RFC 8011 §B.1).
const FIRST_ERROR: u16 = 0x0100;
const URI: u8 = 0x45;
const NAME: u8 = 0x42;
const KEYWORD: u8 = 0x44;
const INTEGER: u8 = 0x21;
const MIME: u8 = 0x49;
/// Between two questions after a job.
const PAUSE: Duration = Duration::from_millis(500);
/// Looks in a row that show the printer waiting: paper just put in is noticed within.
const PATIENCE: u32 = 6;
/// A thousand letters take a slow printer an hour. What takes longer is looked at.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);
/// The printer's reasons for which somebody has to do something (RFC 8011 §5.4.12): a job that is printing waits for it.
const NEEDS_SOMEBODY: [&str; 13] = [
    "media-empty",
    "media-needed",
    "media-jam",
    "cover-open",
    "door-open",
    "interlock-open",
    "input-tray-missing",
    "output-area-full",
    "output-tray-missing",
    "toner-empty",
    "marker-supply-empty",
    "paused",
    "shutdown",
];

/// Sends `pdf` to `printer` (`ipp://…`) as a job called `name`; gives the printer's number for it.
///
/// # Errors
/// [`NotSent`]
pub async fn send(printer: &str, name: &str, pdf: Vec<u8>) -> Result<i32, NotSent> {
    let client = client().map_err(|error| NotSent::Gone(error.to_string()))?;
    let desk = Printer { client, uri: printer };
    let about: [(u8, &str, &[u8]); 2] = [
        (NAME, "job-name", name.as_bytes()),
        (MIME, "document-format", b"application/pdf"),
    ];
    let answer = match desk.ask(PRINT_JOB, &about, pdf).await {
        Ok(answer) => answer,
        Err(silence) if silence.is_before => return Err(NotSent::Gone(silence.what)),
        Err(silence) => return Err(NotSent::Lost(silence.what)),
    };
    match (answer.status, answer.number("job-id")) {
        (..FIRST_ERROR, Some(job)) => Ok(job),
        (..FIRST_ERROR, None) => Err(NotSent::Lost("no job number".to_owned())),
        (status, _) => Err(NotSent::Refused(answer.message(status))),
    }
}

/// Finds the job called `name` among those that the printer remembers.
pub async fn find(printer: &str, name: &str) -> Option<i32> {
    let client = client().ok()?;
    let desk = Printer { client, uri: printer };
    for which in [b"not-completed".as_slice(), b"completed"] {
        let about: [(u8, &str, &[u8]); 1] = [(KEYWORD, "which-jobs", which)];
        let answer = desk.ask(GET_JOBS, &about, Vec::new()).await.ok()?;
        let mut job = None;
        for (own, value) in &answer.attributes {
            match own.as_str() {
                "job-id" => job = value.as_slice().try_into().ok().map(i32::from_be_bytes),
                "job-name" if value == name.as_bytes() => return job,
                _ => {}
            }
        }
    }
    None
}

/// Asks after a job until it has ended, or waits for somebody. `name`: as it was sent, since printers give numbers again.
pub async fn follow(printer: &str, name: &str, job: i32) -> Told {
    let client = match client() {
        Ok(client) => client,
        Err(error) => return Told::Gone(error.to_string()),
    };
    let desk = Printer { client, uri: printer };
    let began = std::time::Instant::now();
    let mut waited = 0;
    loop {
        let told = match desk.of_job(job).await {
            Ok(told) => told,
            Err(silence) => return Told::Gone(silence.what),
        };
        if told.status >= FIRST_ERROR || told.words("job-name") != name {
            return Told::Unknown;
        }
        let why = told.words("job-state-reasons");
        match told.number("job-state") {
            Some(9) => return Told::Printed,
            Some(7 | 8) => return Told::NotPrinted(why),
            state => {
                let needs = desk.needs().await;
                // Held, stopped in the middle, or printing with nothing to print on.
                waited = match needs.is_some() || matches!(state, Some(4 | 6)) {
                    true => waited + 1,
                    false => 0,
                };
                if waited >= PATIENCE {
                    return Told::Waits(needs.unwrap_or(why));
                }
            }
        }
        if began.elapsed() > LONGEST {
            return Told::Waits(why);
        }
        tokio::time::sleep(PAUSE).await;
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
        .read_timeout(Duration::from_secs(120))
        .build()?)
}

/// No answer.
struct Silence {
    what: String,
    /// Whether nothing can have reached the printer.
    is_before: bool,
}

struct Printer<'a> {
    client: reqwest::Client,
    uri: &'a str,
}

impl Printer<'_> {
    async fn of_job(&self, job: i32) -> Result<Answer, Silence> {
        let about: [(u8, &str, &[u8]); 1] = [(INTEGER, "job-id", &job.to_be_bytes())];
        self.ask(GET_JOB_ATTRIBUTES, &about, Vec::new()).await
    }

    /// For what the printer waits, where that is something for a person.
    async fn needs(&self) -> Option<String> {
        let answer = self.ask(GET_PRINTER_ATTRIBUTES, &[], Vec::new()).await.ok()?;
        let reasons = answer.words("printer-state-reasons");
        let needs = |reason: &str| NEEDS_SOMEBODY.iter().find(|own| reason.starts_with(**own)).copied();
        reasons.split(", ").find_map(needs).map(str::to_owned)
    }

    async fn ask(&self, operation: u16, more: &[(u8, &str, &[u8])], document: Vec<u8>) -> Result<Answer, Silence> {
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
        let wanted: &[&str] = match operation {
            GET_JOB_ATTRIBUTES => &["job-state", "job-state-reasons", "job-name"],
            GET_JOBS => &["job-id", "job-name"],
            GET_PRINTER_ATTRIBUTES => &["printer-state-reasons"],
            _ => &[],
        };
        for (at, name) in wanted.iter().enumerate() {
            // Another value of the same attribute has no name.
            let own = if at == 0 { "requested-attributes" } else { "" };
            attribute(&mut body, KEYWORD, own, name.as_bytes());
        }
        body.push(0x03);
        body.extend(document);
        let silence = |error: reqwest::Error| Silence {
            is_before: error.is_connect(),
            what: error.without_url().to_string(),
        };
        let sent = self
            .client
            .post(self.http())
            .header("content-type", "application/ipp")
            .body(body)
            .send();
        let answer = sent.await.map_err(silence)?.bytes().await.map_err(silence)?;
        Answer::read(&answer).ok_or_else(|| Silence {
            what: "not an answer of a printer".to_owned(),
            is_before: false,
        })
    }

    /// `ipp://host/…` as HTTP on its port (RFC 3510).
    fn http(&self) -> String {
        let rest = self.uri.strip_prefix("ipp://").unwrap_or(self.uri);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let port = if host.contains(':') { "" } else { ":631" };
        format!("http://{host}{port}/{path}")
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

    /// The printer's own words for an error, else its code.
    fn message(&self, status: u16) -> String {
        match self.words("status-message") {
            said if said.is_empty() => format!("0x{status:04x}"),
            said => said,
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
            http("ipp://printer.example/ipp/print"),
            "http://printer.example:631/ipp/print"
        );
    }

    #[tokio::test]
    async fn a_printer_that_is_gone_has_certainly_not_got_the_job_and_one_whose_answer_is_lost_may_have() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let printer = format!("ipp://{}/ipp/print", listener.local_addr().unwrap());
        // It takes the job and goes away without a word.
        let taken = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 64]).await.unwrap();
        });
        let lost = send(&printer, "12-1-1", b"%PDF".to_vec()).await;
        assert!(matches!(lost, Err(NotSent::Lost(_))), "{lost:?}");
        taken.await.unwrap();
        let gone = send(&printer, "12-1-1", b"%PDF".to_vec()).await;
        assert!(matches!(gone, Err(NotSent::Gone(_))), "{gone:?}");
        assert!(matches!(follow(&printer, "12-1-1", 1).await, Told::Gone(_)));
        assert_eq!(find(&printer, "12-1-1").await, None);
    }
}
