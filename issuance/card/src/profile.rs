//! What gets written on a card: the files of ISO/IEC 7816-15 (PKCS #15), the same for every holder but for the
//! certificates.
//!
//! Nothing here can name a holder: the labels are constants, the serial is the chip's, and the certificates come
//! from the authority, whose profiles say what they may contain.

mod objects;

use crate::{ChipSerial, KeySlot, PinPolicy, PinSlot, ReadRule, command_set as set};

/// A resident's card: two keys, a four-digit PIN for one of them.
#[derive(Debug, Clone, Copy)]
pub struct ResidentProfile<'a> {
    pub serial: &'a ChipSerial,
    /// 本人認証用証明書, DER.
    pub authentication: &'a [u8],
    /// 資格確認用証明書, DER.
    pub eligibility: &'a [u8],
}

/// A staff card: one key and a password.
#[derive(Debug, Clone, Copy)]
pub struct StaffProfile<'a> {
    pub serial: &'a ChipSerial,
    /// 従事者認証用証明書, DER.
    pub authentication: &'a [u8],
}

/// One file as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFile {
    /// Path from the master file, two bytes a step.
    pub path: Vec<u8>,
    /// Content, which is also its size on the chip.
    pub bytes: Vec<u8>,
    /// Who may read it.
    pub reading: ReadRule,
}

/// A directory to be made before its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardDirectory {
    /// Path from the master file, two bytes a step.
    pub path: Vec<u8>,
    /// Its name, by which it can be selected (ISO/IEC 7816-4 §8.2.1.2).
    pub name: &'static [u8],
}

/// Everything that [`crate::Personaliser::write`] writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The rule of each PIN.
    pub pins: Vec<(PinSlot, PinPolicy)>,
    pub directories: Vec<CardDirectory>,
    /// Files in the order of writing. EF.OD, by which readers find all others, comes last: a card whose writing
    /// was cut short shows no half-written objects.
    pub files: Vec<CardFile>,
}

impl Profile {
    /// A resident's card.
    pub fn resident(card: &ResidentProfile<'_>) -> Self {
        Self::new(
            card.serial,
            "Madoguchi resident card",
            PinPolicy::RESIDENT,
            &[
                objects::Object {
                    key: KeySlot::Authentication,
                    label: "Authentication",
                    pin: Some(PinSlot::Holder),
                    certificate: card.authentication,
                },
                objects::Object {
                    key: KeySlot::Eligibility,
                    label: "Eligibility",
                    pin: None,
                    certificate: card.eligibility,
                },
            ],
        )
    }

    /// A staff card.
    pub fn staff(card: &StaffProfile<'_>) -> Self {
        Self::new(
            card.serial,
            "Madoguchi staff card",
            PinPolicy::STAFF,
            &[objects::Object {
                key: KeySlot::Authentication,
                label: "Authentication",
                pin: Some(PinSlot::Holder),
                certificate: card.authentication,
            }],
        )
    }

    fn new(serial: &ChipSerial, label: &str, policy: PinPolicy, objects: &[objects::Object<'_>]) -> Self {
        let mut files = vec![
            file(&[set::EF_DIR], objects::directory_entry(label)),
            file(&[set::DF_CIA, set::EF_CIA_INFO], objects::card_info(serial, label)),
            file(&[set::DF_CIA, set::EF_AOD], objects::authentication_objects(policy)),
            file(&[set::DF_CIA, set::EF_PRKD], objects::private_keys(objects)),
            file(&[set::DF_CIA, set::EF_CD], objects::certificates(objects)),
        ];
        for object in objects {
            files.push(CardFile {
                path: certificate_path(object.key),
                bytes: object.certificate.to_vec(),
                reading: ReadRule::Anyone,
            });
        }
        files.push(file(&[set::DF_CIA, set::EF_OD], objects::object_directory()));
        Self {
            pins: vec![(PinSlot::Holder, policy)],
            directories: vec![CardDirectory {
                path: path(&[set::DF_CIA]),
                name: &set::CRYPTOGRAPHIC_APPLICATION,
            }],
            files,
        }
    }

    /// Bytes of all files together.
    pub fn size(&self) -> usize {
        self.files.iter().map(|file| file.bytes.len()).sum()
    }
}

/// Where the certificate of `key` is kept.
pub fn certificate_path(key: KeySlot) -> Vec<u8> {
    path(&[set::DF_CIA, set::CERTIFICATE + u16::from(key.reference())])
}

/// What the standards call the file at `path`; empty for one they don't know.
pub fn file_name(path: &[u8]) -> &'static str {
    let steps: Vec<u16> = path
        .chunks_exact(2)
        .map(|step| u16::from_be_bytes([step[0], step[1]]))
        .collect();
    match steps[..] {
        [set::MASTER_FILE, set::EF_DIR] => "EF.DIR",
        [set::MASTER_FILE, set::DF_CIA, set::EF_OD] => "EF.OD",
        [set::MASTER_FILE, set::DF_CIA, set::EF_CIA_INFO] => "EF.CIAInfo",
        [set::MASTER_FILE, set::DF_CIA, set::EF_AOD] => "EF.AOD",
        [set::MASTER_FILE, set::DF_CIA, set::EF_PRKD] => "EF.PrKD",
        [set::MASTER_FILE, set::DF_CIA, set::EF_CD] => "EF.CD",
        [set::MASTER_FILE, set::DF_CIA, AUTHENTICATION_CERTIFICATE] => "EF.Certificate.Authentication",
        [set::MASTER_FILE, set::DF_CIA, ELIGIBILITY_CERTIFICATE] => "EF.Certificate.Eligibility",
        _ => "",
    }
}

const AUTHENTICATION_CERTIFICATE: u16 = set::CERTIFICATE + KeySlot::Authentication.reference() as u16;
const ELIGIBILITY_CERTIFICATE: u16 = set::CERTIFICATE + KeySlot::Eligibility.reference() as u16;

/// A path for eyes: `3F00/5015/5031`.
pub fn path_text(path: &[u8]) -> String {
    path.chunks(2).map(hex::encode_upper).collect::<Vec<_>>().join("/")
}

/// The path of these steps below the master file.
fn path(steps: &[u16]) -> Vec<u8> {
    std::iter::once(&set::MASTER_FILE)
        .chain(steps)
        .flat_map(|step| step.to_be_bytes())
        .collect()
}

fn file(steps: &[u16], bytes: Vec<u8>) -> CardFile {
    CardFile {
        path: path(steps),
        bytes,
        reading: ReadRule::Anyone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_differs_between_two_holders_in_serial_and_certificates_only() {
        let profile = |serial: &ChipSerial, one: u8| {
            Profile::resident(&ResidentProfile {
                serial,
                authentication: &[one; 300],
                eligibility: &[one; 310],
            })
        };
        let first = profile(&ChipSerial::new([1; 10]), 0xa1);
        let second = profile(&ChipSerial::new([2; 10]), 0xa2);
        let different: Vec<_> = first
            .files
            .iter()
            .zip(&second.files)
            .filter(|(one, other)| one.bytes != other.bytes)
            .map(|(one, _)| file_name(&one.path))
            .collect();
        assert_eq!(
            different,
            [
                "EF.CIAInfo",
                "EF.Certificate.Authentication",
                "EF.Certificate.Eligibility"
            ]
        );
    }

    #[test]
    fn every_file_has_a_name_and_fits_the_card() {
        let serial = ChipSerial::new([1; 10]);
        for profile in [
            Profile::resident(&ResidentProfile {
                serial: &serial,
                authentication: &[1; 1500],
                eligibility: &[2; 1500],
            }),
            Profile::staff(&StaffProfile {
                serial: &serial,
                authentication: &[1; 1500],
            }),
        ] {
            for file in &profile.files {
                assert_ne!(file_name(&file.path), "", "{}", path_text(&file.path));
                assert!(file.bytes.len() < 0x8000);
            }
            assert_eq!(path_text(&profile.files.last().unwrap().path), "3F00/5015/5031");
        }
    }
}
