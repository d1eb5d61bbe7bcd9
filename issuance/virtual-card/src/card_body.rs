//! One card: takes command APDUs, gives answers, keeps the rules of [`card::command_set`].

mod channel;
mod files;
mod issuing;
mod keys;
mod pins;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use card::{
    ChipLife, ChipSerial, IssuerMaster,
    apdu::{Answer, Command, Status},
    command_set::{self, ins, life},
};
use relay_core::chance::{Chance, draw};
use zeroize::Zeroizing;

use crate::{
    CardFileError,
    memory::Memory,
    storage::{Cut, Failure, Storage},
};
use channel::ChannelState;

/// The answer to reset (ISO/IEC 7816-3 §8.2): protocols T=0 and T=1; historical bytes in compact TLV say that the
/// card selects by name, chains commands and takes extended lengths (7816-4 §12.1.1), and name its make.
pub const ATR: [u8; 15] = with_check([
    0x3b, 0x8a, 0x80, 0x01, 0x80, 0x73, 0xc0, 0x01, 0xc0, 0x54, b'M', b'D', b'G', b'C', 0,
]);

/// The longest data of a command chain: more than any file piece or certificate we take.
const LONGEST_CHAIN: usize = 4096;

/// Power failed in the middle: no answer will come, and what was not written is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the card lost power")]
pub struct PowerLost;

/// A card.
pub struct VirtualCard {
    storage: Storage,
    volatile: Volatile,
}

/// What the chip forgets without power.
#[derive(Default)]
struct Volatile {
    /// Whether our application is selected.
    selected: bool,
    /// Path of the selected file in hex.
    current: String,
    /// PINs verified in this session.
    verified: BTreeSet<u8>,
    /// Algorithm and key of MANAGE SECURITY ENVIRONMENT.
    environment: Option<(u8, u8)>,
    /// The chain so far: instruction and parameters, data.
    chain: Option<([u8; 3], Zeroizing<Vec<u8>>)>,
    /// What GET RESPONSE will give.
    pending: Vec<u8>,
    channel: ChannelState,
    /// Private keys unpacked once.
    unpacked: BTreeMap<u8, rsa::RsaPrivateKey>,
}

impl VirtualCard {
    /// A blank from the maker: a fresh serial from `chance`, the keys that `master` derives for it. It lives in this
    /// process until [`Self::keep_at`].
    pub fn blank(master: &IssuerMaster, chance: &mut dyn Chance) -> Self {
        let serial: [u8; 10] = draw(chance);
        let keys = master.chip_keys(&ChipSerial::new(serial));
        Self {
            storage: Storage::in_process(Memory::blank(&serial, &keys)),
            volatile: Volatile::default(),
        }
    }

    /// The card kept in the file at `path`, without power yet.
    ///
    /// # Errors
    /// [`CardFileError`].
    pub fn open(path: &Path) -> Result<Self, CardFileError> {
        Ok(Self {
            storage: Storage::open(path.to_owned())?,
            volatile: Volatile::default(),
        })
    }

    /// Keeps the card in the file at `path` from now on.
    ///
    /// # Errors
    /// [`CardFileError`].
    pub fn keep_at(mut self, path: impl Into<PathBuf>) -> Result<Self, CardFileError> {
        self.storage.keep_at(path.into())?;
        Ok(self)
    }

    /// The chip's serial.
    pub fn serial(&self) -> ChipSerial {
        ChipSerial::new(self.memory().serial.0.to_vec())
    }

    /// Where the chip stands.
    pub fn life(&self) -> ChipLife {
        match self.memory().life {
            life::BLANK => ChipLife::Blank,
            life::CLOSED => ChipLife::Closed,
            _ => ChipLife::Personalising,
        }
    }

    /// Power comes, goes or comes again: all the same to what the chip forgets.
    pub fn reset(&mut self) {
        self.volatile = Volatile::default();
    }

    /// Has power fail as `cut` says, in place of any cut asked for before; `None` takes it back.
    pub fn cut_power(&mut self, cut: Option<Cut>) {
        self.storage.cut(cut);
    }

    /// The cut that still waits.
    pub fn pending_cut(&self) -> Option<Cut> {
        self.storage.pending_cut()
    }

    /// The same chip at the same moment, without power and in this process only. Tests use it to cut power at
    /// every place of one procedure.
    pub fn twin(&self) -> Self {
        Self {
            storage: self.storage.twin(),
            volatile: Volatile::default(),
        }
    }

    /// Carries out one command APDU.
    ///
    /// # Errors
    /// [`PowerLost`]; the card is then as after [`Self::reset`].
    pub fn process(&mut self, command: &[u8]) -> Result<Vec<u8>, PowerLost> {
        let outcome = self
            .storage
            .command_arrives()
            .and_then(|()| self.answer(command))
            .and_then(|answer| self.storage.answer_leaves().map(|()| answer));
        match outcome {
            Ok(answer) => Ok(answer),
            Err(Failure::Status(status)) => Ok(status.0.to_be_bytes().to_vec()),
            Err(Failure::Power) => {
                self.reset();
                Err(PowerLost)
            }
        }
    }

    fn answer(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        let command = Command::parse(bytes).ok_or(Status::WRONG_LENGTH)?;
        let room = command.expected.unwrap_or(256);
        if command.ins != ins::GET_RESPONSE {
            self.volatile.pending.clear();
            let answer = match self.whole(command)? {
                Some(command) => self.dispatch(command)?,
                None => Answer {
                    data: Vec::new(),
                    status: Status::OK,
                },
            };
            if answer.status != Status::OK {
                return Ok([answer.data, answer.status.0.to_be_bytes().to_vec()].concat());
            }
            self.volatile.pending = answer.data;
        } else if self.volatile.pending.is_empty() {
            return Err(Status::NOT_NOW.into());
        }
        let length = self.volatile.pending.len().min(room);
        let mut answer: Vec<u8> = self.volatile.pending.drain(..length).collect();
        match self.volatile.pending.len() {
            0 => answer.extend(Status::OK.0.to_be_bytes()),
            // 61xx: that many more bytes, 00 for 256 and more (7816-4 §5.6).
            more => answer.extend([0x61, if more > 255 { 0 } else { more as u8 }]),
        }
        Ok(answer)
    }

    /// Gathers a command chain (7816-4 §5.3.3): the whole command with its last part, `None` before.
    fn whole(&mut self, mut command: Command) -> Result<Option<Command>, Failure> {
        let header = [command.ins, command.p1, command.p2];
        let chained = command.cla & 0x10 != 0;
        let before = match self.volatile.chain.take() {
            None if !chained => return Ok(Some(command)),
            Some((first, data)) if first == header => data,
            // Another command in the middle of a chain drops the chain.
            Some(_) if !chained => return Ok(Some(command)),
            _ => Zeroizing::default(),
        };
        let mut data = before;
        data.extend_from_slice(&command.data);
        if data.len() > LONGEST_CHAIN {
            return Err(Status::WRONG_LENGTH.into());
        }
        if chained {
            self.volatile.chain = Some((header, data));
            return Ok(None);
        }
        command.data = data;
        Ok(Some(command))
    }

    fn dispatch(&mut self, command: Command) -> Result<Answer, Failure> {
        match (command.cla & !0x10, command.ins) {
            (0x80, ins::INITIALIZE_UPDATE) => self.initialize_update(&command).map(done),
            (0x84, ins::EXTERNAL_AUTHENTICATE) => self.external_authenticate(&command).map(done),
            (0x04 | 0x84, _) => self.through_channel(&command),
            (0x00, _) => {
                // A plain command ends the issuer's session: it could come from anybody.
                self.volatile.channel = ChannelState::None;
                self.carry_out(&command, false).map(done)
            }
            _ => Err(Status::UNKNOWN_CLASS.into()),
        }
    }

    /// The command itself, `issuer` when it came through the open channel.
    fn carry_out(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        if command.ins == ins::SELECT && command.p1 == 4 {
            return self.select_by_name(command);
        }
        if !self.volatile.selected {
            return Err(Status::NOT_NOW.into());
        }
        match command.ins {
            ins::SELECT => self.select(command),
            ins::READ_BINARY => self.read_binary(command, issuer),
            ins::VERIFY => self.verify(command),
            ins::CHANGE_REFERENCE_DATA if command.p1 == 0 => self.change_pin(command),
            ins::CHANGE_REFERENCE_DATA => self.set_first_pin(command, issuer),
            ins::RESET_RETRY_COUNTER => self.reset_pin(command, issuer),
            ins::MANAGE_SECURITY_ENVIRONMENT => self.manage_security_environment(command),
            ins::PERFORM_SECURITY_OPERATION => self.sign(command, issuer),
            ins::GENERATE_KEY_PAIR if command.p1 == 0x43 => self.public_key(),
            ins::GENERATE_KEY_PAIR => self.generate_key(command, issuer),
            ins::GET_CHALLENGE => Ok(random(command.expected.unwrap_or(8).min(256))),
            ins::GET_DATA => self.get_data(command),
            ins::PUT_DATA => self.put_data(command, issuer),
            ins::CREATE_FILE => self.create_file(command, issuer),
            ins::DELETE_FILE => self.delete_file(issuer),
            ins::UPDATE_BINARY => self.update_binary(command, issuer),
            ins::ACTIVATE_FILE => self.activate(issuer),
            _ => Err(Status::UNKNOWN_INSTRUCTION.into()),
        }
    }

    /// SELECT by name (7816-4 §11.2.2.1): the application, or a directory inside it.
    fn select_by_name(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        if command.data.as_slice() == command_set::APPLICATION {
            let channel = ChannelState::None;
            self.volatile = Volatile {
                selected: true,
                current: files::MASTER.to_owned(),
                channel,
                unpacked: std::mem::take(&mut self.volatile.unpacked),
                ..Volatile::default()
            };
            return Ok(command_set::API.to_vec());
        }
        if !self.volatile.selected {
            return Err(Status::FILE_NOT_FOUND.into());
        }
        self.select_directory_by_name(command)
    }

    fn memory(&self) -> &Memory {
        self.storage.memory()
    }

    /// Passes for the issuer while the chip is open.
    fn issuer_before_closing(&self, issuer: bool) -> Result<(), Status> {
        if !issuer {
            return Err(Status::NOT_ALLOWED);
        }
        if self.memory().life == life::CLOSED {
            return Err(Status::NOT_NOW);
        }
        Ok(())
    }
}

fn done(data: Vec<u8>) -> Answer {
    Answer {
        data,
        status: Status::OK,
    }
}

/// The operating system's randomness: also in tests, two cards must never share a key or a challenge.
fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    relay_core::chance::OsChance.fill(&mut bytes);
    bytes
}

/// With TCK, the check byte: the exclusive or of all bytes after the first (7816-3 §8.2.5).
const fn with_check(mut atr: [u8; 15]) -> [u8; 15] {
    let mut at = 1;
    let mut check = 0;
    while at < atr.len() - 1 {
        check ^= atr[at];
        at += 1;
    }
    atr[14] = check;
    atr
}
