//! Panels over a screen: the keys, yes or no, a reason, the second clerk, the demo's tray.

mod help;
mod question;
mod reason;
mod second;
pub mod tray;

pub use help::Help;
#[cfg(test)]
pub use help::about_key;
pub use question::Question;
pub use reason::Reason;
pub use second::Second;
pub use tray::Tray;
