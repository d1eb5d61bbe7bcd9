//! Help for the tests of every portal: an authority made on the spot, certificates by it, and a check of word files.

mod ports;
pub mod worker;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SubjectPublicKeyInfo,
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer},
};

pub use ports::KeptPort;

use portal_kit::{
    tls::{self, Identity},
    words::Sources,
};

/// Puts the emblem of the made-up city of Shiomi into `folder`; the `[city]` section that names both.
///
/// # Errors
/// When the folder cannot be written to.
pub fn city(folder: &Path) -> io::Result<&'static str> {
    fs::write(folder.join("emblem.svg"), include_str!("../assets/emblem.svg"))?;
    Ok("[city]\nname = \"汐見市\"\nreading = \"しおみし\"\nname_en = \"Shiomi City\"\nemblem = \"emblem.svg\"\n")
}

/// An authority that lives as long as a test.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// One named `name`.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key is made");
        Self(CertifiedIssuer::self_signed(params, key).expect("a test's authority signs itself"))
    }

    /// Its certificate, DER.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Belief in it alone.
    pub fn roots(&self) -> RootCertStore {
        tls::roots([self.certificate()]).expect("a fresh authority can be believed")
    }

    /// A server at each of `names` (DNS names or addresses).
    pub fn server(&self, names: &[&str]) -> Pair {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names of a test are valid");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.certify(params)
    }

    /// A client named `name`.
    pub fn client(&self, name: &str) -> Pair {
        self.certify(client_params(name))
    }

    /// A client's certificate over somebody else's public key: a card's, DER SubjectPublicKeyInfo.
    pub fn client_with_key(&self, name: &str, spki: &[u8]) -> CertificateDer<'static> {
        let key = SubjectPublicKeyInfo::from_der(spki).expect("the card's key is one");
        let certificate = client_params(name)
            .signed_by(&key, &self.0)
            .expect("the authority signs");
        certificate.der().clone()
    }

    fn certify(&self, params: CertificateParams) -> Pair {
        let key = KeyPair::generate().expect("a key is made");
        Pair::new(&params.signed_by(&key, &self.0).expect("the authority signs"), &key)
    }
}

fn client_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

/// An RSA key of 2,048 bits with a certificate over itself, as SAML metadata carry them.
pub fn rsa_pair(name: &str) -> Pair {
    let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key is made");
    let certificate = params
        .self_signed(&key)
        .expect("a test's key signs its own certificate");
    Pair::new(&certificate, &key)
}

/// A certificate and its key, as text for files and ready for use.
#[derive(Clone)]
pub struct Pair {
    pub certificate: String,
    /// PEM (PKCS#8).
    pub key: String,
    /// Both, for a listener or a client.
    pub identity: Identity,
}

impl Pair {
    fn new(certificate: &Certificate, key: &KeyPair) -> Self {
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            identity: Identity::new(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).expect("a fresh key is PKCS#8"),
            ),
        }
    }

    /// Writes `name.pem` and `name.key` into `folder`; the key readable by its owner alone.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<(PathBuf, PathBuf)> {
        let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        fs::write(&certificate, &self.certificate)?;
        secret(&key, &self.key)?;
        Ok((certificate, key))
    }

    /// For a listener that lets anyone in.
    pub fn for_anyone(&self) -> Arc<rustls::ServerConfig> {
        tls::server(&self.identity, tls::Clients::Anyone, tls::Versions::Both).expect("a fresh identity serves")
    }
}

/// Writes a secret file as set-up would.
///
/// # Errors
/// The system's.
pub fn secret(file: &Path, content: &str) -> io::Result<()> {
    fs::write(file, content)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
}

/// What is wrong with the three word files of one portal: messages that do not parse, keys or facts that one language
/// has and another lacks, readings missing in easy Japanese. Empty when all is well.
pub fn faults_of_words(sources: Sources) -> Vec<String> {
    let mut faults = Vec::new();
    let keys: Vec<_> = ["ja", "easy", "en"]
        .iter()
        .zip(sources)
        .map(|(code, source)| {
            if let Err((_, errors)) = fluent_bundle::FluentResource::try_new(source.to_owned()) {
                faults.push(format!("{code} does not parse: {errors:?}"));
            }
            (code, keys(source))
        })
        .collect();
    let all: BTreeMap<String, BTreeSet<String>> =
        keys.iter()
            .flat_map(|(_, keys)| keys.clone())
            .fold(BTreeMap::new(), |mut all, (key, facts)| {
                all.entry(key).or_default().extend(facts);
                all
            });
    for (code, keys) in &keys {
        for (key, facts) in &all {
            match keys.get(key) {
                None => faults.push(format!("{code} lacks {key}")),
                // A reading is a fact for easy Japanese alone; English has months by name.
                Some(here) => faults.extend(
                    facts
                        .difference(here)
                        .filter(|fact| !["moment", "day"].contains(&key.as_str()) && !fact.ends_with("_reading"))
                        .map(|fact| format!("{code}: {key} says nothing of ${fact}")),
                ),
            }
        }
    }
    faults.extend(
        kanji_without_reading(sources[1])
            .into_iter()
            .map(|line| format!("easy: no reading in: {line}")),
    );
    faults
}

/// The keys of one word file.
pub fn keys_of_words(source: &str) -> Vec<String> {
    keys(source).into_keys().collect()
}

/// Each key with the facts it names.
fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = None;
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" =")
            && !line.starts_with(' ')
        {
            keys.entry(key.to_owned()).or_default();
            current = Some(key.to_owned());
        }
        let Some(facts) = current.as_ref().and_then(|key| keys.get_mut(key)) else {
            continue;
        };
        for piece in line.split('$').skip(1) {
            facts.insert(
                piece
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    keys
}

fn kanji_without_reading(easy: &str) -> Vec<String> {
    let is_kanji = |letter: char| ('\u{4E00}'..='\u{9FFF}').contains(&letter) || letter == '々';
    easy.lines()
        .filter(|line| !line.starts_with('#'))
        .filter(|line| {
            let mut letters = line.chars().peekable();
            let mut bare = false;
            while let Some(letter) = letters.next() {
                let ends_here = letters.peek().is_none_or(|next| !is_kanji(*next));
                bare |= is_kanji(letter) && ends_here && letters.peek() != Some(&'《');
            }
            bare
        })
        .map(str::to_owned)
        .collect()
}
