//! What the blind half does with the front's envelopes: it holds the keys, finishes, seals, and writes down a hash.

mod comparing;
mod files;
mod sharing;

use std::{
    collections::BTreeMap,
    fmt, io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::digest::{SHA256, digest};
use portal_kit::config::secrets::SecretError;
use relay_core::{
    chance::OsChance,
    clock::Clock,
    envelope::{
        Kind, Letter, NotAKey, Opened, Party, Refusal, SigningKey, TrustedKeys,
        orders::{Finish, Finished, Rotate, Rotated},
    },
    pseudonym::{
        BlindHalf, BlindRotation, BlindSecret, FileError, HalfWay, KeyEdition, MiddleKey, MiddlePseudonym,
        PolymorphicPseudonym, Service, ServicePseudonym, ServiceShare, ShareRefused,
    },
    whole_file,
};
use relay_records::{
    blind::{BlindError, BlindRecords, Finishing, Outcome},
    refusals::Tally,
};
use relay_saml::{DecryptionKeys, message::NameId};
use serde::Serialize;
use time::OffsetDateTime;
use tracing::{error, info, warn};

use crate::{
    config::Config,
    pins::{FORMAT, Folder, PinError, Pins},
    window,
};

pub use files::write_secret;
use files::{read_keys, read_rotation, signing_key};

/// Why the process does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A secret file cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A secret is not what its place says.
    #[error("{}: {reason}", file.display())]
    Key { file: PathBuf, reason: FileError },
    #[error("{}: {reason}", file.display())]
    Envelope { file: PathBuf, reason: NotAKey },
    /// The key that names are encrypted to.
    #[error("{}: no RSA key of 2,048 bits or more in PEM (PKCS#8)", .0.display())]
    Names(PathBuf),
    /// The rotation under way does not fit the secrets.
    #[error("{}: a rotation of other keys than the secrets named in the configuration", .0.display())]
    Rotation(PathBuf),
    /// The folder of pins.
    #[error(transparent)]
    Pins(#[from] PinError),
    #[error(transparent)]
    Records(#[from] BlindError),
    /// A share in the database does not fit the keys.
    #[error("the share kept for {0} is not taken: {1}")]
    Share(String, ShareRefused),
}

/// Why an envelope got no answer of its own kind.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It was not opened.
    #[error(transparent)]
    Envelope(#[from] Refusal),
    /// It was taken before.
    #[error("the envelope was taken already")]
    Replayed,
    /// A name that no service can have.
    #[error("not a service's name")]
    NotAService,
    /// Two operators have not signed for this service.
    #[error("no pin for this service: two operators of the blind half sign for it")]
    UnknownService,
    /// The front never gave its share for this service and edition.
    #[error("no share for this service and edition: the front sends it to /shares first")]
    NoShare,
    /// The pin says nothing of the keys that the service signs with, so that its messages are not known.
    #[error("the pin of this service has no key for signing: what it names is not compared")]
    NoSigningKey,
    /// What was handed on is no LogoutRequest that this service signed, for the identity provider, of these minutes, with a
    /// name that is opened here; or it was compared before.
    #[error("not a LogoutRequest of this service's that can be compared")]
    NotItsRequest,
    /// Too many of the last hour named somebody else.
    #[error("comparisons at this service have stopped for a while: too many named somebody else")]
    TooManyOthers,
    /// The pseudonym bears a tombstone.
    #[error("the service asked for this pseudonym to be given no more")]
    Tombstone,
    /// The share was not taken.
    #[error(transparent)]
    Share(#[from] ShareRefused),
    /// Another rotation is under way, or one of other keys.
    #[error("another key rotation is under way here, or of other keys")]
    OtherRotation,
    /// Two operators have not allowed that a rotation begins now.
    #[error("no key rotation may begin now: two operators of the blind half allow it with `rotation allow`")]
    RotationNotAllowed,
    /// More than [`Rotate::LARGEST`] at once.
    #[error("a batch of more than {} ciphertexts", Rotate::LARGEST)]
    LargeBatch,
    /// The database or a file: nothing was handed out.
    #[error("the blind half cannot write down what it does: nothing was handed out")]
    Records,
}

impl Refused {
    /// For logs and problem answers: stays as it is.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Envelope(refusal) => refusal.code(),
            Self::Replayed => "envelope.replayed",
            Self::NotAService => "service.not_a_name",
            Self::UnknownService => "service.unknown",
            Self::NoShare => "service.no_share",
            Self::NoSigningKey => "compare.no_signing_key",
            Self::NotItsRequest => "compare.not_its_request",
            Self::TooManyOthers => "compare.too_many_others",
            Self::Tombstone => "pseudonym.tombstone",
            Self::Share(ShareRefused::Global) => "share.global",
            Self::Share(ShareRefused::Changed(_)) => "share.changed",
            Self::Share(ShareRefused::NotAShare(_)) => "share.not_a_share",
            Self::OtherRotation => "rotation.other",
            Self::RotationNotAllowed => "rotation.not_allowed",
            Self::LargeBatch => "rotation.large_batch",
            Self::Records => "blind.records",
        }
    }
}

/// The half at work.
pub struct Half {
    party: Party,
    front: Party,
    identity_provider: String,
    trusted: TrustedKeys,
    key: SigningKey,
    names: DecryptionKeys,
    records: BlindRecords,
    refusals: Tally,
    clock: Arc<dyn Clock>,
    keys: RwLock<Keys>,
    pins: RwLock<Pins>,
    config: Config,
}

/// The half's own keys: an edition, and during a rotation the next.
struct Keys {
    secrets: BTreeMap<KeyEdition, BlindSecret>,
    halves: BTreeMap<KeyEdition, BlindHalf>,
    rotation: Option<BlindRotation>,
}

/// How the half is, for the front's console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// Its clock: a front whose own differs by more than a few seconds is told so.
    #[serde(with = "time::serde::rfc3339")]
    pub now: OffsetDateTime,
    /// Editions it finishes under.
    pub editions: Vec<KeyEdition>,
    /// Services it has a pin for.
    pub services: usize,
    /// The edition that a rotation under way leaves behind.
    pub rotating: Option<KeyEdition>,
}

impl Half {
    /// Reads keys, pins and kept shares.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(config: &Config, records: BlindRecords, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        records.check_version().await?;
        let mut keys = read_keys(config)?;
        for kept in records.shares().await? {
            let entity = kept.service.entity().to_owned();
            let taken = ServiceShare::from_text(&kept.share)
                .map_err(ShareRefused::from)
                .and_then(|share| keys.take_share(kept.service, kept.edition, share));
            match taken {
                // One of an edition that is no longer in use.
                Ok(_) => {}
                Err(reason) => return Err(StartError::Share(entity, reason)),
            }
        }
        let half = Self {
            party: config.half.party.clone(),
            front: config.front.party.clone(),
            identity_provider: config.half.identity_provider.clone(),
            trusted: TrustedKeys::new(config.front.keys.iter().cloned()),
            key: signing_key(&config.half.signing_key_file, &config.half.party)?,
            names: comparing::names_keys(&config.half.names_key_file)?,
            records,
            refusals: Tally::default(),
            clock,
            keys: RwLock::new(keys),
            pins: RwLock::default(),
            config: config.clone(),
        };
        half.read_pins().await?;
        Ok(half)
    }

    /// Reads the folder of pins again: a service that was added is served from now on, one that was taken away is not.
    /// A file that pins nothing, an older edition put back among them, is told in the log; the others count.
    ///
    /// # Errors
    /// [`StartError`]; the pins read before stay.
    pub async fn read_pins(&self) -> Result<(), StartError> {
        let services = &self.config.services;
        let folder = Folder::read(&services.folder, &services.operators)?;
        let (verdicts, changes) = self.records.honour_pins(&folder.signed(), self.clock.now()).await?;
        let (pins, refused) = folder.counting(&verdicts);
        for error in &refused {
            warn!(code = error.code(), %error, "a file pins nothing");
            self.refusals.count("pins", error.code(), self.clock.now());
        }
        for (service, edition) in pins.missing(&self.records.honoured_pins().await?) {
            warn!(service, edition, "the file of a pin that nobody withdrew is missing");
        }
        info!(services = pins.len(), changes, "pins read");
        *self.pins.write().unwrap_or_else(PoisonError::into_inner) = pins;
        Ok(())
    }

    /// How it is.
    pub fn state(&self) -> State {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        State {
            now: self.clock.now(),
            editions: keys.halves.keys().copied().collect(),
            services: self.pins.read().unwrap_or_else(PoisonError::into_inner).len(),
            rotating: keys.rotation.as_ref().map(BlindRotation::from_edition),
        }
    }

    /// Answers an envelope of the kind [`Kind::Finish`] with one of the kind [`Kind::Finished`].
    ///
    /// # Errors
    /// [`Refused`]; then nothing was made, or what was made went nowhere.
    pub async fn finish(&self, text: &str) -> Result<String, Refused> {
        let opened: Opened<Finish> = self.open(text, Kind::Finish)?;
        let service = service(&opened.body.service)?;
        let mut request = [0; 32];
        hex::decode_to_slice(&opened.body.request, &mut request).map_err(|_| Refusal::OtherBody)?;
        let made = self.make(&service, &opened.body);
        let (outcome, encrypted_id, mark) = match made {
            Ok((encrypted_id, mark)) => (Outcome::Done(sha256(encrypted_id.as_bytes())), encrypted_id, Some(mark)),
            Err(refused) => (Outcome::Refused(refused.code()), String::new(), None),
        };
        let finishing = Finishing {
            // No finer than a second: names of one page that are made at once would have a moment of their own in common.
            at: self.clock.now().truncate_to_second(),
            number: opened.number,
            remember_until: opened.remember_until,
            service,
            request,
            outcome,
        };
        let logged = self.records.log(&finishing, mark.as_ref()).await.map_err(refused)?;
        let entity = finishing.service.entity();
        match logged {
            Outcome::Done(blob) => {
                let blob_sha256 = hex::encode(blob);
                info!(service = entity, number = %opened.number, blob = blob_sha256, "finished");
                let answer = Finished {
                    answers: opened.number,
                    encrypted_id,
                    blob_sha256,
                };
                Ok(self.answer(Kind::Finished, &answer))
            }
            Outcome::Refused(code) => {
                info!(service = entity, number = %opened.number, code, "not finished");
                Err(match code {
                    "service.unknown" => Refused::UnknownService,
                    "service.no_share" => Refused::NoShare,
                    _ => Refused::Tombstone,
                })
            }
        }
    }

    /// The service's pseudonym, sealed to it. The pseudonym lives in this function only.
    fn make(&self, service: &Service, order: &Finish) -> Result<(String, relay_records::blind::Tombstone), Refused> {
        let pins = self.pins.read().unwrap_or_else(PoisonError::into_inner);
        let pin = pins.get(service.entity()).ok_or(Refused::UnknownService)?;
        let pseudonym = self.pseudonym(service, order.edition, &order.half)?;
        // `NameId` wipes itself too.
        let name = NameId {
            value: pseudonym.expose().to_string(),
            format: FORMAT,
            qualifier: Some(self.identity_provider.clone()),
            sp_qualifier: Some(service.entity().to_owned()),
            sp_provided: None,
        };
        let mark = self.records.mark(service, &pseudonym);
        Ok((pin.key.seal_name(&name, &mut OsChance), mark))
    }

    fn pseudonym(
        &self,
        service: &Service,
        edition: KeyEdition,
        half_way: &HalfWay,
    ) -> Result<ServicePseudonym, Refused> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let half = keys.halves.get(&edition).ok_or(Refused::NoShare)?;
        let finished = half.finish(half_way, service, &mut OsChance);
        finished.map_err(|_| Refusal::OtherBody)?.ok_or(Refused::NoShare)
    }

    fn is_pinned(&self, service: &Service) -> bool {
        let pins = self.pins.read().unwrap_or_else(PoisonError::into_inner);
        pins.get(service.entity()).is_some()
    }

    /// Answers an envelope of the kind [`Kind::Rotate`] with one of the kind [`Kind::Rotated`].
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn rotate(self: &Arc<Self>, text: &str) -> Result<String, Refused> {
        let opened: Opened<Rotate> = self.open(text, Kind::Rotate)?;
        if opened.body.batch.len() > Rotate::LARGEST {
            return Err(Refused::LargeBatch);
        }
        let middle = MiddleKey::from_text(&opened.body.middle).map_err(|_| Refusal::OtherBody)?;
        self.take_once(&opened).await?;
        if !self.is_rotating() {
            self.may_begin().await?;
        }
        self.begin_rotation(middle)?;
        // Some hundred milliseconds of arithmetic: not on a thread that others wait for.
        let (half, batch) = (Arc::clone(self), opened.body.batch);
        let stepped = tokio::task::spawn_blocking(move || half.step(&batch)).await;
        let (from, next_key, batch) = stepped.map_err(|_| Refused::Records)??;
        let now = self.clock.now();
        self.records
            .note_rotation(from, batch.len(), now)
            .await
            .map_err(refused)?;
        info!(edition = %from, batch = batch.len(), "rotated");
        let answer = Rotated {
            answers: opened.number,
            next_key,
            batch,
        };
        Ok(self.answer(Kind::Rotated, &answer))
    }

    /// The blind half's step for each of `batch`, with the edition left behind and the next key.
    fn step(&self, batch: &[MiddlePseudonym]) -> Result<(KeyEdition, String, Vec<PolymorphicPseudonym>), Refused> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let rotation = keys.rotation.as_ref().ok_or(Refused::OtherRotation)?;
        let steps = batch.iter().map(|middle| rotation.step(middle, &mut OsChance));
        let stepped = steps.collect::<Result<Vec<_>, _>>().map_err(|_| Refusal::OtherBody)?;
        Ok((rotation.from_edition(), rotation.next_key().to_text(), stepped))
    }

    fn is_rotating(&self) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.rotation.is_some()
    }

    /// Whether two operators allow that the newest keys are left behind. One that began goes on without them.
    async fn may_begin(&self) -> Result<(), Refused> {
        let newest = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.secrets.last_key_value().map(|(edition, _)| *edition)
        };
        let (edition, now) = (newest.ok_or(Refused::OtherRotation)?, self.clock.now());
        let approvals = self.records.rotation_approvals(edition, now).await.map_err(refused)?;
        let operators = &self.config.services.operators;
        match window::open(&approvals, operators, self.party.as_str(), edition, now) {
            Some((until, [one, other])) => {
                info!(%edition, %until, one, other, "a key rotation may begin");
                Ok(())
            }
            None => {
                error!(%edition, "the front asks for a key rotation that nobody here allowed");
                Err(Refused::RotationNotAllowed)
            }
        }
    }

    /// Goes on with the rotation under way when it is the one that `middle` began; begins it when there is none.
    fn begin_rotation(&self, middle: MiddleKey) -> Result<(), Refused> {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(rotation) = &keys.rotation {
            return if *rotation.middle() == middle {
                Ok(())
            } else {
                Err(Refused::OtherRotation)
            };
        }
        let (_, newest) = keys.secrets.last_key_value().ok_or(Refused::OtherRotation)?;
        let file = &self.config.half.rotation_file;
        let mut rotation =
            BlindRotation::begin(newest, middle.clone(), &mut OsChance).map_err(|_| Refused::OtherRotation)?;
        // On the disk before the first ciphertext under it leaves the house, and never over one that is there.
        match whole_file::create(file, rotation.to_text().as_bytes()) {
            Ok(()) => {}
            // Another process of this half, about to take this one's place, has begun it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                rotation = read_rotation(file).map_err(|error| {
                    error!(%error, "the rotation that is filed cannot be read");
                    Refused::Records
                })?;
                if *rotation.middle() != middle {
                    return Err(Refused::OtherRotation);
                }
            }
            Err(error) => {
                error!(%error, "the rotation cannot be filed");
                return Err(Refused::Records);
            }
        }
        let next = rotation.complete(newest).map_err(|_| Refused::OtherRotation)?;
        info!(edition = %rotation.from_edition(), "key rotation began");
        keys.halves.insert(next.edition(), BlindHalf::new(next));
        keys.rotation = Some(rotation);
        Ok(())
    }

    fn open<B: serde::de::DeserializeOwned>(&self, text: &str, kind: Kind) -> Result<Opened<B>, Refused> {
        let opened = self.trusted.open(text, kind, &self.party, &*self.clock)?;
        Ok(opened)
    }

    async fn take_once<B>(&self, opened: &Opened<B>) -> Result<(), Refused> {
        self.records
            .take_once(opened.number, opened.remember_until)
            .await
            .map_err(refused)
    }

    fn answer<B: Serialize>(&self, kind: Kind, body: &B) -> String {
        let letter = Letter::new(&self.front, kind, body);
        self.key.seal(&letter, &*self.clock, &mut OsChance).text
    }

    /// Counts a refusal of what was `asked` for the auditor; [`Half::write_refusals`] writes it down.
    pub fn turned_away(&self, asked: &'static str, refused: &Refused) {
        // Not being able to write is no refusal, and could not be written either.
        if !matches!(refused, Refused::Records) {
            self.refusals.count(asked, refused.code(), self.clock.now());
        }
    }

    /// Writes down what was refused since the last time.
    ///
    /// # Errors
    /// [`BlindError`]; then it is kept for the next time.
    pub async fn write_refusals(&self) -> Result<(), BlindError> {
        let records = &self.records;
        self.refusals
            .hand_over(async |rows| records.add_refusals(rows).await)
            .await
    }

    /// Its records, for sweeping.
    pub fn records(&self) -> &BlindRecords {
        &self.records
    }
}

impl fmt::Debug for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Half({}, {:?})", self.party, self.state().editions)
    }
}

fn service(name: &relay_core::envelope::orders::ServiceName) -> Result<Service, Refused> {
    name.service().map_err(|_| Refused::NotAService)
}

fn refused(error: BlindError) -> Refused {
    match error {
        BlindError::Replayed => Refused::Replayed,
        BlindError::ComparedBefore => Refused::NotItsRequest,
        BlindError::TooManyOthers => Refused::TooManyOthers,
        BlindError::OtherShare => Refused::Share(ShareRefused::Changed("it".to_owned())),
        error => {
            error!(%error, "records");
            Refused::Records
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes)
        .as_ref()
        .try_into()
        .expect("SHA-256 has 32 bytes")
}
