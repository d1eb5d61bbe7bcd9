//! Whether somebody who does not see the page has it read out right: the validator of another hand, and where that is blind,
//! our own walk through the structure.

use std::{collections::BTreeMap, process::Command};

use lopdf::{Document, Object, ObjectId, content::Content};

use super::{OnDisk, all, notices, run};
use crate::notice::Printed;

fn everything() -> Vec<(String, Printed)> {
    let papers = all().into_iter().map(|(kind, printed)| (kind.to_owned(), printed));
    papers.chain(notices::one_of_each()).collect()
}

#[test]
fn every_paper_passes_as_pdf_ua() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = everything()
        .into_iter()
        .map(|(kind, printed)| {
            let path = folder.path().join(format!("{kind}.pdf"));
            std::fs::write(&path, printed.pdf).unwrap();
            path
        })
        .collect();
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/page-validation");
    let said = Command::new(judge).args(&paths).output().unwrap();
    assert!(
        said.status.success(),
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
}

#[test]
fn every_mark_on_a_page_is_owned_by_one_element_and_named_by_it() {
    for (kind, printed) in everything() {
        let walked = Walk::through(&printed);
        assert_eq!(walked.pages, printed.pages, "{kind}");
        assert!(walked.kinds.contains_key("H1"), "{kind}: {:?}", walked.kinds);
        assert_eq!(walked.first_heading.as_deref(), Some("H1"), "{kind}");
        assert!(walked.marks > 5, "{kind}");
    }
}

#[test]
fn headers_of_columns_are_told_from_cells_and_rows_are_of_one_width() {
    let printed = notices::medical_expenses();
    let walked = Walk::through(&printed);
    assert_eq!(walked.kinds["Table"], 2);
    assert_eq!(
        walked.kinds["TH"] % 8,
        2,
        "eight columns, and two facts: {:?}",
        walked.kinds
    );
    let structure = OnDisk::new(&printed).ask("pdfinfo", &["-struct-text"], &[]);
    assert!(
        structure.contains("Table") && structure.contains("医療機関等の名称"),
        "{structure}"
    );
}

#[test]
fn what_is_read_out_is_what_is_printed() {
    let paper = OnDisk::new(&notices::medical_expenses());
    let said = paper.ask("pdfinfo", &["-struct-text"], &[]);
    for text in ["葛\u{E0100}", "令和8年6月", "12,340円"] {
        assert!(said.contains(text), "{text}: {said}");
    }
}

/// What a walk through the structure finds. It fails where page, parent tree and elements do not agree.
struct Walk {
    pages: usize,
    marks: usize,
    kinds: BTreeMap<String, usize>,
    first_heading: Option<String>,
}

impl Walk {
    fn through(printed: &Printed) -> Self {
        let pdf = Document::load_mem(&printed.pdf).unwrap();
        let catalog = pdf.catalog().unwrap();
        let root = pdf.get_dict_in_dict(catalog, b"StructTreeRoot").unwrap();
        let mut parents = BTreeMap::new();
        leaves(&pdf, pdf.get_dict_in_dict(root, b"ParentTree").unwrap(), &mut parents);
        let mut owned = BTreeMap::new();
        let pages = pdf.get_pages();
        for page in pages.values() {
            let entries = pdf.get_dictionary(*page).unwrap();
            let key = entries.get(b"StructParents").unwrap().as_i64().unwrap();
            let owners = &parents[&key];
            let marks = marks_of(&pdf, *page);
            assert_eq!(
                marks,
                (0..owners.len() as i64).collect::<Vec<_>>(),
                "each mark once, in order"
            );
            for mark in marks {
                owned.insert((*page, mark), owners[mark as usize]);
            }
        }
        let mut walk = Self {
            pages: pages.len(),
            marks: owned.len(),
            kinds: BTreeMap::new(),
            first_heading: None,
        };
        let top = root.get(b"K").unwrap().as_reference().unwrap();
        let tree = pdf
            .catalog()
            .unwrap()
            .get(b"StructTreeRoot")
            .unwrap()
            .as_reference()
            .unwrap();
        walk.element(&pdf, top, tree, &mut owned);
        assert!(owned.is_empty(), "marks that no element names: {owned:?}");
        walk
    }

    fn element(
        &mut self,
        pdf: &Document,
        id: ObjectId,
        parent: ObjectId,
        owned: &mut BTreeMap<(ObjectId, i64), ObjectId>,
    ) {
        let element = pdf.get_dictionary(id).unwrap();
        assert_eq!(element.get(b"P").unwrap().as_reference().unwrap(), parent, "its parent");
        let kind = String::from_utf8_lossy(element.get(b"S").unwrap().as_name().unwrap()).into_owned();
        if kind.starts_with('H') && self.first_heading.is_none() {
            self.first_heading = Some(kind.clone());
        }
        if kind == "TR" {
            let above = pdf
                .get_dictionary(parent)
                .unwrap()
                .get(b"S")
                .unwrap()
                .as_name()
                .unwrap();
            assert_eq!(above, b"Table");
        }
        *self.kinds.entry(kind.clone()).or_default() += 1;
        let mut width = None;
        for kid in element.get(b"K").unwrap().as_array().unwrap() {
            match kid {
                Object::Integer(mark) => {
                    let page = element.get(b"Pg").unwrap().as_reference().unwrap();
                    assert_eq!(
                        owned.remove(&(page, *mark)),
                        Some(id),
                        "{kind}: the parent tree says the same"
                    );
                }
                kid => {
                    let kid = kid.as_reference().unwrap();
                    self.element(pdf, kid, id, owned);
                    if kind == "Table" {
                        let cells = pdf
                            .get_dictionary(kid)
                            .unwrap()
                            .get(b"K")
                            .unwrap()
                            .as_array()
                            .unwrap()
                            .len();
                        assert_eq!(*width.get_or_insert(cells), cells, "rows of one width");
                    }
                }
            }
        }
    }
}

fn leaves(pdf: &Document, node: &lopdf::Dictionary, found: &mut BTreeMap<i64, Vec<ObjectId>>) {
    if let Ok(kids) = node.get(b"Kids").and_then(Object::as_array) {
        for kid in kids {
            leaves(pdf, pdf.get_dictionary(kid.as_reference().unwrap()).unwrap(), found);
        }
    }
    if let Ok(numbers) = node.get(b"Nums").and_then(Object::as_array) {
        for pair in numbers.chunks(2) {
            let owners = pdf
                .get_object(pair[1].as_reference().unwrap())
                .unwrap()
                .as_array()
                .unwrap();
            let owners = owners.iter().map(|owner| owner.as_reference().unwrap()).collect();
            assert!(
                found.insert(pair[0].as_i64().unwrap(), owners).is_none(),
                "a page's key twice"
            );
        }
    }
}

/// The numbers of a page's marks. Whatever is drawn outside of one, or a mark within another, fails.
fn marks_of(pdf: &Document, page: ObjectId) -> Vec<i64> {
    let content = Content::decode(&pdf.get_page_content(page)).unwrap();
    let (mut open, mut marks) = (false, Vec::new());
    for operation in content.operations {
        match operation.operator.as_str() {
            "BDC" | "BMC" => {
                assert!(!open, "a mark within a mark");
                open = true;
                if let Some(Object::Dictionary(properties)) = operation.operands.get(1) {
                    marks.push(properties.get(b"MCID").unwrap().as_i64().unwrap());
                }
            }
            "EMC" => {
                assert!(open);
                open = false;
            }
            "Tj" | "TJ" | "S" | "f" | "Do" => assert!(open, "{} outside of every mark", operation.operator),
            _ => {}
        }
    }
    assert!(!open, "a mark that does not end");
    marks
}

#[test]
fn a_file_of_many_letters_is_sound_and_each_letter_stands_on_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.pdf");
    let (pages, _) = notices::write_run(&path, 1_203);
    run("qpdf", &["--check"], &path, &[]);
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/page-validation");
    let said = Command::new(judge).arg(&path).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    let printed = Printed {
        pdf: std::fs::read(&path).unwrap(),
        content_hash: notices::medical_expenses().content_hash,
        pages,
    };
    assert_eq!(Walk::through(&printed).pages, pages);
    // The leaves and nodes of a thousand pages each: the last letter is where it should be.
    let last = run("pdftotext", &["-raw", "-f", &pages.to_string()], &path, &["-"]);
    assert!(last.contains("1202"), "{last}");
    let fonts = run("pdffonts", &[], &path, &[]);
    assert!(fonts.lines().skip(2).all(|font| font.as_bytes()[6] == b'+'), "{fonts}");
}
