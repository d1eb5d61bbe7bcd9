//! ID-WSF 2.0: what Lasso 2.7 spoke is taken where the profile is lenient and refused where it is strict; what is written here
//! is read here, and nothing else.

use relay_core::chance::SeededChance;
use relay_saml::{
    DecryptionKeys, Here, Peer, Refusal, TrustedKeys,
    message::EntityId,
    wsf::{
        DiscoveryAnswer, DiscoveryQuery, FaultStatus, Mechanism, Record, RecordSet, RecordsQuery, Reference,
        RequestedService, Standing, Strictness, Token, envelope::fault,
    },
};
use time::{Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-12-01 1:02:03 UTC);
const ADDRESS: &str = "https://relay.example/wsf/discovery";

fn entity(text: &str) -> EntityId {
    EntityId::parse(text).unwrap()
}

fn here<'h>(entity: &'h EntityId, address: &'h str) -> Here<'h> {
    Here {
        entity,
        address,
        now: NOW,
        skew: Duration::minutes(1),
        window: Duration::minutes(5),
    }
}

fn bootstrap() -> Reference {
    Reference {
        address: ADDRESS.to_owned(),
        provider: entity("https://relay.example/saml"),
        service_type: "urn:liberty:disco:2006-08".to_owned(),
        about: "Discovery".to_owned(),
        mechanism: Mechanism::Bearer,
        token: Token::Opaque("AAAA".to_owned()),
    }
}

#[test]
fn lassos_query_is_taken_where_the_profile_is_lenient_and_refused_where_it_is_strict() {
    let lasso = include_bytes!("fixtures/idwsf/5_disco_query.xml");
    let idp = entity("https://idp.example/metadata");
    let here = here(&idp, "https://idp.example/disco");
    let (query, once) = DiscoveryQuery::take(lasso, &here, Strictness::Lenient).unwrap();
    assert_eq!(query.sender.as_str(), "https://sp.example/metadata");
    let wanted = RequestedService {
        service_type: "urn:x-omura:healthcheck:2010-10".to_owned(),
        id: None,
    };
    assert_eq!(query.services, [wanted]);
    assert!(matches!(query.token, Token::Assertion(_)));
    assert_eq!(once.id.as_str(), query.id);
    let strict = DiscoveryQuery::take(lasso, &here, Strictness::Strict);
    assert_eq!(strict.unwrap_err(), Refusal::Destination);
}

#[test]
fn lassos_token_is_believed_by_no_provider() {
    // It has no version, no audience and no confirmation, and is signed by a key that nobody here approved.
    let lasso = include_bytes!("fixtures/idwsf/7_dst_query.xml");
    let wsp = entity("https://wsp.example/metadata");
    let here = here(&wsp, "https://wsp.example/dst");
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    let keys = TrustedKeys::from_certificates([certificate.der().as_ref()]).unwrap();
    let relay = Peer::new(entity("https://idp.example/metadata"), keys, Vec::new());
    let rsa = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let own = DecryptionKeys::from_pkcs8([rsa.serialized_der()]).unwrap();
    for strictness in [Strictness::Lenient, Strictness::Strict] {
        assert!(RecordsQuery::take(lasso, &here, &relay, &own, b"", strictness).is_err());
    }
}

#[test]
fn a_query_is_read_as_it_was_written_at_its_address_and_in_its_minutes_only() {
    let chance = &mut SeededChance::new(7);
    let sender = entity("https://my-page.example/saml");
    let types = [
        "urn:madoguchi:records:2026-12:coverage",
        "urn:madoguchi:records:2026-12:costs",
    ];
    let query = DiscoveryQuery::new(&sender, &bootstrap(), &types, chance);
    let written = query.write(ADDRESS, NOW).unwrap();
    let relay = entity("https://relay.example/saml");
    let (read, _) = DiscoveryQuery::take(written.as_bytes(), &here(&relay, ADDRESS), Strictness::Strict).unwrap();
    assert_eq!(read, query);
    let refused = |written: &str, address: &str, now: OffsetDateTime| {
        let here = Here {
            now,
            ..here(&relay, address)
        };
        DiscoveryQuery::take(written.as_bytes(), &here, Strictness::Strict).unwrap_err()
    };
    assert_eq!(refused(&written, "https://other.example/", NOW), Refusal::Destination);
    assert_eq!(
        refused(&written, ADDRESS, NOW + Duration::minutes(4)),
        Refusal::Stale("Timestamp")
    );
    assert_eq!(
        refused(&written, ADDRESS, NOW - Duration::minutes(2)),
        Refusal::FromTheFuture("Timestamp")
    );
    let framework = written.replace("version=\"2.0\"", "version=\"1.1\"");
    assert_eq!(refused(&framework, ADDRESS, NOW), Refusal::Framework);
    let action = written.replace("2006-08:Query<", "2006-08:Modify<");
    assert_eq!(refused(&action, ADDRESS, NOW), Refusal::Action);
    let strange = written.replacen(
        "<sb:Sender",
        "<x:Must xmlns:x=\"urn:x\" S:mustUnderstand=\"1\"></x:Must><sb:Sender",
        1,
    );
    assert_eq!(refused(&strange, ADDRESS, NOW), Refusal::SoapHeader);
}

#[test]
fn each_service_is_told_its_own_reason_and_one_that_names_none_is_everybodys() {
    let chance = &mut SeededChance::new(9);
    let relay = entity("https://relay.example/saml");
    let types = ["urn:a", "urn:b", "urn:c"];
    let query = DiscoveryQuery::new(&entity("https://my-page.example/saml"), &bootstrap(), &types, chance);
    let given = Reference {
        service_type: "urn:b".to_owned(),
        ..bootstrap()
    };
    let answer = DiscoveryAnswer {
        references: vec![given],
        lacking: vec![
            ("urn:c".to_owned(), FaultStatus::Suspended),
            ("urn:a".to_owned(), FaultStatus::NotAgreed),
        ],
    };
    let written = answer.write(&relay, &query, NOW, chance).unwrap();
    let read = DiscoveryAnswer::read(written.as_bytes(), &query, &relay).unwrap();
    let reasons = types.map(|service_type| read.lacks(service_type));
    assert_eq!(
        reasons,
        [Some(FaultStatus::NotAgreed), None, Some(FaultStatus::Suspended)]
    );
    assert_eq!(read.references.len(), 1);
    // Asked without `reqID`, as Lasso 2.7 asks, the reason stands beside the type for people, and reads as that of all.
    let mut bare = query.clone();
    for service in &mut bare.services {
        service.id = None;
    }
    let written = answer.write(&relay, &bare, NOW, chance).unwrap();
    assert!(written.contains("code=\"Suspended\" comment=\"urn:c\""), "{written}");
    let written = written.replace(" code=\"ActionNotAuthorized\"", " code=\"Suspended\"");
    let read = DiscoveryAnswer::read(written.as_bytes(), &bare, &relay).unwrap();
    assert_eq!(read.lacks("urn:a"), Some(FaultStatus::Suspended));
    // An answer that gives nothing and says nothing is no results.
    let silent = DiscoveryAnswer {
        references: Vec::new(),
        lacking: Vec::new(),
    };
    let written = silent.write(&relay, &query, NOW, chance).unwrap();
    let read = DiscoveryAnswer::read(written.as_bytes(), &query, &relay).unwrap();
    assert_eq!(read.lacks("urn:b"), Some(FaultStatus::NoResults));
}

#[test]
fn an_answer_is_the_one_to_this_question_from_the_one_who_was_asked() {
    let chance = &mut SeededChance::new(8);
    let provider = entity("https://coverage.example/saml");
    let query = RecordsQuery::new(&entity("https://my-page.example/saml"), "coverage", "own-view", chance);
    for standing in Standing::ALL {
        let set = RecordSet {
            kind: "coverage".to_owned(),
            standing,
            as_of: Some(NOW),
            overdue: true,
            dummy: false,
            source: "汐見市 <国保> & 年金課".to_owned(),
            records: vec![Record(vec![("insurer-name".to_owned(), "a\"<&\u{20bb7}".to_owned())])],
        };
        let written = set.write(&provider, &query.id, NOW, chance).unwrap();
        assert_eq!(RecordSet::read(written.as_bytes(), &query, &provider).unwrap(), set);
        let other = entity("https://costs.example/saml");
        assert_eq!(
            RecordSet::read(written.as_bytes(), &query, &other),
            Err(Refusal::Sender)
        );
        let later = RecordsQuery::new(&entity("https://my-page.example/saml"), "coverage", "own-view", chance);
        assert_eq!(
            RecordSet::read(written.as_bytes(), &later, &provider),
            Err(Refusal::InResponseTo("RelatesTo"))
        );
    }
    for status in FaultStatus::ALL {
        let told = RecordSet::read(fault(status).as_bytes(), &query, &provider);
        assert_eq!(told, Err(Refusal::Fault(status)));
        let asked = DiscoveryQuery::new(&query.sender, &bootstrap(), &["urn:a"], chance);
        let told = DiscoveryAnswer::read(fault(status).as_bytes(), &asked, &provider);
        assert_eq!(told, Err(Refusal::Fault(status)));
    }
    let large = format!("<S:Envelope>{}</S:Envelope>", "x".repeat(1024 * 1024));
    assert!(matches!(
        RecordSet::read(large.as_bytes(), &query, &provider),
        Err(Refusal::TooLarge(_))
    ));
}
