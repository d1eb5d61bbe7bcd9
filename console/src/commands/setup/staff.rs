//! A demonstration's staff: four people with different roles, each with a staff card made on the tray exactly as a
//! real one is made at a desk, and a password drawn anew for each set-up.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use anyhow::Context;
use card::{IssuerMaster, PcscTransport, Readers, Sharing, TransportError};
use issuance::{
    authority::{Authorities, Passphrase},
    issuing::staff::{StaffCard, StaffDesk, StaffOrder, make_staff_card},
    records::RecordsError,
    staff::{Role, StaffId},
};
use office::{NewStaff, StaffRecord};
use relay_core::chance::OsChance;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Outcome, Setting, Steps, clock, services::ask_tray, tray};
use crate::{
    commands::{
        database::{Records, act},
        processes::wait_until,
    },
    config::{Config, Demo, secrets},
};

/// A member of the demonstration's staff.
pub(super) struct DemoStaff {
    /// 職員番号
    pub number: &'static str,
    /// Made-up name.
    pub name: &'static str,
    /// What they may do.
    pub roles: &'static [Role],
    /// Their card's name on the tray.
    pub card: String,
    /// Their card's password.
    pub password: SecretString,
}

/// Number, name, roles. The administrator comes last: once there is one, only an administrator adds staff.
const PEOPLE: [(&str, &str, &[Role]); 4] = [
    (
        "0001",
        "佐藤 恵",
        &[Role::Reception, Role::Verification, Role::Issuing, Role::Handover],
    ),
    ("0002", "鈴木 健", &[Role::Verification, Role::Issuing, Role::Handover]),
    ("0003", "高橋 由美子", &[Role::Reception, Role::ProtectedAddress]),
    ("0004", "田中 誠", &[Role::Administration]),
];

/// Letters of a demonstration password.
const PASSWORD_LETTERS: usize = 10;

/// Makes whoever is missing. Someone is there when they are registered, their card lies on the tray, and the
/// certificate on record is the one that card was finished with.
pub(super) fn make(setting: &Setting, config: &Config, demo: &Demo, steps: &Steps) -> anyhow::Result<Vec<DemoStaff>> {
    let lang = setting.lang;
    let mut staff = Vec::new();
    steps.step(
        lang.pick("実演の職員とそのカードを作る", "make demo staff and their cards"),
        |step| {
            let records = Records::open(config)?;
            let registered = records.runtime.block_on(records.office.staff())?;
            let mut maker = None;
            let mut made = false;
            for (at, (number, name, roles)) in PEOPLE.into_iter().enumerate() {
                step.progress(at as u64, PEOPLE.len() as u64);
                let person = DemoStaff {
                    number,
                    name,
                    roles,
                    card: format!("staff-{number}"),
                    password: password(setting, number)?,
                };
                let record = registered.iter().find(|record| record.staff.number == number);
                if !is_complete(setting, demo, &person, record)? {
                    let maker = match &mut maker {
                        Some(maker) => maker,
                        none => none.insert(Maker::open(config)?),
                    };
                    maker.make(setting, config, demo, &records, &person, record)?;
                    made = true;
                }
                staff.push(person);
            }
            anyhow::Ok(if made { Outcome::Done } else { Outcome::Already })
        },
    )?;
    Ok(staff)
}

/// The person's password, drawn once in a set-up's life.
fn password(setting: &Setting, number: &str) -> anyhow::Result<SecretString> {
    let file = setting.home.secret(&format!("staff-{number}"));
    secrets::make(&file, || secrets::fresh_password(PASSWORD_LETTERS, &mut OsChance))?;
    Ok(secrets::line(&file)?)
}

/// Where the serial of the certificate on a finished card is kept, written after the card was closed.
fn finished_file(setting: &Setting, person: &DemoStaff) -> PathBuf {
    setting.home.run(&format!("{}.finished", person.card))
}

fn is_complete(
    setting: &Setting,
    demo: &Demo,
    person: &DemoStaff,
    record: Option<&StaffRecord>,
) -> anyhow::Result<bool> {
    if record.is_some_and(|record| record.disabled.is_some()) {
        return Ok(true);
    }
    let Some(registered) = record.and_then(|record| record.certificate.as_ref()) else {
        return Ok(false);
    };
    let finished = std::fs::read_to_string(finished_file(setting, person)).unwrap_or_default();
    Ok(finished.trim() == hex::encode(registered) && tray::cards(demo)?.contains(&person.card))
}

/// What cards are made with.
struct Maker {
    authorities: Authorities,
    master: IssuerMaster,
}

impl Maker {
    fn open(config: &Config) -> anyhow::Result<Self> {
        let passphrase = Passphrase::read(&config.authority.passphrase_file)?;
        Ok(Self {
            authorities: Authorities::open(&config.authority.folder, &passphrase)?,
            master: IssuerMaster::read(&config.card.master_file)?,
        })
    }

    fn make(
        &self,
        setting: &Setting,
        config: &Config,
        demo: &Demo,
        records: &Records,
        person: &DemoStaff,
        record: Option<&StaffRecord>,
    ) -> anyhow::Result<()> {
        let id = match record {
            Some(record) => record.staff.id,
            None => register(records, person)?,
        };
        // A card that an interrupted set-up left half made, or that was lost, gives way to a fresh blank.
        tray::throw_away(setting, demo, &person.card)?;
        // The card service still believes for a moment in a card that was just taken out.
        let reader = &config.card.staff_reader;
        wait_until(NOTICED, || card_in(reader).is_err());
        ask_tray(&demo.tray_socket, &format!("new {}", person.card))?;
        ask_tray(
            &demo.tray_socket,
            &format!("insert {} {}", tray::STAFF_SLOT, person.card),
        )?;
        let made = self.personalise(config, records, person, id);
        tray::empty(demo, tray::STAFF_SLOT)?;
        let serial = hex::encode(made?.serial.0);
        secrets::replace(&finished_file(setting, person), serial.as_bytes())?;
        Ok(())
    }

    fn personalise(
        &self,
        config: &Config,
        records: &Records,
        person: &DemoStaff,
        id: StaffId,
    ) -> anyhow::Result<StaffCard> {
        let reader = &config.card.staff_reader;
        let mut found = Err(TransportError::Removed);
        wait_until(NOTICED, || {
            found = card_in(reader);
            found.is_ok()
        });
        let transport = found.with_context(|| reader.clone())?;
        let order = StaffOrder {
            number: person.number,
            password: &person.password,
            again: false,
        };
        let mut desk = StaffDesk {
            master: &self.master,
            authorities: &self.authorities,
            clock: &clock(),
            chance: &mut OsChance,
        };
        let made = make_staff_card(transport, &order, &mut desk, &mut |serial| {
            let act = act("setup");
            let kept = records.office.register_certificate(&act, id, &serial.0);
            // `register_certificate` keeps the serial before anything is signed under it.
            records
                .runtime
                .block_on(kept)
                .map_err(|error| RecordsError::Unreachable(error.to_string()))
        })?;
        Ok(made)
    }
}

/// How long the card service may take to notice that a card was put in or taken out.
const NOTICED: Duration = Duration::from_secs(5);

fn card_in(reader: &str) -> Result<PcscTransport, TransportError> {
    match Readers::connect() {
        Ok(readers) => readers.card(reader, Sharing::Exclusive),
        Err(_) => Err(TransportError::ServiceGone),
    }
}

fn register(records: &Records, person: &DemoStaff) -> anyhow::Result<StaffId> {
    let new = NewStaff {
        number: person.number.to_owned(),
        name: person.name.to_owned(),
        roles: person.roles.iter().copied().collect::<BTreeSet<_>>(),
        certificate: None,
    };
    Ok(records
        .runtime
        .block_on(records.office.add_staff(&act("setup"), &new))?)
}

impl DemoStaff {
    /// The password, for the one file that tells it.
    pub(super) fn password_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.password.expose_secret().to_owned())
    }
}
