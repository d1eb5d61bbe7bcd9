//! A telephone is signed in by a card at another machine; and everything by which somebody else's request could be
//! approved, or an approval end elsewhere than with whoever asked.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay::{card::challenge_text, telephone::CODE_LIFE};
use relay_core::{
    clock::HandClock,
    registration::{CardUse, Message as Said},
};
use relay_saml::{
    message::{AuthnRequest, Comparison, RequestedAuthnContext},
    names::AuthnContext,
};
use relay_testing::{Answer, Browser, Relay, TestCard, TestService};
use time::{Duration, OffsetDateTime};

use crate::{CLINIC, index, is_persistent, name, relay_with_clinic};

/// A browser that was sent to sign in, and wants a card elsewhere to approve it.
struct Telephone {
    browser: Browser,
    request: AuthnRequest,
    /// `https://…/sign-in/{id}/telephone`
    here: String,
    digits: String,
    /// The key of its picture's word, as the page says it in Japanese.
    picture: String,
}

fn request_for(relay: &Relay, clinic: &TestService, contexts: &[AuthnContext]) -> AuthnRequest {
    let mut request = clinic.request(relay);
    request.context = Some(RequestedAuthnContext {
        classes: contexts.to_vec(),
        comparison: Comparison::Exact,
    });
    request
}

/// What stands between `before` and `after` in a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split_once(after)
        .unwrap_or_else(|| panic!("no {after} in {page}"))
        .0
}

impl Telephone {
    async fn asks(relay: &Relay, clinic: &TestService) -> Self {
        let browser = Browser::new(relay);
        let request = request_for(relay, clinic, &[AuthnContext::CardPin, AuthnContext::Telephone]);
        let page = browser.begin(&clinic.redirect(&request, None)).await;
        let here = page.address("/telephone").expect("the way by telephone is offered");
        let mut telephone = Self {
            browser,
            request,
            here,
            digits: String::new(),
            picture: String::new(),
        };
        telephone.asks_again().await;
        telephone
    }

    /// New digits, for the same sign-in.
    async fn asks_again(&mut self) {
        let asked = self.browser.post(&self.here, &[]).await;
        assert_eq!(asked.location.as_deref(), Some(self.here.as_str()), "{}", asked.body);
        let page = self.looks().await;
        self.digits = between(&page.body, "id=\"digits\">", "<").replace(' ', "");
        self.picture = between(&page.body, "</svg><p><strong>", "<").to_owned();
        assert_eq!(self.digits.len(), 6, "{}", page.body);
    }

    async fn looks(&self) -> Answer {
        self.browser.get(&self.here).await
    }

    /// Signed in: the page has the form that carries the assertion on.
    fn is_in(&self, clinic: &TestService, page: &Answer) -> relay_saml::message::Assertion {
        clinic.assertion(&page.fields()["SAMLResponse"], &self.request.head.id)
    }
}

/// A machine with a reader.
struct Kiosk<'r> {
    relay: &'r Relay,
    browser: Browser,
}

impl<'r> Kiosk<'r> {
    fn new(relay: &'r Relay) -> Self {
        let browser = Browser::new(relay);
        Self { relay, browser }
    }

    async fn types(&self, digits: &str) -> Answer {
        let page = self.browser.get(&self.relay.at("/telephone")).await;
        let token = page.fields()["token"].clone();
        let form = [("token", token.as_str()), ("digits", digits)];
        self.browser.post(&self.relay.at("/telephone"), &form).await
    }

    /// Digits that are found: the page on which they are compared.
    async fn finds(&self, telephone: &Telephone) -> (String, Answer) {
        let found = self.types(&telephone.digits).await;
        let place = found
            .location
            .clone()
            .unwrap_or_else(|| panic!("not found: {}", found.body));
        let page = self.browser.get(&place).await;
        assert_eq!(page.status, 200, "{}", page.body);
        (place, page)
    }

    async fn decides(&self, (place, page): &(String, Answer), decision: &str, picture: &str) -> Answer {
        let token = page.fields()["token"].clone();
        let mut form = vec![("token", token.as_str()), ("decision", decision)];
        if !picture.is_empty() {
            form.push(("picture", picture));
        }
        self.browser.post(place, &form).await
    }

    /// The right picture is chosen: the challenge for the card.
    async fn compares(&self, telephone: &Telephone) -> String {
        let compared = self.finds(telephone).await;
        let (_, numbered) = offered(&compared.1)
            .into_iter()
            .find(|(word, _)| *word == telephone.picture)
            .expect("the right picture is among those offered");
        let sent = self.decides(&compared, "approve", &numbered).await;
        challenge(&sent)
    }

    async fn card_signs(&self, card: &TestCard, challenge: &str) -> Answer {
        self.answers(&self.signed(card, challenge)).await
    }

    fn signed(&self, card: &TestCard, challenge: &str) -> [(&'static str, String); 3] {
        let text = challenge_text(&self.relay.at(""), challenge);
        [
            ("challenge", challenge.to_owned()),
            ("certificate", STANDARD.encode(&card.certificate)),
            ("signature", STANDARD.encode(card.sign(&text))),
        ]
    }

    async fn answers(&self, fields: &[(&'static str, String); 3]) -> Answer {
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.browser.post(&self.relay.at("/card/answer"), &fields).await
    }

    async fn approves(&self, telephone: &Telephone, card: &TestCard) -> Answer {
        let challenge = self.compares(telephone).await;
        self.card_signs(card, &challenge).await
    }
}

/// The words and numbers of the pictures on a page.
fn offered(page: &Answer) -> Vec<(String, String)> {
    let labels = page.body.split("</svg><span>").skip(1);
    labels
        .map(|label| {
            let (word, rest) = label.split_once('<').unwrap();
            (word.to_owned(), between(rest, "value=\"", "\"").to_owned())
        })
        .collect()
}

fn challenge(sent: &Answer) -> String {
    let location = sent
        .location
        .as_deref()
        .unwrap_or_else(|| panic!("not sent on: {}", sent.body));
    let url = url::Url::parse(location).unwrap();
    let named: std::collections::HashMap<_, _> = url.query_pairs().collect();
    // The bridge's page says what the PIN is for.
    assert_eq!(named["service"], "スマートフォンでの「みなと診療所」");
    named["challenge"].to_string()
}

fn is_signed_in(page: &Answer) -> bool {
    page.fields().contains_key("SAMLResponse")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_is_signed_in_by_a_card_elsewhere_for_half_an_hour_and_under_a_name_of_its_own() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let telephone = Telephone::asks(&relay, &clinic).await;
    let waiting = telephone.looks().await;
    assert!(!is_signed_in(&waiting), "{}", waiting.body);
    let kiosk = Kiosk::new(&relay);
    let compared = kiosk.finds(&telephone).await;
    for told in ["みなと診療所", "0分前", "人から伝えられた番号は、入れないでください"] {
        assert!(compared.1.body.contains(told), "{told}: {}", compared.1.body);
    }
    let done = kiosk.approves(&telephone, &card).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(
        done.body.contains("スマートフォンのログインを認めました"),
        "{}",
        done.body
    );
    // Nobody is signed in at the machine with the reader.
    assert!(!is_signed_in(&done) && kiosk.browser.cookie("__Host-session").is_none());
    let page = telephone.looks().await;
    let assertion = telephone.is_in(&clinic, &page);
    assert!(is_persistent(name(&assertion)));
    let statement = assertion.authentication.as_ref().unwrap();
    assert_eq!(statement.context, AuthnContext::Telephone);
    let until = statement.session_until.unwrap();
    assert!(until - statement.at <= Duration::minutes(30), "{until}");
    // The same person as with the card itself.
    let by_card = Browser::with_card(&relay, &card).sign_in(&relay, &clinic).await;
    assert_eq!(name(&by_card).value, name(&assertion).value);
    // Whoever wants the card itself does not get this for it, also while the session here goes on.
    let strict = request_for(&relay, &clinic, &[AuthnContext::CardPin]);
    let asked = telephone.browser.begin(&clinic.redirect(&strict, None)).await;
    assert!(!is_signed_in(&asked), "{}", asked.body);
    let trail = relay
        .records
        .audit_since(OffsetDateTime::now_utc() - Duration::HOUR, 50)
        .await;
    assert!(trail.unwrap().iter().any(|one| one.event.act == "telephone.approved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephones_session_ends_when_the_card_is_stopped() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.cards.authentication();
    let registration = relay.register(&card.certificate, CardUse::Authentication).await;
    let telephone = Telephone::asks(&relay, &clinic).await;
    Kiosk::new(&relay).approves(&telephone, &card).await;
    let assertion = telephone.is_in(&clinic, &telephone.looks().await);
    assert_eq!(relay.office_says(&Said::Suspend { registration }).await, 200);
    let told = async {
        while !clinic.told().iter().any(|(_, told)| *told == index(&assertion)) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), told)
        .await
        .expect("the service is told that the session is over");
    // Stopped between the approval and the telephone's next look, it signs nobody in.
    let other = relay.cards.authentication();
    let registration = relay.register(&other.certificate, CardUse::Authentication).await;
    let telephone = Telephone::asks(&relay, &clinic).await;
    Kiosk::new(&relay).approves(&telephone, &other).await;
    assert_eq!(relay.office_says(&Said::Suspend { registration }).await, 200);
    assert!(!is_signed_in(&telephone.looks().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_asked_is_signed_in_and_only_once() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let telephone = Telephone::asks(&relay, &clinic).await;
    Kiosk::new(&relay).approves(&telephone, &card).await;
    // Another browser with the same address, and one that asked for something itself.
    let stranger = Browser::new(&relay);
    assert_eq!(stranger.get(&telephone.here).await.status, 409);
    let another = Telephone::asks(&relay, &clinic).await;
    assert_eq!(another.browser.get(&telephone.here).await.status, 409);
    assert!(!is_signed_in(&another.looks().await));
    assert!(is_signed_in(&telephone.looks().await));
    assert_eq!(telephone.looks().await.status, 409, "an approval signs in once");
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_are_answered_once_whoever_types_them() {
    let (relay, clinic) = relay_with_clinic().await;
    let (card, other) = (relay.card().await, relay.card().await);
    let telephone = Telephone::asks(&relay, &clinic).await;
    // Two machines have found the same digits; the one that is slower comes too late.
    let (quick, slow) = (Kiosk::new(&relay), Kiosk::new(&relay));
    let late = slow.compares(&telephone).await;
    let challenge = quick.compares(&telephone).await;
    let signed = quick.signed(&card, &challenge);
    assert_eq!(quick.answers(&signed).await.status, 200);
    let refused = slow.card_signs(&other, &late).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    // What the card signed is used up, here and in another browser.
    assert_eq!(quick.answers(&signed).await.status, 409);
    assert_eq!(Kiosk::new(&relay).answers(&signed).await.status, 409);
    let found = slow.types(&telephone.digits).await;
    assert_eq!(
        found.status, 422,
        "digits that were answered are not found: {}",
        found.body
    );
    // It is the quicker one's holder.
    let assertion = telephone.is_in(&clinic, &telephone.looks().await);
    let by_card = Browser::with_card(&relay, &card).sign_in(&relay, &clinic).await;
    assert_eq!(name(&by_card).value, name(&assertion).value);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_belongs_to_the_browser_that_typed_the_digits_and_a_link_approves_nothing() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let telephone = Telephone::asks(&relay, &clinic).await;
    let kiosk = Kiosk::new(&relay);
    let compared = kiosk.finds(&telephone).await;
    let right = offered(&compared.1)
        .into_iter()
        .find_map(|(word, number)| (word == telephone.picture).then_some(number));
    let right = right.unwrap();
    // Somebody who is sent the address of another's approval, with all that its form says.
    let victim = Kiosk::new(&relay);
    assert_eq!(victim.browser.get(&compared.0).await.status, 409);
    assert_eq!(victim.decides(&compared, "approve", &right).await.status, 403);
    // The digits in a link are not typed digits.
    let linked = victim
        .browser
        .get(&relay.at(&format!("/telephone?digits={}", telephone.digits)))
        .await;
    let filled_in = format!("value=\"{}", telephone.digits);
    assert!(
        linked.status == 200 && !linked.body.contains(&filled_in),
        "{}",
        linked.body
    );
    // Nor is a form of another page's, which has no token of this browser.
    for token in ["", "AAAA", compared.1.fields()["token"].as_str()] {
        let form = [("token", token), ("digits", telephone.digits.as_str())];
        assert_eq!(victim.browser.post(&relay.at("/telephone"), &form).await.status, 403);
        let form = [("token", token), ("decision", "approve"), ("picture", right.as_str())];
        assert_eq!(victim.browser.post(&compared.0, &form).await.status, 403);
    }
    // A card that signed the right challenge in another browser approves nothing.
    let challenge = challenge(&kiosk.decides(&compared, "approve", &right).await);
    assert_eq!(victim.card_signs(&card, &challenge).await.status, 409);
    assert!(!is_signed_in(&telephone.looks().await));
    // And a sign-in's own challenge is none of an approval, nor the other way round.
    let (_, nonce) = challenge.split_once('-').unwrap();
    let mixed = format!("{}-{nonce}", &challenge[1..].split_once('-').unwrap().0);
    assert_eq!(kiosk.card_signs(&card, &mixed).await.status, 409);
    assert_eq!(kiosk.card_signs(&card, &challenge).await.status, 200);
    assert!(is_signed_in(&telephone.looks().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_picture_or_a_refusal_ends_the_request_for_good() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let mut telephone = Telephone::asks(&relay, &clinic).await;
    let kiosk = Kiosk::new(&relay);
    let compared = kiosk.finds(&telephone).await;
    let unchosen = kiosk.decides(&compared, "approve", "").await;
    assert_eq!(unchosen.status, 422, "{}", unchosen.body);
    let wrong = offered(&compared.1)
        .into_iter()
        .find_map(|(word, number)| (word != telephone.picture).then_some(number));
    let ended = kiosk.decides(&compared, "approve", &wrong.unwrap()).await;
    assert!(ended.body.contains("絵がちがいます"), "{}", ended.body);
    assert!(telephone.looks().await.body.contains("断られました"));
    assert_eq!(kiosk.types(&telephone.digits).await.status, 422);
    // The telephone may show new digits, which are refused in words.
    telephone.asks_again().await;
    let challenge = kiosk.compares(&telephone).await;
    let compared = kiosk.finds(&telephone).await;
    let refused = kiosk.decides(&compared, "refuse", "").await;
    assert!(refused.body.contains("だれもログインしていません"), "{}", refused.body);
    // A challenge that was out already is signed in vain.
    assert_eq!(kiosk.card_signs(&card, &challenge).await.status, 409);
    assert!(!is_signed_in(&telephone.looks().await));
    // Digits of before are not the telephone's any more.
    let old = telephone.digits.clone();
    telephone.asks_again().await;
    assert_ne!(old, telephone.digits);
    kiosk.approves(&telephone, &card).await;
    assert!(is_signed_in(&telephone.looks().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_that_were_replaced_sign_nobody_in() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let mut telephone = Telephone::asks(&relay, &clinic).await;
    let kiosk = Kiosk::new(&relay);
    let challenge = kiosk.compares(&telephone).await;
    telephone.asks_again().await;
    kiosk.card_signs(&card, &challenge).await;
    assert!(!is_signed_in(&telephone.looks().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_last_five_minutes_for_the_telephone_the_typing_and_the_card() {
    let hand = HandClock::at(OffsetDateTime::now_utc());
    let mut relay = Relay::start_with_clock(Arc::new(hand.clone())).await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.join(&clinic).await;
    let card = relay.card().await;
    let (typed, signed) = (
        Telephone::asks(&relay, &clinic).await,
        Telephone::asks(&relay, &clinic).await,
    );
    let approved = Telephone::asks(&relay, &clinic).await;
    let kiosk = Kiosk::new(&relay);
    assert_eq!(kiosk.approves(&approved, &card).await.status, 200);
    let challenge = kiosk.compares(&signed).await;
    hand.advance(CODE_LIFE);
    assert_eq!(kiosk.types(&typed.digits).await.status, 422);
    assert_eq!(kiosk.card_signs(&card, &challenge).await.status, 409);
    for telephone in [&typed, &signed, &approved] {
        let page = telephone.looks().await;
        assert!(page.body.contains("有効な時間が過ぎました"), "{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_without_its_pin_or_one_that_is_stopped_or_strange_approves_nothing() {
    let (relay, clinic) = relay_with_clinic().await;
    let eligibility = relay.cards.eligibility();
    relay.register(&eligibility.certificate, CardUse::Eligibility).await;
    let stopped = relay.cards.authentication();
    let registration = relay.register(&stopped.certificate, CardUse::Authentication).await;
    assert_eq!(relay.office_says(&Said::Suspend { registration }).await, 200);
    let strange = relay.cards.authentication();
    let telephone = Telephone::asks(&relay, &clinic).await;
    let kiosk = Kiosk::new(&relay);
    for card in [&eligibility, &stopped, &strange] {
        let challenge = kiosk.compares(&telephone).await;
        let refused = kiosk.card_signs(card, &challenge).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        // One challenge, one try.
        assert_eq!(kiosk.card_signs(card, &challenge).await.status, 409);
    }
    // A signature of another key under a good certificate.
    let good = relay.card().await;
    let challenge = kiosk.compares(&telephone).await;
    let mut signed = kiosk.signed(&strange, &challenge);
    signed[1].1 = STANDARD.encode(&good.certificate);
    assert_eq!(kiosk.answers(&signed).await.status, 403);
    assert!(!is_signed_in(&telephone.looks().await));
    // The request itself is not lost by a wrong card.
    assert_eq!(kiosk.approves(&telephone, &good).await.status, 200);
    assert!(is_signed_in(&telephone.looks().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_digits_is_stopped_after_a_few_and_asking_for_many_too() {
    let hand = HandClock::at(OffsetDateTime::now_utc());
    let mut relay = Relay::start_with_clock(Arc::new(hand.clone())).await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.join(&clinic).await;
    let telephone = Telephone::asks(&relay, &clinic).await;
    let kiosk = Kiosk::new(&relay);
    let wrong = format!("{:06}", (telephone.digits.parse::<u32>().unwrap() + 1) % 1_000_000);
    let mut tried = 0;
    let stopped = loop {
        let answer = kiosk.types(&wrong).await;
        if answer.status == 429 {
            break answer;
        }
        assert_eq!(answer.status, 422, "{}", answer.body);
        tried += 1;
        assert!(tried <= 10, "guesses go on");
    };
    assert!(stopped.headers.contains_key("retry-after"));
    // The right ones are not found either, from here, until a while has gone by.
    assert_eq!(kiosk.types(&telephone.digits).await.status, 429);
    hand.advance(Duration::seconds(20));
    assert_eq!(kiosk.types(&telephone.digits).await.status, 303);
    // What is no six digits costs no try.
    for _ in 0..12 {
        assert_eq!(kiosk.types("12345").await.status, 422);
    }
    let asked = async || telephone.browser.post(&telephone.here, &[]).await.status;
    let mut given = 0;
    while asked().await == 303 {
        given += 1;
        assert!(given <= 25, "digits are given without end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_by_telephone_is_offered_by_name_alone_and_only_where_readers_are() {
    let (mut relay, clinic) = relay_with_clinic().await;
    // A service that names nothing, or the card alone, is not given less by silence.
    let plain = clinic.request(&relay);
    let card_only = request_for(&relay, &clinic, &[AuthnContext::CardPin]);
    for request in [plain, card_only] {
        let browser = Browser::new(&relay);
        let page = browser.begin(&clinic.redirect(&request, None)).await;
        assert_eq!(page.address("/telephone"), None, "{}", page.body);
        let id = between(&page.body, "action=\"/sign-in/", "/decline").to_owned();
        let forced = browser.post(&relay.at(&format!("/sign-in/{id}/telephone")), &[]).await;
        assert_eq!(forced.status, 404);
    }
    relay.reconfigure("bridge = \"http://127.0.0.1:8940\"\n", "").await;
    let request = request_for(&relay, &clinic, &[AuthnContext::CardPin, AuthnContext::Telephone]);
    let page = Browser::new(&relay).begin(&clinic.redirect(&request, None)).await;
    assert_eq!(page.address("/telephone"), None, "{}", page.body);
    assert_eq!(Browser::new(&relay).get(&relay.at("/telephone")).await.status, 404);
}
