//! One letter on its way into the file: the content of its pages and its part of the structure tree.

use super::{COLUMN_HEADER, DOCUMENT, RESOURCES, ROW_HEADER, put, text};
use crate::notice::sheet::{Group, Leaf};

/// A page's content and the element of each of its marked pieces.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) content: Vec<u8>,
    owners: Vec<u32>,
}

/// A structure element; `size` counts itself and all below it, in reading order.
struct Element {
    kind: &'static str,
    extra: String,
    parent: Option<u32>,
    size: u32,
    page: u32,
    /// Marked pieces of the page from this one on are its content.
    mcid: u32,
    pieces: u32,
}

/// What of an element is open in the content stream.
#[derive(Clone, Copy, PartialEq)]
enum Marked {
    Nothing,
    Piece,
    Aside,
}

/// A letter. [`Letter::begin`] it before each.
pub(crate) struct Letter {
    pub(super) first: u32,
    pub(crate) pages: Vec<Page>,
    elements: Vec<Element>,
    open: Vec<u32>,
    leaf: Option<u32>,
    marked: Marked,
}

impl Letter {
    pub(crate) const fn new() -> Self {
        Self {
            first: 0,
            pages: Vec::new(),
            elements: Vec::new(),
            open: Vec::new(),
            leaf: None,
            marked: Marked::Nothing,
        }
    }

    /// Begins a letter in `language`, where that is not the file's.
    pub(crate) fn begin(&mut self, language: Option<&str>) {
        self.first = 0;
        self.pages.clear();
        self.elements.clear();
        self.open.clear();
        let extra = language
            .map(|language| format!("/Lang({language})"))
            .unwrap_or_default();
        self.push("Sect", extra);
        self.open.push(0);
    }

    /// Begins the next page.
    pub(crate) fn page(&mut self) {
        self.leave_mark();
        self.pages.push(Page::default());
    }

    /// The content of the page being written.
    pub(crate) fn content(&mut self) -> &mut Vec<u8> {
        if self.pages.is_empty() {
            self.pages.push(Page::default());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last].content
    }

    pub(crate) fn open(&mut self, group: Group) {
        self.leave_mark();
        let kind = match group {
            Group::Table => "Table",
            Group::Row => "TR",
            Group::List => "L",
            Group::Item => "LI",
        };
        self.push(kind, String::new());
        self.open.push(self.elements.len() as u32 - 1);
    }

    pub(crate) fn close(&mut self) {
        self.leave_mark();
        // The letter's own root stays open to its end.
        if self.open.len() > 1 {
            self.close_last();
        }
    }

    pub(super) fn close_all(&mut self) {
        self.leave_mark();
        while !self.open.is_empty() {
            self.close_last();
        }
    }

    fn close_last(&mut self) {
        if let Some(at) = self.open.pop() {
            self.elements[at as usize].size = self.elements.len() as u32 - at;
        }
    }

    /// Begins an element whose content is what is drawn next.
    pub(crate) fn begin_leaf(&mut self, leaf: &Leaf) {
        self.leave_mark();
        let (kind, extra) = match leaf {
            Leaf::Title => ("H1", String::new()),
            Leaf::Heading => ("H2", String::new()),
            Leaf::Paragraph => ("P", String::new()),
            Leaf::ColumnHeader => ("TH", format!("/A {COLUMN_HEADER} 0 R")),
            Leaf::RowHeader => ("TH", format!("/A {ROW_HEADER} 0 R")),
            Leaf::Cell => ("TD", String::new()),
            Leaf::Label => ("Lbl", String::new()),
            Leaf::Item => ("LBody", String::new()),
            Leaf::Figure(says) => ("Figure", format!("/Alt{}", text(says))),
        };
        self.push(kind, extra);
        self.leaf = Some(self.elements.len() as u32 - 1);
    }

    pub(crate) fn end_leaf(&mut self) {
        self.leave_mark();
        self.leaf = None;
    }

    /// What is drawn next is content of the open element, or no content where none is open.
    pub(crate) fn draw_content(&mut self) {
        match self.leaf {
            Some(_) if self.marked == Marked::Piece => {}
            Some(leaf) => {
                self.leave_mark();
                let tag = match self.elements[leaf as usize].pieces {
                    0 => self.elements[leaf as usize].kind,
                    _ => "Span",
                };
                self.mark(leaf, tag, None);
                self.marked = Marked::Piece;
            }
            None => self.draw_aside(),
        }
    }

    /// What `draw` writes reads `actual`, whatever its glyphs say: a piece of its own. Never nested, as poppler's structure
    /// text loses what follows a nested one; and it heeds ActualText under Span alone.
    pub(crate) fn draw_as(&mut self, actual: &str) {
        match self.leaf {
            Some(leaf) => {
                self.leave_mark();
                self.mark(leaf, "Span", Some(actual));
                self.marked = Marked::Piece;
            }
            None => self.draw_aside(),
        }
    }

    /// What is drawn next is no content: rules, frames, the foot line.
    pub(crate) fn draw_aside(&mut self) {
        if self.marked != Marked::Aside {
            self.leave_mark();
            self.content().extend(b"/Artifact BMC\n");
            self.marked = Marked::Aside;
        }
    }

    /// Ends the marked piece, if one is open.
    pub(crate) fn leave_mark(&mut self) {
        if self.marked != Marked::Nothing {
            self.content().extend(b"EMC\n");
            self.marked = Marked::Nothing;
        }
    }

    fn mark(&mut self, leaf: u32, tag: &str, actual: Option<&str>) {
        self.content();
        let number = self.pages.len() as u32 - 1;
        let page = &mut self.pages[number as usize];
        let mcid = page.owners.len() as u32;
        page.owners.push(leaf);
        let element = &mut self.elements[leaf as usize];
        if element.pieces == 0 {
            (element.mcid, element.page) = (mcid, number);
        }
        element.pieces += 1;
        let content = &mut page.content;
        content.push(b'/');
        content.extend(tag.bytes());
        put(content, b"<</MCID ", mcid);
        if let Some(actual) = actual {
            content.extend(b"/ActualText");
            content.extend(text(actual).bytes());
        }
        content.extend(b">>BDC\n");
    }

    fn push(&mut self, kind: &'static str, extra: String) {
        self.elements.push(Element {
            kind,
            extra,
            parent: self.open.last().copied(),
            size: 1,
            page: 0,
            mcid: 0,
            pieces: 0,
        });
    }

    /// Numbers in the letter's block.
    pub(super) fn count(&self) -> u32 {
        (2 * self.pages.len() + self.elements.len()) as u32
    }

    pub(super) fn page_id(&self, number: usize) -> u32 {
        self.first + 2 * number as u32
    }

    pub(super) fn element_id(&self, at: u32) -> u32 {
        self.first + 2 * self.pages.len() as u32 + at
    }

    /// The page and its entry of the parent tree. `places`: its node of the page tree, its content, its key.
    pub(super) fn write_page(&self, number: usize, places: (u32, u32, u32), heads: &mut Vec<u8>, bodies: &mut Vec<u8>) {
        let (node, contents, key) = places;
        entry(heads, self.page_id(number), bodies.len());
        put(
            bodies,
            b"<</Type/Page/MediaBox[0 0 595.28 841.89]/Resources ",
            RESOURCES,
        );
        put(bodies, b" 0 R/Parent ", node);
        put(bodies, b" 0 R/Contents ", contents);
        put(bodies, b" 0 R/StructParents ", key);
        bodies.extend(b">>\n");
        entry(heads, self.page_id(number) + 1, bodies.len());
        bodies.push(b'[');
        for owner in &self.pages[number].owners {
            put(bodies, b"", self.element_id(*owner));
            bodies.extend(b" 0 R ");
        }
        bodies.extend(b"]\n");
    }

    pub(super) fn write_elements(&self, heads: &mut Vec<u8>, bodies: &mut Vec<u8>) {
        for (at, element) in self.elements.iter().enumerate() {
            entry(heads, self.element_id(at as u32), bodies.len());
            bodies.extend(b"<</S/");
            bodies.extend(element.kind.bytes());
            bodies.extend(element.extra.bytes());
            put(
                bodies,
                b"/P ",
                element.parent.map_or(DOCUMENT, |parent| self.element_id(parent)),
            );
            // Not inherited: every element with content of its own names its page.
            if element.pieces > 0 {
                put(bodies, b" 0 R/Pg ", self.page_id(element.page as usize));
            }
            bodies.extend(b" 0 R/K[");
            for piece in 0..element.pieces {
                put(bodies, b"", element.mcid + piece);
                bodies.push(b' ');
            }
            // Each child begins where the one before, with all below it, ends.
            let (mut child, end) = (at + 1, at + element.size as usize);
            while child < end {
                put(bodies, b"", self.element_id(child as u32));
                bodies.extend(b" 0 R ");
                child += self.elements[child].size as usize;
            }
            bodies.extend(b"]>>\n");
        }
    }
}

/// An object's number and place in the stream that packs it.
fn entry(heads: &mut Vec<u8>, id: u32, at: usize) {
    put(heads, b"", id);
    put(heads, b" ", at as u32);
    heads.push(b' ');
}
