//! The information objects of ISO/IEC 7816-15, in DER.

use crate::{ChipSerial, KeySlot, PinCharacters, PinPolicy, PinSlot, command_set as set, tlv};

/// A key with its certificate.
pub(super) struct Object<'a> {
    pub key: KeySlot,
    pub label: &'static str,
    pub pin: Option<PinSlot>,
    pub certificate: &'a [u8],
}

/// EF.DIR: the application template of the cryptographic information application (7816-4 §12.2.1, 7816-15 §5.4).
pub(super) fn directory_entry(label: &str) -> Vec<u8> {
    let directory = [set::MASTER_FILE.to_be_bytes(), set::DF_CIA.to_be_bytes()].concat();
    tlv::write(
        0x61,
        &[
            tlv::write(0x4f, &set::CRYPTOGRAPHIC_APPLICATION),
            tlv::write(0x50, label.as_bytes()),
            tlv::write(0x51, &directory),
        ]
        .concat(),
    )
}

/// EF.OD: where the directories of each class of objects are (7816-15 §8.2).
pub(super) fn object_directory() -> Vec<u8> {
    // Choice tags of CIOChoice: [0] private keys, [4] certificates, [8] authentication objects.
    [(0xa0, set::EF_PRKD), (0xa4, set::EF_CD), (0xa8, set::EF_AOD)]
        .into_iter()
        .flat_map(|(choice, file)| tlv::write(choice, &path(file)))
        .collect()
}

/// EF.CIAInfo (7816-15 §8.10): version, the chip's serial, maker, label, flags. PKCS #11 shows the last 16 hex
/// digits of the serial, by which a URI tells two cards apart.
pub(super) fn card_info(serial: &ChipSerial, label: &str) -> Vec<u8> {
    sequence(&[
        integer(0),
        tlv::write(0x04, serial.as_bytes()),
        text("Madoguchi"),
        tlv::write(0x80, label.as_bytes()),
        // readonly (0): nothing can be written by PKCS #11; prnGeneration (2): GET CHALLENGE.
        bits(&[0, 2]),
    ])
}

/// EF.AOD with the holder's PIN (7816-15 §8.9).
pub(super) fn authentication_objects(policy: PinPolicy) -> Vec<u8> {
    // PasswordFlags: case-sensitive (0), local (1), unblock-disabled (3): by the issuer only, initialized (4).
    let (flags, kind): (&[u8], u8) = match policy.characters {
        PinCharacters::Digits => (&[1, 3, 4], 1),
        PinCharacters::Alphanumerics => (&[0, 1, 3, 4], 2),
    };
    let label = match policy.characters {
        PinCharacters::Digits => "PIN",
        PinCharacters::Alphanumerics => "Password",
    };
    // PasswordType: 1 ascii-numeric, 2 utf8.
    let attributes = sequence(&[
        bits(flags),
        tlv::write(0x0a, &[kind]),
        integer(policy.shortest),
        integer(policy.longest),
        integer(policy.longest),
        tlv::write(0x80, &[PinSlot::Holder.reference()]),
    ]);
    sequence(&[
        // CommonObjectFlags: private (0), modifiable (1).
        sequence(&[text(label), bits(&[0, 1])]),
        sequence(&[tlv::write(0x04, &[PinSlot::Holder.reference()])]),
        tlv::write(0xa1, &attributes),
    ])
}

/// EF.PrKD (7816-15 §8.4). A key without authId is used without any PIN; that is what makes the eligibility key
/// usable at a clinic's desk.
pub(super) fn private_keys(objects: &[Object<'_>]) -> Vec<u8> {
    objects
        .iter()
        .flat_map(|object| {
            let common = match object.pin {
                Some(pin) => sequence(&[text(object.label), bits(&[0]), tlv::write(0x04, &[pin.reference()])]),
                None => sequence(&[text(object.label)]),
            };
            let key = sequence(&[
                tlv::write(0x04, &[object.key.reference()]),
                // KeyUsageFlags: sign (2).
                bits(&[2]),
                // KeyAccessFlags: sensitive (0), alwaysSensitive (2), neverExtractable (3), local (4).
                bits(&[0, 2, 3, 4]),
                integer(object.key.reference()),
            ]);
            // The key has no file: an empty path, and its length in bits.
            let rsa = sequence(&[
                sequence(&[tlv::write(0x04, &[])]),
                tlv::write(0x02, &2048u16.to_be_bytes()),
            ]);
            sequence(&[common, key, tlv::write(0xa1, &rsa)])
        })
        .collect()
}

/// EF.CD (7816-15 §8.7).
pub(super) fn certificates(objects: &[Object<'_>]) -> Vec<u8> {
    objects
        .iter()
        .flat_map(|object| {
            let file = set::CERTIFICATE + u16::from(object.key.reference());
            sequence(&[
                sequence(&[text(object.label)]),
                sequence(&[tlv::write(0x04, &[object.key.reference()])]),
                tlv::write(0xa1, &sequence(&[path(file)])),
            ])
        })
        .collect()
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv::write(0x30, &parts.concat())
}

fn text(value: &str) -> Vec<u8> {
    tlv::write(0x0c, value.as_bytes())
}

/// A small positive INTEGER: nothing here passes 127.
fn integer(value: u8) -> Vec<u8> {
    debug_assert!(value < 0x80);
    tlv::write(0x02, &[value])
}

/// A named BIT STRING of up to eight bits by the numbers of those set; DER drops trailing zeros (X.690 §11.2.2).
fn bits(set: &[u8]) -> Vec<u8> {
    let byte = set.iter().fold(0u8, |byte, bit| byte | 0x80 >> bit);
    tlv::write(0x03, &[byte.trailing_zeros().min(7) as u8, byte])
}

/// A Path (7816-15 §8.1.3) from the master file to a file of the application.
fn path(file: u16) -> Vec<u8> {
    let steps = [set::MASTER_FILE, set::DF_CIA, file];
    sequence(&[tlv::write(
        0x04,
        &steps.iter().flat_map(|step| step.to_be_bytes()).collect::<Vec<_>>(),
    )])
}
