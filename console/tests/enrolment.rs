//! People joining the office and leaving it: their card and their registration, cut off anywhere, gone on with; and what
//! strangers are told of cards that are no longer good.

use std::{collections::BTreeSet, ffi::OsStr, path::Path, process::Command, sync::LazyLock};

use card::{CardError, Chip, ChipLife, IssuerMaster, PinSlot, Tries};
use console::enrolment::{Enrolled, EnrolmentDesk, NotEnrolled, Person, enrol};
use issuance::{
    authority::{Authorities, CeremonyPlan, ObjectArc, Passphrase, Settings, hold_ceremony},
    staff::Role,
};
use office::{
    Act,
    testing::{self, Clerk, TestOffice},
};
use relay_core::{
    chance::OsChance,
    clock::{Clock, HandClock},
    id::Id,
};
use secrecy::SecretString;
use tokio::runtime::Runtime;
use virtual_card::{Cut, SoftwareReader, VirtualCard};

struct Keys {
    folder: tempfile::TempDir,
    authorities: Authorities,
    master: IssuerMaster,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = Passphrase::make(&folder.path().join("passphrase"), &mut OsChance).unwrap();
    let plan = CeremonyPlan {
        folder: &folder.path().join("authority"),
        settings: Settings {
            organisation: "汐見市".into(),
            oid_arc: ObjectArc::example(),
            base_url: "http://pki.shiomi.example".into(),
        },
        present: vec!["S-0001".into()],
        root_passphrase: &passphrase,
        issuing_passphrase: &passphrase,
        token: None,
    };
    // The office's tests begin on this day.
    let clock = HandClock::at(time::macros::datetime!(2026-11-01 1:00 UTC));
    hold_ceremony(&plan, &clock, &mut OsChance).unwrap();
    Keys {
        authorities: Authorities::open(plan.folder, &passphrase).unwrap(),
        master: IssuerMaster::new([7; 32]),
        folder,
    }
});

/// An office with a reader, and the runtime its records are waited for on.
struct Scene {
    runtime: Runtime,
    office: TestOffice,
    reader: SoftwareReader,
}

impl Scene {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let office = runtime.block_on(testing::open()).unwrap();
        let reader = SoftwareReader::with(blank());
        Self {
            runtime,
            office,
            reader,
        }
    }

    fn enrol(&self, number: &str, password: &str) -> Result<Enrolled, NotEnrolled> {
        self.enrol_as(number, password, &|| {
            Act::of_process("setup", Id::<()>::new(&mut OsChance).uuid())
        })
    }

    fn enrol_as(&self, number: &str, password: &str, act: &dyn Fn() -> Act) -> Result<Enrolled, NotEnrolled> {
        let (roles, password): (BTreeSet<_>, _) = (Role::ALL.into(), SecretString::from(password));
        let person = Person {
            number,
            name: "中村 明",
            roles: &roles,
            password: &password,
        };
        let mut desk = EnrolmentDesk {
            office: &self.office.office,
            runtime: self.runtime.handle(),
            authorities: &KEYS.authorities,
            master: &KEYS.master,
            clock: &self.office.clock,
            chance: &mut OsChance,
            act,
        };
        let mut open = || self.reader.connect().map_err(CardError::from);
        enrol(&mut open, person, &mut desk)
    }

    /// The same card, put in again after whatever happened to it.
    fn card_again(&self) {
        self.reader.cut(None);
        self.reader.reinsert();
    }

    fn registered(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let staff = self.runtime.block_on(self.office.office.staff()).unwrap();
        staff
            .into_iter()
            .map(|record| (record.staff.number, record.certificate))
            .collect()
    }
}

fn blank() -> VirtualCard {
    VirtualCard::blank(&KEYS.master, &mut OsChance)
}

#[test]
fn the_first_administrator_is_enrolled_whatever_cut_the_first_attempt_off() {
    let mut cuts = 0;
    for command in (0..).step_by(9) {
        for cut in [Cut::AfterCommands(command), Cut::InsteadOfAnswer(command + 1)] {
            let scene = Scene::open();
            scene.reader.cut(Some(cut));
            let first = scene.enrol("0100", "tide8rock2");
            if first.is_ok() {
                assert!(cuts > 4, "a card takes more commands than that");
                return;
            }
            cuts += 1;
            assert!(
                scene.registered().is_empty(),
                "nobody is registered without a finished card"
            );
            scene.card_again();
            let enrolled = scene.enrol("0100", "tide8rock2").unwrap();
            assert_eq!(
                scene.registered(),
                [("0100".to_owned(), Some(enrolled.serial.0.to_vec()))]
            );
            scene.card_again();
            let mut chip = Chip::select(scene.reader.connect().unwrap()).unwrap();
            assert_eq!(chip.life(), ChipLife::Closed);
            assert_eq!(chip.tries_left(PinSlot::Holder), Ok(Tries::Left(5)));
            chip.verify_pin(PinSlot::Holder, &"tide8rock2".into()).unwrap();
        }
    }
}

#[test]
fn a_finished_card_is_taken_up_by_whoever_knows_its_password_and_by_nobody_else() {
    let scene = Scene::open();
    // The card is closed; that it is, nobody hears.
    let commands = {
        let other = Scene::open();
        other.enrol("0100", "tide8rock2").unwrap();
        other.reader.commands()
    };
    scene.reader.cut(Some(Cut::InsteadOfAnswer(commands)));
    scene.enrol("0100", "tide8rock2").unwrap_err();
    scene.card_again();
    let finished = Chip::select(scene.reader.connect().unwrap()).unwrap();
    assert_eq!(finished.life(), ChipLife::Closed);
    drop(finished);
    let other_number = scene.enrol("0101", "tide8rock2").unwrap_err();
    assert!(matches!(other_number, NotEnrolled::NotBlank), "{other_number}");
    scene.card_again();
    let wrong = scene.enrol("0100", "rock8tide2").unwrap_err();
    assert!(
        matches!(wrong, NotEnrolled::Card(CardError::WrongPin { tries_left: 4 })),
        "{wrong}"
    );
    assert!(scene.registered().is_empty());
    scene.card_again();
    let enrolled = scene.enrol("0100", "tide8rock2").unwrap();
    assert!(enrolled.found);
    // Once it is somebody's, it is no blank for anybody.
    scene.card_again();
    let again = scene.enrol("0100", "tide8rock2").unwrap_err();
    assert!(matches!(again, NotEnrolled::NotBlank), "{again}");
}

#[test]
fn who_joins_later_is_enrolled_by_an_administrator_in_the_same_way() {
    let scene = Scene::open();
    let first = scene.enrol("0100", "tide8rock2").unwrap();
    scene.reader.insert(blank());
    let early = scene.enrol("0101", "moss7hill3").unwrap_err();
    assert!(
        matches!(&early, NotEnrolled::Office(error) if error.is(&office::StaffRefusal::NotFirstRun)),
        "{early}"
    );
    let administrator: Clerk = scene.runtime.block_on(async {
        let act = Act::of_process("login", Id::<()>::new(&mut OsChance).uuid());
        let begun = scene
            .office
            .office
            .log_in(&act, "窓口1", &first.serial.0)
            .await
            .unwrap();
        Clerk {
            id: begun.staff.id,
            session: begun.session,
            serial: first.serial.0.to_vec(),
        }
    });
    let act = || administrator.act();
    scene.card_again();
    scene.reader.cut(Some(Cut::AfterCommands(12)));
    scene.enrol_as("0101", "moss7hill3", &act).unwrap_err();
    scene.card_again();
    let joined = scene.enrol_as("0101", "moss7hill3", &act).unwrap();
    assert_eq!(scene.registered().len(), 2);
    // A second card takes the first one's place.
    scene.reader.insert(blank());
    let second = scene.enrol_as("0101", "moss7hill3", &act).unwrap();
    assert_eq!((second.staff, scene.registered().len()), (joined.staff, 2));
    assert_ne!(second.serial, joined.serial);
}

#[test]
fn a_residents_card_in_the_making_is_never_written_over() {
    use issuance::records::Records;
    let scene = Scene::open();
    scene.enrol("0100", "tide8rock2").unwrap();
    let (card, resident) = (blank(), testing::city(60));
    let chip = card.serial();
    let case = scene.runtime.block_on(async {
        scene.office.import(resident.clone()).await.unwrap();
        let clerk = scene.office.clerk_of_all_trades("窓口2").await.unwrap();
        let case = scene
            .office
            .verified(&clerk, &testing::adults(&resident)[0])
            .await
            .unwrap()
            .id;
        (clerk, case)
    });
    let mut records = office::OfficeRecords::new(
        scene.office.office.clone(),
        scene.runtime.handle().clone(),
        case.0.session,
    );
    records.bind_chip(case.1, chip.as_bytes()).unwrap();
    scene.reader.insert(card);
    // Its personalisation is begun.
    let mut session = Chip::select(scene.reader.connect().unwrap())
        .unwrap()
        .personalise(&KEYS.master, &mut OsChance)
        .unwrap();
    session
        .generate_key(card::KeySlot::Authentication, card::KeyRule::Free)
        .unwrap();
    drop(session);
    scene.card_again();
    let refused = scene.enrol_as("0102", "moss7hill3", &|| case.0.act()).unwrap_err();
    assert!(matches!(refused, NotEnrolled::NotBlank), "{refused}");
}

/// Whether openssl takes the certificate under its authority and that one's list, at the office's present moment.
fn openssl_takes(certificate: &[u8], authority: &str, list: &Path, now: time::OffsetDateTime) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let (der, pem) = (
        folder.path().join("certificate.der"),
        folder.path().join("certificate.pem"),
    );
    std::fs::write(&der, certificate).unwrap();
    let run = |arguments: &[&OsStr]| {
        Command::new("openssl")
            .args(arguments)
            .output()
            .expect("openssl is installed")
    };
    let word = OsStr::new;
    let converted = run(&[
        word("x509"),
        word("-inform"),
        word("DER"),
        word("-in"),
        der.as_os_str(),
        word("-out"),
        pem.as_os_str(),
    ]);
    assert!(converted.status.success());
    let keys = KEYS.folder.path().join("authority");
    let (root, issuer) = (
        keys.join("root/certificate.pem"),
        keys.join(authority).join("certificate.pem"),
    );
    let moment = now.unix_timestamp().to_string();
    let judged = run(&[
        word("verify"),
        word("-attime"),
        word(&moment),
        word("-CAfile"),
        root.as_os_str(),
        word("-untrusted"),
        issuer.as_os_str(),
        word("-crl_check"),
        word("-CRLfile"),
        list.as_os_str(),
        pem.as_os_str(),
    ]);
    let said = [judged.stdout, judged.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (judged.status.success(), said.concat())
}

#[test]
fn a_lost_staff_card_and_a_residents_broken_one_are_refused_by_whoever_reads_the_lists() {
    use issuance::issuing::{Cancel, MakingDesk, Plan, run};
    let scene = Scene::open();
    let (office, clock) = (&scene.office.office, &scene.office.clock);
    let enrolled = scene.enrol("0100", "tide8rock2").unwrap();
    scene.card_again();
    let mut chip = Chip::select(scene.reader.connect().unwrap()).unwrap();
    let staff_certificate = chip.read_certificate(card::KeySlot::Authentication).unwrap();
    drop(chip);
    let residents = testing::city(60);
    let (clerk, case) = scene.runtime.block_on(async {
        scene.office.import(residents.clone()).await.unwrap();
        let clerk = scene.office.clerk_of_all_trades("窓口2").await.unwrap();
        let case = scene
            .office
            .verified(&clerk, &testing::adults(&residents)[0])
            .await
            .unwrap()
            .id;
        (clerk, case)
    });
    scene.reader.insert(blank());
    let mut records = office::OfficeRecords::new(office.clone(), scene.runtime.handle().clone(), clerk.session);
    let mut desk = MakingDesk {
        master: &KEYS.master,
        authorities: &KEYS.authorities,
        clock,
        chance: &mut OsChance,
    };
    let plan = Plan { case, bound: None };
    let transport = scene.reader.connect().unwrap();
    let made = run(transport, &mut records, &mut desk, plan, &mut |_| {}, &Cancel::new()).unwrap();
    let resident_certificate = &made.certificates[&card::KeySlot::Eligibility];

    let folder = tempfile::tempdir().unwrap();
    let write = || {
        let act = || Act::of_process("authority", Id::<()>::new(&mut OsChance).uuid());
        let lasts = time::Duration::days(7);
        let writing = console::revocations::write(office, &KEYS.authorities, &act, clock.now(), lasts, folder.path());
        scene.runtime.block_on(writing).unwrap()
    };
    let cards = [(&staff_certificate, "staff"), (resident_certificate, "resident")];
    let judge =
        || cards.map(|(der, name)| openssl_takes(der, name, &folder.path().join(format!("{name}.pem")), clock.now()));
    let first = write();
    assert_eq!(
        first.iter().map(|list| (list.number, list.entries)).collect::<Vec<_>>(),
        [(1, 0), (1, 0)]
    );
    for (taken, said) in judge() {
        assert!(taken, "{said}");
    }
    clock.advance(time::Duration::minutes(1));
    scene.runtime.block_on(async {
        let lost = office::DisableReason::LostCard;
        office.disable_staff(&clerk.act(), enrolled.staff, lost).await.unwrap();
        office
            .card_damaged(&clerk.act(), made.card, "does not answer")
            .await
            .unwrap();
    });
    let second = write();
    assert_eq!(
        second
            .iter()
            .map(|list| (list.number, list.entries))
            .collect::<Vec<_>>(),
        [(2, 2), (2, 1)]
    );
    for (taken, said) in judge() {
        assert!(!taken && said.contains("revoked"), "{said}");
    }
    let told = Command::new("openssl")
        .args(["crl", "-noout", "-text", "-in"])
        .arg(folder.path().join("staff.pem"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("Key Compromise"), "{told}");
}
