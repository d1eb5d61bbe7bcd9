//! The moves of a sign-in: each state with each event, and what follows.

use relay_core::audit::Outcome;
use relay_records::front::{AuditAct, SessionId};
use relay_saml::names::{AuthnContext, StatusCode};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Asked, CardSeen, Challenge, Effect, Event, ProviderSaid, Refused, SESSION_LIFE, Session, SessionKind, Shown, State,
    Step, TELEPHONE_LIFE, TelephoneCode, Told, Way, Who,
};

/// Moves the sign-in on.
pub fn step(state: State, event: Event, now: OffsetDateTime) -> Step {
    match (state, event) {
        (
            State::Begun,
            Event::Asked {
                asked,
                session,
                possible,
            },
        ) => begin(*asked, session, &possible, now),
        (
            State::WaitingForCard {
                asked,
                replaces,
                challenge: _,
                telephone,
            },
            Event::Challenged(challenge),
        ) => Step {
            state: State::WaitingForCard {
                asked,
                replaces,
                challenge: Some(challenge),
                telephone,
            },
            effect: Effect::ShowBridge,
            note: None,
        },
        (
            State::WaitingForCard {
                asked,
                replaces,
                challenge,
                telephone: _,
            },
            Event::TelephoneAsked(code),
        ) if asked.takes_telephones() => Step {
            state: State::WaitingForCard {
                asked,
                replaces,
                challenge,
                telephone: Some(code),
            },
            effect: Effect::ShowTelephone,
            note: None,
        },
        (
            State::WaitingForCard {
                asked,
                replaces,
                challenge,
                telephone,
            },
            Event::CardShown(seen),
        ) => card_shown(asked, replaces, (challenge, telephone), seen, now),
        (State::WaitingForCard { asked, .. } | State::WithProvider { asked, .. }, Event::Declined) => {
            refuse(asked, StatusCode::Responder, StatusCode::AuthnFailed, None, "declined")
        }
        (State::WaitingForCard { asked, .. }, Event::SentOn { provider, .. })
            if !asked.can_name(&Who::Upstream {
                provider: provider.clone(),
            }) =>
        {
            no_lasting_name(asked)
        }
        (State::WaitingForCard { asked, replaces, .. }, Event::SentOn { provider, request }) => Step {
            state: State::WithProvider {
                asked,
                provider,
                request,
                sent_at: now,
                replaces,
            },
            effect: Effect::SendToProvider,
            note: None,
        },
        (state @ State::WithProvider { .. }, Event::ProviderAnswered(said)) => provider_answered(state, said, now),
        (State::Naming { .. }, Event::Named) => Step {
            state: State::Over,
            effect: Effect::SendAssertion,
            // Written together with the session, before anything is sent.
            note: None,
        },
        (State::Naming { asked, shown }, Event::NotNamed { reason }) => not_named(asked, shown, reason),
        // Pressed twice, gone back, come too late: nothing moves.
        (state, _) => Step {
            state,
            effect: Effect::ShowOver,
            note: None,
        },
    }
}

fn begin(asked: Asked, session: Option<Session>, possible: &[AuthnContext], now: OffsetDateTime) -> Step {
    if !possible.iter().any(|context| asked.is_met_by(context)) {
        return refuse(
            asked,
            StatusCode::Requester,
            StatusCode::NoAuthnContext,
            None,
            "context",
        );
    }
    let replaces = session.as_ref().map(|session| session.id);
    let nameless = session.as_ref().is_some_and(|session| !asked.can_name(&session.who));
    if let Some(session) = session
        && asked.will_do(&session, now)
    {
        return Step {
            state: State::Naming {
                asked,
                shown: Shown {
                    at: session.begun_about(),
                    until: session.over_about(),
                    who: session.who,
                    context: session.context,
                    session: SessionKind::Existing(session.id),
                },
            },
            effect: Effect::MakeName,
            note: None,
        };
    }
    if asked.passive {
        if nameless {
            return no_lasting_name(asked);
        }
        return refuse(asked, StatusCode::Responder, StatusCode::NoPassive, None, "passive");
    }
    Step {
        state: State::WaitingForCard {
            asked,
            replaces,
            challenge: None,
            telephone: None,
        },
        effect: Effect::AskForCard,
        note: None,
    }
}

fn card_shown(
    asked: Asked,
    replaces: Option<SessionId>,
    (challenge, telephone): (Option<Challenge>, Option<TelephoneCode>),
    seen: CardSeen,
    now: OffsetDateTime,
) -> Step {
    let by_telephone = matches!(
        &seen,
        CardSeen::Good {
            way: Way::Telephone { .. },
            ..
        }
    );
    let (registration, refused) = match &seen {
        CardSeen::None => (None, Some(Refused::NoCard)),
        CardSeen::Faulty(fault) => (None, Some(Refused::Faulty(*fault))),
        CardSeen::Unknown => (None, Some(Refused::Unknown)),
        CardSeen::NotActive { registration, state } => (Some(*registration), Refused::of_state(*state)),
        CardSeen::Good {
            registration,
            context,
            way,
            for_trials,
            ..
        } => (
            Some(*registration),
            if !way_is_good(way, (challenge.as_ref(), telephone.as_ref()), now) {
                Some(Refused::OldChallenge)
            } else if !asked.is_met_by(context) {
                Some(Refused::OtherKind)
            } else if asked.trial && !for_trials {
                Some(Refused::OnTrial)
            } else {
                None
            },
        ),
    };
    match (refused, seen) {
        (
            None,
            CardSeen::Good {
                registration,
                context,
                way,
                at,
                ..
            },
        ) => Step {
            state: State::Naming {
                asked,
                shown: Shown {
                    who: Who::Holder(registration),
                    context: context.uri().to_owned(),
                    at,
                    until: at
                        + match way {
                            Way::Tls | Way::Bridge { .. } => SESSION_LIFE,
                            Way::Telephone { .. } => TELEPHONE_LIFE,
                        },
                    session: SessionKind::New {
                        replaces,
                        by_bridge: matches!(way, Way::Bridge { .. }),
                    },
                },
            },
            effect: Effect::MakeName,
            note: None,
        },
        (refused, _) => {
            let refused = refused.unwrap_or(Refused::Unknown);
            Step {
                note: Some(Told {
                    act: AuditAct::SignInRefused,
                    outcome: Outcome::Refused,
                    service: asked.service.clone(),
                    registration,
                    rule: refused.code().to_owned(),
                }),
                // A challenge is good for one try, whatever came of it, and so are digits.
                state: State::WaitingForCard {
                    asked,
                    replaces,
                    challenge: None,
                    telephone: telephone.filter(|_| !by_telephone),
                },
                effect: Effect::ShowRefusal(refused),
            }
        }
    }
}

fn way_is_good(
    way: &Way,
    (challenge, telephone): (Option<&Challenge>, Option<&TelephoneCode>),
    now: OffsetDateTime,
) -> bool {
    match way {
        Way::Telephone { digits } => telephone.is_some_and(|given| given.digits == *digits && now < given.until),
        Way::Tls => true,
        Way::Bridge { nonce } => challenge.is_some_and(|given| given.nonce == *nonce && now < given.until),
    }
}

fn provider_answered(state: State, said: ProviderSaid, now: OffsetDateTime) -> Step {
    let answers = match &said {
        ProviderSaid::SignedIn { request, .. } | ProviderSaid::Refused { request } => request,
    };
    let (asked, provider, sent_at, replaces) = match state {
        State::WithProvider {
            asked,
            provider,
            request,
            sent_at,
            replaces,
        } if request == *answers => (asked, provider, sent_at, replaces),
        // An answer to another sign-in: this one goes on waiting.
        state => {
            return Step {
                state,
                effect: Effect::ShowOver,
                note: None,
            };
        }
    };
    let failed = |asked, rule| refuse(asked, StatusCode::Responder, StatusCode::AuthnFailed, None, rule);
    let ProviderSaid::SignedIn {
        context,
        at,
        until,
        skew,
        ..
    } = said
    else {
        return failed(asked, "provider");
    };
    // Instants travel in whole seconds: one of the second of our request is not before it.
    let before = at.unix_timestamp() < (sent_at - skew).unix_timestamp();
    if at > now + skew || (asked.force && before) {
        return failed(asked, "provider-instant");
    }
    let until = until.map_or(now + SESSION_LIFE, |until| until.min(now + SESSION_LIFE));
    if until <= now {
        return failed(asked, "provider-session-over");
    }
    if !asked.is_met_by(&AuthnContext::from(context.as_str())) {
        return refuse(
            asked,
            StatusCode::Responder,
            StatusCode::NoAuthnContext,
            None,
            "provider-context",
        );
    }
    Step {
        state: State::Naming {
            asked,
            shown: Shown {
                who: Who::Upstream { provider },
                context,
                // A clock ahead of ours makes no sign-in of the future.
                at: at.min(now),
                until,
                session: SessionKind::New {
                    replaces,
                    by_bridge: false,
                },
            },
        },
        effect: Effect::MakeName,
        note: None,
    }
}

fn not_named(asked: Asked, shown: Shown, reason: String) -> Step {
    let registration = match &shown.who {
        Who::Holder(registration) => Some(*registration),
        Who::Upstream { .. } => None,
    };
    let told = Told {
        act: AuditAct::SignInFailed,
        outcome: Outcome::Failed,
        service: asked.service.clone(),
        registration,
        rule: reason,
    };
    // Nobody may be asked, so the service hears of it; else the person does, and may try again.
    if asked.passive {
        return Step {
            state: State::Over,
            effect: Effect::SendStatus {
                code: StatusCode::Responder,
                detail: StatusCode::NoAvailableIdp,
            },
            note: Some(told),
        };
    }
    let replaces = match shown.session {
        SessionKind::Existing(session) => Some(session),
        SessionKind::New { replaces, .. } => replaces,
    };
    Step {
        state: State::WaitingForCard {
            asked,
            replaces,
            challenge: None,
            telephone: None,
        },
        effect: Effect::ShowAway,
        note: Some(told),
    }
}

/// The service asked for a lasting name of somebody who has none here (saml-core section 3.4.1.1).
fn no_lasting_name(asked: Asked) -> Step {
    let (code, detail) = (StatusCode::Responder, StatusCode::InvalidNameIdPolicy);
    refuse(asked, code, detail, None, "name-policy")
}

fn refuse(asked: Asked, code: StatusCode, detail: StatusCode, registration: Option<Uuid>, rule: &str) -> Step {
    Step {
        state: State::Over,
        effect: Effect::SendStatus { code, detail },
        note: Some(Told {
            act: AuditAct::SignInAnswered,
            outcome: Outcome::Refused,
            service: asked.service,
            registration,
            rule: rule.to_owned(),
        }),
    }
}
