//! The ceremony: once in an authority's life its keys are made, in one fixed order, and a signed record says so.
//!
//! The folder appears whole or not at all: everything is written beside it and moved into place at the end, so a
//! ceremony that was cut off leaves no half authority, and one that is there is never overwritten.
//!
//! ```text
//! ceremony.json      the record; ceremony.json.sig: the root's RSA signature (PKCS#1 v1.5, SHA-256) of its bytes
//! ceremony.txt       the same for people, to be printed and signed by hand
//! root/ resident/ staff/
//!     certificate.cer, certificate.pem, key.sealed (0600), or key.token where a token holds the key
//! root/revocations.crl   the root's first list, empty, good until the next one
//! ```

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use relay_core::{
    chance::Chance,
    clock::{Clock, JST},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    Authority, AuthorityError, AuthorityName, Expected, Passphrase, Profile, Settings, Signer, SoftSigner, Token,
    TokenSigner,
    folder::{SEALED_KEY, TOKEN_KEY},
    issue::{building, fingerprint, params},
    lint,
    prepare::validity,
    profile::dotted,
    sealed_key::Sealing,
    signer::ForBuilder,
    token::TokenKey,
};
use crate::records::CertificateSerial;

/// How long the root's first revocation list is good for. The root comes out of its safe once a year.
const ROOT_LIST_LASTS: Duration = Duration::days(366);

/// What a ceremony is held with.
#[derive(Debug)]
pub struct CeremonyPlan<'a> {
    /// The folder to make; its parent must exist, itself it must not.
    pub folder: &'a Path,
    /// Names, arc and pointers.
    pub settings: Settings,
    /// Who is present, as the record shall name them: staff numbers or offices, never residents.
    pub present: Vec<String>,
    /// Seals the root's key. Kept away from the office's machines after the ceremony.
    pub root_passphrase: &'a Passphrase,
    /// Seals the issuing authorities' keys, or is the PIN of their token; the console opens them with it each day.
    pub issuing_passphrase: &'a Passphrase,
    /// Where the issuing authorities' keys are made; in sealed files where there is none. The root's is always in a file: it is
    /// carried to a safe.
    pub token: Option<&'a Token>,
}

/// The record of a ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeremonyRecord {
    /// `madoguchi ceremony 1`
    pub format: String,
    /// Version of the program.
    pub program: String,
    #[serde(with = "time::serde::rfc3339")]
    pub held_at: OffsetDateTime,
    pub present: Vec<String>,
    /// Names, arc and pointers.
    pub settings: Settings,
    /// The profiles in force.
    pub profiles: Vec<ProfileRecord>,
    /// The authorities, in the order they were made.
    pub authorities: Vec<AuthorityRecord>,
}

/// A profile as the record keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRecord {
    pub profile: Profile,
    pub policies: Vec<String>,
    /// Its extended key usage, dotted.
    pub purpose: Option<String>,
    pub days: i64,
}

/// An authority as the record keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityRecord {
    pub name: AuthorityName,
    /// Its certificate's common name.
    pub common_name: String,
    /// Its certificate's serial, hex.
    pub serial: String,
    pub key: String,
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// SHA-256 of the certificate, hex.
    pub fingerprint: String,
    /// The token that holds its key; none where a sealed file does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}

const FORMAT: &str = "madoguchi ceremony 1";

/// Holds the ceremony: root, resident authority, staff authority, the root's first revocation list, the record.
///
/// # Errors
/// When the folder is there already, the settings cannot be used, the disk is full, or a certificate breaks a rule.
/// Nothing of the folder is left then.
pub fn hold_ceremony(
    plan: &CeremonyPlan<'_>,
    clock: &dyn Clock,
    chance: &mut dyn Chance,
) -> Result<CeremonyRecord, AuthorityError> {
    plan.settings.check().map_err(AuthorityError::Settings)?;
    if plan.folder.symlink_metadata().is_ok() {
        return Err(AuthorityError::AlreadyThere(plan.folder.to_owned()));
    }
    let beside = beside(plan.folder, chance)?;
    let mut in_token = Vec::new();
    let outcome = hold_in(&beside, plan, clock, chance, &mut in_token).and_then(|record| {
        put_in_place(&beside, plan.folder)?;
        Ok(record)
    });
    if outcome.is_err() {
        // So do keys in a token that no authority has.
        for key in in_token {
            let _ = TokenSigner::open(key, plan.issuing_passphrase).and_then(TokenSigner::destroy);
        }
        // What is left beside holds sealed keys of an authority that never was. If even this fails, the first error
        // is the one to tell.
        let _ = fs::remove_dir_all(&beside);
    }
    outcome
}

fn hold_in(
    folder: &Path,
    plan: &CeremonyPlan<'_>,
    clock: &dyn Clock,
    chance: &mut dyn Chance,
    in_token: &mut Vec<TokenKey>,
) -> Result<CeremonyRecord, AuthorityError> {
    // Whole seconds, as certificates keep them.
    let held_at = clock.now().replace_nanosecond(0).map_err(building)?;
    make_folder(folder)?;
    let mut root_sealing = Sealing::new(plan.root_passphrase);
    let mut issuing_sealing = Sealing::new(plan.issuing_passphrase);
    let mut root: Option<Authority> = None;
    let mut authorities = Vec::new();
    for name in AuthorityName::ALL {
        let sub_folder = folder.join(name.as_str());
        make_folder(&sub_folder)?;
        let sealing = if name == AuthorityName::Root {
            &mut root_sealing
        } else {
            &mut issuing_sealing
        };
        let token = plan.token.filter(|_| name != AuthorityName::Root);
        let (signer, file, key) = make_key(name, token, sealing, chance)?;
        in_token.extend(key);
        let serial = CertificateSerial::new(chance);
        let der = sign_authority(name, &plan.settings, serial, held_at, &*signer, root.as_ref())?;
        write(&sub_folder.join("certificate.cer"), &der, 0o644)?;
        write(
            &sub_folder.join("certificate.pem"),
            pem("CERTIFICATE", &der).as_bytes(),
            0o644,
        )?;
        write(&sub_folder.join(file.0), &file.1, 0o600)?;
        authorities.push(AuthorityRecord::of(name, serial, held_at, &der, token.cloned()));
        if name == AuthorityName::Root {
            let authority = Authority::new(name, der, plan.settings.clone(), signer);
            root = Some(authority.map_err(AuthorityError::Building)?);
        }
    }
    let root = root.ok_or_else(|| AuthorityError::Building("no root was made".into()))?;
    let list = root.revocation_list([], 1, held_at, ROOT_LIST_LASTS)?;
    write(&folder.join("root/revocations.crl"), &list.der, 0o644)?;
    let record = CeremonyRecord {
        format: FORMAT.into(),
        program: concat!("madoguchi ", env!("CARGO_PKG_VERSION")).into(),
        held_at,
        present: plan.present.clone(),
        settings: plan.settings.clone(),
        profiles: Profile::ALL
            .iter()
            .map(|profile| ProfileRecord::of(*profile, &plan.settings))
            .collect(),
        authorities,
    };
    let bytes = serde_json::to_vec_pretty(&record).map_err(building)?;
    write(&folder.join("ceremony.json"), &bytes, 0o644)?;
    write(&folder.join("ceremony.json.sig"), &root.sign_record(&bytes)?, 0o644)?;
    write(
        &folder.join("ceremony.txt"),
        record.for_people(&bytes).as_bytes(),
        0o644,
    )?;
    Ok(record)
}

/// A key file's name and content.
type KeyFile = (&'static str, Vec<u8>);
/// A fresh key, how it is stored, and which key of the token it is, where it is in one.
type MadeKey = (Box<dyn Signer>, KeyFile, Option<TokenKey>);

/// Makes the key of the authority `name`.
fn make_key(
    name: AuthorityName,
    token: Option<&Token>,
    sealing: &mut Sealing<'_>,
    chance: &mut dyn Chance,
) -> Result<MadeKey, AuthorityError> {
    if let Some(token) = token {
        let made = TokenSigner::generate(token, name, sealing.passphrase(), chance);
        let (signer, at) = made.map_err(|why| AuthorityError::Token {
            path: token.module.clone(),
            why: why.to_string(),
        })?;
        let file = serde_json::to_vec_pretty(&at).map_err(building)?;
        return Ok((Box::new(signer), (TOKEN_KEY, file), Some(at)));
    }
    let signer = SoftSigner::generate()?;
    let sealed = sealing
        .seal(name.as_str(), &signer, chance)
        .map_err(AuthorityError::Building)?;
    let file = serde_json::to_vec_pretty(&sealed).map_err(building)?;
    Ok((Box::new(signer), (SEALED_KEY, file), None))
}

/// The authority's certificate, signed by `root` or, for the root, by itself; linted.
fn sign_authority(
    name: AuthorityName,
    settings: &Settings,
    serial: CertificateSerial,
    from: OffsetDateTime,
    signer: &dyn Signer,
    root: Option<&Authority>,
) -> Result<Vec<u8>, AuthorityError> {
    let profile = name.profile();
    let (not_before, not_after) = validity(profile, from);
    let params = params(profile, settings, name.common_name(), serial, (not_before, not_after))?;
    let key = ForBuilder(signer);
    let der = match root {
        None => params.self_signed(&key),
        Some(root) => params.signed_by(&key, &root.issuer()?),
    };
    let der = der.map_err(building)?.der().to_vec();
    let public_key = rcgen::PublicKeyData::subject_public_key_info(&key);
    lint(
        &der,
        &Expected {
            profile,
            settings,
            common_name: name.common_name(),
            serial,
            public_key: &public_key,
            not_before,
            issuer: root.map_or(&der, Authority::certificate),
        },
    )?;
    Ok(der)
}

impl ProfileRecord {
    fn of(profile: Profile, settings: &Settings) -> Self {
        let policies = profile.policies(&settings.oid_arc);
        Self {
            profile,
            policies: policies.iter().map(|policy| dotted(policy)).collect(),
            purpose: profile.purpose(&settings.oid_arc).map(|purpose| dotted(&purpose)),
            days: profile.lifetime_days(),
        }
    }
}

impl AuthorityRecord {
    fn of(
        name: AuthorityName,
        serial: CertificateSerial,
        from: OffsetDateTime,
        der: &[u8],
        token: Option<Token>,
    ) -> Self {
        let (not_before, not_after) = validity(name.profile(), from);
        Self {
            name,
            common_name: name.common_name().into(),
            serial: serial.to_string(),
            key: "RSA-3072, SHA-256".into(),
            not_before,
            not_after,
            fingerprint: hex::encode(fingerprint(der)),
            token,
        }
    }
}

impl CeremonyRecord {
    /// The record in `folder`, its signature verified with the root's certificate `root` (DER).
    ///
    /// # Errors
    /// When it is missing, not signed by that root, or of another format.
    pub fn read(folder: &Path, root: &[u8]) -> Result<Self, AuthorityError> {
        let path = folder.join("ceremony.json");
        let read = |path: PathBuf| {
            fs::read(&path).map_err(|source| AuthorityError::File {
                what: "reading the ceremony's record",
                path,
                source,
            })
        };
        let (bytes, signature) = (read(path.clone())?, read(folder.join("ceremony.json.sig"))?);
        let damaged = |why: String| AuthorityError::Damaged {
            path: path.clone(),
            why,
        };
        let (_, root) = x509_parser::parse_x509_certificate(root).map_err(|why| damaged(why.to_string()))?;
        aws_lc_rs::signature::UnparsedPublicKey::new(
            &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
            &root.public_key().subject_public_key.data,
        )
        .verify(&bytes, &signature)
        .map_err(|_| damaged("its signature is not the root's: it was changed, or is another ceremony's".into()))?;
        let record: Self = serde_json::from_slice(&bytes).map_err(|why| damaged(why.to_string()))?;
        if record.format != FORMAT {
            return Err(damaged(format!("its format is {}", record.format)));
        }
        Ok(record)
    }

    /// SHA-256 of an authority's certificate, hex.
    pub fn fingerprint(&self, name: AuthorityName) -> Option<String> {
        let mut authorities = self.authorities.iter();
        authorities
            .find(|authority| authority.name == name)
            .map(|authority| authority.fingerprint.clone())
    }

    /// The record on paper: Japanese first, as it is signed by hand in a Japanese office.
    fn for_people(&self, json: &[u8]) -> String {
        let day = |moment: OffsetDateTime| moment.to_offset(JST).date().to_string();
        let mut lines = vec![
            "認証局開設記録 / Record of the authority's ceremony".to_owned(),
            String::new(),
            format!("組織 organisation      {}", self.settings.organisation),
            format!("日時 held at           {} (JST)", self.held_at.to_offset(JST)),
            format!("立会人 present         {}", self.present.join("、")),
            format!("プログラム program     {}", self.program),
            format!("OID の根 arc           {}", self.settings.oid_arc),
            format!("公開先 published at    {}", self.settings.base_url),
        ];
        for authority in &self.authorities {
            lines.extend([
                String::new(),
                format!("■ {} ({})", authority.common_name, authority.name),
                format!("  鍵 key               {}", authority.key),
                format!(
                    "  鍵の在りか kept in   {}",
                    authority.token.as_ref().map_or_else(
                        || "封をしたファイル sealed file".to_owned(),
                        |token| format!("トークン token「{}」({})", token.label, token.module.display())
                    )
                ),
                format!("  番号 serial          {}", authority.serial),
                format!(
                    "  有効期間 valid       {} – {}",
                    day(authority.not_before),
                    day(authority.not_after)
                ),
                "  指紋 SHA-256".to_owned(),
            ]);
            lines.extend(
                in_groups(&authority.fingerprint)
                    .iter()
                    .map(|line| format!("    {line}")),
            );
        }
        lines.extend([String::new(), "■ 証明書の種類 profiles".to_owned()]);
        for profile in &self.profiles {
            let (policies, purpose) = (profile.policies.join(", "), profile.purpose.as_deref().unwrap_or("-"));
            lines.push(format!(
                "  {:<24} {:>5} 日  policy {policies}  purpose {purpose}",
                profile.profile.as_str(),
                profile.days
            ));
        }
        lines.extend([
            String::new(),
            "■ ceremony.json の指紋 SHA-256(署名は ceremony.json.sig、ルートの鍵による)".to_owned(),
        ]);
        lines.extend(
            in_groups(&hex::encode(fingerprint(json)))
                .iter()
                .map(|line| format!("    {line}")),
        );
        lines.extend([
            String::new(),
            "署名 signed by hand: ______________________  ______________________".to_owned(),
        ]);
        lines.join("\n") + "\n"
    }
}

impl Authority {
    fn sign_record(&self, bytes: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        Ok(self.signer().sign(bytes)?)
    }
}

/// A fingerprint to be read aloud: groups of four, eight to a line.
fn in_groups(hex: &str) -> Vec<String> {
    let hex = hex.to_ascii_uppercase();
    let groups: Vec<_> = hex
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group))
        .collect();
    groups.chunks(8).map(|line| line.join(" ")).collect()
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A name for the folder while it is being filled.
fn beside(folder: &Path, chance: &mut dyn Chance) -> Result<PathBuf, AuthorityError> {
    let name = folder
        .file_name()
        .ok_or_else(|| AuthorityError::Settings("the folder has no name".into()))?;
    let word = hex::encode(relay_core::chance::draw::<4>(chance));
    Ok(folder.with_file_name(format!(".{}.ceremony-{word}", name.to_string_lossy())))
}

fn make_folder(path: &Path) -> Result<(), AuthorityError> {
    fs::DirBuilder::new()
        .mode(0o755)
        .create(path)
        .map_err(|source| writing(path, source))
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), AuthorityError> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(|source| writing(path, source))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|source| writing(path, source))
}

/// Moves the finished folder into place. `rename` replaces an empty folder but never one with something in it, so two
/// ceremonies at once leave one authority.
fn put_in_place(beside: &Path, folder: &Path) -> Result<(), AuthorityError> {
    fs::rename(beside, folder).map_err(|source| match source.kind() {
        std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::AlreadyExists => {
            AuthorityError::AlreadyThere(folder.to_owned())
        }
        _ => writing(folder, source),
    })?;
    // The move itself must survive a power cut.
    let parent = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::File::open(parent)
        .and_then(|parent| parent.sync_all())
        .map_err(|source| writing(folder, source))
}

fn writing(path: &Path, source: std::io::Error) -> AuthorityError {
    AuthorityError::File {
        what: "writing",
        path: path.to_owned(),
        source,
    }
}
