//! The authority from its ceremony to a revocation. Here the one office that all tests share.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use relay_core::{
    chance::{OsChance, SeededChance},
    clock::{Clock, HandClock, SystemClock},
};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;
use crate::records::{CertificateSerial, Reservation};

/// One ceremony for all tests: three RSA-3072 keys take seconds.
struct Office {
    folder: TempDir,
    root_passphrase: Passphrase,
    passphrase: Passphrase,
    authorities: Authorities,
    now: OffsetDateTime,
}

static OFFICE: LazyLock<Office> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let root_passphrase = Passphrase::make(&folder.path().join("root.pass"), &mut OsChance).unwrap();
    let passphrase = Passphrase::make(&folder.path().join("issuing.pass"), &mut OsChance).unwrap();
    let plan = CeremonyPlan {
        folder: &folder.path().join("authority"),
        settings: settings(),
        present: vec!["S-0001".into(), "S-0002".into()],
        root_passphrase: &root_passphrase,
        issuing_passphrase: &passphrase,
        token: None,
    };
    hold_ceremony(&plan, &SystemClock, &mut OsChance).unwrap();
    let authorities = Authorities::open(&folder.path().join("authority"), &passphrase).unwrap();
    // openssl judges by the real clock.
    let now = SystemClock.now();
    Office {
        folder,
        root_passphrase,
        passphrase,
        authorities,
        now,
    }
});

fn settings() -> Settings {
    Settings {
        organisation: "汐見市".into(),
        oid_arc: ObjectArc::example(),
        base_url: "http://pki.shiomi.example".into(),
    }
}

impl Office {
    fn authority_folder(&self) -> PathBuf {
        self.folder.path().join("authority")
    }

    fn authority(&self, profile: Profile) -> &Authority {
        match profile.issuer() {
            AuthorityName::Staff => &self.authorities.staff,
            _ => &self.authorities.resident,
        }
    }

    /// The wish for a certificate of `profile` with everything right, for a test to spoil.
    fn request<'a>(&self, profile: Profile, key: &'a CardKey) -> Request<'a> {
        let challenge = Challenge::new(profile, &key.spki, &mut OsChance);
        let signature = key.sign(&challenge);
        let serial = CertificateSerial::new(&mut OsChance);
        Request {
            profile,
            subject: match profile {
                Profile::StaffAuthentication => Subject::staff("S-0001").unwrap(),
                _ => Subject::holder(serial),
            },
            public_key: &key.spki,
            proof: Proof { challenge, signature },
            serial: reserved(serial, self.now),
        }
    }

    fn certificate(&self, profile: Profile) -> Issued {
        let authority = self.authority(profile);
        let prepared = authority.prepare(self.request(profile, &KEY)).unwrap();
        authority.issue(prepared).unwrap()
    }

    fn pem(&self, name: AuthorityName) -> PathBuf {
        self.authority_folder().join(name.as_str()).join("certificate.pem")
    }
}

/// A key such as a card makes.
struct CardKey {
    pair: RsaKeyPair,
    spki: Vec<u8>,
}

static KEY: LazyLock<CardKey> = LazyLock::new(CardKey::new);

impl CardKey {
    fn new() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let spki = pair.public_key().as_der().unwrap();
        Self {
            spki: spki.as_ref().to_vec(),
            pair,
        }
    }

    fn sign(&self, challenge: &Challenge) -> Vec<u8> {
        let digest = challenge.digest();
        let digest = aws_lc_rs::digest::Digest::import_less_safe(&digest, &aws_lc_rs::digest::SHA256).unwrap();
        let mut signature = vec![0; 256];
        self.pair
            .sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature)
            .unwrap();
        signature
    }
}

fn reserved(serial: CertificateSerial, at: OffsetDateTime) -> ReservedSerial {
    ReservedSerial::record(Reservation::new(serial, at), Ok::<_, ()>).unwrap()
}

mod ceremony;
mod openssl;
mod responder;
mod rules;
mod signer;
mod strangers;
