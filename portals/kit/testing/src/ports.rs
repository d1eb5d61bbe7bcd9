//! Ports for the programs of tests, which run side by side: one that is kept is nobody else's until it is let go of.
//!
//! Asking the system for a free port and letting go of it leaves a moment in which another test, or any outgoing
//! connection of the machine, may have it; and a server that is stopped and started anew leaves that moment many times.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
};

use relay_core::chance::{OsChance, draw};

/// The ports kept: below those that the system gives to whoever asks for any (from 32768 on).
const FIRST: u16 = 15_000;
const COUNT: u16 = 17_000;

/// A port of the loopback, kept as long as this lives: every test of this user looks at the same locks.
#[derive(Debug)]
pub struct KeptPort {
    number: u16,
    _lock: File,
}

impl KeptPort {
    /// One that nobody has.
    pub fn take() -> Self {
        let folder = folder();
        fs::create_dir_all(&folder).expect("a folder for the locks is made");
        let kept = (0..10_000).find_map(|_| {
            let number = FIRST + u16::from_be_bytes(draw(&mut OsChance)) % COUNT;
            let file = folder.join(number.to_string());
            let lock = File::options().create(true).append(true).open(file).ok()?;
            lock.try_lock().ok()?;
            // A program that is no test of ours may have it.
            TcpListener::bind(("127.0.0.1", number)).ok()?;
            Some(Self { number, _lock: lock })
        });
        kept.expect("the machine has free ports")
    }

    /// Its number.
    pub const fn number(&self) -> u16 {
        self.number
    }
}

/// One for each user: another's locks could not be opened.
fn folder() -> PathBuf {
    let user = fs::metadata("/proc/self").map_or(0, |own| own.uid());
    std::env::temp_dir().join(format!("madoguchi-test-ports-{user}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_port_is_nobody_elses_also_while_nobody_listens_there() {
        let mut kept: Vec<KeptPort> = (0..200).map(|_| KeptPort::take()).collect();
        let mut numbers: Vec<u16> = kept.iter().map(KeptPort::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 200);
        let first = kept.swap_remove(0);
        let file = folder().join(first.number().to_string());
        let locks = || File::open(&file).unwrap().try_lock().is_ok();
        assert!(!locks(), "as another test finds it");
        drop(first);
        assert!(locks());
    }
}
