//! Every state against every event.

use relay_core::{audit::Outcome, chance::SeededChance};
use relay_records::front::{AuditAct, HolderState, SessionId};
use relay_saml::names::{AuthnContext, StatusCode};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::*;
use crate::card::CardFault;

const NOW: OffsetDateTime = datetime!(2026-11-22 0:00 UTC);
const CARD: Uuid = Uuid::from_u128(7);
const PROVIDER: &str = "https://idp.other.example";

fn asked() -> Asked {
    Asked {
        service: "https://clinic.example/saml".into(),
        called: Vec::new(),
        request: Some("_1".into()),
        reply: Reply {
            binding: ReplyBinding::Post,
            location: "https://clinic.example/acs".into(),
        },
        relay_state: None,
        force: false,
        passive: false,
        name: NameWanted::Either,
        contexts: Vec::new(),
        comparison: "exact".into(),
        trial: false,
        stays_open: false,
        session_seconds: 3600,
        assertion_seconds: 120,
        skew_seconds: 60,
        requesters: Vec::new(),
        proxy_count: None,
    }
}

fn session() -> Session {
    Session {
        id: SessionId::new(&mut SeededChance::new(1)),
        who: Who::Holder(CARD),
        holder: Some(HolderState::Active),
        context: AuthnContext::CardPin.uri().to_owned(),
        authenticated_at: NOW - Duration::minutes(5),
        expires_at: NOW - Duration::minutes(5) + SESSION_LIFE,
    }
}

fn possible() -> Vec<AuthnContext> {
    vec![AuthnContext::CardPin, AuthnContext::CardNoPin]
}

fn ask(asked: Asked, session: Option<Session>) -> Step {
    let event = Event::Asked {
        asked: Box::new(asked),
        session,
        possible: possible(),
    };
    step(State::Begun, event, NOW)
}

fn good_card() -> CardSeen {
    CardSeen::Good {
        registration: CARD,
        context: AuthnContext::CardPin,
        way: Way::Tls,
        for_trials: false,
        at: NOW,
    }
}

fn challenge() -> Challenge {
    Challenge {
        nonce: "00ff".into(),
        until: NOW + CHALLENGE_LIFE,
    }
}

fn telephone_code() -> TelephoneCode {
    TelephoneCode {
        digits: "374829".into(),
        picture: 3,
        until: NOW + Duration::minutes(5),
    }
}

fn waiting(asked: Asked) -> State {
    State::WaitingForCard {
        telephone: None,
        asked,
        replaces: None,
        challenge: Some(challenge()),
    }
}

fn with_provider() -> State {
    State::WithProvider {
        asked: asked(),
        provider: PROVIDER.into(),
        request: "_ours".into(),
        sent_at: NOW,
        replaces: None,
    }
}

fn naming() -> State {
    let Step { state, .. } = step(waiting(asked()), Event::CardShown(good_card()), NOW);
    state
}

fn provider_said(request: &str) -> ProviderSaid {
    ProviderSaid::SignedIn {
        request: request.into(),
        context: AuthnContext::CardPin.uri().into(),
        at: NOW,
        until: None,
        skew: Duration::seconds(60),
    }
}

/// What the table says of one cell: the new state's name and the effect's kind.
fn cell(step: &Step) -> (&'static str, &'static str) {
    let effect = match &step.effect {
        Effect::AskForCard => "ask",
        Effect::ShowRefusal(_) => "refuse",
        Effect::ShowBridge => "bridge",
        Effect::ShowTelephone => "telephone",
        Effect::SendToProvider => "provider",
        Effect::MakeName => "name",
        Effect::SendAssertion => "assertion",
        Effect::SendStatus { .. } => "status",
        Effect::ShowAway => "away",
        Effect::ShowOver => "over",
    };
    (step.state.name(), effect)
}

#[test]
fn every_event_in_every_state_has_its_one_outcome() {
    let states = [State::Begun, waiting(asked()), with_provider(), naming(), State::Over];
    let events = [
        Event::Asked {
            asked: Box::new(asked()),
            session: None,
            possible: possible(),
        },
        Event::Challenged(challenge()),
        Event::CardShown(good_card()),
        Event::Declined,
        Event::SentOn {
            provider: PROVIDER.into(),
            request: "_ours".into(),
        },
        Event::ProviderAnswered(provider_said("_ours")),
        Event::Named,
        Event::NotNamed { reason: "away".into() },
        // Of a service that does not name it.
        Event::TelephoneAsked(telephone_code()),
    ];
    const NO: (&str, &str) = ("", "over");
    // Rows: begun, waiting_for_card, with_provider, naming, over. Columns in the order of the events.
    let table = [
        [("waiting_for_card", "ask"), NO, NO, NO, NO, NO, NO, NO, NO],
        [
            NO,
            ("waiting_for_card", "bridge"),
            ("naming", "name"),
            ("over", "status"),
            ("with_provider", "provider"),
            NO,
            NO,
            NO,
            NO,
        ],
        [NO, NO, NO, ("over", "status"), NO, ("naming", "name"), NO, NO, NO],
        [
            NO,
            NO,
            NO,
            NO,
            NO,
            NO,
            ("over", "assertion"),
            ("waiting_for_card", "away"),
            NO,
        ],
        [NO; 9],
    ];
    for (state, row) in states.iter().zip(table) {
        for (event, expected) in events.iter().zip(row) {
            let moved = step(state.clone(), event.clone(), NOW);
            let place = format!("{} × {}", state.name(), event.name());
            if expected == NO {
                assert_eq!(moved.state, *state, "{place}");
                assert_eq!((moved.effect, moved.note), (Effect::ShowOver, None), "{place}");
            } else {
                assert_eq!(cell(&moved), expected, "{place}");
            }
        }
    }
}

#[test]
fn a_telephone_is_signed_in_by_its_own_digits_alone_and_for_half_an_hour() {
    let naming_telephones = Asked {
        contexts: [AuthnContext::CardPin, AuthnContext::Telephone]
            .map(|context| context.uri().to_owned())
            .into(),
        ..asked()
    };
    let asks = Event::TelephoneAsked(telephone_code());
    let step_of = |state: State, event: &Event, now| step(state, event.clone(), now);
    let shows = step_of(waiting(naming_telephones.clone()), &asks, NOW);
    assert_eq!(shows.effect, Effect::ShowTelephone);
    let approved = |digits: &str| {
        Event::CardShown(CardSeen::Good {
            registration: CARD,
            context: AuthnContext::Telephone,
            way: Way::Telephone { digits: digits.into() },
            for_trials: false,
            at: NOW,
        })
    };
    let signed_in = shown(step_of(shows.state.clone(), &approved("374829"), NOW));
    assert_eq!(signed_in.until, NOW + TELEPHONE_LIFE);
    for (event, now) in [
        (approved("374820"), NOW),
        (approved("374829"), NOW + Duration::minutes(5)),
    ] {
        let refused = step_of(shows.state.clone(), &event, now);
        assert_eq!(refused.effect, Effect::ShowRefusal(Refused::OldChallenge));
        // Digits are good for one try.
        assert!(matches!(refused.state, State::WaitingForCard { telephone: None, .. }));
    }
    // A card shown in this browser leaves the digits to whoever went off with them.
    let no_card = step_of(shows.state, &Event::CardShown(CardSeen::None), NOW);
    assert!(matches!(
        no_card.state,
        State::WaitingForCard { telephone: Some(_), .. }
    ));
    // On trial a card must be shown each time.
    let on_trial = Asked {
        trial: true,
        ..naming_telephones
    };
    assert_eq!(step_of(waiting(on_trial), &asks, NOW).effect, Effect::ShowOver);
}

#[test]
fn a_session_that_will_do_spares_the_person_the_card() {
    let Step { state, effect, .. } = ask(asked(), Some(session()));
    assert_eq!(effect, Effect::MakeName);
    let State::Naming { shown, .. } = state else {
        panic!("{state:?}")
    };
    assert_eq!(shown.session, SessionKind::Existing(session().id));
    assert_eq!(shown.at, session().authenticated_at);
}

fn shown(step: Step) -> Shown {
    match step.state {
        State::Naming { shown, .. } => shown,
        state => panic!("{state:?}"),
    }
}

#[test]
fn a_services_time_runs_from_the_card_and_never_past_the_session_here() {
    let fresh = shown(step(waiting(asked()), Event::CardShown(good_card()), NOW));
    assert_eq!(fresh.until, NOW + SESSION_LIFE);
    assert_eq!(fresh.until_for(&asked(), NOW), NOW + Duration::hours(1));
    // Spared the card 55 minutes later: five minutes are left, not another hour.
    let later = Session {
        authenticated_at: NOW - Duration::minutes(55),
        expires_at: NOW - Duration::minutes(55) + SESSION_LIFE,
        ..session()
    };
    let spared = shown(ask(asked(), Some(later)));
    assert_eq!(spared.until_for(&asked(), NOW), NOW + Duration::minutes(5));
    // A service of long sessions gets no more than the one here.
    let long = Asked {
        session_seconds: 43_200,
        ..asked()
    };
    assert_eq!(fresh.until_for(&long, NOW), NOW + SESSION_LIFE);
}

#[test]
fn services_that_spare_the_card_hear_the_moment_too_roughly_to_match_people_by_it() {
    let begun = |seconds, nanoseconds| Session {
        authenticated_at: NOW - Duration::minutes(5) + Duration::new(seconds, nanoseconds),
        expires_at: NOW - Duration::minutes(5) + Duration::new(seconds, nanoseconds) + SESSION_LIFE,
        ..session()
    };
    let (one, two) = (
        shown(ask(asked(), Some(begun(3, 7)))),
        shown(ask(asked(), Some(begun(299, 0)))),
    );
    assert_eq!(one.at, NOW - GRAIN);
    // Neither the moment nor the end tells the two apart.
    assert_eq!((one.at, one.until), (two.at, two.until));
    assert_eq!(one.until_for(&asked(), NOW), two.until_for(&asked(), NOW));
    // The service at which the card was shown hears the very moment: it was there.
    let there = shown(step(waiting(asked()), Event::CardShown(good_card()), NOW));
    assert_eq!(there.at, NOW);
    // Told roughly, it is not older than the service takes: else the card is asked for.
    let strict = Asked {
        session_seconds: 300,
        ..asked()
    };
    assert_eq!(ask(strict, Some(begun(299, 0))).effect, Effect::AskForCard);
}

#[test]
fn a_session_is_not_enough_when_forced_on_trial_too_old_suspended_or_too_weak() {
    let forced = Asked { force: true, ..asked() };
    let on_trial = Asked { trial: true, ..asked() };
    let strict = Asked {
        session_seconds: 299,
        ..asked()
    };
    let wants_pin = asked();
    let suspended = Session {
        holder: Some(HolderState::Suspended),
        ..session()
    };
    let without_pin = Session {
        context: AuthnContext::CardNoPin.uri().into(),
        ..session()
    };
    for (asked, session) in [
        (forced, session()),
        (on_trial, session()),
        (strict, session()),
        (wants_pin.clone(), suspended),
        (wants_pin, without_pin),
    ] {
        let Step { state, effect, .. } = ask(asked.clone(), Some(session.clone()));
        assert_eq!(effect, Effect::AskForCard);
        // Whoever signs in next in this browser takes the session's place.
        assert!(matches!(state, State::WaitingForCard { replaces: Some(id), .. } if id == session.id));
        // And where nobody may be asked, the service hears so.
        let passive = Asked { passive: true, ..asked };
        let Step { effect, note, .. } = ask(passive, Some(session));
        assert_eq!(
            effect,
            Effect::SendStatus {
                code: StatusCode::Responder,
                detail: StatusCode::NoPassive
            }
        );
        assert_eq!(note.unwrap().outcome, Outcome::Refused);
    }
}

#[test]
fn a_context_no_card_here_can_give_is_answered_at_once() {
    let worker = Asked {
        contexts: vec![AuthnContext::WorkerCard.uri().into()],
        ..asked()
    };
    let Step { state, effect, .. } = ask(worker, Some(session()));
    assert_eq!(state, State::Over);
    assert_eq!(
        effect,
        Effect::SendStatus {
            code: StatusCode::Requester,
            detail: StatusCode::NoAuthnContext
        }
    );
}

#[test]
fn each_card_that_wont_do_is_refused_by_name_and_another_may_be_shown() {
    let not_active = |state| CardSeen::NotActive {
        registration: CARD,
        state,
    };
    let good_with = |context| CardSeen::Good {
        registration: CARD,
        context,
        way: Way::Tls,
        for_trials: false,
        at: NOW,
    };
    let trial = Asked { trial: true, ..asked() };
    for (asked, seen, refused) in [
        (asked(), CardSeen::None, Refused::NoCard),
        (
            asked(),
            CardSeen::Faulty(CardFault::Expired),
            Refused::Faulty(CardFault::Expired),
        ),
        (asked(), CardSeen::Unknown, Refused::Unknown),
        (asked(), not_active(HolderState::Registered), Refused::NotHandedOver),
        (asked(), not_active(HolderState::Suspended), Refused::Suspended),
        (asked(), not_active(HolderState::Revoked), Refused::Revoked),
        (asked(), good_with(AuthnContext::CardNoPin), Refused::OtherKind),
        (trial, good_card(), Refused::OnTrial),
    ] {
        let moved = step(waiting(asked), Event::CardShown(seen), NOW);
        assert_eq!(moved.effect, Effect::ShowRefusal(refused));
        let note = moved.note.unwrap();
        assert_eq!((note.act, note.outcome), (AuditAct::SignInRefused, Outcome::Refused));
        assert_eq!(note.rule, refused.code());
        // The person may show another card; the challenge is used up.
        assert!(matches!(moved.state, State::WaitingForCard { challenge: None, .. }));
        let again = step(moved.state, Event::CardShown(good_card()), NOW);
        assert!(note.rule == "service-on-trial" || again.effect == Effect::MakeName);
    }
}

#[test]
fn a_signed_challenge_is_taken_once_and_in_time() {
    let signed = |nonce: &str| {
        Event::CardShown(CardSeen::Good {
            registration: CARD,
            context: AuthnContext::CardPin,
            way: Way::Bridge { nonce: nonce.into() },
            for_trials: false,
            at: NOW,
        })
    };
    let refused = Effect::ShowRefusal(Refused::OldChallenge);
    let moved = step(waiting(asked()), signed("00ff"), NOW);
    let State::Naming { shown, .. } = &moved.state else {
        panic!("{moved:?}")
    };
    assert!(matches!(shown.session, SessionKind::New { by_bridge: true, .. }));
    assert_eq!(
        step(waiting(asked()), signed("00ff"), NOW + CHALLENGE_LIFE).effect,
        refused
    );
    let other = step(waiting(asked()), signed("0000"), NOW);
    assert_eq!(other.effect, refused);
    // A guess uses the challenge up.
    assert_eq!(step(other.state, signed("00ff"), NOW).effect, refused);
}

#[test]
fn a_blind_half_that_is_away_issues_nothing_and_leaves_the_way_open() {
    let moved = step(naming(), Event::NotNamed { reason: "away".into() }, NOW);
    assert_eq!(moved.effect, Effect::ShowAway);
    let note = moved.note.unwrap();
    assert_eq!((note.act, note.outcome), (AuditAct::SignInFailed, Outcome::Failed));
    assert_eq!(note.registration, Some(CARD));
    assert_eq!(
        step(moved.state, Event::CardShown(good_card()), NOW).effect,
        Effect::MakeName
    );
    // Where nobody may be asked the service hears of it.
    let Step { state, .. } = ask(
        Asked {
            passive: true,
            ..asked()
        },
        Some(session()),
    );
    let moved = step(state, Event::NotNamed { reason: "away".into() }, NOW);
    assert_eq!(cell(&moved), ("over", "status"));
}

#[test]
fn another_providers_answer_counts_for_the_request_it_answers_only() {
    let other = step(with_provider(), Event::ProviderAnswered(provider_said("_another")), NOW);
    assert_eq!((other.state, other.effect), (with_provider(), Effect::ShowOver));
    let refused = ProviderSaid::Refused {
        request: "_ours".into(),
    };
    let refused = step(with_provider(), Event::ProviderAnswered(refused), NOW);
    assert_eq!(cell(&refused), ("over", "status"));
    let weak = ProviderSaid::SignedIn {
        request: "_ours".into(),
        context: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password".into(),
        at: NOW,
        until: None,
        skew: Duration::ZERO,
    };
    assert_eq!(
        cell(&step(with_provider(), Event::ProviderAnswered(weak), NOW)),
        ("over", "status")
    );
}

/// What follows when the other provider says that the person signed in there at `at`, in a session until `until`.
fn said_at(asked: Asked, at: OffsetDateTime, until: Option<OffsetDateTime>) -> Step {
    let State::WithProvider { provider, request, .. } = with_provider() else {
        unreachable!()
    };
    let waiting = State::WithProvider {
        asked,
        provider,
        request,
        sent_at: NOW,
        replaces: None,
    };
    let said = ProviderSaid::SignedIn {
        request: "_ours".into(),
        context: AuthnContext::CardPin.uri().into(),
        at,
        until,
        skew: Duration::seconds(60),
    };
    step(waiting, Event::ProviderAnswered(said), NOW + Duration::minutes(1))
}

#[test]
fn a_forced_sign_in_is_a_fresh_one_at_the_other_provider_too() {
    let forced = || Asked { force: true, ..asked() };
    let failed = Effect::SendStatus {
        code: StatusCode::Responder,
        detail: StatusCode::AuthnFailed,
    };
    let old = NOW - Duration::seconds(61);
    let refused = said_at(forced(), old, None);
    assert_eq!(
        (refused.effect, refused.note.unwrap().rule.as_str()),
        (failed.clone(), "provider-instant")
    );
    assert_eq!(
        said_at(forced(), NOW - Duration::seconds(60), None).effect,
        Effect::MakeName
    );
    // Not forced, its own session will do; a sign-in of the future never does.
    assert_eq!(said_at(asked(), old, None).effect, Effect::MakeName);
    assert_eq!(said_at(asked(), NOW + Duration::minutes(3), None).effect, failed);
}

#[test]
fn the_session_ends_no_later_than_the_other_providers() {
    let until = |step: Step| match step.state {
        State::Naming { shown, .. } => shown.until,
        state => panic!("{state:?}"),
    };
    let now = NOW + Duration::minutes(1);
    let theirs = NOW + Duration::hours(1);
    assert_eq!(until(said_at(asked(), NOW, Some(theirs))), theirs);
    assert_eq!(
        until(said_at(asked(), NOW, Some(NOW + Duration::days(2)))),
        now + SESSION_LIFE
    );
    assert_eq!(until(said_at(asked(), NOW, None)), now + SESSION_LIFE);
    let over = said_at(asked(), NOW, Some(now));
    assert_eq!(over.note.unwrap().rule, "provider-session-over");
    assert_eq!(over.state, State::Over);
}

#[test]
fn a_state_read_back_is_the_state_that_was_kept() {
    for state in [waiting(asked()), with_provider(), naming()] {
        let kept = serde_json::to_vec(&state).unwrap();
        assert_eq!(serde_json::from_slice::<State>(&kept).unwrap(), state);
    }
}

#[test]
fn nobody_is_given_a_lasting_name_that_only_another_provider_could_keep() {
    let lasting = |passive| Asked {
        name: NameWanted::Persistent,
        passive,
        ..asked()
    };
    let there = || Session {
        who: Who::Upstream {
            provider: PROVIDER.into(),
        },
        holder: None,
        ..session()
    };
    let refused = Effect::SendStatus {
        code: StatusCode::Responder,
        detail: StatusCode::InvalidNameIdPolicy,
    };
    // Passed on, or signed in there already and not to be asked.
    let sent = Event::SentOn {
        provider: PROVIDER.into(),
        request: "_ours".into(),
    };
    assert_eq!(step(waiting(lasting(false)), sent, NOW).effect, refused);
    assert_eq!(ask(lasting(true), Some(there())).effect, refused);
    // Who can be asked may show a card; a service that asks for either gets the passing name.
    assert_eq!(ask(lasting(false), Some(there())).effect, Effect::AskForCard);
    assert_eq!(ask(asked(), Some(there())).effect, Effect::MakeName);
}

#[test]
fn a_service_is_called_as_its_visitor_reads_it() {
    use crate::partners::called;
    use portal_kit::Language::{Easy, English, Japanese};
    let names = [("en-GB", "My Page"), ("ja", "マイページ")].map(|(tag, name)| (tag.to_owned(), name.to_owned()));
    assert_eq!(called(&names, English), Some("My Page"));
    assert_eq!(called(&names, Easy), Some("マイページ"));
    // In no language of ours: as it calls itself first.
    let french = [("fr".to_owned(), "Ma page".to_owned())];
    assert_eq!(called(&french, Japanese), Some("Ma page"));
    assert_eq!(called(&[], Japanese), None);
}
