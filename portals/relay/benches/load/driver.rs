//! The load: sign-ins that arrive at a fixed rate whether or not the last ones are done, so that waiting counts.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay::card::challenge_text;
use relay_saml::message::MessageId;
use relay_testing::Browser;
use tokio::time::Instant;

use crate::{
    city::{City, Visitor},
    work,
};

/// One sign-in in so many is read as the service reads it; that is the service's work, not the relay's.
const READ_EACH: usize = 50;

/// What came of a run.
pub struct Run {
    /// From each arrival to its answer, sorted.
    pub took: Vec<Duration>,
    /// How late the load itself was with its arrivals, sorted.
    pub late: Vec<Duration>,
    /// From the first arrival to the last answer.
    pub all: Duration,
    /// What was answered with something else than an assertion: the first words of each.
    pub failed: Vec<String>,
    /// Seconds of CPU: the front, the blind half, the database, the load.
    pub front: f64,
    pub blind: f64,
    pub database: f64,
    pub load: f64,
}

impl Run {
    /// The time that `share` of the sign-ins took at most.
    pub fn percentile(sorted: &[Duration], share: f64) -> f64 {
        let at = (sorted.len() as f64 * share) as usize;
        sorted
            .get(at.min(sorted.len().saturating_sub(1)))
            .map_or(f64::INFINITY, |took| work::milliseconds(*took))
    }

    /// Milliseconds of CPU for one sign-in, without the load's own.
    pub fn each(&self) -> f64 {
        (self.front + self.blind + self.database) * 1_000.0 / self.took.len().max(1) as f64
    }
}

/// Lets `rate` people a second sign in for so many `seconds`.
pub async fn run(city: &Arc<City>, rate: f64, seconds: f64) -> Run {
    let count = (rate * seconds) as usize;
    // Services sign their requests beforehand: their work is not the relay's.
    let requests: Vec<_> = (0..count)
        .map(|_| {
            let request = city.clinic.request(&city.relay);
            (request.head.id.clone(), city.clinic.redirect(&request, Some("state")))
        })
        .collect();
    let before = worked(city);
    let began = Instant::now();
    let mut visits = Vec::with_capacity(count);
    for (number, (id, url)) in requests.into_iter().enumerate() {
        let arrival = began + Duration::from_secs_f64(number as f64 / rate);
        tokio::time::sleep_until(arrival).await;
        let late = arrival.elapsed();
        let city = Arc::clone(city);
        visits.push(tokio::spawn(async move {
            // A stride that shares no factor with the number of visitors: neighbours in time are not neighbours in the
            // table.
            let visitor = &city.visitors[(number * 739) % city.visitors.len()];
            let answer = sign_in(&city, visitor, &url).await;
            let took = arrival.elapsed();
            let read = answer.and_then(|response| match number % READ_EACH {
                0 => read(&city, &response, &id),
                _ => Ok(()),
            });
            (late, took, read)
        }));
    }
    let mut run = Run {
        took: Vec::with_capacity(count),
        late: Vec::with_capacity(count),
        all: Duration::ZERO,
        failed: Vec::new(),
        front: 0.0,
        blind: 0.0,
        database: 0.0,
        load: 0.0,
    };
    for visit in visits {
        let (late, took, answer) = visit.await.expect("a visit does not panic");
        run.late.push(late);
        match answer {
            Ok(()) => run.took.push(took),
            Err(words) => run.failed.push(words),
        }
    }
    run.all = began.elapsed();
    let after = worked(city);
    [run.front, run.blind, run.database, run.load] = std::array::from_fn(|part| after[part] - before[part]);
    run.took.sort_unstable();
    run.late.sort_unstable();
    run
}

fn worked(city: &City) -> [f64; 4] {
    [
        work::of_process(city.front.id()),
        city.relay.blind_process().map_or(0.0, work::of_process),
        work::of_database(city.relay.front_database.cluster()),
        work::of_process(std::process::id()),
    ]
}

/// A person at a desk with the card bridge: the service's request, the page that asks for the card, the challenge, the
/// card's signature over it, and the form with the service's answer. A browser of its own each time, so a TLS
/// handshake is part of it.
async fn sign_in(city: &City, visitor: &Visitor, url: &str) -> Result<String, String> {
    let browser = Browser::at(&city.relay, visitor.address);
    let page = browser.get(url).await;
    let page = page.location.ok_or_else(|| format!("no page: {}", page.status))?;
    let shown = browser.get(&page).await;
    let bridge = shown
        .address("/bridge")
        .ok_or_else(|| format!("no bridge: {}", shown.status))?;
    let sent = browser.get(&bridge).await;
    let challenge = sent
        .location
        .as_deref()
        .and_then(|location| url::Url::parse(location).ok())
        .and_then(|location| {
            let mut pairs = location.query_pairs();
            pairs
                .find(|(name, _)| name == "challenge")
                .map(|(_, value)| value.into_owned())
        })
        .ok_or_else(|| format!("no challenge: {}", sent.status))?;
    let origin = city.relay.at("");
    let signature = STANDARD.encode(visitor.card.sign(&challenge_text(&origin, &challenge)));
    let gone = hex::encode(visitor.card.certificate.get(..20).unwrap_or_default());
    let answer = browser
        .post(
            &city.relay.at("/card/answer"),
            &[
                ("challenge", &challenge),
                ("certificate", &visitor.certificate),
                ("signature", &signature),
                ("gone", &format!("{gone}{challenge}")[..96]),
            ],
        )
        .await;
    let response = answer.fields().remove("SAMLResponse");
    response.ok_or_else(|| format!("no answer: {}", answer.status))
}

fn read(city: &City, response: &str, request: &MessageId) -> Result<(), String> {
    use relay_saml::{SignIn, message::Identified};
    match city.clinic.read(response, request) {
        Ok(SignIn::Done(assertion)) => match &assertion.subject.name {
            Identified::Clear(name) if name.value.len() == 43 => Ok(()),
            _ => Err("no pseudonym in the assertion".to_owned()),
        },
        Ok(SignIn::Failed(_)) => Err("a status instead of an assertion".to_owned()),
        Err(refusal) => Err(refusal.to_string()),
    }
}
