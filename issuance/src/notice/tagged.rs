//! A tagged PDF file (ISO 32000-1, PDF/UA-1: ISO 14289-1) written as a stream: a letter that is written leaves 40 bytes behind.
//!
//! Objects are numbered as they come. Per letter there is a content stream a page and one block of consecutive numbers (pages
//! with their entries of the parent tree, then the letter's structure elements), packed into an object stream every few
//! letters. A node of the page tree and a leaf of the parent tree close a thousand pages. Fonts, catalogue, metadata and the
//! cross-reference stream come last; rows of the latter are arithmetic for a block.

mod letter;
mod xref;

use std::io::{self, Write};

use flate2::{Compress, Compression, FlushCompress, Status};

pub(super) use letter::Letter;

const CATALOG: u32 = 1;
const PAGES: u32 = 2;
const TREE: u32 = 3;
const DOCUMENT: u32 = 4;
const PARENTS: u32 = 5;
const XMP: u32 = 6;
const INFO: u32 = 7;
/// The resources that all pages share.
pub(super) const RESOURCES: u32 = 8;
/// The attributes that all headers of columns share, and those of rows.
const COLUMN_HEADER: u32 = 9;
const ROW_HEADER: u32 = 10;
const FIRST_FREE: u32 = 11;

/// Pages under one node of the page tree.
const GROUP: usize = 1_000;
/// Letters in an object stream: fewer cost 5 % more bytes, more make readers open more than they look for.
const PER_STREAM: usize = 8;

/// A letter's block: entries `index..index + count` of object stream `stream`.
struct Block {
    first: u32,
    count: u16,
    index: u16,
    stream: u32,
}

/// What a reader is told about the file.
pub(super) struct Description<'a> {
    pub(super) title: &'a str,
    pub(super) author: &'a str,
    pub(super) subject: &'a str,
    /// `D:20261101000000+09'00'`
    pub(super) dated: &'a str,
    /// RFC 3066: `ja-JP`.
    pub(super) language: &'a str,
    pub(super) id: [u8; 16],
}

/// The file being written.
pub(super) struct File<W: Write> {
    out: W,
    at: u64,
    zip: Compress,
    packed: Vec<u8>,
    next: u32,
    singles: Vec<(u32, u64)>,
    blocks: Vec<Block>,
    /// The object of each page; its entry of the parent tree has the next number.
    pages: Vec<u32>,
    /// The root element of each letter.
    sects: Vec<u32>,
    /// Node of the page tree and leaf of the parent tree, a pair per thousand pages.
    nodes: Vec<(u32, u32)>,
    waiting: usize,
    stream: u32,
    index: u16,
    heads: Vec<u8>,
    bodies: Vec<u8>,
}

impl<W: Write> File<W> {
    /// Begins a file.
    pub(super) fn new(out: W, level: Compression) -> io::Result<Self> {
        let mut file = Self {
            out,
            at: 0,
            zip: Compress::new(level, true),
            packed: Vec::new(),
            next: FIRST_FREE,
            singles: Vec::new(),
            blocks: Vec::new(),
            pages: Vec::new(),
            sects: Vec::new(),
            nodes: Vec::new(),
            waiting: 0,
            stream: 0,
            index: 0,
            heads: Vec::new(),
            bodies: Vec::new(),
        };
        file.write(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")?;
        Ok(file)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// A number for an object to be written later.
    pub(super) fn reserve(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// Writes an object as it is.
    pub(super) fn object(&mut self, id: u32, body: &[u8]) -> io::Result<()> {
        self.singles.push((id, self.at));
        self.write(format!("{id} 0 obj\n").as_bytes())?;
        self.write(body)?;
        self.write(b"\nendobj\n")
    }

    /// Writes a stream, compressed.
    pub(super) fn stream(&mut self, id: u32, entries: &[u8], data: &[u8]) -> io::Result<()> {
        let mut packed = std::mem::take(&mut self.packed);
        deflate(&mut self.zip, data, &mut packed)?;
        let written = self.raw_stream(id, &[entries, b"/Filter/FlateDecode"].concat(), &packed);
        self.packed = packed;
        written
    }

    /// Writes a stream as it is.
    fn raw_stream(&mut self, id: u32, entries: &[u8], data: &[u8]) -> io::Result<()> {
        self.singles.push((id, self.at));
        self.write(format!("{id} 0 obj\n<<").as_bytes())?;
        self.write(entries)?;
        self.write(format!("/Length {}>>stream\n", data.len()).as_bytes())?;
        self.write(data)?;
        self.write(b"\nendstream\nendobj\n")
    }

    /// Writes a letter.
    pub(super) fn letter(&mut self, letter: &mut Letter) -> io::Result<()> {
        letter.close_all();
        if self.waiting == 0 {
            self.stream = self.reserve();
        }
        let begun = self.pages.len();
        let new_groups = (begun..begun + letter.pages.len())
            .filter(|page| page % GROUP == 0)
            .count();
        let mut nodes = (0..new_groups)
            .map(|_| (self.reserve(), self.reserve()))
            .collect::<Vec<_>>()
            .into_iter();
        let contents = self.next;
        self.next += letter.pages.len() as u32;
        for (number, page) in letter.pages.iter().enumerate() {
            self.stream(contents + number as u32, b"", &page.content)?;
        }
        letter.first = self.next;
        let count = letter.count();
        self.next += count;
        for number in 0..letter.pages.len() {
            if self.pages.len() % GROUP == 0 {
                self.nodes.extend(nodes.next());
            }
            let (node, key) = (self.nodes.last().map_or(PAGES, |node| node.0), self.pages.len() as u32);
            let places = (node, contents + number as u32, key);
            letter.write_page(number, places, &mut self.heads, &mut self.bodies);
            self.pages.push(letter.page_id(number));
            if self.pages.len() % GROUP == 0 {
                self.close_group()?;
            }
        }
        letter.write_elements(&mut self.heads, &mut self.bodies);
        self.sects.push(letter.element_id(0));
        self.blocks.push(Block {
            first: letter.first,
            count: count as u16,
            index: self.index,
            stream: self.stream,
        });
        self.index += count as u16;
        self.waiting += 1;
        // The index is 16 bits wide.
        if self.waiting == PER_STREAM || self.index > u16::MAX / 2 {
            self.flush_blocks()?;
        }
        Ok(())
    }

    fn flush_blocks(&mut self) -> io::Result<()> {
        let entries = format!("/Type/ObjStm/N {}/First {}", self.index, self.heads.len());
        let mut data = std::mem::take(&mut self.heads);
        data.append(&mut self.bodies);
        self.stream(self.stream, entries.as_bytes(), &data)?;
        data.clear();
        self.heads = data;
        (self.waiting, self.index) = (0, 0);
        Ok(())
    }

    /// The page tree's node and the parent tree's leaf of the last (up to) thousand pages.
    fn close_group(&mut self) -> io::Result<()> {
        let (to, from) = (self.pages.len(), (self.pages.len() - 1) / GROUP * GROUP);
        let Some(&(node, leaf)) = self.nodes.last() else {
            return Ok(());
        };
        let kids = references(self.pages[from..].iter().copied());
        let mut nums = Vec::new();
        for (key, page) in (from..to).zip(&self.pages[from..]) {
            put(&mut nums, b"", key as u32);
            put(&mut nums, b" ", page + 1);
            nums.extend(b" 0 R ");
        }
        let head = format!("<</Type/Pages/Parent {PAGES} 0 R/Count {}/Kids[", to - from);
        self.object(node, &[head.as_bytes(), &kids, b"]>>"].concat())?;
        let head = format!("<</Limits[{from} {}]/Nums[", to - 1);
        self.object(leaf, &[head.as_bytes(), &nums, b"]>>"].concat())
    }

    /// Ends the file; gives what was written to, and the file's length in bytes.
    pub(super) fn finish(mut self, about: &Description<'_>) -> io::Result<(W, u64)> {
        if self.waiting > 0 {
            self.flush_blocks()?;
        }
        if self.pages.len() % GROUP != 0 {
            self.close_group()?;
        }
        let pages = self.pages.len();
        let sects = references(self.sects.iter().copied());
        let nodes = references(self.nodes.iter().map(|node| node.0));
        let leaves = references(self.nodes.iter().map(|node| node.1));
        let count = format!("<</Type/Pages/Count {pages}/Kids[");
        self.object(PAGES, &[count.as_bytes(), &nodes, b"]>>"].concat())?;
        self.object(INFO, about.info().as_bytes())?;
        self.object(COLUMN_HEADER, b"<</O/Table/Scope/Column>>")?;
        self.object(ROW_HEADER, b"<</O/Table/Scope/Row>>")?;
        let tree =
            format!("<</Type/StructTreeRoot/K {DOCUMENT} 0 R/ParentTree {PARENTS} 0 R/ParentTreeNextKey {pages}>>");
        self.object(TREE, tree.as_bytes())?;
        let document = format!("<</S/Document/P {TREE} 0 R/K[");
        self.object(DOCUMENT, &[document.as_bytes(), &sects, b"]>>"].concat())?;
        self.object(PARENTS, &[b"<</Kids[", leaves.as_slice(), b"]>>"].concat())?;
        self.raw_stream(XMP, b"/Type/Metadata/Subtype/XML", about.xmp().as_bytes())?;
        let catalog = format!(
            "<</Type/Catalog/Pages {PAGES} 0 R/Lang({})/MarkInfo<</Marked true>>/StructTreeRoot {TREE} 0 R\
             /Metadata {XMP} 0 R/ViewerPreferences<</DisplayDocTitle true>>>>",
            about.language
        );
        self.object(CATALOG, catalog.as_bytes())?;
        self.cross_references(about.id)
    }
}

impl Description<'_> {
    fn info(&self) -> String {
        format!(
            "<</Title {}/Author {}/Subject {}/Creator(Madoguchi)/Producer(Madoguchi)/CreationDate({dated})/ModDate({dated})>>",
            text(self.title),
            text(self.author),
            text(self.subject),
            dated = self.dated
        )
    }

    fn xmp(&self) -> String {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        format!(
            "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
             <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:pdfuaid=\"http://www.aiim.org/pdfua/ns/id/\">\
             <pdfuaid:part>1</pdfuaid:part><dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{}</rdf:li></rdf:Alt>\
             </dc:title></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>",
            escape(self.title)
        )
    }
}

/// A text string (ISO 32000-1 §7.9.2.2), as UTF-16.
pub(super) fn text(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<FEFF{units}>")
}

fn references(ids: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut list = Vec::new();
    for id in ids {
        put(&mut list, b"", id);
        list.extend(b" 0 R ");
    }
    list
}

/// A text and then a number, by hand: `write!` costs as much as the compression.
pub(super) fn put(to: &mut Vec<u8>, before: &[u8], mut value: u32) {
    to.extend(before);
    let (mut digits, mut at) = ([0u8; 10], 10);
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    to.extend(&digits[at..]);
}

/// One compressor for all streams: a new one is 300 KB to clear.
fn deflate(zip: &mut Compress, data: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    zip.reset();
    out.clear();
    out.reserve(data.len() / 2 + 128);
    loop {
        let done = usize::try_from(zip.total_in()).unwrap_or(usize::MAX).min(data.len());
        let status = zip.compress_vec(&data[done..], out, FlushCompress::Finish);
        match status.map_err(io::Error::other)? {
            Status::StreamEnd => return Ok(()),
            _ => out.reserve(out.len().max(4096)),
        }
    }
}
