//! A selected card application: what any desk may do with a card, without being its issuer.

use relay_core::chance::Chance;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{
    CardError, ChipSerial, IssuerMaster, KeySlot, Personaliser, PinPolicy, PinSlot, RsaPublicKey, Transport,
    apdu::{Answer, Command, Status, exchange},
    command_set::{self, access, algorithm, ins, life, object},
    profile, tlv,
};

/// Where a chip stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChipLife {
    /// As its maker delivered it.
    Blank,
    /// The issuer has begun to write.
    Personalising,
    /// Files and keys are frozen.
    Closed,
}

/// How many wrong entries a PIN still bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tries {
    Left(u8),
    /// None: the issuer must set a new PIN.
    Blocked,
    /// No PIN was set yet.
    NotSet,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadRule {
    /// Whoever has the card in a reader.
    Anyone,
    /// Only after the holder's PIN.
    AfterPin,
    Nobody,
}

impl ReadRule {
    /// As a security condition byte ([`access`]).
    pub const fn byte(self) -> u8 {
        match self {
            Self::Anyone => access::ALWAYS,
            Self::AfterPin => access::PIN,
            Self::Nobody => access::NEVER,
        }
    }

    /// The rule of that security condition byte. What we don't know is as good as "nobody".
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            access::ALWAYS => Self::Anyone,
            access::PIN => Self::AfterPin,
            _ => Self::Nobody,
        }
    }
}

/// One file as it stands on the chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDump {
    /// Path from the master file, two bytes a step: `3F005015 5031` in eyes' form is [`Self::path_text`].
    pub path: Vec<u8>,
    /// What the standard calls it, empty for a file no standard knows.
    pub name: &'static str,
    /// Its bytes; empty when they may not be read now.
    pub bytes: Vec<u8>,
    /// Its size on the chip, which is more than `bytes` when they may not be read now.
    pub size: usize,
    /// Who may read it.
    pub reading: ReadRule,
}

impl FileDump {
    /// The path for eyes: `3F00/5015/5031`.
    pub fn path_text(&self) -> String {
        profile::path_text(&self.path)
    }
}

/// A card whose application is selected.
pub struct Chip<T> {
    transport: T,
    serial: ChipSerial,
    life: ChipLife,
}

impl<T: Transport> Chip<T> {
    /// Selects the application and reads the chip's serial and life.
    ///
    /// # Errors
    /// [`CardError::NotOurCard`] for any other card, [`CardError::Transport`] when none answers.
    pub fn select(mut transport: T) -> Result<Self, CardError> {
        let select = Command::new(ins::SELECT, 4, 0)
            .data(command_set::APPLICATION)
            .expecting_answer();
        let answer = exchange(&mut transport, &select)?;
        if answer.status != Status::OK || answer.data.get(..2) != Some(&command_set::API[..2]) {
            return Err(CardError::NotOurCard);
        }
        let serial = get_data(&mut transport, object::CHIP_SERIAL)?.ok_or(CardError::NotOurCard)?;
        let life = read_life(&mut transport)?;
        Ok(Self {
            transport,
            serial: ChipSerial::new(serial),
            life,
        })
    }

    /// The chip's serial.
    pub fn serial(&self) -> &ChipSerial {
        &self.serial
    }

    /// Where the chip stood when it was selected.
    pub fn life(&self) -> ChipLife {
        self.life
    }

    /// Gives the transport back.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// How many tries the PIN has left; costs none. Show it before every entry.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn tries_left(&mut self, pin: PinSlot) -> Result<Tries, CardError> {
        // VERIFY without data (ISO/IEC 7816-4 §11.6.6).
        let answer = self.send(&Command::new(ins::VERIFY, 0, pin.reference()))?;
        match answer.status {
            // Verified already in this session: the counter stands at its top, which the policy knows.
            Status::OK => Ok(self
                .pin_policy(pin)?
                .map_or(Tries::NotSet, |policy| Tries::Left(policy.tries))),
            Status::BLOCKED => Ok(Tries::Blocked),
            Status::REFERENCE_NOT_FOUND => Ok(Tries::NotSet),
            status => match status.tries() {
                Some(0) => Ok(Tries::Blocked),
                Some(tries) => Ok(Tries::Left(tries)),
                None => Err(refused("VERIFY", status)),
            },
        }
    }

    /// The rule the card keeps for that PIN, `None` before personalisation.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn pin_policy(&mut self, pin: PinSlot) -> Result<Option<PinPolicy>, CardError> {
        get_data(&mut self.transport, object::PIN_POLICY + u16::from(pin.reference()))?
            .map(|bytes| PinPolicy::from_bytes(&bytes).ok_or(CardError::Malformed("GET DATA")))
            .transpose()
    }

    /// Verifies the PIN for this session: until the card is reset or taken out.
    ///
    /// # Errors
    /// [`CardError::WrongPin`], [`CardError::PinBlocked`], [`CardError::PinNotSet`], [`CardError::Transport`].
    pub fn verify_pin(&mut self, pin: PinSlot, value: &SecretString) -> Result<(), CardError> {
        if value.expose_secret().is_empty() {
            // An empty VERIFY would ask for the tries left and could look like success.
            return Err(CardError::PinRefused);
        }
        let command = Command::new(ins::VERIFY, 0, pin.reference()).data(value.expose_secret().as_bytes());
        let answer = self.send(&command)?;
        pin_outcome("VERIFY", answer.status)
    }

    /// Changes the PIN, for a holder who knows the old one. A wrong old PIN costs a try.
    ///
    /// # Errors
    /// As [`Self::verify_pin`], and [`CardError::PinRefused`] when the new one breaks the rule.
    pub fn change_pin(&mut self, pin: PinSlot, old: &SecretString, new: &SecretString) -> Result<(), CardError> {
        if self.pin_policy(pin)?.is_some_and(|policy| !policy.allows(new)) {
            return Err(CardError::PinRefused);
        }
        let mut both = Zeroizing::new(old.expose_secret().as_bytes().to_vec());
        both.extend_from_slice(new.expose_secret().as_bytes());
        let command = Command::new(ins::CHANGE_REFERENCE_DATA, 0, pin.reference()).data(both.as_slice());
        let answer = self.send(&command)?;
        pin_outcome("CHANGE REFERENCE DATA", answer.status)
    }

    /// Signs a SHA-256 `digest`: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2), 256 bytes for an RSA-2048 key.
    ///
    /// # Errors
    /// [`CardError::PinRequired`] before the PIN, [`CardError::KeyMissing`], [`CardError::Transport`].
    pub fn sign(&mut self, key: KeySlot, digest: &[u8; 32]) -> Result<Vec<u8>, CardError> {
        for (command, name) in signing_commands(key, digest) {
            let answer = self.send(&command)?;
            match answer.status {
                Status::OK if command.ins == ins::PERFORM_SECURITY_OPERATION => return Ok(answer.data),
                Status::OK => {}
                status => return Err(key_outcome(name, key, status)),
            }
        }
        Err(CardError::Malformed("COMPUTE DIGITAL SIGNATURE"))
    }

    /// The certificate of that key, DER, as written on the chip.
    ///
    /// # Errors
    /// [`CardError::FileMissing`] on a card without it.
    pub fn read_certificate(&mut self, key: KeySlot) -> Result<Vec<u8>, CardError> {
        self.read_file(&profile::certificate_path(key))
    }

    /// The public half of that key as the chip holds it, `None` when no key was made yet.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn public_key(&mut self, key: KeySlot) -> Result<Option<RsaPublicKey>, CardError> {
        let [environment, ask] = public_key_commands(key);
        let answer = self.send(&environment)?;
        if answer.status != Status::OK {
            return Err(refused("MANAGE SECURITY ENVIRONMENT", answer.status));
        }
        let answer = self.send(&ask)?;
        public_key_outcome(answer)
    }

    /// Every file on the chip, in the order of its paths; bytes of those that may be read now.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn files(&mut self) -> Result<Vec<FileDump>, CardError> {
        let listing = get_data(&mut self.transport, object::FILES)?.ok_or(CardError::Malformed("GET DATA"))?;
        let mut files = Vec::new();
        for (tag, template) in tlv::each(&listing) {
            let path = tlv::find(template, 0x51);
            let (0x62, Some(path)) = (tag, path) else {
                return Err(CardError::Malformed("GET DATA"));
            };
            // A directory (descriptor 38) has no bytes of its own.
            if tlv::find(template, 0x82).is_some_and(|descriptor| descriptor.first() == Some(&0x38)) {
                continue;
            }
            let size = tlv::find(template, 0x80).map_or(0, number);
            let reading = tlv::find(template, 0x86)
                .and_then(|rules| rules.get(7))
                .map_or(ReadRule::Nobody, |rule| ReadRule::from_byte(*rule));
            let bytes = match self.read_file(path) {
                Ok(bytes) => bytes,
                Err(CardError::Refused {
                    status: Status::NOT_ALLOWED,
                    ..
                }) => Vec::new(),
                Err(error) => return Err(error),
            };
            files.push(FileDump {
                path: path.to_vec(),
                name: profile::file_name(path),
                bytes,
                size,
                reading,
            });
        }
        Ok(files)
    }

    /// Opens the issuer's session: SCP03 with the keys that `master` gives this chip's serial.
    ///
    /// # Errors
    /// [`CardError::WrongIssuerKeys`] when the chip was not made for this issuer.
    pub fn personalise(self, master: &IssuerMaster, chance: &mut dyn Chance) -> Result<Personaliser<T>, CardError> {
        Personaliser::open(self, master, chance)
    }

    fn read_file(&mut self, path: &[u8]) -> Result<Vec<u8>, CardError> {
        let answer = self.send(&select_file(path))?;
        let size = selected_size(path, &answer)?;
        let mut bytes = Vec::with_capacity(size);
        while bytes.len() < size {
            let command = read_binary(bytes.len(), (size - bytes.len()).min(256));
            let answer = self.send(&command)?;
            take_piece(&mut bytes, answer)?;
        }
        Ok(bytes)
    }

    pub(crate) fn send(&mut self, command: &Command) -> Result<Answer, CardError> {
        Ok(exchange(&mut self.transport, command)?)
    }

    pub(crate) fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    pub(crate) fn set_life(&mut self, life: ChipLife) {
        self.life = life;
    }
}

/// A data object of the card, `None` when it has none of that kind.
fn get_data<T: Transport>(transport: &mut T, object: u16) -> Result<Option<Vec<u8>>, CardError> {
    let [p1, p2] = object.to_be_bytes();
    let answer = exchange(transport, &Command::new(ins::GET_DATA, p1, p2).expecting_answer())?;
    match answer.status {
        Status::OK => Ok(Some(answer.data)),
        Status::REFERENCE_NOT_FOUND => Ok(None),
        status => Err(refused("GET DATA", status)),
    }
}

fn read_life<T: Transport>(transport: &mut T) -> Result<ChipLife, CardError> {
    match get_data(transport, object::LIFE)?.as_deref() {
        Some([life::BLANK]) => Ok(ChipLife::Blank),
        Some([life::PERSONALISING]) => Ok(ChipLife::Personalising),
        Some([life::CLOSED]) => Ok(ChipLife::Closed),
        _ => Err(CardError::Malformed("GET DATA")),
    }
}

/// Any refusal with no better word for it.
pub(crate) fn refused(command: &'static str, status: Status) -> CardError {
    CardError::Refused { command, status }
}

pub(crate) fn pin_outcome(command: &'static str, status: Status) -> Result<(), CardError> {
    match status {
        Status::OK => Ok(()),
        Status::BLOCKED => Err(CardError::PinBlocked),
        Status::REFERENCE_NOT_FOUND => Err(CardError::PinNotSet),
        Status::WRONG_DATA => Err(CardError::PinRefused),
        status => Err(match status.tries() {
            Some(0) => CardError::PinBlocked,
            Some(tries_left) => CardError::WrongPin { tries_left },
            None => refused(command, status),
        }),
    }
}

pub(crate) fn key_outcome(command: &'static str, key: KeySlot, status: Status) -> CardError {
    match status {
        Status::NOT_ALLOWED => CardError::PinRequired(key),
        Status::REFERENCE_NOT_FOUND => CardError::KeyMissing(key),
        status => refused(command, status),
    }
}

/// MANAGE SECURITY ENVIRONMENT and COMPUTE DIGITAL SIGNATURE over the DigestInfo of `digest`.
pub(crate) fn signing_commands(key: KeySlot, digest: &[u8; 32]) -> [(Command, &'static str); 2] {
    // DigestInfo of SHA-256, RFC 8017 §9.2 note 1.
    const SHA_256: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ];
    let environment = environment(0xb6, algorithm::RSA_PKCS1, key);
    let sign = Command::new(ins::PERFORM_SECURITY_OPERATION, 0x9e, 0x9a)
        .data([&SHA_256[..], digest].concat())
        .expecting_answer();
    [
        (environment, "MANAGE SECURITY ENVIRONMENT"),
        (sign, "COMPUTE DIGITAL SIGNATURE"),
    ]
}

/// MANAGE SECURITY ENVIRONMENT, SET, for the template `p2` with an algorithm and a private key's reference.
pub(crate) fn environment(p2: u8, algorithm: u8, key: KeySlot) -> Command {
    Command::new(ins::MANAGE_SECURITY_ENVIRONMENT, 0x41, p2).data([0x80, 1, algorithm, 0x84, 1, key.reference()])
}

pub(crate) fn public_key_commands(key: KeySlot) -> [Command; 2] {
    [
        environment(0x00, algorithm::RSA_2048, key),
        Command::new(ins::GENERATE_KEY_PAIR, 0x43, 0).expecting_answer(),
    ]
}

pub(crate) fn public_key_outcome(answer: Answer) -> Result<Option<RsaPublicKey>, CardError> {
    match answer.status {
        Status::OK => RsaPublicKey::from_template(&answer.data)
            .map(Some)
            .ok_or(CardError::Malformed("GENERATE ASYMMETRIC KEY PAIR")),
        Status::REFERENCE_NOT_FOUND => Ok(None),
        status => Err(refused("GENERATE ASYMMETRIC KEY PAIR", status)),
    }
}

/// SELECT by path from the master file (P1 = 08), the path without the master file's own identifier.
pub(crate) fn select_file(path: &[u8]) -> Command {
    Command::new(ins::SELECT, 8, 0).data(&path[2..]).expecting_answer()
}

/// The size in SELECT's answer: tag 80 of the file control information (ISO/IEC 7816-4 §7.4.1).
pub(crate) fn selected_size(path: &[u8], answer: &Answer) -> Result<usize, CardError> {
    match answer.status {
        Status::OK => tlv::find(&answer.data, 0x6f)
            .and_then(|information| tlv::find(information, 0x80))
            .map(number)
            .ok_or(CardError::Malformed("SELECT")),
        Status::FILE_NOT_FOUND => Err(CardError::FileMissing(profile::path_text(path))),
        status => Err(refused("SELECT", status)),
    }
}

pub(crate) fn read_binary(offset: usize, length: usize) -> Command {
    let [high, low] = (offset as u16).to_be_bytes(); // files are shorter than 32 KiB: P1's highest bit is free
    Command::new(ins::READ_BINARY, high & 0x7f, low).expecting(length)
}

pub(crate) fn take_piece(bytes: &mut Vec<u8>, answer: Answer) -> Result<(), CardError> {
    match answer.status {
        Status::OK if !answer.data.is_empty() => {
            bytes.extend(answer.data);
            Ok(())
        }
        Status::OK => Err(CardError::Malformed("READ BINARY")),
        status => Err(refused("READ BINARY", status)),
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().take(4).fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}
