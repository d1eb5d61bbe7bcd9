//! Command and answer APDUs (ISO/IEC 7816-3 §12, 7816-4 §5): their bytes, and the whole exchange of one command
//! with chaining, `61xx` and `6Cxx`.

use std::fmt;

use zeroize::Zeroizing;

use crate::{Transport, TransportError};

/// A status word, SW1-SW2.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// Done.
    pub const OK: Self = Self(0x9000);
    /// The memory could not be written.
    pub const MEMORY_FAILURE: Self = Self(0x6581);
    /// Wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// Last command of a chain expected.
    pub const CHAIN_EXPECTED: Self = Self(0x6883);
    /// Security status not satisfied.
    pub const NOT_ALLOWED: Self = Self(0x6982);
    /// Authentication method blocked.
    pub const BLOCKED: Self = Self(0x6983);
    /// Conditions of use not satisfied.
    pub const NOT_NOW: Self = Self(0x6985);
    /// Secure messaging objects incorrect.
    pub const CHANNEL_INCORRECT: Self = Self(0x6988);
    /// Wrong data.
    pub const WRONG_DATA: Self = Self(0x6a80);
    /// Function not supported.
    pub const NOT_SUPPORTED: Self = Self(0x6a81);
    /// File or application not found.
    pub const FILE_NOT_FOUND: Self = Self(0x6a82);
    /// Not enough memory.
    pub const NO_SPACE: Self = Self(0x6a84);
    /// Incorrect P1-P2.
    pub const WRONG_PARAMETERS: Self = Self(0x6a86);
    /// Referenced data not found.
    pub const REFERENCE_NOT_FOUND: Self = Self(0x6a88);
    /// File already exists.
    pub const FILE_EXISTS: Self = Self(0x6a89);
    /// Offset outside the file.
    pub const WRONG_OFFSET: Self = Self(0x6b00);
    /// Instruction not supported.
    pub const UNKNOWN_INSTRUCTION: Self = Self(0x6d00);
    /// Class not supported.
    pub const UNKNOWN_CLASS: Self = Self(0x6e00);

    /// Wrong PIN with that many tries left (`63Cx`).
    pub const fn tries_left(tries: u8) -> Self {
        Self(0x63c0 | (tries & 0x0f) as u16)
    }

    /// Tries left, when this is a `63Cx`.
    pub const fn tries(self) -> Option<u8> {
        if self.0 & 0xfff0 == 0x63c0 {
            Some((self.0 & 0x0f) as u8)
        } else {
            None
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = match self.0 {
            0x9000 => "done",
            0x6300 => "authentication failed",
            0x6581 => "memory failure",
            0x6700 => "wrong length",
            0x6882 => "secure messaging not supported",
            0x6982 => "security status not satisfied",
            0x6983 => "blocked",
            0x6985 => "conditions of use not satisfied",
            0x6988 => "secure messaging incorrect",
            0x6a80 => "wrong data",
            0x6a81 => "function not supported",
            0x6a82 => "file or application not found",
            0x6a84 => "not enough memory",
            0x6a86 => "wrong parameters",
            0x6a88 => "referenced data not found",
            0x6a89 => "file already exists",
            0x6b00 => "offset outside the file",
            0x6d00 => "instruction not supported",
            0x6e00 => "class not supported",
            _ => return write!(f, "{:04X}", self.0),
        };
        write!(f, "{:04X} ({meaning})", self.0)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// A command APDU. Its data may be a PIN: it is wiped when dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    pub cla: u8,
    pub ins: u8,
    pub p1: u8,
    pub p2: u8,
    pub data: Zeroizing<Vec<u8>>,
    /// How many bytes of answer are awaited at most (Nₑ): `None` for none, 256 (short) or 65,536 (extended) for all.
    pub expected: Option<usize>,
}

impl Command {
    /// A command of the interindustry class with no data and no answer awaited.
    pub fn new(ins: u8, p1: u8, p2: u8) -> Self {
        Self {
            cla: 0,
            ins,
            p1,
            p2,
            data: Zeroizing::default(),
            expected: None,
        }
    }

    /// With that class.
    pub fn class(mut self, cla: u8) -> Self {
        self.cla = cla;
        self
    }

    /// With that data.
    pub fn data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = Zeroizing::new(data.into());
        self
    }

    /// Awaiting an answer of any length.
    pub fn expecting_answer(self) -> Self {
        self.expecting(256)
    }

    /// Awaiting an answer of `length` bytes, 1–256.
    pub fn expecting(mut self, length: usize) -> Self {
        self.expected = Some(length);
        self
    }

    /// The command of these bytes, short or extended form; `None` when the lengths contradict each other.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[cla, ins, p1, p2], body) = bytes.split_first_chunk::<4>()?;
        let command = |data: &[u8], expected| {
            Some(Self {
                cla,
                ins,
                p1,
                p2,
                data: Zeroizing::new(data.to_vec()),
                expected,
            })
        };
        let short = |le: u8| if le == 0 { 256 } else { usize::from(le) };
        let extended = |le: [u8; 2]| match u16::from_be_bytes(le) {
            0 => 65_536,
            le => usize::from(le),
        };
        match *body {
            [] => command(&[], None),
            [le] => command(&[], Some(short(le))),
            [0, high, low] => command(&[], Some(extended([high, low]))),
            [0, high, low, ref rest @ ..] => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                let (data, le) = rest.split_at_checked(length)?;
                match *le {
                    [] => command(data, None),
                    [high, low] => command(data, Some(extended([high, low]))),
                    _ => None,
                }
            }
            [length, ref rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(length))?;
                match *le {
                    [] => command(data, None),
                    [le] => command(data, Some(short(le))),
                    _ => None,
                }
            }
        }
    }

    /// The short APDUs that carry this command: one, or a chain of them (ISO/IEC 7816-4 §5.3.3) when the data is
    /// longer than 255 bytes.
    pub fn frames(&self) -> Vec<Zeroizing<Vec<u8>>> {
        let mut pieces: Vec<&[u8]> = self.data.chunks(255).collect();
        if pieces.is_empty() {
            pieces.push(&[]);
        }
        let last = pieces.len() - 1;
        pieces
            .into_iter()
            .enumerate()
            .map(|(at, piece)| {
                let mut frame = Vec::with_capacity(piece.len() + 6);
                let chained = if at < last { 0x10 } else { 0 };
                frame.extend([self.cla | chained, self.ins, self.p1, self.p2]);
                if !piece.is_empty() {
                    frame.push(piece.len() as u8); // at most 255 by `chunks`
                    frame.extend(piece);
                }
                if at == last
                    && let Some(expected) = self.expected
                {
                    frame.push(if expected >= 256 { 0 } else { expected as u8 });
                }
                Zeroizing::new(frame)
            })
            .collect()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cla, ins, p1, p2, .. } = self;
        write!(f, "{cla:02X} {ins:02X} {p1:02X} {p2:02X} +{}", self.data.len())
    }
}

/// What the card answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Data, all of it.
    pub data: Vec<u8>,
    pub status: Status,
}

impl Answer {
    /// The answer of these bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (data, status) = bytes.split_last_chunk::<2>()?;
        Some(Self {
            data: data.to_vec(),
            status: Status(u16::from_be_bytes(*status)),
        })
    }
}

/// Sends `command` and gathers its whole answer: a chain when the data is long, GET RESPONSE while the card says
/// `61xx`, once again with the right length when it says `6Cxx`.
///
/// # Errors
/// [`TransportError`]; also when the card answers without status bytes or without end.
pub fn exchange<T: Transport + ?Sized>(transport: &mut T, command: &Command) -> Result<Answer, TransportError> {
    let mut frames = command.frames();
    let mut last = frames.pop().unwrap_or_default();
    for frame in frames {
        let answer = transmit(transport, &frame)?;
        if answer.status != Status::OK {
            return Ok(answer);
        }
    }
    let mut data = Vec::new();
    let mut corrected = false;
    // The longest answer of an extended APDU, in GET RESPONSE pieces of one byte at worst.
    for _ in 0..65_536 {
        let mut answer = transmit(transport, &last)?;
        data.append(&mut answer.data);
        let [first, second] = answer.status.0.to_be_bytes();
        match first {
            0x61 => last = Zeroizing::new(vec![command.cla & 0x03, 0xc0, 0, 0, second]),
            0x6c if !corrected => {
                // ISO/IEC 7816-4 §5.6: nothing was done; the same command with this length will be.
                corrected = true;
                if command.expected.is_some() || last[1] == 0xc0 {
                    last.pop();
                }
                last.push(second);
            }
            _ => {
                let status = answer.status;
                return Ok(Answer { data, status });
            }
        }
    }
    Err(TransportError::Other("an answer without end".to_owned()))
}

fn transmit<T: Transport + ?Sized>(transport: &mut T, frame: &[u8]) -> Result<Answer, TransportError> {
    let answer = transport.transmit(frame)?;
    Answer::parse(&answer).ok_or_else(|| TransportError::Other("an answer without status bytes".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A card that plays a conversation: what must come, what is answered.
    struct Script(Vec<(&'static str, &'static str)>);

    impl Transport for Script {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
            let (expected, answer) = self.0.remove(0);
            assert_eq!(hex::encode(command), expected.replace(' ', ""));
            Ok(hex::decode(answer.replace(' ', "")).unwrap())
        }
    }

    fn play(command: Command, script: &[(&'static str, &'static str)]) -> Answer {
        let mut script = Script(script.to_vec());
        let answer = exchange(&mut script, &command).unwrap();
        assert!(script.0.is_empty(), "the conversation ended early");
        answer
    }

    #[test]
    fn a_long_answer_is_fetched_in_pieces() {
        let answer = play(
            Command::new(0xb0, 0, 0).expecting_answer(),
            &[
                ("00b0000000", "0102 6102"),
                ("00c0000002", "0304 6101"),
                ("00c0000001", "05 9000"),
            ],
        );
        assert_eq!(answer.data, [1, 2, 3, 4, 5]);
        assert_eq!(answer.status, Status::OK);
    }

    #[test]
    fn a_wrong_length_is_asked_again_once_with_the_right_one() {
        let answer = play(
            Command::new(0xb0, 0, 0).expecting(5),
            &[("00b0000005", "6c02"), ("00b0000002", "0102 9000")],
        );
        assert_eq!(answer.data, [1, 2]);
        let stubborn = play(
            Command::new(0xb0, 0, 0).expecting(5),
            &[("00b0000005", "6c02"), ("00b0000002", "6c03")],
        );
        assert_eq!(stubborn.status, Status(0x6c03));
    }

    #[test]
    fn a_missing_length_is_supplied() {
        let answer = play(
            Command::new(0x84, 0, 0),
            &[("00840000", "6c02"), ("0084000002", "abcd 9000")],
        );
        assert_eq!(answer.data, [0xab, 0xcd]);
    }

    #[test]
    fn long_data_goes_as_a_chain_and_a_refusal_ends_it() {
        let command = Command::new(0xdb, 0x3f, 0xff).data(vec![7; 300]);
        let frames = command.frames();
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0][..5], [0x10, 0xdb, 0x3f, 0xff, 255]);
        assert_eq!(frames[1][..5], [0x00, 0xdb, 0x3f, 0xff, 45]);

        struct Refuses(usize);
        impl Transport for Refuses {
            fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, TransportError> {
                self.0 += 1;
                Ok(vec![0x6a, 0x84])
            }
        }
        let mut card = Refuses(0);
        assert_eq!(exchange(&mut card, &command).unwrap().status, Status::NO_SPACE);
        assert_eq!(card.0, 1, "nothing is sent after the refusal");
    }

    #[test]
    fn an_answer_without_end_or_without_status_is_an_error() {
        struct Endless;
        impl Transport for Endless {
            fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, TransportError> {
                Ok(vec![0x61, 0x00])
            }
        }
        struct Mute;
        impl Transport for Mute {
            fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, TransportError> {
                Ok(vec![0x90])
            }
        }
        assert!(exchange(&mut Endless, &Command::new(0xb0, 0, 0)).is_err());
        assert!(exchange(&mut Mute, &Command::new(0xb0, 0, 0)).is_err());
    }

    #[test]
    fn every_form_of_a_command_is_read_as_the_standard_writes_it() {
        let cases: [(&str, usize, Option<usize>); 8] = [
            ("00a40000", 0, None),
            ("00b0000000", 0, Some(256)),
            ("00b0000010", 0, Some(16)),
            ("00a40000023f00", 2, None),
            ("00a40000023f0000", 2, Some(256)),
            ("00b00000000000", 0, Some(65_536)),
            ("00a400000000023f00", 2, None),
            ("00a400000000023f000100", 2, Some(256)),
        ];
        for (bytes, data, expected) in cases {
            let command = Command::parse(&hex::decode(bytes).unwrap()).unwrap();
            assert_eq!((command.data.len(), command.expected), (data, expected), "{bytes}");
        }
        for wrong in [
            "",
            "00a400",
            "00a40000033f00",
            "00a40000023f000000",
            "00a400000000033f00",
        ] {
            assert_eq!(Command::parse(&hex::decode(wrong).unwrap()), None, "{wrong}");
        }
    }

    #[test]
    fn a_commands_data_is_never_shown() {
        let command = Command::new(0x20, 0, 1).data(b"4071".to_vec());
        assert_eq!(format!("{command:?}"), "00 20 00 01 +4");
    }

    proptest::proptest! {
        #[test]
        fn what_is_framed_is_read_back(ins: u8, data in proptest::collection::vec(0u8.., 0..256), le in 0usize..=256) {
            let mut command = Command::new(ins, 1, 2).data(data);
            command.expected = (le > 0).then_some(le);
            let frames = command.frames();
            proptest::prop_assume!(frames.len() == 1);
            proptest::prop_assert_eq!(Command::parse(&frames[0]), Some(command));
        }
    }
}
