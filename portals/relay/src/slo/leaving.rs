//! One request of a browser on its way out: what the procedure ([`crate::logout`]) orders is carried out here.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use portal_kit::{Trouble, Visit};
use relay_core::id::Id;
use relay_records::front::{Ended, NewProcedure, Participant, ProcedureKind};
use relay_saml::{
    message::{LogoutResponse, MessageId, RelayState, Status},
    names::{Binding, StatusCode as Code},
    send::Composed,
};
use time::Duration;
use uuid::Uuid;

use super::{LOOKED_AFTER, over};
use crate::{
    front::Front,
    logout::{Asker, Effect, Event, Place, State, Step, after},
    pages,
    sso::{BROWSER, SESSION},
    taking::records,
    telling::{Browser, ROUND},
};

/// One request of a browser on its way out.
pub(super) struct Leaving<'a> {
    front: &'a Arc<Front>,
    visit: &'a Visit,
    headers: &'a HeaderMap,
    /// Where the state so far stands in the records.
    pub(super) kept: Option<(Uuid, i32)>,
    /// Who takes SOAP and is still to be told.
    by_soap: Option<Ended>,
    /// The request for the next service, ready to go.
    ready: Option<Ready>,
}

/// A LogoutRequest that was made for an address.
struct Ready {
    service: String,
    composed: Composed,
    address: String,
    binding: Binding,
}

impl<'a> Leaving<'a> {
    pub(super) const fn new(front: &'a Arc<Front>, visit: &'a Visit, headers: &'a HeaderMap) -> Self {
        Self {
            front,
            visit,
            headers,
            kept: None,
            by_soap: None,
            ready: None,
        }
    }

    /// From a session that has just ended on: who takes SOAP, who takes a visit, who takes no word at all.
    pub(super) async fn begin(mut self, mut ended: Ended, asker: Option<Asker>) -> Result<Response, Trouble> {
        let (front, now) = (self.front, self.front.now());
        let (mut by_soap, mut to_visit, mut unreachable) = (Vec::new(), Vec::new(), 0);
        for participant in std::mem::take(&mut ended.participants) {
            let known = front.partners.known(&front.records, &participant.service, now).await;
            match known {
                Ok(known) if known.logout_at(Binding::Soap).is_none() => match known.visited_at() {
                    Some(_) => to_visit.push(Place::from(participant)),
                    None => {
                        unreachable += 1;
                        front.give_up(ended.session, &participant.service).await;
                    }
                },
                // Who can't be read now is told like the others, and again later.
                _ => by_soap.push(participant),
            }
        }
        let event = Event::Ended {
            session: ended.session,
            asker,
            to_visit,
            unreachable,
        };
        ended.participants = by_soap;
        self.by_soap = Some(ended);
        self.event(State::Begun, event).await
    }

    /// Reports `event` and carries out what follows, until there is an answer for the browser.
    pub(super) async fn event(mut self, mut state: State, mut event: Event) -> Result<Response, Trouble> {
        loop {
            let Step { state: next, effects } = after(state, event);
            let mut following = None;
            for effect in effects {
                match effect {
                    Effect::Tell => {
                        let untold = match &self.by_soap {
                            Some(ended) => self.front.tell_all(ended, Browser::Here).await,
                            None => 0,
                        };
                        following = Some(Event::Told { untold });
                    }
                    Effect::Reach(place) => following = Some(self.reach(&place).await),
                    Effect::Record { service, told } => self.record(&next, &service, told).await?,
                    Effect::Send => return self.send(&next).await,
                    Effect::Answer { asker, whole } => {
                        self.close().await?;
                        let status = match whole {
                            true => Status::success(),
                            // Who asked is signed out; somebody else could not be told (saml-core section 3.7.3.2).
                            false => Status {
                                detail: Some(Code::PartialLogout),
                                ..Status::success()
                            },
                        };
                        return self.answer(&asker, status).map(signed_out);
                    }
                    Effect::ShowOver => {
                        self.close().await?;
                        return Ok(signed_out(pages::signed_out(self.front, self.visit, &[], &[])));
                    }
                    Effect::ShowUntold => return self.show_untold(&next).await,
                    Effect::Refuse => return Err(over()),
                }
            }
            state = next;
            event = following.ok_or_else(over)?;
        }
    }

    /// Makes the request for `place`, if it can be visited.
    async fn reach(&mut self, place: &Place) -> Event {
        let (front, now) = (self.front, self.front.now());
        let known = front.partners.known(&front.records, &place.service, now).await;
        // Nobody is sent to a partner that is off: its answer would not be taken either.
        let usable = known.as_ref().ok().filter(|known| known.usable(now).is_ok());
        let Some((endpoint, binding)) = usable.and_then(|known| known.visited_at()) else {
            return Event::NotReached;
        };
        let address = endpoint.location.clone();
        let request = front.logout_request(&Participant::from(place), &address);
        let id = request.head.id.as_str().to_owned();
        let Ok(composed) = request.compose() else {
            return Event::NotReached;
        };
        self.ready = Some(Ready {
            service: place.service.clone(),
            composed,
            address,
            binding,
        });
        Event::SentOff { request: id }
    }

    /// What came of a visit. A second one is not the front's to make.
    async fn record(&self, state: &State, service: &str, told: bool) -> Result<(), Trouble> {
        let (front, now) = (self.front, self.front.now());
        let session = state.session().ok_or_else(over)?;
        let recorded = match told {
            true => front.records.told(session, service, "browser", now).await,
            false => {
                let failed = front.records.not_told(session, service, "browser", "failed", None, now);
                failed.await
            }
        };
        recorded.map_err(records)
    }

    async fn send(mut self, state: &State) -> Result<Response, Trouble> {
        let Ready {
            service,
            composed,
            address,
            binding,
        } = self.ready.take().ok_or_else(over)?;
        let (place, cookie) = self.keep(state, self.kept, ROUND).await?;
        let relay_state = RelayState::own(&place.simple().to_string());
        let front = self.front;
        let answer = match binding {
            Binding::Post => {
                let form = composed.sign(&front.key).post(&address, relay_state.as_ref());
                pages::posting(front, self.visit, &service, pages::Carried::Logout, &form)
            }
            _ => Redirect::to(&composed.redirect(&address, relay_state.as_ref(), &front.key)).into_response(),
        };
        Ok(with_cookie(signed_out(answer), cookie))
    }

    /// A page of its own address: looked at again, it says how far the services have been told since.
    async fn show_untold(self, state: &State) -> Result<Response, Trouble> {
        self.close().await?;
        let (id, cookie) = self.keep(state, None, LOOKED_AFTER).await?;
        let answer = Redirect::to(&self.front.at(&format!("/sign-out/{id}"))).into_response();
        Ok(with_cookie(signed_out(answer), cookie))
    }

    async fn close(&self) -> Result<(), Trouble> {
        let Some((id, version)) = self.kept else {
            return Ok(());
        };
        let closed = self.front.records.close(id, version, None, self.front.now());
        closed.await.map_err(records)
    }

    /// Keeps `state` between two requests; its id, and the browser's cookie where it has none. A service that is visited
    /// brings the id back: it is another one for each, or two of them could match people by it.
    async fn keep(
        &self,
        state: &State,
        kept: Option<(Uuid, i32)>,
        life: Duration,
    ) -> Result<(Uuid, Option<HeaderValue>), Trouble> {
        let (front, now) = (self.front, self.front.now());
        let state = serde_json::to_vec(state).map_err(|_| Trouble::ours())?;
        let brought = BROWSER.read(self.headers).map(str::to_owned);
        let cookie = brought.clone().unwrap_or_else(|| front.secret());
        let new = NewProcedure {
            id: Id::<()>::new(&mut front.chance()).uuid(),
            kind: ProcedureKind::Logout,
            browser: Some(cookie.as_bytes()),
            state: &state,
            expires_at: now + life,
        };
        match kept {
            Some(former) => front.records.go_on_as(former, &new, now).await,
            None => front.records.begin(&new, None, now).await,
        }
        .map_err(records)?;
        Ok((new.id, brought.is_none().then(|| BROWSER.set(&cookie))))
    }

    /// The answer to the service that asked. One without a place for it was told apart before.
    pub(super) fn answer(&self, asker: &Asker, status: Status) -> Result<Response, Trouble> {
        let (front, place) = (self.front, asker.answer.as_ref().ok_or_else(over)?);
        let response = LogoutResponse {
            head: front.head(Some(&place.location)),
            in_response_to: MessageId::parse(&asker.request),
            status,
        };
        let composed = response.compose();
        let state = asker.relay_state.as_deref().and_then(RelayState::parse);
        Ok(match place.by_post {
            true => {
                let form = composed.sign(&front.key).post(&place.location, state.as_ref());
                pages::posting(front, self.visit, &asker.service, pages::Carried::Logout, &form)
            }
            false => Redirect::to(&composed.redirect(&place.location, state.as_ref(), &front.key)).into_response(),
        })
    }
}

fn signed_out(mut answer: Response) -> Response {
    answer.headers_mut().append(header::SET_COOKIE, SESSION.clear());
    answer
}

fn with_cookie(mut answer: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}
