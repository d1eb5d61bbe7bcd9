//! What only the issuer may do until the chip is closed: data objects, files, closing.

use card::{
    PinPolicy,
    apdu::{Command, Status},
    command_set::{access, life, object},
    tlv,
};

use super::{
    VirtualCard,
    files::{MASTER, descriptor, offset},
};
use crate::{
    memory::{File, Memory, Pin},
    storage::Failure,
};

/// Room for files on the chip.
const CAPACITY: usize = 24 * 1024;

impl VirtualCard {
    pub(super) fn get_data(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        let memory = self.memory();
        let number = u16::from_be_bytes([command.p1, command.p2]);
        let [_, low] = number.to_be_bytes();
        match number {
            object::CHIP_SERIAL => Ok(memory.serial.0.to_vec()),
            object::LIFE => Ok(vec![memory.life]),
            object::FILES => Ok(listing(memory)),
            0x0111..=0x011f => memory
                .keys
                .get(&(low & 0x0f))
                .and_then(|key| key.rule)
                .map(|rule| vec![rule])
                .ok_or(Status::REFERENCE_NOT_FOUND.into()),
            0x0121..=0x012f => memory
                .pins
                .get(&(low & 0x0f))
                .map(|pin| pin.policy.to_vec())
                .ok_or(Status::REFERENCE_NOT_FOUND.into()),
            _ => Err(Status::REFERENCE_NOT_FOUND.into()),
        }
    }

    pub(super) fn put_data(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        self.issuer_before_closing(issuer)?;
        let number = u16::from_be_bytes([command.p1, command.p2]);
        let place = command.p2 & 0x0f;
        match number {
            0x0111..=0x011f => {
                let [rule @ 0..=1] = command.data[..] else {
                    return Err(Status::WRONG_DATA.into());
                };
                self.storage.change(|memory| {
                    begin(memory);
                    memory.keys.entry(place).or_default().rule = Some(rule);
                })?;
            }
            0x0121 => self.put_pin_policy(place, command)?,
            _ => return Err(Status::REFERENCE_NOT_FOUND.into()),
        }
        Ok(Vec::new())
    }

    fn put_pin_policy(&mut self, place: u8, command: &Command) -> Result<(), Failure> {
        let policy = PinPolicy::from_bytes(&command.data).ok_or(Status::WRONG_DATA)?;
        match self.memory().pins.get(&place) {
            // The same rule again, as a resumed personalisation writes it, changes nothing.
            Some(pin) if pin.policy == policy.to_bytes() => Ok(()),
            // A PIN was set under the old rule.
            Some(pin) if pin.value.is_some() => Err(Status::NOT_NOW.into()),
            _ => self.storage.change(|memory| {
                begin(memory);
                let pin = Pin {
                    policy: policy.to_bytes(),
                    value: None,
                    left: policy.tries,
                };
                memory.pins.insert(place, pin);
            }),
        }
    }

    /// CREATE FILE (7816-9 §6.2) in the current directory, from a template 62 of file control parameters.
    pub(super) fn create_file(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        self.issuer_before_closing(issuer)?;
        let parameters = tlv::find(&command.data, 0x62).ok_or(Status::WRONG_DATA)?;
        let field = |tag| tlv::find(parameters, tag);
        let identifier: [u8; 2] = field(0x83)
            .and_then(|identifier| identifier.try_into().ok())
            .ok_or(Status::WRONG_DATA)?;
        let directory = match field(0x82) {
            Some([0x38, ..]) => true,
            Some([0x01, ..]) => false,
            _ => return Err(Status::WRONG_DATA.into()),
        };
        let size = match field(0x80) {
            None if directory => 0,
            Some(&[high, low]) if !directory => usize::from(high) << 8 | usize::from(low),
            _ => return Err(Status::WRONG_DATA.into()),
        };
        let rules: [u8; 8] = field(0x86)
            .and_then(|rules| rules.try_into().ok())
            .filter(|rules: &[u8; 8]| rules[0] == 0xff)
            .ok_or(Status::WRONG_DATA)?;
        let used: usize = self.memory().files.values().map(|file| file.bytes.0.len()).sum();
        if size >= 0x8000 || used + size > CAPACITY || self.memory().files.len() >= 64 {
            return Err(Status::NO_SPACE.into());
        }
        let path = format!("{}{}", self.current_directory(), hex::encode(identifier));
        if self.memory().files.contains_key(&path) || path.len() > 4 * 8 {
            return Err(Status::FILE_EXISTS.into());
        }
        let file = File {
            directory,
            name: field(0x84).unwrap_or_default().to_vec().into(),
            rules,
            bytes: vec![0; size].into(),
        };
        self.storage.change(|memory| {
            begin(memory);
            memory.files.insert(path.clone(), file);
        })?;
        self.volatile.current = path;
        Ok(Vec::new())
    }

    /// DELETE FILE (7816-9 §6.3): the selected file, a directory only when empty.
    pub(super) fn delete_file(&mut self, issuer: bool) -> Result<Vec<u8>, Failure> {
        self.issuer_before_closing(issuer)?;
        let path = self.volatile.current.clone();
        let inside = self
            .memory()
            .files
            .keys()
            .any(|other| other.len() > path.len() && other.starts_with(&path));
        if inside || path == MASTER {
            return Err(Status::NOT_NOW.into());
        }
        self.storage.change(|memory| {
            memory.files.remove(&path);
        })?;
        self.volatile.current = path[..path.len() - 4].to_owned();
        Ok(Vec::new())
    }

    /// UPDATE BINARY (7816-4 §11.3.5): the one write that can tear.
    pub(super) fn update_binary(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        self.issuer_before_closing(issuer)?;
        let offset = offset(command)?;
        let size = self.current_file()?.bytes.0.len();
        if offset + command.data.len() > size {
            return Err(Status::NO_SPACE.into());
        }
        let path = self.volatile.current.clone();
        self.storage.write(&path, offset, &command.data)?;
        Ok(Vec::new())
    }

    /// ACTIVATE FILE (7816-9 §6.5) on the master file closes the chip for good.
    pub(super) fn activate(&mut self, issuer: bool) -> Result<Vec<u8>, Failure> {
        self.issuer_before_closing(issuer)?;
        if self.volatile.current != MASTER {
            return Err(Status::NOT_SUPPORTED.into());
        }
        self.storage.change(|memory| memory.life = life::CLOSED)?;
        Ok(Vec::new())
    }
}

/// The first change by the issuer takes a blank into personalisation, in the same go.
pub(super) fn begin(memory: &mut Memory) {
    if memory.life == life::BLANK {
        memory.life = life::PERSONALISING;
    }
}

/// Every file: templates 62 with path, descriptor, size, rules.
fn listing(memory: &Memory) -> Vec<u8> {
    debug_assert_eq!(access::ALWAYS, 0, "a file without rules would be readable");
    memory
        .files
        .iter()
        .flat_map(|(path, file)| {
            let content = [
                tlv::write(0x51, &hex::decode(path).unwrap_or_default()),
                tlv::write(0x82, &[descriptor(file)]),
                tlv::write(0x80, &(file.bytes.0.len() as u16).to_be_bytes()),
                tlv::write(0x86, &file.rules),
            ];
            tlv::write(0x62, &content.concat())
        })
        .collect()
}
