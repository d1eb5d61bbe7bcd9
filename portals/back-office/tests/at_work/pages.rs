//! Every page of a resident's records, with all four offices behind them, in three languages, and as a browser shows it: on a
//! telephone and at a desk, light and dark, judged by axe-core. `MADOGUCHI_PICTURES=folder` keeps a picture of each.

use std::{fs, path::Path};

use relay_testing::Relay;

use crate::{
    chromium::{Chromium, DESK, Look},
    rig::{COVERAGE, PAGE, Provider, my_page, resident, sign_in},
    views::{fits, judged, whole_picture},
};

pub const CHECKUP: &str = "person,kana,born,taken-on,institution,sex,height,weight,waist,bmi,systolic,diastolic,triglycerides,hdl,ldl,glucose,hba1c,hba1c-unit,ast,alt,ggt\n\
    9,ウミノ ナギサ,1950-01-02,2012-09-10,汐見市保健センター,女,155,52,80,21.6,128,78,110,60,118,96,5.3,JDS,22,20,25\n\
    9,ウミノ ナギサ,1950-01-02,2025-09-11,汐見市保健センター,女,155,54,82,22.5,138,83,120,58,125,99,5.5,NGSP,24,22,28\n\
    9,ウミノ ナギサ,1950-01-02,2026-09-12,汐見市保健センター,女,155,55,83,22.9,142,84,131,57,129,101,5.7,NGSP,25,23,30\n";
pub const PENSION: &str = "person,kana,born,scheme,from,until,months,paid-months\n\
    p-1,ウミノ ナギサ,1950-01-02,国民年金(見本),1970-04,2010-03,480,472\n";

pub fn costs() -> String {
    let mut csv = String::from("person,kana,born,month,institution,care,days,total,paid\n");
    for (month, total) in [
        (1, 13_050),
        (3, 13_050),
        (4, 18_460),
        (6, 48_900),
        (7, 212_600),
        (9, 12_400),
    ] {
        csv.push_str(&format!(
            "7,ウミノ ナギサ,1950-01-02,2026-{month:02},みなと病院,外来,1,{total},{}\n",
            total * 3 / 10
        ));
    }
    csv.push_str("7,ウミノ ナギサ,1950-01-02,2025-12,磯部薬局,調剤,1,3000,900\n");
    csv
}

#[tokio::test]
async fn every_page_of_records_speaks_three_languages_and_marks_what_is_made_up() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let nagisa = resident(&relay, 1).await;
    let files = [
        ("coverage", COVERAGE.to_owned()),
        ("costs", costs()),
        ("checkup", CHECKUP.to_owned()),
        ("pension", PENSION.to_owned()),
    ];
    let mut offices = Vec::new();
    for (kind, csv) in &files {
        let office = Provider::start(&mut relay, kind).await;
        office.take_over(csv).await;
        office.agree(&relay, PAGE).await;
        office.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;
        offices.push(office);
    }
    let browser = sign_in(&relay, &page, &nagisa.card).await;
    let folder = tempfile::tempdir().unwrap();
    for language in ["ja", "easy", "en"] {
        for (name, path) in [
            ("home", "/"),
            ("coverage", "/coverage"),
            ("costs", "/costs"),
            ("checkup", "/checkup"),
            ("pension", "/pension"),
            ("looked", "/looked"),
        ] {
            // The choice of a language is kept, and the page is asked for anew.
            let chosen = browser.get(&page.at(&format!("{path}?lang={language}"))).await;
            assert_eq!(chosen.status, 303, "{}", chosen.body);
            let shown = browser.get(&page.at(path)).await;
            let body = &shown.body;
            assert_eq!(
                (shown.status, body.matches("<h1").count()),
                (200, 1),
                "{name} {language}: {body}"
            );
            for source in my_page::words() {
                for key in portal_testing::keys_of_words(source) {
                    assert!(!body.contains(&format!(">{key}<")), "{key} in {name} {language}");
                }
            }
            let main = body.split("<main").nth(1).unwrap_or_default();
            assert!(!main.contains("style=") && !main.contains("<script"), "{name}: {body}");
            if name == "pension" {
                let word = ["ダミーデータ", "見本", "Dummy data"];
                assert!(word.iter().any(|word| main.contains(word)), "{main}");
            }
            let style = body.split("/style.").nth(1).and_then(|rest| rest.split('"').next());
            let style = browser.get(&page.at(&format!("/style.{}", style.unwrap()))).await.body;
            let whole = body.replacen("</head>", &format!("<style>{style}</style></head>"), 1);
            fs::write(folder.path().join(format!("{name}-{language}.html")), whole).unwrap();
        }
    }
    // Read once more in Japanese: what the check-up says, by the reference values of each year.
    let chosen = browser.get(&page.at("/checkup?lang=ja")).await;
    assert_eq!(chosen.status, 303);
    let checkup = browser.get(&page.at("/checkup")).await.body;
    for part in ["相談をすすめます", "血圧(上)", "◆ 5.3", "○ 5.5", "◆ 5.7", "▲ 142"] {
        assert!(checkup.contains(part), "{part}: {checkup}");
    }
    seen(&relay.authority.pem(), folder.path()).await;
}

/// The filled pages in `folder` as people see them: nothing stands beyond the edge, and axe-core finds nothing.
async fn seen(authority: &str, folder: &Path) {
    for (view, width, dark) in [("390", 390, false), ("1280", 1280, false), ("390-dark", 390, true)] {
        let look = Look { width, dark, ..DESK };
        let browser = Chromium::open(authority, look, None).await;
        let mut pages: Vec<_> = fs::read_dir(folder).unwrap().map(|page| page.unwrap().path()).collect();
        pages.sort();
        for page in pages {
            let name = page.file_stem().unwrap().to_str().unwrap();
            // By its letters a language changes how wide a page is, which shows on a telephone first; its colours are one.
            if view != "390" && !name.ends_with("-ja") {
                continue;
            }
            browser.goto(&format!("file://{}", page.display())).await;
            browser.find("main").await;
            let what = format!("{name} {view}");
            fits(&browser, &what).await;
            judged(&browser, &what).await;
            whole_picture(&browser, &format!("{name}-{view}"), width).await;
        }
        browser.close().await;
    }
}
