//! Signing in on a telephone, which cannot read the card: a card with its PIN approves at a machine that can.
//!
//! The telephone shows six digits and a picture; whoever holds it goes to a machine with a reader, types the digits, sees
//! what was asked, when and by what kind of thing, chooses the picture among others, and has the card sign. Then the
//! telephone's own page goes on. No address approves anything: the digits are typed, each step is a form of our own page in
//! the same browser, and what the card signs names this approval alone. What it is worth and what it never promises stands
//! in `manuals/decisions/0017-a-telephone-is-approved-at-a-reader.md`.

mod kept;
mod pages;
mod picture;

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::USER_AGENT},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use portal_kit::{Trouble, Visit, form::from_own_page, limit::Pace, listener::Peer};
use relay_core::{chance::draw, id::Id};
use relay_records::front::{FrontError, NewProcedure, ProcedureKind};
use relay_saml::names::AuthnContext;
use serde::{Deserialize, Serialize};
use time::Duration;
use tracing::info;
use uuid::Uuid;

use crate::{
    card::check_challenge,
    front::Front,
    sign_in::{CHALLENGE_LIFE, CardSeen, Challenge, Event, Refused, State as SignIn, TelephoneCode, Way},
    sso::{OnWay, over},
    taking::records,
};
use kept::{Answer, Approval, Request, UnderWay, sealed};
use pages::Compared;
pub use picture::Picture;

/// How long digits may be typed.
pub const CODE_LIFE: Duration = Duration::minutes(5);
/// How often digits may be tried from one address: a city hall's machines share one.
pub(crate) const TRIES: Pace = Pace {
    burst: 10,
    each: std::time::Duration::from_secs(20),
};
/// How often from everywhere together, whoever has many addresses.
pub(crate) const TRIES_OF_ALL: Pace = Pace {
    burst: 200,
    each: std::time::Duration::from_secs(1),
};
/// How often one address may ask for digits: the fewer there are, the less is a guess.
pub(crate) const CODES: Pace = Pace {
    burst: 20,
    each: std::time::Duration::from_secs(10),
};
/// How often digits are drawn until some are free.
const DRAWS: usize = 8;
/// Marks a challenge of an approval: a sign-in's own begins with a hex digit.
pub(crate) const MARK: char = 't';
/// The form in which digits are typed, and the one in which a request is decided.
const TYPED: &str = "telephone";
const DECIDED: &str = "telephone-decided";

/// As exactly as a person can tell what they hold in their hand.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Device {
    Apple,
    Android,
    Other,
}

impl Device {
    fn of(headers: &HeaderMap) -> Self {
        let named = headers
            .get(USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default();
        match named {
            named if named.contains("iPhone") || named.contains("iPad") => Self::Apple,
            named if named.contains("Android") => Self::Android,
            _ => Self::Other,
        }
    }
}

/// Whether a browser is a telephone's: a page begins with another way there.
pub(crate) fn is_telephone(headers: &HeaderMap) -> bool {
    let says = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    says("sec-ch-ua-mobile", "?1") || !matches!(Device::of(headers), Device::Other)
}

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/sign-in/{id}/telephone", post(ask).get(look))
        .route("/telephone", get(enter).post(typed))
        .route("/telephone/{id}", get(compare).post(decide))
}

/// The telephone wants digits and a picture.
async fn ask(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    from_own_page(&headers)?;
    let now = front.now();
    let on_way = OnWay::new(&front, &visit, &headers);
    let kept = on_way.kept(id).await?;
    let SignIn::WaitingForCard { asked, .. } = &kept.state else {
        return Err(over());
    };
    if !asked.takes_telephones() || front.config.relay.bridge.is_none() {
        return Err(Trouble::not_found());
    }
    front
        .codes
        .allow_address(peer.address.ip(), now)
        .map_err(Trouble::too_many)?;
    let mut request = Request {
        sign_in: id,
        service: asked.service.clone(),
        called: asked.called.clone(),
        picture: 0,
        device: Device::of(&headers),
        asked_at: now,
        until: kept.expires_at.min(now + CODE_LIFE),
        answer: Answer::Waiting,
    };
    for _ in 0..DRAWS {
        let [one, other]: [u64; 2] = draw::<16>(&mut front.chance())
            .chunks_exact(8)
            .map(|bytes| u64::from_be_bytes(bytes.try_into().unwrap_or_default()))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or_default();
        let digits = format!("{:06}", one % 1_000_000);
        request.picture = (other % Picture::ALL.len() as u64) as u8;
        let state = sealed(&request)?;
        let new = NewProcedure {
            id: front.records.telephone_request(&digits),
            kind: ProcedureKind::Telephone,
            browser: None,
            state: &state,
            expires_at: request.until,
        };
        if front.records.begin_telephone(&new, now).await.map_err(records)? {
            let code = TelephoneCode {
                digits,
                picture: request.picture,
                until: request.until,
            };
            return on_way.event(id, Event::TelephoneAsked(code)).await;
        }
    }
    Err(Trouble::busy())
}

/// Whoever holds the telephone looks whether it was approved.
async fn look(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let on_way = OnWay::new(&front, &visit, &headers);
    let kept = on_way.kept(id).await?;
    let SignIn::WaitingForCard {
        asked,
        telephone: Some(code),
        ..
    } = &kept.state
    else {
        return Err(over());
    };
    let found = match front.telephone_asked(&code.digits).await {
        Ok((request, _)) if request.sign_in == id => request.answer,
        Ok(_) | Err(FrontError::ProcedureOver) => return Ok(pages::ended(&front, &visit, id, "telephone-late")),
        Err(error) => return Err(records(error)),
    };
    match found {
        Answer::Waiting => Ok(pages::waiting(&front, &visit, id, asked, code)),
        Answer::Refused => Ok(pages::ended(&front, &visit, id, "telephone-was-refused")),
        Answer::Approved { registration, at } => {
            let seen = CardSeen::Good {
                registration,
                context: AuthnContext::Telephone,
                way: Way::Telephone {
                    digits: code.digits.clone(),
                },
                for_trials: false,
                at,
            };
            on_way.event(id, Event::CardShown(seen)).await
        }
    }
}

/// Where digits are typed, at a machine with a reader.
async fn enter(State(front): State<Arc<Front>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    front.bridge_or_nothing()?;
    let on_way = OnWay::new(&front, &visit, &headers);
    let token = front.forms.token(on_way.browser().as_bytes(), TYPED);
    let mut page = pages::enter(&front, &visit, token, None);
    on_way.mark(&mut page);
    Ok(page)
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    token: String,
    digits: String,
}

async fn typed(
    State(front): State<Arc<Front>>,
    visit: Visit,
    peer: Peer,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    front.bridge_or_nothing()?;
    let now = front.now();
    let on_way = OnWay::new(&front, &visit, &headers);
    front
        .forms
        .check(on_way.browser().as_bytes(), TYPED, &typed.token, &headers)?;
    let again = |why| {
        let token = front.forms.token(on_way.browser().as_bytes(), TYPED);
        Ok(pages::enter(&front, &visit, token, Some(why)))
    };
    let Some(digits) = six_digits(&typed.digits) else {
        return again("telephone-not-six");
    };
    let tries = front.tries.allow_address(peer.address.ip(), now);
    tries
        .and_then(|()| front.tries_of_all.allow(b"all", now))
        .map_err(Trouble::too_many)?;
    let request = match front.telephone_asked(&digits).await {
        Ok((request, _)) => request,
        Err(FrontError::ProcedureOver) => return again("telephone-unknown"),
        Err(error) => return Err(records(error)),
    };
    if !matches!(request.answer, Answer::Waiting) {
        return again("telephone-unknown");
    }
    let approval = Approval {
        digits,
        offered: picture::among_others(request.picture, &mut front.chance()),
        challenge: None,
    };
    let id = Id::<()>::new(&mut front.chance()).uuid();
    let state = sealed(&approval)?;
    let new = NewProcedure {
        id,
        kind: ProcedureKind::Approval,
        browser: Some(on_way.browser().as_bytes()),
        state: &state,
        expires_at: request.until,
    };
    front.records.begin(&new, None, now).await.map_err(records)?;
    let mut onward = Redirect::to(&front.at(&format!("/telephone/{id}"))).into_response();
    on_way.mark(&mut onward);
    Ok(onward)
}

async fn compare(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let on_way = OnWay::new(&front, &visit, &headers);
    let under_way = front.approval(id, &on_way).await?;
    Ok(under_way.page(&front, &visit, &on_way, StatusCode::OK, None))
}

#[derive(Deserialize)]
struct Decided {
    #[serde(default)]
    token: String,
    decision: Decision,
    picture: Option<u8>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Approve,
    Refuse,
}

async fn decide(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(decided): Form<Decided>,
) -> Result<Response, Trouble> {
    let on_way = OnWay::new(&front, &visit, &headers);
    let form = format!("{DECIDED}/{id}");
    front
        .forms
        .check(on_way.browser().as_bytes(), &form, &decided.token, &headers)?;
    let mut under_way = front.approval(id, &on_way).await?;
    match (decided.decision, decided.picture) {
        (Decision::Refuse, _) => {
            front.refuse_telephone(under_way, "refused", &on_way).await?;
            Ok(pages::decided(&front, &visit, "telephone-refused"))
        }
        (Decision::Approve, None) => {
            let why = Some("telephone-no-picture");
            Ok(under_way.page(&front, &visit, &on_way, StatusCode::UNPROCESSABLE_ENTITY, why))
        }
        // Whoever guesses has one guess: the request is over, for the telephone too.
        (Decision::Approve, Some(picture)) if picture != under_way.request.picture => {
            front.refuse_telephone(under_way, "other-picture", &on_way).await?;
            Ok(pages::decided(&front, &visit, "telephone-other-picture"))
        }
        (Decision::Approve, Some(_)) => {
            let nonce = hex::encode(draw::<32>(&mut front.chance()));
            under_way.approval.challenge = Some(Challenge {
                nonce: nonce.clone(),
                until: front.now() + CHALLENGE_LIFE,
            });
            front.keep_approval(&under_way).await?;
            let challenge = format!("{MARK}{}-{nonce}", id.simple());
            let say = front.site.say(&visit);
            let service = say.text_with(
                "telephone-of",
                &[("service", under_way.request.shown_as(visit.language))],
            );
            front.to_bridge(&visit, &challenge, &service)
        }
    }
}

/// What a bridge's page posted for an approval.
pub(crate) struct Signed<'a> {
    /// As it was given, with its mark.
    pub(crate) challenge: &'a str,
    pub(crate) certificate: &'a [u8],
    pub(crate) signature: &'a [u8],
}

/// The approval that a challenge is of, and its nonce.
pub(crate) fn approval_of(challenge: &str) -> Option<(Uuid, &str)> {
    let (id, nonce) = challenge.strip_prefix(MARK)?.split_once('-')?;
    Some((id.parse().ok()?, nonce))
}

/// The card has signed at the machine with the reader.
pub(crate) async fn card_signed(
    front: &Arc<Front>,
    visit: &Visit,
    headers: &HeaderMap,
    signed: &Signed<'_>,
) -> Result<Response, Trouble> {
    let (id, nonce) = approval_of(signed.challenge).ok_or_else(Trouble::request)?;
    let on_way = OnWay::new(front, visit, headers);
    let mut under_way = front.approval(id, &on_way).await?;
    // A challenge is good for one try, whatever comes of it.
    let given = under_way.approval.challenge.take().ok_or_else(over)?;
    under_way.version = front.keep_approval(&under_way).await?;
    let now = front.now();
    let way = Way::Bridge {
        nonce: nonce.to_owned(),
    };
    let seen = match check_challenge(signed.certificate, &front.origin(), signed.challenge, signed.signature) {
        Ok(()) => front.card_seen(signed.certificate, way, false).await.map_err(records)?,
        Err(fault) => CardSeen::Faulty(fault),
    };
    let refused = match seen {
        _ if given.nonce != nonce || now >= given.until => Refused::OldChallenge,
        CardSeen::Good {
            registration,
            context: AuthnContext::CardPin,
            at,
            ..
        } => {
            front.approve_telephone(under_way, (registration, at), &on_way).await?;
            return Ok(pages::decided(front, visit, "telephone-approved"));
        }
        CardSeen::Good { .. } => Refused::OtherKind,
        CardSeen::NotActive { state, .. } => Refused::of_state(state).unwrap_or(Refused::Unknown),
        CardSeen::Faulty(fault) => Refused::Faulty(fault),
        CardSeen::Unknown | CardSeen::None => Refused::Unknown,
    };
    info!(rule = refused.code(), "card refused");
    Ok(under_way.page(front, visit, &on_way, StatusCode::FORBIDDEN, Some(refused.code())))
}

impl UnderWay {
    fn page(
        &self,
        front: &Arc<Front>,
        visit: &Visit,
        on_way: &OnWay<'_>,
        status: StatusCode,
        why: Option<&'static str>,
    ) -> Response {
        let form = format!("{DECIDED}/{}", self.id);
        let compared = Compared {
            id: self.id,
            token: front.forms.token(on_way.browser().as_bytes(), &form),
            request: &self.request,
            offered: &self.approval.offered,
            why,
        };
        pages::compare(front, visit, status, &compared)
    }
}

/// Six digits as people type them: full-width ones too, with blanks or a hyphen between.
fn six_digits(typed: &str) -> Option<String> {
    let plain = |letter: char| match letter {
        '０'..='９' => char::from_u32(letter as u32 - '０' as u32 + '0' as u32).unwrap_or(letter),
        letter => letter,
    };
    let digits: String = typed
        .chars()
        .map(plain)
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .collect();
    (digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_taken_as_people_type_them_and_nothing_else_is() {
        for typed in ["123456", " 123 456 ", "123-456", "１２３　４５６"] {
            assert_eq!(six_digits(typed).as_deref(), Some("123456"), "{typed}");
        }
        for typed in ["", "12345", "1234567", "12345a", "٣٤٥٦٧٨"] {
            assert_eq!(six_digits(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_telephone_is_known_by_what_its_browser_says() {
        let named = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(
                axum::http::HeaderName::from_static(name),
                axum::http::HeaderValue::from_static(value),
            )])
        };
        assert!(is_telephone(&named("sec-ch-ua-mobile", "?1")));
        assert!(is_telephone(&named(
            "user-agent",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0)"
        )));
        assert!(!is_telephone(&named("user-agent", "Mozilla/5.0 (Windows NT 10.0)")));
        assert!(!is_telephone(&HeaderMap::new()));
    }

    #[test]
    fn a_challenge_of_an_approval_is_none_of_a_sign_in() {
        let id = Uuid::from_u128(0x7e1e);
        let challenge = format!("{MARK}{}-00ff", id.simple());
        assert_eq!(approval_of(&challenge), Some((id, "00ff")));
        assert_eq!(approval_of(&challenge[1..]), None);
        assert!(challenge.split_once('-').unwrap().0.parse::<Uuid>().is_err());
    }
}
