//! Against a conversation recorded from a real card (osmocom pySim's published SCP03 vectors), and tampering.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

fn keys() -> StaticKeys {
    let key = |hex: &str| Zeroizing::new(bytes(hex).try_into().unwrap());
    StaticKeys {
        enc: key("000102030405060708090a0b0c0d0e0f"),
        mac: key("101112131415161718191a1b1c1d1e1f"),
    }
}

/// One recorded session: level, host challenge, INITIALIZE UPDATE's answer, EXTERNAL AUTHENTICATE, GET EID secured,
/// its answer, and four commands of cases 1–4 secured.
type Recording = (
    u8,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    [&'static str; 4],
);

const RECORDED: [Recording; 3] = [
    (
        0x11,
        "b13e5f938fc108c4",
        "000000000000000000003003703eb51047495b249f66c484c1d2ef1948000002",
        "84821100107d5f5826a993ebc89eea24957fa0b3ce",
        "84e291000ebf3e035c015a558d036518a2829700",
        "bf3e125a1089882119900000000000000000000005971be68992dbbdfa",
        [
            "84f220020863a63f8959827fb2",
            "84ca006608a0c6a4a74166f7ce00",
            "84f22002124f0212345c054f9f70c52249b50272656536",
            "84f280020a4f00e91443f6dce6b8ed00",
        ],
    ),
    (
        0x03,
        "8e1552d0513c60f3",
        "0000000000000000000030037030760cd2c47c1dd395065fe5ead8a9d7000001",
        "8482030010fd4721a14d9b07003c451d2f8ae6bb21",
        "84e2910018ca9c00f6713d79bc8baa642bdff51c3f6a4082d3bd9ad26c00",
        "bf3e125a1089882119900000000000000000000005",
        [
            "84f2200208c9811b11f1264cf1",
            "84ca006608e10ab60b3054798800",
            "84f22002184e2908bdb48b2315a55482e9e936ca122d6ecfae7d17416e",
            "84f28002180dd10a6b6193e5340b9e77d32d5a179cd710ac2773aefb2800",
        ],
    ),
    (
        0x33,
        "fdf38259a1e0de44",
        "000000000000000000003003703b1aca81e821f219081cdc01c26b372d000003",
        "84823300108c36f96bcc00724a4e13ad591d7da3f0",
        "84e2910018267a85dfe4a98fca6fb0527e0dfecce4914e40401433c87f00",
        "f3ba2b1013aa6224f5e1c138d71805c569e5439b47576260b75fc021b25097cb2e68f8a0144975b9",
        [
            "84f2200208ac6a59024bed84cc",
            "84ca006608409912ad8fb7aed000",
            "84f22002185f3dafc3ac14c381536a488bf44e06d056df9d74dbd21e5a",
            "84f280021865165105be3373347d0424d4400af2ac393f569ec779389e00",
        ],
    ),
];
const EID: &str = "bf3e125a1089882119900000000000000000000005";
const GET_EID: &str = "80e2910006bf3e035c015a00";
const CASES: [&str; 4] = [
    "80f22002",
    "80ca006600",
    "80f220020a4f0212345c054f9f70c5",
    "80f28002024f0000",
];

fn recorded(level: u8, host: &str, answer: &str) -> Session {
    let answer = bytes(answer);
    let session = Session::new(
        &keys(),
        bytes(host).try_into().unwrap(),
        answer[13..21].try_into().unwrap(),
        level,
    );
    assert_eq!(session.card_cryptogram(), answer[21..29]);
    session
}

fn frame(command: &Command) -> String {
    let frames = command.frames();
    assert_eq!(frames.len(), 1);
    hex::encode(&*frames[0])
}

#[test]
fn a_real_cards_recorded_sessions_come_out_byte_for_byte() {
    for (level, host, update, external, get_eid, eid, cases) in RECORDED {
        let mut issuer = recorded(level, host, update);
        assert_eq!(frame(&issuer.external_authenticate()), external);
        let wrapped = issuer.wrap(&Command::parse(&bytes(GET_EID)).unwrap()).unwrap();
        assert_eq!(frame(&wrapped), get_eid);
        let answer = Answer {
            data: bytes(eid),
            status: Status::OK,
        };
        assert_eq!(hex::encode(issuer.unwrap(answer).unwrap().data), EID);
        for (plain, secured) in CASES.into_iter().zip(cases) {
            let wrapped = issuer.wrap(&Command::parse(&bytes(plain)).unwrap()).unwrap();
            assert_eq!(frame(&wrapped), secured, "level {level:x}");
        }
    }
}

#[test]
fn the_cards_end_opens_what_the_issuers_end_wrapped() {
    for (level, host, update, external, get_eid, eid, cases) in RECORDED {
        let mut card = recorded(level, host, update);
        let external = Command::parse(&bytes(external)).unwrap();
        assert_eq!(
            card.check_command_mac(&external).unwrap().data.as_slice(),
            card.host_cryptogram()
        );
        let plain = card.open(&Command::parse(&bytes(get_eid)).unwrap()).unwrap();
        assert_eq!(frame(&plain), GET_EID);
        let answer = card.secure_answer(Answer {
            data: bytes(EID),
            status: Status::OK,
        });
        assert_eq!(hex::encode(answer.data), eid);
        for (plain, secured) in CASES.into_iter().zip(cases) {
            let opened = card.open(&Command::parse(&bytes(secured)).unwrap()).unwrap();
            assert_eq!(frame(&opened), plain);
        }
    }
}

#[test]
fn a_command_changed_in_any_bit_replayed_or_out_of_order_is_refused() {
    let (_, host, update, external, get_eid, ..) = RECORDED[2];
    let fresh = || {
        let mut card = recorded(LEVEL, host, update);
        card.check_command_mac(&Command::parse(&bytes(external)).unwrap())
            .unwrap();
        card
    };
    let good = bytes(get_eid);
    // The last byte is Le, which a T=0 layer may change: it is not authenticated (§6.2.4).
    for bit in 0..(good.len() - 1) * 8 {
        let mut bent = good.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        if let Some(bent) = Command::parse(&bent) {
            assert!(fresh().open(&bent).is_none(), "bit {bit}");
        }
    }
    let good = Command::parse(&good).unwrap();
    let mut card = fresh();
    assert!(card.open(&good).is_some());
    assert!(card.open(&good).is_none(), "replayed");
    let mut early = recorded(LEVEL, host, update);
    assert!(early.open(&good).is_none(), "before EXTERNAL AUTHENTICATE");
}

#[test]
fn an_answer_changed_in_any_bit_is_refused() {
    let (_, host, update, _, get_eid, eid, _) = RECORDED[2];
    let fresh = || {
        let mut issuer = recorded(LEVEL, host, update);
        issuer.external_authenticate();
        let wrapped = issuer.wrap(&Command::parse(&bytes(GET_EID)).unwrap()).unwrap();
        assert_eq!(frame(&wrapped), get_eid);
        issuer
    };
    let answer = |data: Vec<u8>, status| Answer { data, status };
    let good = bytes(eid);
    for bit in 0..good.len() * 8 {
        let mut bent = good.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        assert!(fresh().unwrap(answer(bent, Status::OK)).is_none(), "bit {bit}");
    }
    assert!(fresh().unwrap(answer(good.clone(), Status(0x6300))).is_none(), "status");
    assert!(fresh().unwrap(answer(Vec::new(), Status::OK)).is_none(), "cut off");
    assert!(
        fresh().unwrap(answer(good.clone(), Status::NOT_ALLOWED)).is_none(),
        "data beside a refusal"
    );
    assert!(fresh().unwrap(answer(good, Status::OK)).is_some());
}

#[test]
fn more_data_than_one_command_carries_is_refused_before_it_is_sent() {
    let (_, host, update, ..) = RECORDED[2];
    let mut issuer = recorded(LEVEL, host, update);
    let most = issuer.wrap(&Command::new(0xd6, 0, 0).data(vec![0; MOST_DATA])).unwrap();
    assert_eq!(most.data.len(), 248);
    let over = issuer.wrap(&Command::new(0xd6, 0, 0).data(vec![0; MOST_DATA + 1]));
    assert_eq!(over.unwrap_err(), ChannelError::TooLong);
}
