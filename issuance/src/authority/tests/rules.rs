//! What is refused before the signature, by the linter after it, and by the chain.

use super::*;

#[test]
fn a_request_is_refused_for_each_thing_that_can_be_wrong_with_it() {
    let (office, now) = (&*OFFICE, OFFICE.now);
    let profile = Profile::ResidentAuthentication;
    let resident = &office.authorities.resident;
    let good = || office.request(profile, &KEY);
    resident.prepare(good()).unwrap();

    let refused = office.authorities.staff.prepare(good()).unwrap_err();
    assert!(matches!(refused, PrepareError::NotThisAuthority { .. }), "{refused}");
    for authority_profile in [Profile::Root, Profile::ResidentAuthority] {
        let request = Request {
            profile: authority_profile,
            ..good()
        };
        let refused = resident.prepare(request).unwrap_err();
        assert!(matches!(refused, PrepareError::NotThisAuthority { .. }), "{refused}");
    }
    let staff = Subject::staff("S-0001").unwrap();
    let refused = resident
        .prepare(Request {
            subject: staff,
            ..good()
        })
        .unwrap_err();
    assert!(matches!(refused, PrepareError::WrongSubject(_)), "{refused}");

    let stranger = CardKey::new();
    let challenge = Challenge::new(profile, &KEY.spki, &mut OsChance);
    let signature = stranger.sign(&challenge);
    let foreign = Request {
        proof: Proof { challenge, signature },
        ..good()
    };
    assert_eq!(resident.prepare(foreign).unwrap_err(), PrepareError::NotProved);
    let replayed = office.request(Profile::ResidentEligibility, &KEY).proof;
    assert_eq!(
        resident
            .prepare(Request {
                proof: replayed,
                ..good()
            })
            .unwrap_err(),
        PrepareError::NotProved
    );
    let others = office.request(profile, &stranger).proof;
    assert_eq!(
        resident
            .prepare(Request {
                proof: others,
                ..good()
            })
            .unwrap_err(),
        PrepareError::NotProved
    );

    let refused = resident
        .prepare(Request {
            public_key: b"junk",
            ..good()
        })
        .unwrap_err();
    assert!(matches!(refused, PrepareError::Key(_)), "{refused}");
    for first in [0x00, 0x80, 0xff] {
        let mut serial = CertificateSerial::new(&mut OsChance);
        serial.0[0] = first;
        let refused = resident
            .prepare(Request {
                serial: reserved(serial, now),
                ..good()
            })
            .unwrap_err();
        assert_eq!(refused, PrepareError::WrongSerial(serial));
    }
    for clock in [now - Duration::minutes(10), now + Duration::days(6 * 365)] {
        let request = Request {
            serial: reserved(CertificateSerial::new(&mut OsChance), clock),
            ..good()
        };
        let refused = resident.prepare(request).unwrap_err();
        assert!(matches!(refused, PrepareError::OutsideAuthority { .. }), "{refused}");
        assert_eq!(resident.covers(profile, clock), Err(refused));
    }
    for number in ["", "S 1", "山田", "123456789012345678901234567890123"] {
        assert_eq!(Subject::staff(number), None, "{number}");
    }
}

#[test]
fn a_certificate_prepared_again_from_its_reservation_is_signed_to_the_same_bytes() {
    let resident = &OFFICE.authorities.resident;
    let at = OFFICE.now + Duration::nanoseconds(999);
    let sign = |serial: CertificateSerial| {
        let request = Request {
            subject: Subject::holder(serial),
            serial: reserved(serial, at),
            ..OFFICE.request(Profile::ResidentEligibility, &KEY)
        };
        resident.issue(resident.prepare(request).unwrap()).unwrap().der
    };
    let [serial, other] = [(); 2].map(|()| CertificateSerial::new(&mut OsChance));
    assert_eq!(sign(serial), sign(serial));
    assert_ne!(Subject::holder(serial), Subject::holder(other));
}

#[test]
fn what_one_authority_prepared_no_other_signs() {
    let prepared = OFFICE
        .authorities
        .resident
        .prepare(OFFICE.request(Profile::ResidentEligibility, &KEY))
        .unwrap();
    let refused = OFFICE.authorities.staff.issue(prepared).unwrap_err();
    assert!(matches!(refused, AuthorityError::OtherAuthority), "{refused}");
}

#[test]
fn the_chain_knows_profile_time_and_revocation() {
    let trust = &OFFICE.authorities.trust;
    let issued = OFFICE.certificate(Profile::StaffAuthentication);
    let nobody = |_: &CertificateSerial| false;
    let verify = |profile, at| trust.verify_chain(&issued.der, profile, at, &nobody);
    let good = verify(Profile::StaffAuthentication, OFFICE.now).unwrap();
    assert_eq!(
        (good.number(), good.serial(), good.public_key()),
        ("S-0001", issued.serial, &KEY.spki[..])
    );

    for profile in [
        Profile::ResidentAuthentication,
        Profile::ResidentEligibility,
        Profile::StaffAuthority,
    ] {
        let refused = verify(profile, OFFICE.now).unwrap_err();
        assert!(matches!(refused, ChainError::NotOurs { .. }), "{refused}");
    }
    let until = good.until();
    assert!(verify(Profile::StaffAuthentication, until).is_ok());
    let late = verify(Profile::StaffAuthentication, until + Duration::SECOND);
    assert_eq!(late, Err(ChainError::Expired(until)));
    let early = verify(Profile::StaffAuthentication, OFFICE.now - Duration::days(1)).unwrap_err();
    assert!(matches!(early, ChainError::NotYet(_)), "{early}");
    let far = verify(Profile::StaffAuthentication, OFFICE.now + Duration::days(30 * 365)).unwrap_err();
    assert!(matches!(far, ChainError::AuthorityExpired(_)), "{far}");
    let revoked = |serial: &CertificateSerial| *serial == issued.serial;
    let refused = trust.verify_chain(&issued.der, Profile::StaffAuthentication, OFFICE.now, &revoked);
    assert_eq!(refused, Err(ChainError::Revoked(issued.serial)));
    let trailing = [&issued.der[..], &[0]].concat();
    assert!(
        trust
            .verify_chain(&trailing, Profile::StaffAuthentication, OFFICE.now, &nobody)
            .is_err()
    );

    let challenge = Challenge::new(Profile::StaffAuthentication, &KEY.spki, &mut OsChance);
    let mut signature = KEY.sign(&challenge);
    assert!(good.signed(&prepare::message_of(&challenge), &signature));
    signature[7] ^= 1;
    assert!(!good.signed(&prepare::message_of(&challenge), &signature));
}

#[test]
fn a_certificate_of_another_office_with_the_same_names_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = Passphrase::make(&folder.path().join("pass"), &mut OsChance).unwrap();
    let plan = CeremonyPlan {
        folder: &folder.path().join("authority"),
        settings: settings(),
        present: vec![],
        root_passphrase: &passphrase,
        issuing_passphrase: &passphrase,
        token: None,
    };
    let clock = HandClock::at(datetime!(2026-11-22 1:00 UTC));
    hold_ceremony(&plan, &clock, &mut SeededChance::new(1)).unwrap();
    let impostor = Authorities::open(plan.folder, &passphrase).unwrap();
    clock.advance(Duration::hours(1));
    let request = Request {
        serial: reserved(CertificateSerial::new(&mut OsChance), clock.now()),
        ..OFFICE.request(Profile::StaffAuthentication, &KEY)
    };
    let issued = impostor.staff.issue(impostor.staff.prepare(request).unwrap()).unwrap();
    let theirs = impostor
        .trust
        .verify_chain(&issued.der, Profile::StaffAuthentication, clock.now(), &|_| false);
    assert!(theirs.is_ok());
    let ours = OFFICE
        .authorities
        .trust
        .verify_chain(&issued.der, Profile::StaffAuthentication, clock.now(), &|_| false);
    assert!(matches!(ours, Err(ChainError::NotOurs { .. })), "{ours:?}");
    // Nor do the two authorities' folders mix.
    fs::copy(
        plan.folder.join("staff/certificate.cer"),
        plan.folder.join("resident/certificate.cer"),
    )
    .unwrap();
    assert!(Trust::open(plan.folder).is_err());
}

#[test]
fn the_linter_finds_every_field_that_is_not_as_expected() {
    let issued = OFFICE.certificate(Profile::ResidentAuthentication);
    let (_, parsed) = x509_parser::parse_x509_certificate(&issued.der).unwrap();
    let name = lint::common_name(&parsed).unwrap().to_owned();
    let (settings, not_before) = (settings(), parsed.validity().not_before.to_datetime());
    let right = Expected {
        profile: Profile::ResidentAuthentication,
        settings: &settings,
        common_name: &name,
        serial: issued.serial,
        public_key: &KEY.spki,
        not_before,
        issuer: OFFICE.authorities.resident.certificate(),
    };
    lint(&issued.der, &right).unwrap();
    let moved = Settings {
        base_url: "http://other.example".into(),
        ..settings.clone()
    };
    let renamed = Settings {
        organisation: "波見市".into(),
        ..settings.clone()
    };
    let rooted = Settings {
        oid_arc: "1.3.6.1.4.1.99999".parse().unwrap(),
        ..settings.clone()
    };
    let other_key = CardKey::new();
    let wrong = [
        (
            "policies",
            Expected {
                profile: Profile::ResidentEligibility,
                ..right
            },
        ),
        (
            "lifetime",
            Expected {
                profile: Profile::ResidentAuthority,
                ..right
            },
        ),
        (
            "authority information",
            Expected {
                settings: &moved,
                ..right
            },
        ),
        (
            "subject",
            Expected {
                settings: &renamed,
                ..right
            },
        ),
        (
            "policies",
            Expected {
                settings: &rooted,
                ..right
            },
        ),
        (
            "common name",
            Expected {
                common_name: "0000000000000000",
                ..right
            },
        ),
        (
            "serial",
            Expected {
                serial: CertificateSerial([0x41; 16]),
                ..right
            },
        ),
        (
            "public key",
            Expected {
                public_key: &other_key.spki,
                ..right
            },
        ),
        (
            "first second",
            Expected {
                not_before: not_before + Duration::SECOND,
                ..right
            },
        ),
        (
            "issuer's name",
            Expected {
                issuer: OFFICE.authorities.staff.certificate(),
                ..right
            },
        ),
    ];
    // The same rules, all at once and each with its standard, for whoever audits.
    let (profile, verdicts) = OFFICE.authorities.trust.judge(&issued.der).unwrap();
    assert_eq!(profile, Profile::ResidentAuthentication);
    assert!(verdicts.iter().all(|verdict| verdict.found.is_none()), "{verdicts:?}");
    assert!(verdicts.len() == 18 && verdicts.iter().all(|verdict| verdict.standard.contains("RFC")));
    for (rule, expected) in wrong {
        assert_eq!(lint(&issued.der, &expected).unwrap_err().rule, rule);
    }
}
