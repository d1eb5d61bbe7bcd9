//! People, cases and cards as the desk would tell of them.

use std::{collections::BTreeMap, time::Duration};

use issuance::{
    application::{ApplicantForm, Application, ApplicationForm, Delivery, Service},
    case::{CardId, CaseId, CaseNumber, CaseState, ResidentId, ShelfPlace},
    course::{Course, Passed, Stage},
    era::Birthday,
    parcel::ParcelKind,
    person::{HouseholdMember, Resident, Sex},
    records::CardState,
    staff::{Role, Staff, StaffId},
    standing::CardStanding,
};
use time::{Duration as Span, OffsetDateTime};
use uuid::Uuid;

use super::NOW;
use crate::facts::*;

/// 佐藤 恵, the clerk of the tests.
pub const SATO: u128 = 1;
/// 中村 健, the second clerk.
pub const NAKAMURA: u128 = 2;

pub fn setup() -> Setup {
    Setup {
        city: "汐見市".into(),
        desk: "窓口3".into(),
        idle_lock: Duration::from_secs(15 * 60),
        making_by_two: false,
        sights: Sights::TwoClerks,
        demo: true,
        first_run: false,
        calendar: std::sync::Arc::default(),
        relay: None,
        language: Language::Japanese,
    }
}

pub fn shown(who: u128) -> StaffShown {
    StaffShown {
        id: StaffId::from_uuid(Uuid::from_u128(who)),
        number: format!("{:04}", 100 + who),
        name: if who == SATO { "佐藤 恵" } else { "中村 健" }.into(),
    }
}

pub fn staff_card(who: u128) -> StaffCard {
    StaffCard {
        staff: Some(shown(who)),
        tries: Tries::Left(5),
    }
}

pub fn session(roles: &[Role]) -> Session {
    Session {
        staff: Staff {
            id: StaffId::from_uuid(Uuid::from_u128(SATO)),
            number: "0101".into(),
            name: "佐藤 恵".into(),
            roles: roles.iter().copied().collect(),
        },
        since: NOW,
    }
}

pub fn person() -> Resident {
    Resident {
        number: "0001234567".into(),
        household: "000045678".into(),
        name: "山口 𠮷郎".into(),
        kana: "ヤマグチ ヨシロウ".into(),
        alias: None,
        birthday: Birthday::read("昭和45年3月1日").expect("a date"),
        sex: Sex::Male,
        relation: "世帯主".into(),
        postal_code: "9990123".into(),
        address: "汐見市みなと町一丁目2番3号".into(),
        building: Some("みなとハイツ203号室".into()),
        phone: Some("0999-12-3456".into()),
        changed_on: None,
        change_reason: None,
        protected: false,
    }
}

pub fn resident() -> ResidentView {
    ResidentView {
        id: ResidentId::from_uuid(Uuid::from_u128(10)),
        person: person(),
        masked: false,
        may_reveal: true,
        gone_at: None,
        cases: vec![],
        household_members: vec![member("山口 さくら", "妻", "昭和48年5月5日")],
    }
}

/// Another person of a household.
pub fn member(name: &str, relation: &str, birthday: &str) -> HouseholdMember {
    HouseholdMember {
        name: name.into(),
        kana: "ヤマグチ サクラ".into(),
        relation: relation.into(),
        birthday: Birthday::read(birthday).expect("a date"),
        phone: None,
    }
}

/// A resident under support measures, as a clerk without the role gets it.
pub fn protected_resident() -> ResidentView {
    let mut view = resident();
    view.person.protected = true;
    view.person.postal_code.clear();
    view.person.address.clear();
    view.person.building = None;
    view.person.phone = None;
    view.masked = true;
    view
}

pub fn application() -> Application {
    ApplicationForm {
        applicant: ApplicantForm::Resident,
        adult_ward: false,
        consents: Service::ALL
            .into_iter()
            .map(|one| (one, true))
            .collect::<BTreeMap<_, _>>(),
        consent_text_version: "2026-10".into(),
        delivery: Some(Delivery::Counter),
        paper_notices: Some(false),
        notes: String::new(),
    }
    .check(&person(), NOW.date())
    .expect("a right application")
}

pub fn case_id() -> CaseId {
    CaseId::from_uuid(Uuid::from_u128(352))
}

pub fn card_id() -> CardId {
    CardId::from_uuid(Uuid::from_u128(700))
}

pub fn case(state: CaseState) -> CaseView {
    let pin_set = matches!(state, CaseState::Shelved { .. } | CaseState::HandedOver { .. });
    let card = state.card().map(|_| CardView {
        chip: "8B42 19F0 0C77 A1D3 5E20".into(),
        state: CardState::Made,
        done: vec![],
        pin_set,
    });
    CaseView {
        id: case_id(),
        number: CaseNumber {
            year: 2026,
            serial: 352,
        },
        version: 3,
        since: NOW - Span::minutes(10),
        resident: resident(),
        application: application(),
        course: course(&state),
        parcel: None,
        post_kinds: ParcelKind::ALL.to_vec(),
        standing: matches!(state, CaseState::HandedOver { .. }).then_some(CardStanding::Active),
        is_untold: false,
        notice_printed: pin_set.then_some(NOW),
        receipt_printed: None,
        problem: None,
        incidents: vec![],
        card,
        state,
    }
}

/// The stages that a case in `state` passed, each by 佐藤 恵, some with 中村 健.
fn course(state: &CaseState) -> Course {
    let passed = |at: OffsetDateTime, with: Option<&str>, shelf: Option<&str>| Passed {
        at,
        by: "佐藤 恵".into(),
        with: with.into_iter().map(str::to_owned).collect(),
        shelf: shelf.and_then(ShelfPlace::parse),
    };
    let alone = |at| passed(at, None, None);
    let ago = |minutes| NOW - Span::minutes(minutes);
    let shelved = matches!(state, CaseState::Shelved { .. } | CaseState::HandedOver { .. });
    [
        (true, Stage::Applied, alone(NOW - Span::days(1))),
        (*state != CaseState::Applied, Stage::Verified, alone(ago(60))),
        (state.card().is_some(), Stage::Bound, alone(ago(31))),
        (
            state.card().is_some() && !matches!(state, CaseState::Making { .. }),
            Stage::Made,
            alone(ago(30)),
        ),
        (shelved, Stage::PinSet, alone(ago(20))),
        (shelved, Stage::NoticePrinted, alone(ago(15))),
        (shelved, Stage::Shelved, passed(ago(10), None, Some("A-12"))),
        (
            matches!(state, CaseState::HandedOver { .. }),
            Stage::HandedOver,
            passed(NOW, Some("中村 健"), None),
        ),
        (
            matches!(state, CaseState::Cancelled { .. }),
            Stage::Cancelled,
            alone(ago(5)),
        ),
    ]
    .into_iter()
    .filter_map(|(is_passed, stage, passed)| is_passed.then_some((stage, passed)))
    .collect()
}

pub fn made() -> CaseState {
    CaseState::Made { card: card_id() }
}

pub fn shelved() -> CaseState {
    CaseState::Shelved {
        card: card_id(),
        shelf: ShelfPlace::parse("A-12").expect("a place"),
    }
}

pub fn queue() -> Vec<CaseRow> {
    let row = |serial: u32, name: &str, state: CaseState| CaseRow {
        id: CaseId::from_uuid(Uuid::from_u128(u128::from(serial))),
        number: CaseNumber { year: 2026, serial },
        name: name.into(),
        state,
        since: NOW - Span::hours(2),
        shelf: None,
        standing: None,
        is_untold: false,
        problem: None,
        held_by: None,
    };
    vec![
        row(352, "山口 𠮷郎", CaseState::Applied),
        row(377, "葛\u{E0100}城 さくら", CaseState::Applied),
        row(418, "Nguyễn Thị Anh", CaseState::Applied),
    ]
}

pub fn found(text: &str) -> Found {
    let row = |id: u128, name: &str, birthday: &str, address: Address, same_name| ResidentRow {
        id: ResidentId::from_uuid(Uuid::from_u128(id)),
        number: format!("00012345{id:02}"),
        name: name.into(),
        kana: "ヤマグチ ヨシロウ".into(),
        alias: None,
        birthday: birthday.into(),
        sex: "男".into(),
        protected: address == Address::Masked,
        address,
        same_name,
        open_case: None,
        gone: false,
    };
    let address = |text: &str| Address::Shown {
        postal_code: "999-0123".into(),
        address: text.into(),
        building: None,
    };
    Found {
        text: text.into(),
        rows: vec![
            row(
                10,
                "山口 𠮷郎",
                "昭和45年3月1日",
                address("汐見市みなと町一丁目2番3号"),
                2,
            ),
            row(
                11,
                "山口 吉郎",
                "昭和52年11月30日",
                address("汐見市あさひ台三丁目14番"),
                2,
            ),
            row(12, "山口 吉朗", "平成3年7月8日", Address::Masked, 2),
            row(13, "葛\u{E0100}城 さくら", "昭和20年頃", address("汐見市本町5番"), 0),
        ],
        total: 4,
    }
}
