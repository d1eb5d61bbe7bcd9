//! The command set of our card application, in one place for the desk and for the card's own body.
//!
//! It is IsoApplet's (the open JavaCard applet that stock OpenSC drives), API version 0.6, with an issuer in
//! front of personalisation and an access rule per key. A city's JavaCard needs an applet with these changes.
//!
//! | command | INS P1 P2 | who | standard |
//! |---|---|---|---|
//! | SELECT | A4 04 00 (AID), A4 00/08/09 00 (file, path) | anyone | 7816-4 §11.2.2 |
//! | READ BINARY | B0 offset | by the file's read rule | 7816-4 §11.3.3 |
//! | VERIFY | 20 00 pin | anyone; no data asks the tries left | 7816-4 §11.6.6 |
//! | CHANGE REFERENCE DATA | 24 00 pin, old‖new | the PIN's holder | 7816-4 §11.6.7 |
//! | CHANGE REFERENCE DATA | 24 01 pin, new | issuer, while no PIN is set | 7816-4 §11.6.7 |
//! | RESET RETRY COUNTER | 2C 02 pin, new | issuer | 7816-4 §11.6.10 |
//! | MANAGE SECURITY ENVIRONMENT | 22 41 B6 | anyone | 7816-4 §11.6.11 |
//! | COMPUTE DIGITAL SIGNATURE | 2A 9E 9A, DigestInfo | by the key's rule; issuer until closed | 7816-8 §5.4 |
//! | GENERATE ASYMMETRIC KEY PAIR | 46 42 00 (make) | issuer until closed | 7816-8 §5.1 |
//! | GENERATE ASYMMETRIC KEY PAIR | 46 43 00 (give the public key) | anyone | 7816-8 §5.1 |
//! | GET CHALLENGE | 84 00 00 | anyone | 7816-4 §11.6.4 |
//! | GET DATA | CA 00 45 (chip serial), CA 01 xx | anyone | 7816-4 §11.4.3; GP Card Spec 2.3 §11.3 |
//! | PUT DATA | DA 01 xx | issuer until closed | 7816-4 §11.4.5 |
//! | CREATE FILE, DELETE FILE | E0, E4 | issuer until closed | 7816-9 §6.2, §6.3 |
//! | UPDATE BINARY | D6 offset | issuer until closed | 7816-4 §11.3.5 |
//! | ACTIVATE FILE | 44 00 00, master file selected | issuer, closes | 7816-9 §6.5 |
//! | INITIALIZE UPDATE, EXTERNAL AUTHENTICATE | 80 50, 84 82 | the issuer opens its channel | GP Amendment D §7.1 |
//!
//! "Issuer" is a command inside an SCP03 channel ([`crate::scp03`]) at security level 33: its class has bit 3 set.
//! The rule of the algorithm reference: 11 is RSA with PKCS #1 v1.5 padding of a DigestInfo; 12 is kept free for
//! PSS, which API version 1 of IsoApplet defines and OpenSC before 0.24 does not take.

/// The application's identifier (IsoApplet's own, so that stock OpenSC finds its driver).
pub const APPLICATION: [u8; 12] = [0xf2, 0x76, 0xa2, 0x88, 0xbc, 0xfb, 0xa6, 0x9d, 0x34, 0xf3, 0x10, 0x01];
/// The identifier of the ISO/IEC 7816-15 directory inside it (7816-15 §5.4: RID A000000063, "PKCS-15").
pub const CRYPTOGRAPHIC_APPLICATION: [u8; 12] = *b"\xa0\x00\x00\x00\x63PKCS-15";
/// SELECT's answer: API major and minor version, features (02: GET CHALLENGE is random enough for others).
pub const API: [u8; 3] = [0, 6, 0x02];

/// The master file (7816-4 §7.2.3).
pub const MASTER_FILE: u16 = 0x3f00;
/// EF.DIR (7816-4 §12.2.1).
pub const EF_DIR: u16 = 0x2f00;
/// DF.CIA, the directory of the cryptographic information application (7816-15 §5.3).
pub const DF_CIA: u16 = 0x5015;
/// EF.OD, the object directory (7816-15 §6.5.2 fixes this number).
pub const EF_OD: u16 = 0x5031;
/// EF.CIAInfo, called TokenInfo in PKCS #15 (7816-15 §6.5.1 fixes this number).
pub const EF_CIA_INFO: u16 = 0x5032;
/// Authentication objects.
pub const EF_AOD: u16 = 0x4401;
/// Private keys.
pub const EF_PRKD: u16 = 0x4402;
/// Certificates.
pub const EF_CD: u16 = 0x4404;
/// Certificate of key `n` is in `CERTIFICATE + n`.
pub const CERTIFICATE: u16 = 0x3400;

/// Instruction bytes.
pub mod ins {
    /// VERIFY
    pub const VERIFY: u8 = 0x20;
    /// MANAGE SECURITY ENVIRONMENT
    pub const MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22;
    /// CHANGE REFERENCE DATA
    pub const CHANGE_REFERENCE_DATA: u8 = 0x24;
    /// PERFORM SECURITY OPERATION
    pub const PERFORM_SECURITY_OPERATION: u8 = 0x2a;
    /// RESET RETRY COUNTER
    pub const RESET_RETRY_COUNTER: u8 = 0x2c;
    /// ACTIVATE FILE
    pub const ACTIVATE_FILE: u8 = 0x44;
    /// GENERATE ASYMMETRIC KEY PAIR
    pub const GENERATE_KEY_PAIR: u8 = 0x46;
    /// INITIALIZE UPDATE
    pub const INITIALIZE_UPDATE: u8 = 0x50;
    /// EXTERNAL AUTHENTICATE
    pub const EXTERNAL_AUTHENTICATE: u8 = 0x82;
    /// GET CHALLENGE
    pub const GET_CHALLENGE: u8 = 0x84;
    /// SELECT
    pub const SELECT: u8 = 0xa4;
    /// READ BINARY
    pub const READ_BINARY: u8 = 0xb0;
    /// GET RESPONSE
    pub const GET_RESPONSE: u8 = 0xc0;
    /// GET DATA
    pub const GET_DATA: u8 = 0xca;
    /// UPDATE BINARY
    pub const UPDATE_BINARY: u8 = 0xd6;
    /// PUT DATA
    pub const PUT_DATA: u8 = 0xda;
    /// CREATE FILE
    pub const CREATE_FILE: u8 = 0xe0;
    /// DELETE FILE
    pub const DELETE_FILE: u8 = 0xe4;
}

/// Data objects of GET DATA and PUT DATA, as P1-P2.
pub mod object {
    /// Chip serial, 10 bytes (the "Card Image Number" of GP Card Specification 2.3, tag 45).
    pub const CHIP_SERIAL: u16 = 0x0045;
    /// Life of the chip, one byte: [`super::life`].
    pub const LIFE: u16 = 0x0100;
    /// Every file: templates 62 with 51 path, 82 descriptor, 80 size, 86 access rules.
    pub const FILES: u16 = 0x0101;
    /// `KEY_RULE + key`: the key's access rule, one byte, the PIN's reference or zero.
    pub const KEY_RULE: u16 = 0x0110;
    /// `PIN_POLICY + pin`: the PIN's rule, four bytes ([`crate::PinPolicy::to_bytes`]).
    pub const PIN_POLICY: u16 = 0x0120;
}

/// Life of the chip (the life cycle status byte of 7816-4 §7.4.10).
pub mod life {
    /// Creation state: as the chip's maker delivered it.
    pub const BLANK: u8 = 0x01;
    /// Initialisation state: the issuer has begun to write.
    pub const PERSONALISING: u8 = 0x03;
    /// Operational state, activated: files and keys are frozen.
    pub const CLOSED: u8 = 0x05;
}

/// Algorithm references in a control reference template (tag 80).
pub mod algorithm {
    /// RSA, the card pads the DigestInfo it is given by PKCS #1 v1.5.
    pub const RSA_PKCS1: u8 = 0x11;
    /// RSA with PSS: reserved, see the module's text.
    pub const RSA_PSS: u8 = 0x12;
    /// Making an RSA-2048 key pair.
    pub const RSA_2048: u8 = 0xf3;
}

/// A file's access rules: one byte an operation (7816-4 §7.4.3.3, security condition bytes; IsoApplet's order:
/// presence, delete, terminate, activate, deactivate, write, update, read).
pub mod access {
    /// Always.
    pub const ALWAYS: u8 = 0x00;
    /// After the holder's PIN.
    pub const PIN: u8 = 0x90;
    /// Never. What only the issuer may do inside its channel is also "never" to the world.
    pub const NEVER: u8 = 0xff;

    /// The rules of a file that is read by `read` and changed by nobody but the issuer before closing.
    pub const fn read_only(read: u8) -> [u8; 8] {
        [0xff, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, read]
    }
}
