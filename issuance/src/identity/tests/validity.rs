//! Until when documents are good, which bear no photograph, and numbers of other governments.

use super::*;

fn checked(
    document: Document,
    change: impl FnOnce(&mut Presented),
    today: Date,
) -> Result<Option<StillGood>, NotCounted> {
    let mut presented = in_order(document);
    change(&mut presented);
    check_document(&presented, today, &Calendar::default())
}

fn ends(presented: &mut Presented, last: &str) {
    presented.expires_on = Some(WrittenDate::read(last).unwrap());
}

#[test]
fn a_licence_whose_last_day_was_a_closed_day_is_good_to_the_next_open_one() {
    // Saturday before a Sunday and a holiday; over the New Year.
    for (last, until, after) in [
        ("2026-11-21", date!(2026 - 11 - 24), date!(2026 - 11 - 25)),
        ("2026-12-29", date!(2027 - 01 - 04), date!(2027 - 01 - 05)),
        ("2026-11-15", date!(2026 - 11 - 16), date!(2026 - 11 - 17)),
    ] {
        let on = |day| checked(Document::DrivingLicence, |licence| ends(licence, last), day);
        let Ok(Some(good)) = on(until) else {
            panic!("{last} is not good on {until}: {:?}", on(until))
        };
        assert_eq!((good.as_str(), good.days().1), ("closed_days", until));
        assert!(matches!(on(after), Err(NotCounted::Expired { .. })), "{last}");
    }
    // No such rule for a passport, nor for a last day that was open.
    let passport = checked(Document::Passport, |passport| ends(passport, "2026-11-21"), TODAY);
    assert!(matches!(passport, Err(NotCounted::Expired { .. })));
    let friday = checked(Document::DrivingLicence, |licence| ends(licence, "2026-11-20"), TODAY);
    assert!(matches!(friday, Err(NotCounted::Expired { .. })));
    // What kept it good stands in the record.
    let mut visit = visit(&[Document::DrivingLicence]);
    ends(&mut visit.resident_documents[0], "2026-11-21");
    let verification = at_the_counter(&visit).unwrap();
    let record = &verification.record().parties[0].documents[0];
    assert_eq!(
        record.still_good.unwrap().days(),
        (date!(2026 - 11 - 21), date!(2026 - 11 - 24))
    );
    let stored = serde_json::to_string(record).unwrap();
    assert_eq!(serde_json::from_str::<DocumentRecord>(&stored).unwrap(), *record);
}

#[test]
fn a_residence_card_is_good_for_two_months_more_while_its_application_is_under_way() {
    let on = |applied, day| {
        let change = |card: &mut Presented| {
            ends(card, "2026-09-30");
            card.renewal_applied = applied;
        };
        checked(Document::ResidenceCard, change, day)
    };
    let good = on(true, TODAY).unwrap().unwrap();
    assert_eq!((good.as_str(), good.days().1), ("application", date!(2026 - 11 - 30)));
    assert!(on(true, date!(2026 - 11 - 30)).is_ok());
    assert!(matches!(
        on(true, date!(2026 - 12 - 01)),
        Err(NotCounted::Expired { .. })
    ));
    assert!(matches!(on(false, TODAY), Err(NotCounted::Expired { .. })));
}

#[test]
fn what_was_issued_in_the_future_or_after_its_own_end_does_not_count() {
    for document in [Document::ResidenceCard, Document::DrivingLicence, Document::Passport] {
        let issued = |text: &str| {
            let change = |card: &mut Presented| card.issued_on = Some(WrittenDate::read(text).unwrap());
            checked(document, change, TODAY)
        };
        assert!(
            matches!(issued("令和12年1月1日"), Err(NotCounted::IssuedInFuture { .. })),
            "{document:?}"
        );
        assert!(matches!(issued("2026-11-23"), Err(NotCounted::IssuedInFuture { .. })));
        assert!(issued("2026-11-22").is_ok());
        // Only the year was read: some day of it has been.
        assert!(issued("令和8年").is_ok());
    }
    let change = |card: &mut Presented| {
        card.issued_on = Some(WrittenDate::read("2026-11-01").unwrap());
        ends(card, "2026-10-01");
    };
    assert_eq!(
        checked(Document::Passport, change, TODAY),
        Err(NotCounted::IssuedAfterItsEnd)
    );
}

#[test]
fn a_document_that_lawfully_bears_no_photograph_counts_in_the_second_class() {
    let bare = |document| Presented {
        bears_photo: false,
        photo_agrees: None,
        ..in_order(document)
    };
    let with = |documents: Vec<Presented>, reply| {
        let mut visit = visit(&[]);
        visit.resident_documents = documents;
        visit.beside.inquiry_reply = reply;
        at_the_counter(&visit)
    };
    // One is no longer enough; with another of the second class and the reply it is.
    assert!(with(vec![bare(Document::ResidenceCard)], true).is_err());
    let medical = in_order(Document::MedicalRecipientCard);
    let verification = with(vec![bare(Document::ResidenceCard), medical.clone()], true).unwrap();
    let party = &verification.record().parties[0];
    assert_eq!(party.way, Way::TwoBAndInquiry);
    assert!(party.documents[0].without_photo && !party.documents[1].without_photo);
    for document in [
        Document::IndividualNumberCard,
        Document::SpecialPermanentResident,
        Document::MentalHealthHandbook,
    ] {
        assert!(
            with(vec![bare(document), medical.clone()], true).is_ok(),
            "{document:?}"
        );
    }
    // A licence always bears one.
    let licence = check_document(&bare(Document::DrivingLicence), TODAY, &Calendar::default());
    assert_eq!(licence, Err(NotCounted::PhotoAbsent));
}

#[test]
fn another_governments_passport_has_a_number_of_its_own_shape() {
    let numbered = |document, number: &str| checked(document, |passport| passport.number = number.into(), TODAY);
    for number in ["E12345678", "123456789", "M1234567", "k1234-567"] {
        assert!(numbered(Document::ForeignPassport, number).is_ok(), "{number}");
    }
    for number in ["1234", "ABCDEFGH", "1234567890"] {
        assert_eq!(
            numbered(Document::ForeignPassport, number),
            Err(NotCounted::NumberWrong),
            "{number}"
        );
    }
    assert_eq!(numbered(Document::Passport, "E12345678"), Err(NotCounted::NumberWrong));
    let mut visit = visit(&[Document::ForeignPassport]);
    visit.resident_documents[0].number = "E12345678".into();
    assert_eq!(at_the_counter(&visit).unwrap().record().parties[0].way, Way::OneA);
}
