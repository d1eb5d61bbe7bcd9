//! The cross-reference stream (ISO 32000-1 §7.5.8).

use std::io::{self, Write};

use flate2::{Compression, write::ZlibEncoder};

use super::{CATALOG, File, INFO};

/// Rows are written in pieces of about this many bytes.
const PIECE: usize = 60_000;

impl<W: Write> File<W> {
    /// Rows of type, 5-byte place, 2-byte index, each less the row above (predictor 12): a block packs to nearly nothing.
    pub(super) fn cross_references(mut self, id: [u8; 16]) -> io::Result<(W, u64)> {
        let (own, start) = (self.reserve(), self.at);
        self.singles.push((own, start));
        self.singles.sort_unstable();
        let mut rows = Rows {
            packer: ZlibEncoder::new(Vec::new(), Compression::fast()),
            above: [0; 8],
            bytes: Vec::with_capacity(PIECE + 16),
        };
        let mut singles = self.singles.iter().peekable();
        let mut blocks = self.blocks.iter().peekable();
        let mut at = 0;
        while at <= own {
            if let Some(block) = blocks.next_if(|block| block.first == at) {
                for number in 0..block.count {
                    rows.add(2, block.stream.into(), block.index + number)?;
                }
                at += u32::from(block.count);
            } else {
                match singles.next_if(|single| single.0 == at) {
                    Some((_, place)) => rows.add(1, *place, 0)?,
                    None => rows.add(0, 0, u16::MAX)?,
                }
                at += 1;
            }
        }
        let data = rows.finish()?;
        let hex: String = id.iter().map(|byte| format!("{byte:02X}")).collect();
        let head = format!(
            "{own} 0 obj\n<</Type/XRef/Size {}/W[1 5 2]/Root {CATALOG} 0 R/Info {INFO} 0 R/ID[<{hex}><{hex}>]\
             /Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 8>>/Length {}>>stream\n",
            own + 1,
            data.len()
        );
        self.write(head.as_bytes())?;
        self.write(&data)?;
        self.write(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes())?;
        self.out.flush()?;
        Ok((self.out, self.at))
    }
}

struct Rows {
    packer: ZlibEncoder<Vec<u8>>,
    above: [u8; 8],
    bytes: Vec<u8>,
}

impl Rows {
    fn add(&mut self, kind: u8, place: u64, index: u16) -> io::Result<()> {
        let (place, index) = (place.to_be_bytes(), index.to_be_bytes());
        let row = [
            kind, place[3], place[4], place[5], place[6], place[7], index[0], index[1],
        ];
        self.bytes.push(2);
        self.bytes.extend((0..8).map(|k| row[k].wrapping_sub(self.above[k])));
        self.above = row;
        if self.bytes.len() > PIECE {
            self.packer.write_all(&self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<u8>> {
        self.packer.write_all(&self.bytes)?;
        self.packer.finish()
    }
}
