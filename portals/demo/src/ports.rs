//! Ports on loopback for what is laid out now and listens later.

use std::{
    collections::BTreeSet,
    net::TcpListener,
    sync::{Mutex, PoisonError},
};

use anyhow::bail;
use relay_core::chance::{OsChance, draw};

/// Below the ports that the system gives to connections (32768 and above, unless it was told otherwise), so that none of them
/// takes a port in the time until its program listens; above those of well-known services.
const RANGE: std::ops::Range<u16> = 20_000..32_768;
/// Draws before it is said that there is none.
const DRAWS: usize = 1_000;

/// Ports that nobody has, none given twice by this program.
///
/// # Errors
/// When there are not so many.
pub fn free<const COUNT: usize>() -> anyhow::Result<[u16; COUNT]> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ports = [0; COUNT];
    let mut found = 0;
    for _ in 0..DRAWS {
        if found == COUNT {
            return Ok(ports);
        }
        let port = RANGE.start + u16::from_be_bytes(draw(&mut OsChance)) % (RANGE.end - RANGE.start);
        if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            given.insert(port);
            ports[found] = port;
            found += 1;
        }
    }
    bail!("no {COUNT} ports are free between {} and {}", RANGE.start, RANGE.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_or_lies_where_connections_have_theirs() {
        let mut all = BTreeSet::new();
        for _ in 0..20 {
            all.extend(free::<8>().unwrap());
        }
        assert_eq!(all.len(), 160);
        assert!(all.iter().all(|port| RANGE.contains(port)));
    }
}
