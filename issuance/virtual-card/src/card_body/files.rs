//! Selecting and reading files.

use card::{
    apdu::{Command, Status},
    command_set::{access, life},
    tlv,
};

use super::VirtualCard;
use crate::{memory::File, storage::Failure};

/// The master file's path in hex.
pub(super) const MASTER: &str = "3f00";

impl VirtualCard {
    /// SELECT by identifier or path (7816-4 §11.2.2). P2 = 0C awaits no answer.
    pub(super) fn select(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        if !command.data.len().is_multiple_of(2) {
            return Err(Status::WRONG_DATA.into());
        }
        let steps = hex::encode(command.data.as_slice());
        let path = match command.p1 {
            0x00 if steps.is_empty() || steps == MASTER => MASTER.to_owned(),
            // A child of the current directory, the directory itself, or one beside it.
            0x00 => {
                let directory = self.current_directory();
                let parent = directory.get(..directory.len() - 4).unwrap_or_default().to_owned();
                [
                    format!("{directory}{steps}"),
                    format!("{parent}{steps}"),
                    format!("{MASTER}{steps}"),
                ]
                .into_iter()
                .find(|path| self.memory().files.contains_key(path))
                .ok_or(Status::FILE_NOT_FOUND)?
            }
            0x03 => {
                let directory = self.current_directory();
                match directory.len() {
                    0..=4 => MASTER.to_owned(),
                    length => directory[..length - 4].to_owned(),
                }
            }
            0x08 if steps.starts_with(MASTER) => steps,
            0x08 => format!("{MASTER}{steps}"),
            0x09 => format!("{}{steps}", self.current_directory()),
            _ => return Err(Status::WRONG_PARAMETERS.into()),
        };
        self.make_current(path, command)
    }

    pub(super) fn select_directory_by_name(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        let path = self
            .memory()
            .files
            .iter()
            .find(|(_, file)| file.directory && !file.name.0.is_empty() && *file.name.0 == *command.data)
            .map(|(path, _)| path.clone())
            .ok_or(Status::FILE_NOT_FOUND)?;
        self.make_current(path, command)
    }

    fn make_current(&mut self, path: String, command: &Command) -> Result<Vec<u8>, Failure> {
        let file = self.memory().files.get(&path).ok_or(Status::FILE_NOT_FOUND)?;
        let information = if command.p2 & 0x0c == 0x0c {
            Vec::new()
        } else {
            control_information(&path, file, self.memory().life)
        };
        self.volatile.current = path;
        Ok(information)
    }

    /// READ BINARY with an offset of 15 bits (7816-4 §11.3.3).
    pub(super) fn read_binary(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        let offset = offset(command)?;
        let file = self.current_file()?;
        let open_to_issuer = issuer && self.memory().life != life::CLOSED;
        let readable = match file.rules[7] {
            access::ALWAYS => true,
            access::PIN => open_to_issuer || self.volatile.verified.contains(&1),
            _ => open_to_issuer,
        };
        if !readable {
            return Err(Status::NOT_ALLOWED.into());
        }
        let bytes = &file.bytes.0;
        if offset >= bytes.len() && !bytes.is_empty() {
            return Err(Status::WRONG_OFFSET.into());
        }
        let end = bytes.len().min(offset + command.expected.unwrap_or(256));
        Ok(bytes[offset.min(end)..end].to_vec())
    }

    /// The selected elementary file; 6986 when none is.
    pub(super) fn current_file(&self) -> Result<&File, Status> {
        self.memory()
            .files
            .get(&self.volatile.current)
            .filter(|file| !file.directory)
            .ok_or(Status(0x6986))
    }

    /// The selected directory, or that of the selected file.
    pub(super) fn current_directory(&self) -> String {
        let current = &self.volatile.current;
        match self.memory().files.get(current) {
            Some(file) if !file.directory => current[..current.len() - 4].to_owned(),
            Some(_) => current.clone(),
            None => MASTER.to_owned(),
        }
    }
}

/// The offset in P1-P2; short file identifiers (P1's highest bit) are not offered.
pub(super) fn offset(command: &Command) -> Result<usize, Status> {
    if command.p1 & 0x80 != 0 {
        return Err(Status::NOT_SUPPORTED);
    }
    Ok(usize::from(command.p1) << 8 | usize::from(command.p2))
}

/// File control information (7816-4 §7.4.1): size, descriptor, identifier, name, access rules, life cycle.
fn control_information(path: &str, file: &File, life: u8) -> Vec<u8> {
    let size = (file.bytes.0.len() as u16).to_be_bytes(); // at most 32 KiB by CREATE FILE
    let identifier = hex::decode(&path[path.len() - 4..]).unwrap_or_default();
    let mut content = tlv::write(if file.directory { 0x81 } else { 0x80 }, &size);
    content.extend(tlv::write(0x82, &[descriptor(file)]));
    content.extend(tlv::write(0x83, &identifier));
    if !file.name.0.is_empty() {
        content.extend(tlv::write(0x84, &file.name.0));
    }
    content.extend(tlv::write(0x86, &file.rules));
    content.extend(tlv::write(0x8a, &[life]));
    tlv::write(0x6f, &content)
}

/// File descriptor byte (7816-4 §7.4.5): 38 directory, 01 transparent.
pub(super) fn descriptor(file: &File) -> u8 {
    if file.directory { 0x38 } else { 0x01 }
}
