//! The issuer's master key, from which every chip's own keys are derived.

use std::{fmt, fs, path::Path};

use aes::Aes256;
use cmac::{Cmac, Mac};
use relay_core::chance::{Chance, draw};
use zeroize::Zeroizing;

use crate::{ChipSerial, scp03::StaticKeys};

/// The issuer's 32-byte master. Chips never hold it: each knows only the keys derived for its serial, so a chip
/// taken apart opens no other.
pub struct IssuerMaster(Zeroizing<[u8; 32]>);

/// Why a master could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    /// The file system said no.
    #[error("the card master file {path}: {source}")]
    File { path: String, source: std::io::Error },
    /// The file is no master.
    #[error("the card master file {path} must hold 64 hex digits and nothing else")]
    Malformed { path: String },
}

impl IssuerMaster {
    /// The master of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a master file: 64 hex digits, white space around them allowed.
    ///
    /// # Errors
    /// [`MasterError`], naming the file and never its content.
    pub fn read(path: &Path) -> Result<Self, MasterError> {
        let text = Zeroizing::new(fs::read_to_string(path).map_err(|source| MasterError::File {
            path: path.display().to_string(),
            source,
        })?);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| MasterError::Malformed {
            path: path.display().to_string(),
        })?;
        Ok(Self(bytes))
    }

    /// Makes a master file from `chance`, readable by its owner only. A file already there is left alone: cards
    /// made with it would be lost.
    ///
    /// # Errors
    /// [`MasterError::File`], among others when the file exists.
    pub fn create(path: &Path, chance: &mut dyn Chance) -> Result<Self, MasterError> {
        let master = Self::new(draw(chance));
        let text = Zeroizing::new(format!(
            "{}\n",
            Zeroizing::new(hex::encode(master.0.as_slice())).as_str()
        ));
        relay_core::whole_file::create(path, text.as_bytes()).map_err(|source| MasterError::File {
            path: path.display().to_string(),
            source,
        })?;
        Ok(master)
    }

    /// The static SCP03 keys of the chip with that serial: NIST SP 800-108 §4.1, KDF in counter mode with
    /// AES-256-CMAC; the label names the key's use, the context is the serial.
    pub fn chip_keys(&self, serial: &ChipSerial) -> StaticKeys {
        StaticKeys {
            enc: self.derive(b"SCP03 static ENC", serial),
            mac: self.derive(b"SCP03 static MAC", serial),
        }
    }

    fn derive(&self, label: &[u8], serial: &ChipSerial) -> Zeroizing<[u8; 16]> {
        // [i]₈ ‖ Label ‖ 00 ‖ Context ‖ [L]₁₆ with one block of output, L = 128 bits.
        let mut mac = <Cmac<Aes256> as Mac>::new((&*self.0).into());
        mac.update(&[1]);
        mac.update(label);
        mac.update(&[0]);
        mac.update(serial.as_bytes());
        mac.update(&128u16.to_be_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for IssuerMaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuerMaster(sealed)")
    }
}

#[cfg(test)]
mod tests {
    use relay_core::chance::SeededChance;

    use super::*;

    #[test]
    fn every_chip_has_keys_of_its_own_and_the_same_ones_again() {
        let master = IssuerMaster::new([7; 32]);
        let first = master.chip_keys(&ChipSerial::new([1; 10]));
        let again = master.chip_keys(&ChipSerial::new([1; 10]));
        let second = master.chip_keys(&ChipSerial::new([2; 10]));
        assert_eq!(first.enc, again.enc);
        assert_ne!(first.enc, second.enc);
        assert_ne!(first.enc, first.mac);
        assert_ne!(
            first.mac,
            IssuerMaster::new([8; 32]).chip_keys(&ChipSerial::new([1; 10])).mac
        );
    }

    #[test]
    fn a_master_file_is_never_overwritten_and_never_quoted() {
        let folder = std::env::temp_dir().join(format!("card-master-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("card.master");
        let _ = fs::remove_file(&path);
        let made = IssuerMaster::create(&path, &mut SeededChance::new(1)).unwrap();
        assert_eq!(*made.0, *IssuerMaster::read(&path).unwrap().0);
        assert!(IssuerMaster::create(&path, &mut SeededChance::new(2)).is_err());
        fs::write(&path, "canary").unwrap();
        let refusal = IssuerMaster::read(&path).unwrap_err().to_string();
        assert!(!refusal.contains("canary"), "{refusal}");
        assert_eq!(format!("{made:?}"), "IssuerMaster(sealed)");
        fs::remove_dir_all(&folder).unwrap();
    }
}
