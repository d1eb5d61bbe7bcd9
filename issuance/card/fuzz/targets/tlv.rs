//! Any bytes where a card's data objects, commands and answers are expected.
#![no_main]

use card::{
    RsaPublicKey,
    apdu::{Answer, Command},
    tlv,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((tag, value, rest)) = tlv::read(bytes) {
        // What is read is whole and inside what was given.
        assert!(value.len() + rest.len() < bytes.len());
        // Written again in the shortest form it reads back as itself; a tag with a leading zero byte has none.
        let written = tlv::write(tag, value);
        if let Some((again, same, after)) = tlv::read(&written) {
            assert!(again != tag || (same == value && after.is_empty()));
        }
    }
    let mut total = 0;
    for (tag, value) in tlv::each(bytes) {
        total += value.len() + 2;
        let _ = tlv::find(value, tag);
    }
    assert!(total <= bytes.len());
    let _ = RsaPublicKey::from_template(bytes);
    let _ = Answer::parse(bytes);
    if let Some(command) = Command::parse(bytes) {
        for frame in command.frames() {
            assert!(frame.len() <= 5 + 255 + 1);
        }
    }
});
