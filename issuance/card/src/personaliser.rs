//! The issuer's session with a chip: making keys, writing the profile, setting the first PIN, closing.

use relay_core::chance::Chance;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    CardError, Chip, ChipLife, ChipSerial, IssuerMaster, KeyRule, KeySlot, PinSlot, RsaPublicKey, Transport,
    apdu::{Answer, Command, Status},
    chip::{
        environment, key_outcome, pin_outcome, public_key_commands, public_key_outcome, read_binary, refused,
        select_file, selected_size, signing_commands, take_piece,
    },
    command_set::{access, algorithm, ins, object},
    profile::{CardFile, Profile, path_text},
    scp03::{Channel, ChannelError},
    tlv,
};

/// Bytes of a file that travel in one secured command: less than [`crate::scp03::MOST_DATA`], whole blocks.
const PIECE: usize = 224;

/// An authenticated issuer's session. It ends when it is dropped, when the card leaves the reader, or with the first
/// answer that is not authentic; a new one can be opened on the same chip at any time.
pub struct Personaliser<T> {
    chip: Chip<T>,
    channel: Channel,
}

impl<T: Transport> Personaliser<T> {
    pub(crate) fn open(mut chip: Chip<T>, master: &IssuerMaster, chance: &mut dyn Chance) -> Result<Self, CardError> {
        let keys = master.chip_keys(chip.serial());
        let channel = Channel::open(chip.transport(), &keys, chance).map_err(|error| match error {
            ChannelError::Refused(Status(0x6300)) => CardError::WrongIssuerKeys,
            other => channel_error("INITIALIZE UPDATE", other),
        })?;
        Ok(Self { chip, channel })
    }

    /// The chip's serial.
    pub fn serial(&self) -> &ChipSerial {
        self.chip.serial()
    }

    /// Where the chip stands.
    pub fn life(&self) -> ChipLife {
        self.chip.life()
    }

    /// Leaves the session and gives the chip back, for what any desk may do.
    pub fn release(self) -> Chip<T> {
        self.chip
    }

    /// Makes a key pair on the chip (RSA-2048) and lays down its rule. A key already there is replaced; ask
    /// [`Self::public_key`] first when resuming. Seconds on a virtual card, up to a minute on a real one.
    ///
    /// # Errors
    /// [`CardError::Closed`] after closing, [`CardError::Transport`]: the key may have been made all the same.
    pub fn generate_key(&mut self, key: KeySlot, rule: KeyRule) -> Result<RsaPublicKey, CardError> {
        self.put_data(object::KEY_RULE + u16::from(key.reference()), &[rule.byte()])?;
        self.done("MANAGE SECURITY ENVIRONMENT", environment(0, algorithm::RSA_2048, key))?;
        let generate = Command::new(ins::GENERATE_KEY_PAIR, 0x42, 0);
        let answer = self.done("GENERATE ASYMMETRIC KEY PAIR", generate)?;
        self.chip.set_life(ChipLife::Personalising);
        RsaPublicKey::from_template(&answer.data).ok_or(CardError::Malformed("GENERATE ASYMMETRIC KEY PAIR"))
    }

    /// The public half of the key on the chip, authentic by the channel; `None` when none was made yet.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn public_key(&mut self, key: KeySlot) -> Result<Option<RsaPublicKey>, CardError> {
        let [environment, ask] = public_key_commands(key);
        self.done("MANAGE SECURITY ENVIRONMENT", environment)?;
        let answer = self.send("GENERATE ASYMMETRIC KEY PAIR", &ask)?;
        public_key_outcome(answer)
    }

    /// Has the key sign a SHA-256 `digest` (PKCS #1 v1.5) before any PIN exists, to prove that the chip holds the
    /// private half. The chip allows it inside this session until it is closed.
    ///
    /// # Errors
    /// [`CardError::KeyMissing`]; [`CardError::PinRequired`] once the chip is closed.
    pub fn prove_possession(&mut self, key: KeySlot, digest: &[u8; 32]) -> Result<Vec<u8>, CardError> {
        let mut signature = Vec::new();
        for (command, name) in signing_commands(key, digest) {
            let answer = self.send(name, &command)?;
            if answer.status != Status::OK {
                return Err(key_outcome(name, key, answer.status));
            }
            signature = answer.data;
        }
        Ok(signature)
    }

    /// Writes the PIN rules and every file of `profile`, telling bytes written and bytes in all. Written again, it
    /// finishes what was cut short: files of the right size are overwritten, others made anew.
    ///
    /// # Errors
    /// [`CardError::Closed`] after closing.
    pub fn write(&mut self, profile: &Profile, progress: &mut dyn FnMut(usize, usize)) -> Result<(), CardError> {
        let total = profile.size();
        let mut written = 0;
        progress(written, total);
        for (pin, policy) in &profile.pins {
            self.put_data(object::PIN_POLICY + u16::from(pin.reference()), &policy.to_bytes())?;
        }
        for directory in &profile.directories {
            let answer = self.send("SELECT", &select_file(&directory.path))?;
            if answer.status == Status::FILE_NOT_FOUND {
                self.create(
                    &directory.path,
                    Some(directory.name),
                    0,
                    access::read_only(access::ALWAYS),
                )?;
            }
        }
        for file in &profile.files {
            self.prepare_file(file)?;
            for (at, piece) in file.bytes.chunks(PIECE).enumerate() {
                let [high, low] = ((at * PIECE) as u16).to_be_bytes(); // files are shorter than 32 KiB
                self.done("UPDATE BINARY", Command::new(ins::UPDATE_BINARY, high, low).data(piece))?;
                written += piece.len();
                progress(written, total);
            }
        }
        self.chip.set_life(ChipLife::Personalising);
        Ok(())
    }

    /// Reads every file of `profile` back through the channel and compares it byte by byte.
    ///
    /// # Errors
    /// [`CardError::Mismatch`] with the first difference, [`CardError::FileMissing`].
    pub fn read_back(&mut self, profile: &Profile) -> Result<(), CardError> {
        for file in &profile.files {
            let answer = self.send("SELECT", &select_file(&file.path))?;
            let size = selected_size(&file.path, &answer)?;
            let mut bytes = Vec::with_capacity(size);
            while bytes.len() < size {
                let command = read_binary(bytes.len(), (size - bytes.len()).min(256));
                let answer = self.send("READ BINARY", &command)?;
                take_piece(&mut bytes, answer)?;
            }
            if bytes != file.bytes {
                let same = bytes.iter().zip(&file.bytes).take_while(|(a, b)| a == b).count();
                return Err(CardError::Mismatch {
                    path: path_text(&file.path),
                    offset: same,
                });
            }
        }
        Ok(())
    }

    /// Sets the first PIN; also after closing, as the resident chooses it at the counter long after the card was
    /// made. The rule is the profile's, kept by the chip.
    ///
    /// # Errors
    /// [`CardError::PinAlreadySet`], [`CardError::PinRefused`], [`CardError::PinNotSet`] when the profile with its
    /// rule was not written yet.
    pub fn set_initial_pin(&mut self, pin: PinSlot, value: &SecretString) -> Result<(), CardError> {
        let command =
            Command::new(ins::CHANGE_REFERENCE_DATA, 1, pin.reference()).data(value.expose_secret().as_bytes());
        let answer = self.send("CHANGE REFERENCE DATA", &command)?;
        match answer.status {
            Status::NOT_NOW => Err(CardError::PinAlreadySet),
            status => pin_outcome("CHANGE REFERENCE DATA", status),
        }
    }

    /// Sets a new PIN over a forgotten or blocked one and gives all tries back. An act of its own for the office:
    /// the holder was identified again.
    ///
    /// # Errors
    /// [`CardError::PinRefused`], [`CardError::PinNotSet`] when there was none.
    pub fn reset_pin(&mut self, pin: PinSlot, value: &SecretString) -> Result<(), CardError> {
        let command = Command::new(ins::RESET_RETRY_COUNTER, 2, pin.reference()).data(value.expose_secret().as_bytes());
        let answer = self.send("RESET RETRY COUNTER", &command)?;
        pin_outcome("RESET RETRY COUNTER", answer.status)
    }

    /// Closes personalisation: files and keys are frozen for good. Closing a closed chip does nothing.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn close(&mut self) -> Result<(), CardError> {
        if self.life() == ChipLife::Closed {
            return Ok(());
        }
        self.done("SELECT", select_master_file())?;
        self.done("ACTIVATE FILE", Command::new(ins::ACTIVATE_FILE, 0, 0))?;
        self.chip.set_life(ChipLife::Closed);
        Ok(())
    }

    fn prepare_file(&mut self, file: &CardFile) -> Result<(), CardError> {
        let answer = self.send("SELECT", &select_file(&file.path))?;
        match selected_size(&file.path, &answer) {
            Ok(size) if size == file.bytes.len() => return Ok(()),
            Ok(_) => {
                self.done("DELETE FILE", Command::new(ins::DELETE_FILE, 0, 0))?;
            }
            Err(CardError::FileMissing(_)) => {}
            Err(error) => return Err(error),
        }
        let rules = access::read_only(file.reading.byte());
        self.create(&file.path, None, file.bytes.len(), rules)
    }

    /// CREATE FILE (ISO/IEC 7816-9 §6.2) with a file control parameters template; the new file is selected.
    fn create(
        &mut self,
        path: &[u8],
        directory_name: Option<&[u8]>,
        size: usize,
        rules: [u8; 8],
    ) -> Result<(), CardError> {
        let (parent, identifier) = path.split_at(path.len() - 2);
        let select = if parent.len() == 2 {
            select_master_file()
        } else {
            select_file(parent)
        };
        self.done("SELECT", select)?;
        // File descriptor byte: 38 directory, 01 transparent elementary file (ISO/IEC 7816-4 §7.4.5).
        let mut parameters = [tlv::write(0x83, identifier), tlv::write(0x86, &rules)].concat();
        match directory_name {
            Some(name) => {
                parameters.extend(tlv::write(0x82, &[0x38]));
                parameters.extend(tlv::write(0x84, name));
            }
            None => {
                parameters.extend(tlv::write(0x82, &[0x01]));
                parameters.extend(tlv::write(0x80, &(size as u16).to_be_bytes()));
            }
        }
        let command = Command::new(ins::CREATE_FILE, 0, 0).data(tlv::write(0x62, &parameters));
        self.done("CREATE FILE", command)?;
        Ok(())
    }

    fn put_data(&mut self, object: u16, data: &[u8]) -> Result<(), CardError> {
        let [p1, p2] = object.to_be_bytes();
        self.done("PUT DATA", Command::new(ins::PUT_DATA, p1, p2).data(data))?;
        Ok(())
    }

    /// Sends a command that must succeed.
    fn done(&mut self, name: &'static str, command: Command) -> Result<Answer, CardError> {
        let answer = self.send(name, &command)?;
        match answer.status {
            Status::OK => Ok(answer),
            Status::NOT_NOW if self.life() == ChipLife::Closed => Err(CardError::Closed(name)),
            status => Err(refused(name, status)),
        }
    }

    fn send(&mut self, name: &'static str, command: &Command) -> Result<Answer, CardError> {
        self.channel
            .send(self.chip.transport(), command)
            .map_err(|error| channel_error(name, error))
    }
}

fn select_master_file() -> Command {
    Command::new(ins::SELECT, 0, 0).data([0x3f, 0x00]).expecting_answer()
}

fn channel_error(command: &'static str, error: ChannelError) -> CardError {
    match error {
        ChannelError::Transport(error) => CardError::Transport(error),
        ChannelError::WrongKeys => CardError::WrongIssuerKeys,
        ChannelError::Refused(status) => refused(command, status),
        ChannelError::Broken => CardError::ChannelBroken,
        ChannelError::TooLong => refused(command, Status::WRONG_LENGTH),
    }
}
