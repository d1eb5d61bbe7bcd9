//! Requests of telephones and their approvals as they are kept: each is answered once.

use axum::http::StatusCode;
use portal_kit::{Language, Trouble};
use relay_core::audit::Outcome;
use relay_records::front::{AuditAct, FrontError, Note, ProcedureKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Device;
use crate::{front::Front, partners::called, sign_in::Challenge, sso::OnWay, taking::records};

/// What a telephone asks, as it is kept until somebody approves.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    /// The sign-in it is for: digits come again, and belong to another then.
    pub(super) sign_in: Uuid,
    pub(super) service: String,
    /// What the service calls itself for people, by language.
    pub(super) called: Vec<(String, String)>,
    pub(super) picture: u8,
    pub(super) device: Device,
    pub(super) asked_at: OffsetDateTime,
    pub(super) until: OffsetDateTime,
    pub(super) answer: Answer,
}

impl Request {
    /// What the service is called on a page in `language`.
    pub(super) fn shown_as(&self, language: Language) -> &str {
        called(&self.called, language).unwrap_or(&self.service)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) enum Answer {
    Waiting,
    Approved { registration: Uuid, at: OffsetDateTime },
    Refused,
}

/// What a machine with a reader does about a request.
#[derive(Serialize, Deserialize)]
pub(super) struct Approval {
    pub(super) digits: String,
    /// Which pictures are offered, the right one among them.
    pub(super) offered: Vec<u8>,
    /// What the card is to sign, once the right picture was chosen.
    pub(super) challenge: Option<Challenge>,
}

/// An approval under way in this browser, with the request it is of.
pub(super) struct UnderWay {
    pub(super) id: Uuid,
    pub(super) version: i32,
    pub(super) approval: Approval,
    pub(super) request: Request,
    pub(super) request_version: i32,
}

impl Front {
    /// There is no approving where no reader is reached.
    pub(super) fn bridge_or_nothing(&self) -> Result<(), Trouble> {
        match &self.config.relay.bridge {
            Some(_) => Ok(()),
            None => Err(Trouble::not_found()),
        }
    }

    /// The request with these digits, while it can be answered, and its version.
    pub(super) async fn telephone_asked(&self, digits: &str) -> Result<(Request, i32), FrontError> {
        let id = self.records.telephone_request(digits);
        let now = self.now();
        let kept = self.records.procedure(id, ProcedureKind::Telephone, None, now).await?;
        let request: Request = serde_json::from_slice(&kept.state).map_err(|_| FrontError::ProcedureOver)?;
        // The row's own end is rounded up to the minute.
        match request.until > now {
            true => Ok((request, kept.version)),
            false => Err(FrontError::ProcedureOver),
        }
    }

    /// The approval `id`, if it is of this browser, and what it is of still waits.
    pub(super) async fn approval(&self, id: Uuid, on_way: &OnWay<'_>) -> Result<UnderWay, Trouble> {
        let browser = Some(on_way.browser().as_bytes());
        let kept = self.records.procedure(id, ProcedureKind::Approval, browser, self.now());
        let kept = kept.await.map_err(late)?;
        let approval: Approval = serde_json::from_slice(&kept.state).map_err(|_| late(FrontError::ProcedureOver))?;
        let (request, request_version) = self.telephone_asked(&approval.digits).await.map_err(late)?;
        match request.answer {
            Answer::Waiting => Ok(UnderWay {
                id,
                version: kept.version,
                approval,
                request,
                request_version,
            }),
            Answer::Approved { .. } | Answer::Refused => Err(late(FrontError::ProcedureOver)),
        }
    }

    /// Keeps an approval as it stands now; its next version.
    pub(super) async fn keep_approval(&self, under_way: &UnderWay) -> Result<i32, Trouble> {
        let state = sealed(&under_way.approval)?;
        let (id, version) = (under_way.id, under_way.version);
        let moved = self.records.move_on(id, version, &state, None, self.now()).await;
        moved.map_err(late)?;
        Ok(version + 1)
    }

    pub(super) async fn approve_telephone(
        &self,
        under_way: UnderWay,
        (registration, at): (Uuid, OffsetDateTime),
        on_way: &OnWay<'_>,
    ) -> Result<(), Trouble> {
        let service = under_way.request.service.clone();
        let named = self.records.registration_at(registration, &service);
        let subjects = json!({ "service": service, "registration": named });
        let note = Note::of(AuditAct::TelephoneApproved, subjects, json!({}));
        self.answer_telephone(under_way, Answer::Approved { registration, at }, on_way.traced(note))
            .await
    }

    pub(super) async fn refuse_telephone(
        &self,
        under_way: UnderWay,
        rule: &'static str,
        on_way: &OnWay<'_>,
    ) -> Result<(), Trouble> {
        let subjects = json!({ "service": under_way.request.service });
        let note = Note::of(AuditAct::TelephoneRefused, subjects, json!({ "rule": rule })).ended(Outcome::Refused);
        self.answer_telephone(under_way, Answer::Refused, on_way.traced(note))
            .await
    }

    /// Answers the request, once: whoever read it before this moment finds it answered.
    async fn answer_telephone(&self, under_way: UnderWay, answer: Answer, note: Note) -> Result<(), Trouble> {
        let UnderWay {
            id,
            version,
            approval,
            request,
            request_version,
        } = under_way;
        let request = Request { answer, ..request };
        let (named, state) = (self.records.telephone_request(&approval.digits), sealed(&request)?);
        let now = self.now();
        let moved = self.records.move_on(named, request_version, &state, Some(&note), now);
        moved.await.map_err(late)?;
        self.records.close(id, version, None, now).await.map_err(late)
    }
}

pub(super) fn sealed(state: &impl Serialize) -> Result<Vec<u8>, Trouble> {
    serde_json::to_vec(state).map_err(|error| {
        tracing::warn!(%error, "a telephone's request can't be kept");
        Trouble::ours()
    })
}

/// Answered, too late, or another browser's: the same words for all.
fn late(error: FrontError) -> Trouble {
    match error {
        FrontError::ProcedureOver => {
            Trouble::new(StatusCode::CONFLICT, "approval-over").offering(("/telephone", "telephone-enter-again"))
        }
        error => records(error),
    }
}
