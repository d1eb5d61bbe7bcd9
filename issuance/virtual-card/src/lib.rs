//! A development card: the command set of [`card::command_set`] in software, behind vpcd or in process.
//!
//! It is honest where a test could otherwise be fooled: keys come from the operating system's randomness, PIN
//! counters are written before the answer, access rules hold, a power cut tears a write where it strikes and
//! forgets what a chip would forget. It is no security product: its memory is a file. Never linked into the console.
//!
//! [`VirtualCard`] is one card; [`SoftwareReader`] is a reader in this process, whose [`card::Transport`] the
//! issuing procedure's tests use; [`tray`] holds many cards and puts them into vpcd's readers, where pcscd,
//! OpenSC and the console find them.

mod card_body;
mod memory;
mod reader;
mod storage;
pub mod tray;
mod vpcd;

pub use card_body::{ATR, PowerLost, VirtualCard};
pub use memory::CardFileError;
pub use reader::{SoftwareReader, SoftwareTransport};
pub use storage::Cut;
