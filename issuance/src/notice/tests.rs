//! What poppler, qpdf and zbar say of our paper: a document that only our own code can read is not proved.

mod head_sheet;
mod letter;
mod notices;
pub(super) mod samples;
mod tagged;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use proptest::prelude::*;

use self::samples::{RARE_NAME, application_form, delivery_notice, letter_with_the_card, receipt_slip};
use super::*;

/// Fonts are opened once for all tests, as in the console.
pub(super) fn press() -> &'static Press {
    static PRESS: OnceLock<Press> = OnceLock::new();
    PRESS.get_or_init(|| Press::open(&FontFolders::default()).unwrap_or_else(|error| panic!("{error}")))
}

/// All documents of the demo city.
fn all() -> [(&'static str, Printed); 4] {
    [
        ("notice", press().delivery_notice(&delivery_notice()).unwrap()),
        ("letter", press().delivery_notice(&letter_with_the_card()).unwrap()),
        ("receipt", press().receipt_slip(&receipt_slip()).unwrap()),
        ("form", press().application_form(&application_form()).unwrap()),
    ]
}

/// A document on disk, for the tools.
struct OnDisk {
    folder: tempfile::TempDir,
}

impl OnDisk {
    fn new(printed: &Printed) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("paper.pdf"), &printed.pdf).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("paper.pdf")
    }

    /// What `tool` prints about the document.
    fn ask(&self, tool: &str, before: &[&str], after: &[&str]) -> String {
        run(tool, before, &self.path(), after)
    }

    fn text(&self) -> String {
        self.ask("pdftotext", &["-raw"], &["-"])
    }

    /// A page's words with their boxes in millimetres: left, top, right, bottom.
    fn words(&self, page: &str) -> Vec<(String, [f32; 4])> {
        let answer = self.ask("pdftotext", &["-bbox", "-f", page, "-l", page], &["-"]);
        let value = |line: &str, name: &str| -> f32 {
            let rest = line.split(&format!("{name}=\"")).nth(1).unwrap();
            rest.split('"').next().unwrap().parse::<f32>().unwrap() * 25.4 / 72.0
        };
        let word = |line: &str| {
            let text = line.split('>').nth(1).unwrap().split("</word").next().unwrap();
            (
                text.to_owned(),
                ["xMin", "yMin", "xMax", "yMax"].map(|name| value(line, name)),
            )
        };
        answer.lines().filter(|line| line.contains("<word")).map(word).collect()
    }
}

fn run(tool: &str, before: &[&str], file: &Path, after: &[&str]) -> String {
    let done = Command::new(tool).args(before).arg(file).args(after).output();
    let done = done.unwrap_or_else(|error| panic!("{tool}: {error}; install poppler-utils, qpdf and zbar-tools"));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let why = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{tool}: {said}{why}");
    said
}

#[test]
fn a_rare_name_is_extracted_character_by_character_with_its_selector() {
    for (kind, printed) in all() {
        let text = OnDisk::new(&printed).text();
        assert!(text.contains(RARE_NAME), "{kind}: {text}");
    }
    let text = OnDisk::new(&press().delivery_notice(&delivery_notice()).unwrap()).text();
    for line in [
        "〒859-9012",
        "汐見市浜通3丁目20番地5",
        "転送不要",
        "令和8年5月29日(金)まで",
        "電話 0950-00-1234",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn the_usual_form_of_a_character_is_extracted_without_a_selector() {
    // U+E0101 is the form BIZ UD draws without a selector too.
    let mut notice = delivery_notice();
    notice.addressee.name = "葛\u{E0101}西".into();
    let text = OnDisk::new(&press().delivery_notice(&notice).unwrap()).text();
    assert!(text.contains("葛西 様"), "{text}");
}

#[test]
fn every_font_is_embedded_as_a_subset_with_its_characters() {
    for (kind, printed) in all() {
        let table = OnDisk::new(&printed).ask("pdffonts", &[], &[]);
        let fonts: Vec<&str> = table.lines().skip(2).collect();
        assert!(fonts.len() >= 3, "{kind}: {table}");
        for font in fonts {
            assert!(
                font.contains("Identity-H       yes yes yes") && font.as_bytes()[6] == b'+',
                "{kind}: {table}"
            );
        }
    }
}

#[test]
fn the_files_are_sound_small_and_of_the_pages_told() {
    for (kind, printed) in all() {
        let paper = OnDisk::new(&printed);
        paper.ask("qpdf", &["--check"], &[]);
        assert!(printed.pdf.len() <= 100_000, "{kind}: {} bytes", printed.pdf.len());
        let about = paper.ask("pdfinfo", &[], &[]);
        let told = about
            .lines()
            .any(|line| line.split_whitespace().eq(["Pages:", &printed.pages.to_string()]));
        assert!(told && about.contains("A4"), "{kind}: {about}");
        assert!(!about.contains("田"), "no name in the file's properties: {about}");
    }
}

#[test]
fn the_code_is_read_from_a_coarse_and_from_a_fine_scan() {
    let expected = delivery_notice().ticket.payload();
    for (kind, printed) in all().into_iter().filter(|(kind, _)| *kind != "receipt") {
        let paper = OnDisk::new(&printed);
        for resolution in ["100", "150", "300"] {
            let picture = paper.folder.path().join(resolution);
            let picture = picture.to_str().unwrap();
            paper.ask(
                "pdftoppm",
                &["-r", resolution, "-gray", "-singlefile", "-png"],
                &[picture],
            );
            let read = run(
                "zbarimg",
                &["--quiet", "--raw"],
                Path::new(&format!("{picture}.png")),
                &[],
            );
            assert_eq!(read.trim(), expected, "{kind} at {resolution} dpi");
        }
    }
}

#[test]
fn the_code_stands_under_the_qr_in_groups_that_a_person_can_type() {
    let notice = delivery_notice();
    let token: crate::handover::NoticeToken = notice.ticket.token().parse().unwrap();
    let paper = OnDisk::new(&press().delivery_notice(&notice).unwrap());
    let text = paper.text();
    let typed = |line: &&str| crate::handover::by_hand::read(line) == Ok(token.clone());
    let line = text
        .lines()
        .find(typed)
        .unwrap_or_else(|| panic!("no such line: {text}"));
    // Nobody's window shows it: it lies below all that an envelope can bare.
    let groups: Vec<_> = paper
        .words("1")
        .into_iter()
        .filter(|(word, _)| word.len() == 5 && line.contains(word.as_str()))
        .collect();
    assert!(groups.len() >= 6 && groups.iter().all(|(_, place)| place[1] > ever_in_window().bottom()));
}

#[test]
fn the_window_always_shows_the_address_and_never_anything_else() {
    let paper = OnDisk::new(&press().delivery_notice(&delivery_notice()).unwrap());
    let (safe, seen) = (always_in_window(), ever_in_window());
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
    for part in [
        "859-9012",
        "転送不要",
        "汐見市浜通3丁目20番地5",
        "コーポ潮騒",
        "604号",
        "𠮷田",
        "様",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

fn asked(notice: &mut DeliveryNotice) -> &mut Collected {
    match &mut notice.receiving {
        Receiving::Collected(collected) => collected,
        Receiving::ByPost => panic!("nothing is asked of whom the card is sent to"),
    }
}

#[test]
fn a_character_without_a_glyph_stops_the_print_in_every_field() {
    type Spoil = fn(&mut DeliveryNotice) -> &mut String;
    let fields: [(&str, Spoil); 9] = [
        ("宛先の氏名", |notice| &mut notice.addressee.name),
        ("宛先の住所 2行目", |notice| {
            &mut notice.addressee.address_lines[1]
        }),
        ("宛先の郵便番号", |notice| &mut notice.addressee.postal_code),
        ("役所の名前と住所", |notice| &mut notice.office.section),
        ("日付", |notice| &mut notice.issued_on),
        ("受け取りの期限", |notice| &mut asked(notice).keep_until),
        ("受け取る人", |notice| &mut asked(notice).visitor),
        ("持ってくるもの", |notice| &mut asked(notice).bring[1].any_of[0]),
        ("開いている時間", |notice| &mut notice.office.hours[0]),
    ];
    for (field, spoil) in fields {
        let mut notice = delivery_notice();
        spoil(&mut notice).push('🎌');
        match press().delivery_notice(&notice) {
            Err(PaperError::Glyph(missing)) => {
                assert_eq!(
                    (missing.field.as_str(), missing.code_points.as_str()),
                    (field, "U+1F38C")
                );
            }
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn a_slip_printed_before_the_hand_over_vouches_for_nothing() {
    let slip = ReceiptSlip {
        received_on: None,
        sights: Vec::new(),
        remarks: Vec::new(),
        ..receipt_slip()
    };
    let text = OnDisk::new(&press().receipt_slip(&slip).unwrap()).text();
    for vouched in ["確かめました", "渡しました", "令和8年", "午前", "渡邉 みなと"] {
        assert!(!text.contains(vouched), "{vouched}: {text}");
    }
    assert_eq!(text.matches("渡したときに書く").count(), 2);
    assert_eq!(text.matches("職員番号").count(), 4);
    // With one look taken a line is left for the other.
    let one = ReceiptSlip {
        sights: receipt_slip().sights[..1].to_vec(),
        ..slip
    };
    let text = OnDisk::new(&press().receipt_slip(&one).unwrap()).text();
    assert!(text.contains("渡邉 みなと") && !text.contains("確かめました"));
}

#[test]
fn what_kept_a_document_good_stands_on_the_offices_copy() {
    let text = OnDisk::new(&press().receipt_slip(&receipt_slip()).unwrap()).text();
    assert_eq!(text.matches("閉庁日のため").count(), 1);
}

#[test]
fn slip_and_form_stop_at_a_missing_glyph_too() {
    let field = |result: Result<Printed, PaperError>| match result {
        Err(PaperError::Glyph(missing)) => missing.field,
        other => panic!("{other:?}"),
    };
    let slip = |spoil: fn(&mut ReceiptSlip)| {
        let mut slip = receipt_slip();
        spoil(&mut slip);
        field(press().receipt_slip(&slip))
    };
    assert_eq!(slip(|slip| slip.holder.name.push('🎌')), "カードの持ち主");
    assert_eq!(slip(|slip| slip.chip_serial.push('🎌')), "チップ番号");
    assert_eq!(slip(|slip| slip.sights[1].clerk.push('🎌')), "確認した職員");
    let form = |spoil: fn(&mut ApplicationForm)| {
        let mut form = application_form();
        spoil(&mut form);
        field(press().application_form(&form))
    };
    assert_eq!(form(|form| form.applicant.kana.push('🎌')), "フリガナ");
    assert_eq!(form(|form| form.applicant.address_lines[0].push('🎌')), "住所");
    assert_eq!(
        form(|form| form.agent.as_mut().unwrap().power.push('🎌')),
        "代理の理由と書類"
    );
    assert_eq!(form(|form| form.services[0].label.push('🎌')), "3 カードで使うサービス");
    assert_eq!(form(|form| form.notes = Some("🎌".into())), "備考");
}

/// Fails when two words of a page lie on each other.
fn assert_nothing_overlaps(printed: &Printed) {
    let paper = OnDisk::new(printed);
    for page in 1..=printed.pages {
        let words = paper.words(&page.to_string());
        for (index, (word, a)) in words.iter().enumerate() {
            for (other, b) in &words[index + 1..] {
                let wide = a[2].min(b[2]) - a[0].max(b[0]);
                let high = a[3].min(b[3]) - a[1].max(b[1]);
                let line = (a[3] - a[1]).min(b[3] - b[1]);
                assert!(
                    wide < 0.2 || high < line / 20.0,
                    "page {page}: {word} {a:?} on {other} {b:?}"
                );
            }
        }
    }
}

#[test]
fn no_text_lies_on_another_even_with_a_long_card_name() {
    for (_, printed) in all() {
        assert_nothing_overlaps(&printed);
    }
    let office = Office {
        card_name: "汐見市民健康福祉こども総合サービスカード".into(),
        ..samples::office()
    };
    let (mut notice, mut slip, mut form) = (delivery_notice(), receipt_slip(), application_form());
    (notice.office, slip.office, form.office) = (office.clone(), office.clone(), office);
    assert_nothing_overlaps(&press().delivery_notice(&notice).unwrap());
    assert_nothing_overlaps(&press().receipt_slip(&slip).unwrap());
    assert_nothing_overlaps(&press().application_form(&form).unwrap());
}

#[test]
fn a_document_number_never_reaches_into_the_window() {
    let mut notice = delivery_notice();
    notice.document_number = Some("汐市民第1042号".repeat(4));
    let refused = press().delivery_notice(&notice);
    assert!(
        matches!(&refused, Err(PaperError::DoesNotFit { field }) if field == "文書番号"),
        "{refused:?}"
    );
}

#[test]
fn the_counter_learns_early_which_names_cannot_be_printed() {
    for printable in [
        RARE_NAME,
        "髙橋 﨑夫",
        "塚\u{FA10}",
        "MARIA SANTOS",
        "か\u{3099}ん",
        "々〆ヶ",
        "",
    ] {
        press().can_print(printable).unwrap();
    }
    let refused = |text: &str| press().can_print(text).unwrap_err();
    let unknown_form = refused("西葛\u{E01EF}");
    assert_eq!(unknown_form.code_points, "U+845B U+E01EF");
    assert!(unknown_form.hint.unwrap().contains("MJ022335(U+845B U+E0102)"));
    assert!(refused("\u{E000}").hint.unwrap().contains("外字"));
    assert!(refused("\u{2F00}").hint.unwrap().contains("一"));
    assert!(refused("山\u{332}田").hint.unwrap().contains("組み合わせ"));
    for hidden in ["山\u{200B}田", "\u{202E}山田", "山\t田", "山\n田", "\u{FE0F}"] {
        assert!(refused(hidden).hint.unwrap().contains("目に見えない"), "{hidden:?}");
    }
}

#[test]
fn two_characters_of_one_shape_are_both_extracted_as_themselves() {
    // IPAmj draws HYPHEN and NON-BREAKING HYPHEN with one glyph.
    let mut form = application_form();
    form.notes = Some("先に\u{2010}、次に\u{2011}".into());
    let paper = OnDisk::new(&press().application_form(&form).unwrap());
    let text = paper.text();
    assert!(text.contains("先に\u{2010}、次に\u{2011}"), "{text}");
    let copies = paper.ask("pdffonts", &[], &[]).matches("IPAmjMincho").count();
    assert_eq!(copies, 2, "the second text of the glyph needs a font of its own");
}

#[test]
fn a_foreign_name_keeps_its_marks_on_paper() {
    let mut notice = delivery_notice();
    notice.addressee.name = "Nguyễn Thị Ánh".into();
    let paper = OnDisk::new(&press().delivery_notice(&notice).unwrap());
    assert!(paper.text().contains("Nguyễn Thị Ánh"), "{}", paper.text());
    assert!(paper.ask("pdffonts", &[], &[]).contains("DejaVuSerif"));
}

#[test]
fn the_same_data_gives_the_same_bytes_and_other_data_another_hash() {
    let again = Press::open(&FontFolders::default()).unwrap();
    let (first, second) = (
        press().delivery_notice(&delivery_notice()),
        again.delivery_notice(&delivery_notice()),
    );
    let first = first.unwrap();
    assert_eq!(first, second.unwrap());
    assert!(
        OnDisk::new(&first).text().contains(&first.content_hash.to_string()),
        "the hash is at the foot"
    );

    let mut other = delivery_notice();
    asked(&mut other).keep_until = "令和8年5月30日(土)".into();
    assert_ne!(
        press().delivery_notice(&other).unwrap().content_hash,
        first.content_hash
    );
}

#[test]
fn missing_fonts_are_all_listed_with_their_packages() {
    let empty = tempfile::tempdir().unwrap();
    let error = Press::open(&FontFolders(vec![empty.path().to_owned()]))
        .unwrap_err()
        .to_string();
    for part in [
        "ipamjm.ttf",
        "fonts-ipamj-mincho",
        "BIZUDGothic-Bold.ttf",
        "fonts-morisawa-bizud-mincho",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn a_broken_font_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "ipamjm.ttf",
        "BIZUDGothic-Bold.ttf",
        "BIZUDGothic-Regular.ttf",
        "BIZUDMincho-Regular.ttf",
        "DejaVuSerif.ttf",
    ] {
        std::fs::write(folder.path().join(file), [0, 1, 0, 0, 0, 9, 0, 0]).unwrap();
    }
    let error = Press::open(&FontFolders(vec![folder.path().to_owned()])).unwrap_err();
    assert!(
        matches!(&error, PaperError::FontUnusable { path, .. } if path.starts_with(folder.path())),
        "{error}"
    );
}

#[test]
fn nothing_personal_shows_in_debug_output() {
    let shown = format!("{:?} {:?} {:?}", delivery_notice(), receipt_slip(), application_form());
    let shown = format!("{shown} {:?} {:?}", delivery_notice().addressee, all()[0].1);
    assert!(
        !shown.contains("田") && !shown.contains("浜通") && !shown.contains("K7QZ"),
        "{shown}"
    );
}

#[test]
fn a_stored_document_is_whole_private_and_kept_beside_its_correction() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("printed");
    let printed = all()[0].1.clone();
    let path = store(&printed, "2026-000352-notice", &place).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), printed.pdf);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        store(&printed, "2026-000352-notice", &place).unwrap(),
        path,
        "printing again changes nothing"
    );

    let mut corrected = delivery_notice();
    corrected.issued_on = "令和8年3月3日".into();
    store(
        &press().delivery_notice(&corrected).unwrap(),
        "2026-000352-notice",
        &place,
    )
    .unwrap();
    let names: Vec<_> = std::fs::read_dir(&place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().all(|name| name.to_str().unwrap().ends_with(".pdf")));
}

#[test]
fn a_name_for_a_file_cannot_leave_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(&all()[1].1, "../../outside", folder.path()).unwrap();
    assert_eq!(path.parent().unwrap(), folder.path());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = store(&all()[1].1, "slip", &file.join("below")).unwrap_err();
    assert!(matches!(error, PaperError::NotStored { .. }), "{error}");
}

/// Characters of names and addresses: kanji, kana, Latin, digits, marks that must not begin a line, rare ones.
fn writing(most: usize) -> impl Strategy<Value = String> {
    let character = prop::sample::select(
        "山田髙﨑𠮷葛ノアンーッヴあいうAZaz059-−・、。「」() 々丁目番地号"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop::collection::vec(character, 1..most).prop_map(|characters| characters.into_iter().collect())
}

fn dense(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_name_and_address_of_any_length_stand_whole_in_the_window_or_are_refused(
        name in writing(60),
        lines in prop::collection::vec(writing(50), 1..4),
    ) {
        let mut notice = delivery_notice();
        notice.addressee.name = name.clone();
        notice.addressee.address_lines = lines.clone();
        match press().delivery_notice(&notice) {
            Ok(printed) => {
                let (safe, seen) = (always_in_window(), ever_in_window());
                let mut shown: Vec<_> = OnDisk::new(&printed)
                    .words("1")
                    .into_iter()
                    .filter(|(_, [left, top, ..])| *left < seen.right() && *top < seen.bottom())
                    .collect();
                for (word, [left, top, right, bottom]) in &shown {
                    prop_assert!(*left >= safe.left && *right <= safe.right() + 0.1, "{} {}–{}", word, left, right);
                    prop_assert!(*top >= safe.top && *bottom <= safe.bottom() + 0.1, "{} {}–{}", word, top, bottom);
                }
                // Line by line, then left to right; poppler's own order may take the frame for a column.
                shown.sort_by(|(_, a), (_, b)| (a[3].round(), a[0]).partial_cmp(&(b[3].round(), b[0])).unwrap());
                let text: String = shown.iter().map(|(word, _)| word.as_str()).collect();
                let text = text.replace("&amp;", "&").replacen("転送不要", "", 1);
                let expected = dense(&format!("〒859-9012{}{name}様", lines.concat()));
                prop_assert_eq!(dense(&text), expected);
            }
            Err(error) => prop_assert!(matches!(error, PaperError::DoesNotFit { .. }), "{}", error),
        }
    }

    #[test]
    fn slip_and_form_print_names_of_any_length_whole_or_refuse(name in writing(90), address in writing(120)) {
        let (mut slip, mut form) = (receipt_slip(), application_form());
        slip.holder.name = name.clone();
        form.applicant.name = name.clone();
        form.applicant.address_lines = vec![address.clone()];
        for result in [press().receipt_slip(&slip), press().application_form(&form)] {
            match result {
                Ok(printed) => {
                    assert_nothing_overlaps(&printed);
                    let text = dense(&OnDisk::new(&printed).text());
                    prop_assert!(text.contains(&dense(&name)), "{}", text);
                }
                Err(error) => prop_assert!(matches!(error, PaperError::DoesNotFit { .. }), "{}", error),
            }
        }
    }
}
