//! Notices as data: what they say, and how a wrong folder, an unknown fact, a letter that overflows are refused.

use std::{fs::File, io::BufWriter, path::Path};

use time::macros::date;

use super::{OnDisk, press, run, samples};
use crate::notice::{
    Addressee, Letter, PaperError, Printed, Style, barcode,
    template::{Files, Kinds, Language, Template, Value, Wrong, builtin},
};

const DAY: time::Date = date!(2026 - 11 - 02);
const JAPANESE: Style = Style {
    language: Language::Japanese,
    large: false,
};

fn kinds() -> Kinds {
    builtin().unwrap_or_else(|error| panic!("{error}"))
}

fn visit(month: u8, patient: &str, provider: &str, amount: i64) -> Vec<Value> {
    vec![
        Value::Month(2026, month),
        Value::Name(patient.into()),
        Value::Text(provider.into()),
        Value::Text("外来".into()),
        Value::Count(2),
        Value::Yen(amount),
        Value::Yen(0),
        Value::Yen(amount * 3 / 10),
    ]
}

/// The letter of a household of two with names that fonts make hard.
pub fn household(visits: usize) -> Letter {
    let patients = [samples::RARE_NAME, "吉田\u{3000}ハナ"];
    let visit = |n: usize| {
        visit(
            1 + (n % 12) as u8,
            patients[n % 2],
            "汐見市立中央病院",
            12_340 + n as i64,
        )
    };
    let mut rows: Vec<_> = (0..visits).map(visit).collect();
    if let Some(first) = rows.first_mut() {
        first[0] = Value::Month(2026, 6);
    }
    Letter {
        to: Addressee {
            postal_code: "859-9012".into(),
            address_lines: vec!["汐見市浜通3丁目20番地5".into(), "コーポ潮騒 604号".into()],
            name: samples::RARE_NAME.into(),
        },
        guardian: false,
        person: samples::RARE_NAME.into(),
        facts: Vec::new(),
        rows,
    }
}

/// A letter of any notice, with facts of the kinds it declares.
pub fn letter_of(template: &Template) -> Letter {
    use crate::notice::template::ValueKind;
    let value = |kind: ValueKind| match kind {
        ValueKind::Text => Value::Text("汐見市の見本".into()),
        ValueKind::Name => Value::Name(samples::RARE_NAME.into()),
        ValueKind::Date => Value::Date(DAY),
        ValueKind::Month => Value::Month(2026, 6),
        ValueKind::Yen => Value::Yen(12_340),
        ValueKind::Count => Value::Count(3),
    };
    let line = || template.rows.iter().map(|fact| value(fact.kind)).collect::<Vec<_>>();
    Letter {
        facts: template.facts.iter().map(|fact| value(fact.kind)).collect(),
        rows: if template.rows.is_empty() {
            Vec::new()
        } else {
            (0..3).map(|_| line()).collect()
        },
        ..household(0)
    }
}

fn print(template: &Template, style: Style, letter: &Letter) -> Result<Printed, PaperError> {
    press().letter(template, (&samples::office(), DAY), style, letter)
}

pub fn medical_expenses() -> Printed {
    print(kinds().find("medical-expenses").unwrap(), JAPANESE, &household(12)).unwrap()
}

/// Every notice in every language and size.
pub fn one_of_each() -> Vec<(String, Printed)> {
    let mut all = Vec::new();
    for template in kinds().iter() {
        for language in template.languages() {
            for large in [false, true] {
                let printed = print(template, Style { language, large }, &letter_of(template));
                let size = if large { "large" } else { "normal" };
                let name = format!("{}-{language}-{size}", template.name);
                all.push((name.clone(), printed.unwrap_or_else(|error| panic!("{name}: {error}"))));
            }
        }
    }
    all
}

/// Writes a file of `count` letters; gives its pages and bytes.
pub fn write_run(path: &Path, count: usize) -> (usize, u64) {
    let kinds = kinds();
    let office = samples::office();
    let out = BufWriter::new(File::create(path).unwrap());
    let template = kinds.find("medical-expenses").unwrap();
    let mut run = press().run(out, template, (&office, DAY), JAPANESE).unwrap();
    let mut pages = 0;
    for number in 0..count {
        let mut letter = household(12);
        letter.to.address_lines[1] = format!("{number}号");
        pages += run.add(&letter).unwrap().1;
    }
    (pages, run.finish().unwrap().1)
}

#[test]
fn the_medical_expenses_say_what_the_rules_ask_for_and_add_up() {
    let text = OnDisk::new(&medical_expenses()).text();
    for said in [
        "医療費のお知らせ",
        "受診 12 件、医療費の総額は 148,146円",
        "窓口で実際に支払われた額と一致しないことがあります",
        "請求が遅れているもの",
        "傷病名",
        "医療費控除",
        "郵送を希望しないとき",
        "令和8年6月",
        "吉田\u{3000}ハナ",
        samples::RARE_NAME,
    ] {
        let unwrapped = text.replace('\n', "");
        assert!(unwrapped.contains(said), "{said}: {text}");
    }
}

#[test]
fn the_window_always_shows_address_and_barcode_and_never_anything_else() {
    let printed = medical_expenses();
    let paper = OnDisk::new(&printed);
    let kinds = kinds();
    let envelope = kinds.find("medical-expenses").unwrap().envelope;
    let (safe, seen) = (envelope.always_seen(), envelope.ever_seen());
    let mut shown = String::new();
    for (word, [left, top, right, bottom]) in paper.words("1") {
        if left < seen.right() && top < seen.bottom() {
            assert!(
                left >= safe.left && right <= safe.right(),
                "{word} at {left}–{right} mm"
            );
            assert!(
                top >= safe.top && bottom <= safe.bottom(),
                "{word} at {top}–{bottom} mm"
            );
            shown += &word;
        }
    }
    for part in ["859-9012", "汐見市浜通3丁目20番地5", "604号", "𠮷田", "様"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let width = barcode::width(barcode::LEAST_SCALE) + 2.0 * barcode::QUIET;
    assert!(width <= safe.width, "the barcode and its white");
}

#[test]
fn many_visits_go_on_overleaf_under_the_same_headings() {
    let kinds = kinds();
    let template = kinds.find("medical-expenses").unwrap();
    let printed = print(template, JAPANESE, &household(60)).unwrap();
    assert!(printed.pages >= 2);
    let second = OnDisk::new(&printed).ask("pdftotext", &["-raw", "-f", "2", "-l", "2"], &["-"]);
    assert!(second.contains("医療機関等の名称"), "{second}");
}

#[test]
fn a_letter_that_overflows_is_refused_by_what_does_not_fit() {
    let kinds = kinds();
    let template = kinds.find("medical-expenses").unwrap();
    match print(template, JAPANESE, &household(2_000)) {
        Err(PaperError::DoesNotFit { field }) => assert!(field.starts_with("医療費のお知らせ"), "{field}"),
        other => panic!("{other:?}"),
    }
    let mut letter = household(1);
    letter.to.address_lines = vec!["とても長い住所".repeat(40)];
    match print(template, JAPANESE, &letter) {
        Err(PaperError::DoesNotFit { field }) => assert_eq!(field, "宛先の住所"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_character_that_no_font_has_stops_the_letter_with_its_name() {
    let kinds = kinds();
    let mut letter = household(1);
    letter.to.name.push('🎌');
    match print(kinds.find("medical-expenses").unwrap(), JAPANESE, &letter) {
        Err(PaperError::Glyph(missing)) => assert_eq!(missing.code_points, "U+1F38C"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_disk_stops_the_file_and_says_so() {
    let office = samples::office();
    let kinds = kinds();
    let out = File::options().write(true).open("/dev/full").unwrap();
    let template = kinds.find("medical-expenses").unwrap();
    let run = press().run(out, template, (&office, DAY), JAPANESE);
    let ended = run.and_then(|mut run| run.add(&household(12)).map(|_| ()));
    match ended {
        Err(PaperError::NotWritten(error)) => assert_eq!(error.kind(), std::io::ErrorKind::StorageFull),
        other => panic!("{other:?}"),
    }
}

fn files(change: impl FnOnce(&mut Files)) -> Result<Template, Wrong> {
    let layout = "version = 1\nrecipients = \"residents\"\nper = \"person\"\n\
        [[fact]]\nname = \"until\"\ntype = \"date\"\n\
        [[block]]\nkind = \"title\"\ntext = \"title\"\n[[block]]\nkind = \"paragraph\"\ntext = \"lead\"\n";
    let mut files = Files::from([
        ("layout.toml".to_owned(), layout.to_owned()),
        (
            "ja.ftl".to_owned(),
            "title = 見本\nlead = { $until }までです。\n".to_owned(),
        ),
    ]);
    change(&mut files);
    Template::read("sample", &files).map_err(|error| {
        assert!(!error.to_string().is_empty() && error.in_japanese().contains("sample"));
        error.wrong
    })
}

#[test]
fn a_wrong_folder_is_refused_by_file_and_name() {
    assert!(files(|_| {}).is_ok());
    let with = |file: &str, text: &str| {
        files(|files| {
            files.insert(file.to_owned(), text.to_owned());
        })
    };
    // An unknown fact, a missing text, a missing language.
    match with("ja.ftl", "title = 見本\nlead = { $untill }までです。\n") {
        Err(Wrong::UnknownFact { text, fact }) => assert_eq!((text.as_str(), fact.as_str()), ("lead", "untill")),
        other => panic!("{other:?}"),
    }
    match with("en.ftl", "title = Sample\n") {
        Err(Wrong::MissingText { text }) => assert_eq!(text, "lead"),
        other => panic!("{other:?}"),
    }
    let missing = files(|files| {
        files.remove("ja.ftl");
    });
    assert!(matches!(missing, Err(Wrong::MissingFile)));
    assert!(matches!(
        with("ja.ftl", "title 見本"),
        Err(Wrong::MissingText { .. } | Wrong::NotFluent { .. })
    ));
    assert!(matches!(
        with("layout.toml", "version = \"x\""),
        Err(Wrong::NotALayout(_))
    ));
    assert!(matches!(
        with("ja.ftl", "title = 見本\nlead = { NUMBER($until) }\n"),
        Err(Wrong::NotAFact { .. })
    ));
}

#[test]
fn the_barcode_is_read_as_what_it_was_made_of() {
    // zbar does not know the symbology; zint draws the same bars (`barcode`), and these stand where the window is.
    let paper = OnDisk::new(&medical_expenses());
    let structure = run("pdfinfo", &["-struct"], &paper.path(), &[]);
    assert!(structure.contains("Figure"), "{structure}");
}
