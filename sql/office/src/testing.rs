//! An office on a fresh real database, with people at its desks: for tests here and in the crates above. Everything is
//! done through the public doors, so what a test sets up is what the counter could have done.

use std::{collections::BTreeSet, sync::Arc};

use issuance::{
    application::{Application, ApplicationForm, Delivery, Service},
    calendar::Calendar,
    case::{CaseId, ResidentId},
    demo_city,
    identity::{Document, Exception, Fact, Party, Presented, Sight, Sights, Verification, Visit, verify},
    person::Resident,
    staff::{Role, StaffId},
};
use relay_core::{
    chance::OsChance,
    clock::{Clock as _, HandClock},
    seal::Sealer,
};
use store::{
    Store, StoreError,
    testing::{LoneCluster, Recipe, TestDatabase, TestingError},
};
use time::macros::datetime;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Act, DISPATCH, IMPORT, NewStaff, OWNER, Office, OfficeError, SEALER, SessionId, TimeSource, USER, USERS,
    cases::{CaseAt, Opened},
    migrations,
    roster::{Imported, Missing},
};

/// How the office's test databases are made.
pub fn recipe() -> Recipe {
    Recipe {
        name: "office",
        runner: migrations(),
        owner: OWNER,
        users: &USERS,
    }
}

/// Keys for tests: the same every time, so that a second office opens what the first sealed.
pub fn sealer() -> Arc<Sealer> {
    let keys = [(1, Zeroizing::new([7; 32]))].into();
    Arc::new(Sealer::new(1, keys, &Zeroizing::new([9; 32])))
}

/// An office of its own for one test.
pub struct TestOffice {
    /// Its database; dropped with this value.
    pub database: TestDatabase,
    /// Its records, as the consoles have them.
    pub office: Office,
    /// The same, as the outbox process has them.
    pub dispatch: Office,
    /// The same, as the import of the roster has them.
    pub importer: Office,
    /// The same, as the sealer of the trail has them.
    pub sealing: Office,
    /// Its clock: 令和8年11月22日 9時 in Japan at first.
    pub clock: HandClock,
}

/// Someone logged in at a desk.
#[derive(Debug, Clone)]
pub struct Clerk {
    pub id: StaffId,
    pub session: SessionId,
    /// Serial of their staff card's certificate.
    pub serial: Vec<u8>,
}

impl Clerk {
    /// A new act of this person.
    pub fn act(&self) -> Act {
        Act::of(self.session, Uuid::new_v4_from_os())
    }
}

/// A random act id without another feature of the uuid crate.
trait FromOs {
    fn new_v4_from_os() -> Self;
}

impl FromOs for Uuid {
    fn new_v4_from_os() -> Self {
        relay_core::id::Id::<()>::new(&mut OsChance).uuid()
    }
}

/// An office on a fresh database in the shared cluster.
///
/// # Errors
/// [`TestingError`]
pub async fn open() -> Result<TestOffice, TestingError> {
    TestOffice::on(store::testing::database(&recipe()).await?).await
}

/// An office on a cluster of its own, for tests that take the database away.
///
/// # Errors
/// [`TestingError`]
pub async fn open_on(cluster: &LoneCluster) -> Result<TestOffice, TestingError> {
    TestOffice::on(cluster.database(&recipe()).await?).await
}

impl TestOffice {
    async fn on(database: TestDatabase) -> Result<Self, TestingError> {
        let by_hand: Result<(), StoreError> = Store::new(&database.door(OWNER))
            .run("clock_by_hand", |tx| async move {
                tx.batch("-- clock_by_hand\nUPDATE office.clock SET by_hand = true")
                    .await
            })
            .await;
        by_hand?;
        let clock = HandClock::at(datetime!(2026-11-22 0:00 UTC));
        Ok(Self {
            office: Self::behind(&database, USER, &clock),
            dispatch: Self::behind(&database, DISPATCH, &clock),
            importer: Self::behind(&database, IMPORT, &clock),
            sealing: Self::behind(&database, SEALER, &clock),
            database,
            clock,
        })
    }

    fn behind(database: &TestDatabase, role: &str, clock: &HandClock) -> Office {
        let time = TimeSource::Clock(Arc::new(clock.clone()));
        Office::behind(&database.door(role), sealer(), time)
    }

    /// The same records as a second console sees them, over connections of its own.
    pub fn second_console(&self) -> Office {
        Self::behind(&self.database, USER, &self.clock)
    }

    /// Registers someone called `name` with `roles` and logs them in at `desk`. The first one registered becomes an
    /// administrator too.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn clerk(&self, name: &str, desk: &str, roles: &[Role]) -> Result<Clerk, OfficeError> {
        let first = self.office.is_first_run().await?;
        let administrator = self.office.staff().await?.into_iter().find_map(|known| {
            known
                .staff
                .may(Role::Administration)
                .then_some(known.certificate)
                .flatten()
        });
        let serial = Uuid::new_v4_from_os().as_bytes().to_vec();
        let mut roles: BTreeSet<Role> = roles.iter().copied().collect();
        if first {
            roles.insert(Role::Administration);
        }
        let new = NewStaff {
            number: format!("S-{}", hex::encode(&serial[..4])),
            name: name.to_owned(),
            roles,
            certificate: Some(serial.clone()),
        };
        let act = match administrator {
            Some(serial) if !first => {
                let act = Act::of_process("login", Uuid::new_v4_from_os());
                let begun = self.office.log_in(&act, "administration", &serial).await?;
                Act::of(begun.session, Uuid::new_v4_from_os())
            }
            _ => Act::of_process("setup", Uuid::new_v4_from_os()),
        };
        let id = self.office.add_staff(&act, &new).await?;
        let act = Act::of_process("login", Uuid::new_v4_from_os());
        let begun = self.office.log_in(&act, desk, &serial).await?;
        Ok(Clerk {
            id,
            session: begun.session,
            serial,
        })
    }

    /// Someone with every role.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn clerk_of_all_trades(&self, desk: &str) -> Result<Clerk, OfficeError> {
        self.clerk("佐藤 恵", desk, &Role::ALL).await
    }

    /// Imports `rows` residents of the made-up city.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn import_city(&self, rows: usize) -> Result<Imported, OfficeError> {
        self.import(city(rows)).await
    }

    /// Imports these residents.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn import(&self, residents: Vec<Resident>) -> Result<Imported, OfficeError> {
        let rows = residents.into_iter().enumerate().map(|(at, one)| (at as u64 + 2, one));
        let plan = self.importer.plan_import(rows.collect::<Vec<_>>(), &|_, _| {}).await?;
        let act = Act::of_process("import", Uuid::new_v4_from_os());
        self.importer.apply_import(&act, &plan, Missing::Keep, &|_, _| {}).await
    }

    /// The resident with 宛名番号 `number`.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`]
    pub async fn resident(&self, number: &str) -> Result<ResidentId, OfficeError> {
        self.office
            .resident_by_number(number)
            .await?
            .ok_or(OfficeError::NotFound("resident"))
    }

    /// An application of `resident` taken by `clerk`, who then holds the case.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn applied(&self, clerk: &Clerk, resident: &Resident) -> Result<Opened, OfficeError> {
        let id = self.resident(&resident.number).await?;
        let application = self.application(resident);
        self.office
            .open_application(
                &clerk.act(),
                id,
                &application,
                Some("made-up people resemble one another"),
            )
            .await
    }

    /// A case of `resident` whose person `clerk` has verified and whose case `clerk` holds.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn verified(&self, clerk: &Clerk, resident: &Resident) -> Result<CaseAt, OfficeError> {
        let opened = self.applied(clerk, resident).await?;
        let verification = self.verification(clerk.id, resident);
        let version = self
            .office
            .verify_person(&clerk.act(), opened.at, &verification)
            .await?;
        Ok(CaseAt {
            id: opened.at.id,
            version,
        })
    }

    /// The case as it stands now, to act on.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn now(&self, clerk: &Clerk, case: CaseId) -> Result<CaseAt, OfficeError> {
        Ok(self.office.case(clerk.session, case).await?.at)
    }

    /// An adult's own application, to be fetched at the counter.
    ///
    /// # Panics
    /// When `resident` is a child: [`adults`] leaves them out.
    pub fn application(&self, resident: &Resident) -> Application {
        let form = ApplicationForm {
            consents: Service::ALL.map(|service| (service, true)).into(),
            consent_text_version: "2026-10".into(),
            delivery: Some(Delivery::Counter),
            paper_notices: Some(true),
            ..ApplicationForm::default()
        };
        form.check(resident, self.clock.now_in_japan().date())
            .expect("an adult's own application is in order")
    }

    /// A verification by driving licence in which everything agrees.
    ///
    /// # Panics
    /// When `resident` is a child.
    pub fn verification(&self, clerk: StaffId, resident: &Resident) -> Verification {
        let licence = Presented {
            // A made-up number with its right check digit.
            number: "309012345620".into(),
            issued_on: "令和4年4月1日".parse().ok(),
            ..presented(Document::DrivingLicence)
        };
        let visit = Visit {
            resident_documents: vec![licence],
            ..Visit::new(clerk)
        };
        self.verified_by(&visit, resident)
    }

    /// A verification by a card whose address cannot be read and whose sex differs, both let pass with `second`.
    ///
    /// # Panics
    /// As [`TestOffice::verification`].
    pub fn verification_despite(&self, clerk: StaffId, resident: &Resident, second: StaffId) -> Verification {
        let mut card = presented(Document::IndividualNumberCard);
        card.sights.address = Sight::Unreadable;
        card.sights.sex = Sight::NotAsRegistered;
        let exceptions = [Fact::Address, Fact::Sex].map(|fact| Exception {
            party: Party::Resident,
            fact,
            reason: "券面を確認した".into(),
            second,
        });
        let visit = Visit {
            resident_documents: vec![card],
            exceptions: exceptions.into(),
            ..Visit::new(clerk)
        };
        self.verified_by(&visit, resident)
    }

    fn verified_by(&self, visit: &Visit, resident: &Resident) -> Verification {
        let today = self.clock.now_in_japan().date();
        verify(
            visit,
            resident,
            &self.application(resident),
            today,
            &Calendar::default(),
        )
        .expect("documents in order verify an adult")
    }
}

/// A document good until 2028, everything on it as registered.
fn presented(document: Document) -> Presented {
    Presented {
        expires_on: "令和10年3月1日".parse().ok(),
        photo_agrees: Some(true),
        sights: Sights {
            name: Sight::AsRegistered,
            birthday: Sight::AsRegistered,
            sex: Sight::AsRegistered,
            address: Sight::AsRegistered,
        },
        ..Presented::new(document)
    }
}

/// `rows` residents of the made-up city.
pub fn city(rows: usize) -> Vec<Resident> {
    demo_city::residents(8, rows, time::macros::date!(2026 - 11 - 22)).collect()
}

/// Adults of the made-up city whose birthdays are wholly known and who are not under support measures.
pub fn adults(residents: &[Resident]) -> Vec<Resident> {
    residents
        .iter()
        .filter(|one| {
            !one.protected
                && one
                    .birthday
                    .date()
                    .is_some_and(|born| (1930..2000).contains(&born.year()))
        })
        .cloned()
        .collect()
}
