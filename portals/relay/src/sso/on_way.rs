//! One request of a browser on its way through a sign-in: what the procedure orders is carried out here.

mod answering;

use std::sync::Arc;

use axum::{
    http::{HeaderMap, header},
    response::{IntoResponse as _, Redirect, Response},
};
use portal_kit::{Trouble, Visit};
use relay_core::id::Id;
use relay_records::front::{NewProcedure, Note, PartnerState, ProcedureKind, Whence};
use relay_saml::{message::EntityId, names::StatusCode as Code};
use serde_json::json;
use time::OffsetDateTime;
use tracing::{info, warn};
use uuid::Uuid;

use super::{BROWSER, WAY, over};
use crate::{
    discovery,
    front::Front,
    pages::{self, First, Ways},
    partners::{Known, PartnerFault},
    provider::may_be_handed_on,
    sign_in::{self, Asked, Effect, Event, NameWanted, PATIENCE, State as SignIn, Step},
    taking::records,
    telephone,
};
use answering::refusal;

/// A sign-in as it was kept.
pub(crate) struct Kept {
    pub(crate) state: SignIn,
    version: i32,
    /// When it is given up.
    pub(crate) expires_at: OffsetDateTime,
}

/// A card was last taken by a desk's reader, or by the browser itself.
const BY_READER: &str = "reader";
const BY_BROWSER: &str = "browser";

/// A kept sign-in's id, and the version a move starts from.
type KeptAt = (Uuid, i32);

/// One request of a browser on its way through a sign-in.
pub(crate) struct OnWay<'a> {
    front: &'a Arc<Front>,
    visit: &'a Visit,
    /// The browser's cookie; drawn now where it brought none.
    browser: String,
    fresh: bool,
    /// The bridge's token for a pulled card.
    pub(super) gone: Option<String>,
    /// SHA-256 of the certificate that was shown: what operators name a card for trials by.
    pub(super) card: Option<[u8; 32]>,
    /// From where the card is shown by mutual TLS: where its being pulled will be told from.
    pub(super) shown_from: Option<Whence>,
    /// What was asked by this very request, before anything of it is kept.
    pub(super) asked: Option<Asked>,
    /// Which providers this browser has used so far.
    used: Option<String>,
    /// By which way a card was taken in this browser before.
    used_way: Option<String>,
    telephone: bool,
    /// Where the browser goes when it is sent on to another provider.
    pub(crate) onward: Option<String>,
}

impl<'a> OnWay<'a> {
    pub(crate) fn new(front: &'a Arc<Front>, visit: &'a Visit, headers: &HeaderMap) -> Self {
        let brought = BROWSER.read(headers).filter(|value| value.len() == 43);
        Self {
            front,
            visit,
            fresh: brought.is_none(),
            browser: brought.map_or_else(|| front.secret(), str::to_owned),
            gone: None,
            card: None,
            shown_from: None,
            asked: None,
            used: discovery::cookie(headers).map(str::to_owned),
            used_way: WAY.read(headers).map(str::to_owned),
            telephone: telephone::is_telephone(headers),
            onward: None,
        }
    }

    /// How the sign-in `id` stands, if it is this browser's.
    pub(crate) async fn state(&self, id: Uuid) -> Result<SignIn, Trouble> {
        Ok(self.kept(id).await?.state)
    }

    /// The sign-in `id`, if it is this browser's.
    pub(crate) async fn kept(&self, id: Uuid) -> Result<Kept, Trouble> {
        let kept = self
            .front
            .records
            .procedure(
                id,
                ProcedureKind::SignIn,
                Some(self.browser.as_bytes()),
                self.front.now(),
            )
            .await
            .map_err(records)?;
        let state = serde_json::from_slice(&kept.state).map_err(|error| {
            // Kept by another version of this program.
            warn!(%error, "a kept sign-in can't be read");
            over()
        })?;
        Ok(Kept {
            state,
            version: kept.version,
            expires_at: kept.expires_at,
        })
    }

    /// Reports `event` to the sign-in `id` and carries out what follows.
    pub(crate) async fn event(&self, id: Uuid, event: Event) -> Result<Response, Trouble> {
        let kept = self.kept(id).await?;
        let step = sign_in::step(kept.state, event, self.front.now());
        self.carry_out(Some((id, kept.version)), step).await
    }

    /// Carries out a step's orders. `kept`: where the state so far stands in the records.
    pub(crate) async fn carry_out(&self, kept: Option<KeptAt>, step: Step) -> Result<Response, Trouble> {
        let Step { state, effect, note } = step;
        let note = note.map(|told| {
            let registration = told
                .registration
                .map(|registration| self.front.records.registration_at(registration, &told.service));
            self.traced(told.note(registration))
        });
        match (effect, state) {
            (Effect::AskForCard, SignIn::WaitingForCard { asked, .. }) if kept.is_some() => {
                let (id, _) = kept.unwrap_or_default();
                self.card_page(id, &asked, None, false).await
            }
            (Effect::AskForCard, state) => {
                let id = self.keep(None, &state, note.as_ref()).await?;
                // A page of its own address: shown again (another language, the way back) it takes no request twice.
                let mut onward = Redirect::to(&self.front.at(&format!("/sign-in/{id}"))).into_response();
                self.mark(&mut onward);
                Ok(onward)
            }
            (Effect::ShowRefusal(refused), state) => {
                info!(rule = refused.code(), "card refused");
                let id = self.keep(kept, &state, note.as_ref()).await?;
                let SignIn::WaitingForCard { asked, .. } = &state else {
                    return Err(over());
                };
                self.card_page(id, asked, Some(refused), false).await
            }
            (Effect::ShowBridge, state) => {
                let id = self.keep(kept, &state, note.as_ref()).await?;
                self.bridge(id, &state)
            }
            (Effect::ShowTelephone, state) => {
                let id = self.keep(kept, &state, note.as_ref()).await?;
                let here = format!("/sign-in/{id}/telephone");
                Ok(Redirect::to(&self.front.at(&here)).into_response())
            }
            (Effect::MakeName, state) => {
                let SignIn::Naming { asked, shown } = &state else {
                    return Err(over());
                };
                let asked = asked.clone();
                let (event, ready) = match self.name_and_record(kept, &asked, shown).await? {
                    Ok(ready) => (Event::Named, Some(ready)),
                    Err(reason) => (Event::NotNamed { reason }, None),
                };
                let next = sign_in::step(state, event, self.front.now());
                match (next.effect, ready) {
                    // It was recorded with the name, and its state with it.
                    (Effect::SendAssertion, Some(ready)) => self.send(&asked, ready),
                    (effect, _) => Box::pin(self.carry_out(kept, Step { effect, ..next })).await,
                }
            }
            (Effect::ShowAway, state) => {
                let id = self.keep(kept, &state, note.as_ref()).await?;
                let mut page = pages::away(self.front, self.visit, &format!("/sign-in/{id}"));
                self.mark(&mut page);
                Ok(page)
            }
            (Effect::SendStatus { code, detail }, _) => {
                let asked = self.asked_of(kept).await?;
                self.status(kept, &asked, code, detail, note).await
            }
            (Effect::SendToProvider, state) => {
                self.keep(kept, &state, note.as_ref()).await?;
                let onward = self.onward.as_deref().ok_or_else(over)?;
                Ok(Redirect::to(onward).into_response())
            }
            // Answers to events that carry nothing to send, and states that never meet their effect.
            (Effect::SendAssertion | Effect::ShowOver, _) => Err(over()),
        }
    }

    /// Answers `asked`, for which nothing is kept, with a status.
    pub(super) async fn send_status(
        &self,
        asked: &Asked,
        code: Code,
        detail: Code,
        rule: &str,
    ) -> Result<Response, Trouble> {
        let note = refusal(asked, rule);
        self.status(None, asked, code, detail, Some(self.traced(note))).await
    }

    async fn asked_of(&self, kept: Option<KeptAt>) -> Result<Asked, Trouble> {
        let Some((id, _)) = kept else {
            return self.asked.clone().ok_or_else(over);
        };
        match self.kept(id).await?.state {
            SignIn::WaitingForCard { asked, .. } | SignIn::WithProvider { asked, .. } => Ok(asked),
            _ => Err(over()),
        }
    }

    /// The service that asked, as it stands now: on still, and not put back on trial since it asked.
    async fn service(&self, asked: &Asked) -> Result<Arc<Known>, Trouble> {
        let entity = EntityId::parse(&asked.service).ok_or_else(over)?;
        let known = self.front.partner(&entity).await?;
        if known.partner.state == PartnerState::Trial && !asked.trial {
            return Err(self
                .front
                .turned_away(Some(entity.as_str()), PartnerFault::NotOn)
                .into());
        }
        Ok(known)
    }

    /// Keeps `state`, anew or as the next version; its id.
    async fn keep(&self, kept: Option<KeptAt>, state: &SignIn, note: Option<&Note>) -> Result<Uuid, Trouble> {
        let now = self.front.now();
        let bytes = serde_json::to_vec(state).map_err(|error| {
            warn!(%error, "a sign-in can't be kept");
            Trouble::ours()
        })?;
        if let Some((id, version)) = kept {
            let moved = self.front.records.move_on(id, version, &bytes, note, now).await;
            moved.map_err(records)?;
            return Ok(id);
        }
        let id = Id::<()>::new(&mut self.front.chance()).uuid();
        let new = NewProcedure {
            id,
            kind: ProcedureKind::SignIn,
            browser: Some(self.browser.as_bytes()),
            state: &bytes,
            expires_at: now + PATIENCE,
        };
        self.front.records.begin(&new, None, now).await.map_err(records)?;
        if let Some(note) = note {
            self.front.records.note(note, now).await.map_err(records)?;
        }
        Ok(id)
    }

    pub(super) async fn card_page(
        &self,
        id: Uuid,
        asked: &Asked,
        refused: Option<sign_in::Refused>,
        in_vain: bool,
    ) -> Result<Response, Trouble> {
        let others: Vec<_> = self
            .front
            .offered(self.visit.language)
            .await
            .into_iter()
            .filter_map(|(entity, name)| Some((entity, name?)))
            .filter(|(entity, _)| asked.name != NameWanted::Persistent && may_be_handed_on(asked, entity.as_str()))
            .collect();
        let ways = Ways {
            first: self.first_way(asked, in_vain),
            in_vain,
            others,
        };
        let mut page = pages::card(self.front, self.visit, id, (asked, refused, self.card), &ways);
        self.mark(&mut page);
        Ok(page)
    }

    /// The browser's cookie.
    pub(crate) fn browser(&self) -> &str {
        &self.browser
    }

    /// Gives the browser its cookie, where it has none.
    pub(crate) fn mark(&self, answer: &mut Response) {
        if self.fresh {
            answer
                .headers_mut()
                .append(header::SET_COOKIE, BROWSER.set(&self.browser));
        }
    }

    /// The way that a page begins with. A telephone reads no card. Elsewhere it is what was used in this browser before;
    /// else the desk's own reader, unless a visit there has just been in vain.
    fn first_way(&self, asked: &Asked, in_vain: bool) -> First {
        match (&self.front.config.relay.bridge, &self.used_way) {
            (Some(_), _) if self.telephone && asked.takes_telephones() => First::Telephone,
            (Some(_), Some(way)) if way == BY_READER => First::Reader,
            (Some(_), None) if !in_vain => First::Reader,
            _ => First::Browser,
        }
    }

    fn bridge(&self, id: Uuid, state: &SignIn) -> Result<Response, Trouble> {
        let SignIn::WaitingForCard {
            asked,
            challenge: Some(challenge),
            ..
        } = state
        else {
            return Err(Trouble::not_found());
        };
        let challenge = format!("{}-{}", id.simple(), challenge.nonce);
        self.front
            .to_bridge(self.visit, &challenge, pages::shown(asked, self.visit.language))
    }

    /// The note with the trace id of the request, which is on the person's page too.
    pub(crate) fn traced(&self, mut note: Note) -> Note {
        note.details
            .insert("trace".to_owned(), json!(self.visit.trace.to_string()));
        note
    }
}

impl Front {
    /// On to the bridge at the browser's own machine, which has the card sign `challenge` and names `service` to whoever
    /// puts it in.
    pub(crate) fn to_bridge(&self, visit: &Visit, challenge: &str, service: &str) -> Result<Response, Trouble> {
        let mut url = self.config.relay.bridge.clone().ok_or_else(Trouble::not_found)?;
        url.set_path("/sign");
        url.query_pairs_mut()
            .append_pair("challenge", challenge)
            .append_pair("return", &self.at("/card/answer"))
            .append_pair("service", service);
        Ok(Redirect::to(&visit.carry_language(url.as_str())).into_response())
    }
}
