//! Staff, their certificates, their sessions.

use std::collections::BTreeSet;

use issuance::{records::CertificateSerial, staff::Role};
use office::{
    Act, DisableReason, NewStaff, OfficeError, StaffRefusal,
    testing::{self, Clerk, TestOffice},
};
use relay_core::chance::OsChance;
use uuid::Uuid;

const ONE: &[u8] = b"certificate  one";
const TWO: &[u8] = b"certificate  two";

fn process() -> Act {
    Act::of_process(
        "setup",
        relay_core::id::Id::<()>::new(&mut relay_core::chance::OsChance).uuid(),
    )
}

fn new(number: &str, roles: &[Role], certificate: Option<&[u8]>) -> NewStaff {
    NewStaff {
        number: number.into(),
        name: "高橋 湊".into(),
        roles: roles.iter().copied().collect(),
        certificate: certificate.map(<[u8]>::to_vec),
    }
}

async fn administrator() -> (TestOffice, Clerk) {
    let office = testing::open().await.unwrap();
    assert!(office.office.is_first_run().await.unwrap());
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    (office, clerk)
}

#[tokio::test]
async fn the_first_administrator_is_made_without_one_and_no_second_so() {
    let (office, clerk) = administrator().await;
    let refused = office
        .office
        .add_staff(&process(), &new("S-1", &[Role::Administration], None))
        .await;
    assert!(
        refused
            .as_ref()
            .is_err_and(|error| error.is(&StaffRefusal::NotFirstRun)),
        "{refused:?}"
    );
    office
        .office
        .add_staff(&clerk.act(), &new("S-1", &[Role::Reception], None))
        .await
        .unwrap();
    let taken = office.office.add_staff(&clerk.act(), &new(" S-1", &[], None)).await;
    assert!(taken.is_err_and(|error| matches!(error.refused_as(), Some(StaffRefusal::NumberTaken(_)))));
    assert_eq!(office.office.staff().await.unwrap().len(), 2);
    assert!(!office.office.is_first_run().await.unwrap());
}

#[tokio::test]
async fn the_first_administrators_serial_is_in_the_trail_before_anybody_is_registered_and_shuts_nobody_out() {
    let office = testing::open().await.unwrap();
    let records = &office.office;
    let serials = [(); 2].map(|()| CertificateSerial::new(&mut OsChance));
    for serial in &serials {
        records.reserve_staff_serial(&process(), "S-1", serial).await.unwrap();
    }
    assert!(
        records.is_first_run().await.unwrap(),
        "a card cut off can be made again"
    );
    let events = records.audit_since(time::OffsetDateTime::UNIX_EPOCH, 9).await.unwrap();
    for serial in &serials {
        let serial = hex::encode(serial.0);
        assert!(events.iter().any(|kept| kept.event.details["serial"] == serial));
    }
    let registered = new("S-1", &[Role::Administration], Some(&serials[1].0));
    records.add_staff(&process(), &registered).await.unwrap();
    let late = records.reserve_staff_serial(&process(), "S-2", &serials[0]).await;
    assert!(
        late.as_ref().is_err_and(|error| error.is(&StaffRefusal::NotFirstRun)),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_new_staff_card_replaces_the_old_one_and_no_card_is_two_peoples() {
    let (office, clerk) = administrator().await;
    let records = &office.office;
    let id = records
        .add_staff(&clerk.act(), &new("S-1", &[Role::Reception], Some(ONE)))
        .await
        .unwrap();
    assert_eq!(records.staff_by_certificate(ONE).await.unwrap().unwrap().id, id);
    records.register_certificate(&clerk.act(), id, TWO).await.unwrap();
    assert!(records.staff_by_certificate(ONE).await.unwrap().is_none());
    assert_eq!(
        records.staff_by_certificate(TWO).await.unwrap().unwrap().name,
        "高橋 湊"
    );
    for serial in [ONE, &clerk.serial] {
        let taken = records.register_certificate(&clerk.act(), id, serial).await;
        assert!(
            taken
                .as_ref()
                .is_err_and(|error| error.is(&StaffRefusal::CertificateTaken)),
            "{taken:?}"
        );
    }
}

#[tokio::test]
async fn what_is_revoked_is_told_by_authority_with_its_reason() {
    use issuance::authority::{AuthorityName, RevocationReason};
    let (office, admin) = administrator().await;
    let records = &office.office;
    let serials = [(); 3].map(|()| CertificateSerial::new(&mut OsChance));
    for serial in &serials {
        office.clock.advance(time::Duration::minutes(1));
        records.reserve_staff_serial(&admin.act(), "S-1", serial).await.unwrap();
    }
    // The first card was cut off, the second was finished and replaced by the third, which was lost.
    assert!(records.staff_certificate_known(&serials[0]).await.unwrap());
    assert!(!records.staff_certificate_known(&serials[2]).await.unwrap());
    let registered = new("S-1", &[Role::Reception], Some(&serials[1].0));
    let id = records.add_staff(&admin.act(), &registered).await.unwrap();
    records
        .register_certificate(&admin.act(), id, &serials[2].0)
        .await
        .unwrap();
    records
        .disable_staff(&admin.act(), id, DisableReason::LostCard)
        .await
        .unwrap();
    let revoked = records.revoked().await.unwrap();
    let told: Vec<_> = serials
        .iter()
        .map(|serial| revoked.iter().find(|one| one.serial == *serial).unwrap().reason)
        .collect();
    use RevocationReason::{KeyCompromise, Superseded};
    assert_eq!(told, [Superseded, Superseded, KeyCompromise]);
    assert!(revoked.iter().all(|one| one.authority == AuthorityName::Staff));
    assert_eq!(revoked.len(), 3, "each once");
    for expected in 1..=2 {
        let number = records
            .next_list_number(&process(), AuthorityName::Staff)
            .await
            .unwrap();
        assert_eq!(number, expected);
    }
    assert_eq!(
        records
            .next_list_number(&process(), AuthorityName::Resident)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn someone_disabled_is_out_at_once_and_the_last_administrator_stays() {
    let (office, admin) = administrator().await;
    let clerk = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let records = &office.office;
    let alone = records.disable_staff(&admin.act(), admin.id, DisableReason::Left).await;
    assert!(
        alone
            .as_ref()
            .is_err_and(|error| error.is(&StaffRefusal::LastAdministrator)),
        "{alone:?}"
    );
    let own = records.change_roles(&admin.act(), admin.id, &BTreeSet::new()).await;
    assert!(own.unwrap_err().is(&StaffRefusal::OwnRoles));
    records
        .disable_staff(&admin.act(), clerk.id, DisableReason::Left)
        .await
        .unwrap();
    let over = records.screen_locked(&clerk.act(), false).await;
    assert!(matches!(over, Err(OfficeError::SessionOver)), "{over:?}");
    let act = Act::of_process("login", Uuid::from_u128(5));
    let refused = records.log_in(&act, "窓口2", &clerk.serial).await;
    assert!(
        refused.as_ref().is_err_and(|error| error.is(&StaffRefusal::Unknown)),
        "{refused:?}"
    );
    let trail = records.audit_since(time::OffsetDateTime::UNIX_EPOCH, 10).await.unwrap();
    let login = trail
        .iter()
        .find(|one| one.event.details.contains_key("refused") && one.event.act == "session.began");
    assert_eq!(login.unwrap().event.details["refused"], "staff_unknown");
}

#[tokio::test]
async fn a_desk_has_one_session_and_logging_out_lets_go_of_the_cases() {
    let (office, admin) = administrator().await;
    let residents = testing::city(60);
    office.import(residents.clone()).await.unwrap();
    let resident = &testing::adults(&residents)[0];
    let case = office.applied(&admin, resident).await.unwrap().at.id;
    let records = &office.office;
    assert_eq!(records.held_cases(admin.session).await.unwrap(), [case]);
    let act = Act::of_process("login", Uuid::from_u128(6));
    let begun = records.log_in(&act, "窓口1", &admin.serial).await.unwrap();
    assert!(matches!(
        records.session(admin.session).await,
        Err(OfficeError::SessionOver)
    ));
    assert!(records.held_cases(begun.session).await.unwrap().is_empty());
    // The same login asked for again, its answer having been lost, is the same session.
    assert_eq!(records.log_in(&act, "窓口1", &admin.serial).await.unwrap(), begun);
    let claim = Act::of(begun.session, Uuid::from_u128(7));
    records.claim(&claim, case).await.unwrap();
    records
        .screen_unlocked(&Act::of(begun.session, Uuid::from_u128(8)))
        .await
        .unwrap();
    records
        .log_out(&Act::of(begun.session, Uuid::from_u128(9)))
        .await
        .unwrap();
    assert!(records.held_cases(begun.session).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_password_is_recorded_without_anyone_being_logged_in() {
    let (office, admin) = administrator().await;
    let act = Act::of_process("login", Uuid::from_u128(10));
    office
        .office
        .login_refused(&act, "窓口3", Some(admin.id), "wrong_password")
        .await
        .unwrap();
    let last = &office
        .office
        .audit_since(time::OffsetDateTime::UNIX_EPOCH, 1)
        .await
        .unwrap()[0]
        .event;
    assert_eq!((last.act.as_str(), last.outcome.as_str()), ("session.began", "refused"));
    assert_eq!(last.details["refused"], "wrong_password");
}

#[tokio::test]
async fn the_health_tells_latency_version_and_how_far_the_clocks_are_apart() {
    let (office, _) = administrator().await;
    let health = office.office.health(&relay_core::clock::SystemClock).await.unwrap();
    assert_eq!(health.version, health.needs);
    assert!(health.clock_ahead.abs() < time::Duration::seconds(5), "{health:?}");
    let slow = relay_core::clock::HandClock::at(time::OffsetDateTime::now_utc() - time::Duration::hours(1));
    let health = office.office.health(&slow).await.unwrap();
    assert!(health.clock_ahead > time::Duration::minutes(59), "{health:?}");
}
