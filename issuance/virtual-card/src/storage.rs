//! The chip's memory under power: every change is in the file before the command goes on, and power may fail at
//! any byte of it.
//!
//! What a real chip writes in one go (a counter, a key, a file's entry in its directory) changes wholly or not at
//! all; only UPDATE BINARY's bytes can tear, as flash pages do.

use std::path::PathBuf;

use card::apdu::Status;

use crate::{CardFileError, memory::Memory};

/// When power fails, counted from when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// That many more commands are answered; the next one does not reach the chip.
    AfterCommands(usize),
    /// The command of that number (1 is the next one) is carried out, its answer never arrives.
    InsteadOfAnswer(usize),
    /// That many more bytes are written to memory; the next one is lost and all after it. A change made in one go
    /// counts one byte.
    AfterBytes(usize),
}

/// Why a change did not happen, or not wholly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Power,
    /// The command is refused.
    Status(Status),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// Memory, its file if it has one, and the cut that waits for it.
pub(crate) struct Storage {
    memory: Memory,
    file: Option<PathBuf>,
    cut: Option<Cut>,
}

impl Storage {
    /// Memory of this process only.
    pub(crate) fn in_process(memory: Memory) -> Self {
        Self {
            memory,
            file: None,
            cut: None,
        }
    }

    /// Memory kept in `file`.
    pub(crate) fn open(file: PathBuf) -> Result<Self, CardFileError> {
        Ok(Self {
            memory: Memory::read(&file)?,
            file: Some(file),
            cut: None,
        })
    }

    /// From now on kept in `file`.
    pub(crate) fn keep_at(&mut self, file: PathBuf) -> Result<(), CardFileError> {
        self.memory
            .write(&file)
            .map_err(|source| CardFileError::file(&file, source))?;
        self.file = Some(file);
        Ok(())
    }

    /// A second chip with the same content, in this process only: a stand-in for "the same moment again" in tests.
    pub(crate) fn twin(&self) -> Self {
        Self::in_process(self.memory.clone())
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) fn cut(&mut self, cut: Option<Cut>) {
        self.cut = cut;
    }

    pub(crate) fn pending_cut(&self) -> Option<Cut> {
        self.cut
    }

    /// A command arrives.
    pub(crate) fn command_arrives(&mut self) -> Result<(), Failure> {
        match &mut self.cut {
            Some(Cut::AfterCommands(0)) => {
                self.cut = None;
                Err(Failure::Power)
            }
            Some(Cut::AfterCommands(left)) => {
                *left -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An answer is about to leave.
    pub(crate) fn answer_leaves(&mut self) -> Result<(), Failure> {
        match &mut self.cut {
            Some(Cut::InsteadOfAnswer(0 | 1)) => {
                self.cut = None;
                Err(Failure::Power)
            }
            Some(Cut::InsteadOfAnswer(left)) => {
                *left -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Changes memory in one go.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Memory)) -> Result<(), Failure> {
        if self.bytes_before_cut(1) == 0 {
            return Err(Failure::Power);
        }
        let before = self.memory.clone();
        change(&mut self.memory);
        self.save(before)
    }

    /// Writes bytes of a file one after the other.
    pub(crate) fn write(&mut self, path: &str, offset: usize, bytes: &[u8]) -> Result<(), Failure> {
        let before = self.memory.clone();
        let written = self.bytes_before_cut(bytes.len());
        let place = self
            .memory
            .files
            .get_mut(path)
            .and_then(|file| file.bytes.0.get_mut(offset..offset + bytes.len()))
            .ok_or(Status::NO_SPACE)?;
        place[..written].copy_from_slice(&bytes[..written]);
        self.save(before)?;
        if written < bytes.len() {
            return Err(Failure::Power);
        }
        Ok(())
    }

    /// How many of `wanted` bytes are written before power fails, which it does when fewer.
    fn bytes_before_cut(&mut self, wanted: usize) -> usize {
        match &mut self.cut {
            Some(Cut::AfterBytes(left)) if *left < wanted => {
                let written = *left;
                self.cut = None;
                written
            }
            Some(Cut::AfterBytes(left)) => {
                *left -= wanted;
                wanted
            }
            _ => wanted,
        }
    }

    fn save(&mut self, before: Memory) -> Result<(), Failure> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        self.memory.write(file).map_err(|error| {
            tracing::error!(file = %file.display(), %error, "the card's file cannot be written");
            self.memory = before;
            Failure::Status(Status::MEMORY_FAILURE)
        })
    }
}
