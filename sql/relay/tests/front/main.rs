//! The front's records on a real PostgreSQL: what an office sends, how a sign-in is kept and answered once, how
//! partners come and go, and what the schema itself refuses.

mod intake;
mod partners;
mod refused;
mod rotation;
mod schema;
mod sign_ins;
mod telling;

use relay_core::{
    audit::Outcome,
    chance::{OsChance, draw},
    id::Id,
    pseudonym::{Ceremony, KeyEdition, Registrar, RegistrarSecret},
    registration::{CardUse, CertificateDer, Message as Said},
};
use relay_records::front::{
    Answered, AuditAct, FrontRecords, Message, NewParticipant, NewSession, Note, PartnerKind, Proposal, SessionId,
    SessionOf, SessionUsed,
};
use serde_json::json;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;
use zeroize::Zeroizing;

const NOW: OffsetDateTime = datetime!(2026-11-22 0:00 UTC);
const CITY: &str = "https://office.shiomi.example";
const CLINIC: &str = "https://clinic.example/saml";
const SCHOOL: &str = "https://school.example/saml";

fn new_id() -> Uuid {
    Id::<()>::new(&mut OsChance).uuid()
}

/// The city's `seq`-th message.
fn message(seq: i64, said: Said) -> Message {
    Message {
        sender: CITY.to_owned(),
        seq,
        jti: format!("jti-{seq}"),
        said,
        edition: KeyEdition(1),
        left_behind: false,
    }
}

fn register(registration: Uuid) -> Said {
    register_with(registration, &draw::<64>(&mut OsChance))
}

fn register_with(registration: Uuid, certificate: &[u8]) -> Said {
    let chance = &mut OsChance;
    let registrar = Registrar::new(RegistrarSecret::new(chance), Ceremony::run(chance).global);
    Said::Register {
        registration,
        certificate_der: CertificateDer(certificate.to_vec()),
        used_for: CardUse::Authentication,
        pseudonym: registrar.register(new_id(), 0, chance),
    }
}

/// A card that was registered and handed over.
async fn active_card(records: &FrontRecords) -> Uuid {
    card_after(records, 0).await
}

/// The same, after the city's `sent`-th message.
async fn card_after(records: &FrontRecords, sent: i64) -> Uuid {
    active_card_with(records, sent, &draw::<64>(&mut OsChance)).await
}

/// The same, with this certificate.
async fn active_card_with(records: &FrontRecords, sent: i64, certificate: &[u8]) -> Uuid {
    let registration = new_id();
    let made = message(sent + 1, register_with(registration, certificate));
    records.take(&made, NOW).await.unwrap();
    let handed_over = message(sent + 2, Said::Activate { registration });
    records.take(&handed_over, NOW).await.unwrap();
    registration
}

/// Two services whose metadata two operators agreed on.
async fn two_services(records: &FrontRecords) {
    for service in [CLINIC, SCHOOL] {
        let proposal = Proposal {
            entity_id: service,
            kind: PartnerKind::Service,
            metadata: "<md:EntityDescriptor/>",
            sha256: [1; 32],
            valid_until: None,
        };
        let edition = records.propose("op-1", &proposal, NOW).await.unwrap();
        records
            .approve("op-2", service, (edition, &[1; 32]), &|_, _| true, NOW)
            .await
            .unwrap();
    }
}

/// An answer to `service` in `session`.
fn answer(session: SessionUsed, service: &str, procedure: Option<(Uuid, i32)>) -> Answered {
    let blob = hex::encode(draw::<32>(&mut OsChance));
    let mut note = Note::of(
        AuditAct::SignInAnswered,
        json!({ "service": service, "blob": blob }),
        json!({ "binding": "post" }),
    );
    note.outcome = Outcome::Done;
    Answered {
        procedure,
        seen: Vec::new(),
        session,
        participant: Some(NewParticipant {
            service: service.to_owned(),
            name_id: Zeroizing::new("<saml:EncryptedID>canary</saml:EncryptedID>".to_owned()),
        }),
        artifact: None,
        note,
    }
}

fn new_session(card: Uuid, cookie: &[u8]) -> NewSession {
    NewSession {
        id: SessionId::new(&mut OsChance),
        cookie: Zeroizing::new(cookie.to_vec()),
        of: SessionOf::Holder(card),
        link: Some(1),
        context: "SmartcardPKI".to_owned(),
        authenticated_at: NOW,
        expires_at: NOW + Duration::hours(1),
        gone: Some(Zeroizing::new(b"gone".to_vec())),
        shown_from: None,
        replaces: None,
        carries_on: false,
    }
}
