//! The program as a data owner's operators run it: what it stops at, what it names, and how it is told that it is right.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use relay_testing::Relay;

use crate::rig::{PAGE, Provider};

struct Desk<'p> {
    provider: &'p Provider,
}

impl Desk<'_> {
    fn folder(&self) -> &Path {
        self.provider.files.folder.path()
    }

    /// Whether it did what `words` ask, and what it said.
    fn run(&self, words: &[&str]) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_madoguchi-back-office"))
            .arg("--config")
            .arg(self.folder().join("back-office.toml"))
            .args(words)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
        (output.status.success(), said.concat())
    }

    fn done(&self, words: &[&str]) -> String {
        let (done, said) = self.run(words);
        assert!(done, "{words:?}: {said}");
        said
    }

    fn refused(&self, words: &[&str]) -> String {
        let (done, said) = self.run(words);
        assert!(!done, "{words:?}: {said}");
        said
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder().join(name);
        fs::write(&file, text).unwrap();
        file
    }

    async fn loads(&self) -> i64 {
        let owner = store::Store::new(&self.provider.database.superuser());
        let counted = owner.run("loads", |tx| async move {
            let row = tx.query_one("SELECT count(*) FROM records.load", &[]).await?;
            Ok::<_, store::StoreError>(row.get(0))
        });
        counted.await.unwrap()
    }
}

fn costs(people: std::ops::Range<u32>) -> String {
    let rows: String = people
        .clone()
        .map(|at| format!("n-{at:03},ウミノ ナギサ,1950-01-02,2026-07,みなと病院,外来,1,12000,3600\n"))
        .collect();
    format!(
        "person,kana,born,month,institution,care,days,total,paid\n{rows}#end,{}\n",
        people.len()
    )
}

#[tokio::test]
async fn an_import_stops_before_anything_is_written_names_who_would_be_gone_and_is_told_that_it_is_right() {
    let mut relay = Relay::start().await;
    let provider = Provider::start(&mut relay, "costs").await;
    let desk = Desk { provider: &provider };
    let whole = costs(0..30);
    let (file, monday, tuesday) = (
        desk.file("whole.csv", &whole).display().to_string(),
        "2026-11-02T00:00:00+09:00",
        "2026-11-03T00:00:00+09:00",
    );
    // Cut short, and one of which nobody knows whether it is.
    let cut = desk.file("cut.csv", &whole[..whole.len() / 2]).display().to_string();
    assert!(
        desk.refused(&["import", "--file", &cut, "--as-of", monday])
            .contains("line")
    );
    let endless = whole.split("#end").next().unwrap();
    let endless = desk.file("endless.csv", endless).display().to_string();
    assert!(
        desk.refused(&["import", "--file", &endless, "--as-of", monday])
            .contains("--rows")
    );
    assert!(
        desk.refused(&["import", "--file", &endless, "--as-of", monday, "--rows", "31"])
            .contains("30")
    );
    assert!(
        desk.refused(&["import", "--file", &file, "--as-of", "2999-01-01T00:00:00Z"])
            .contains("--as-of")
    );
    assert!(
        desk.refused(&["import", "--file", &file, "--as-of", "9999-12-31T23:59:59-23:59"])
            .contains("--as-of")
    );
    assert_eq!(desk.loads().await, 0);
    desk.done(&["import", "--file", &endless, "--as-of", tuesday, "--rows", "30"]);
    desk.done(&["import", "--file", &file, "--as-of", tuesday]);
    // The same again, and one of an earlier day.
    assert!(
        desk.refused(&["import", "--file", &file, "--as-of", tuesday])
            .contains("--again")
    );
    assert!(
        desk.refused(&["import", "--file", &file, "--as-of", monday])
            .contains("--older")
    );
    assert_eq!(desk.loads().await, 2);
    // Most are gone: named, the first twenty, and nothing is written until it is said how many.
    let few = desk.file("few.csv", &costs(0..6)).display().to_string();
    let words = ["import", "--file", &few, "--as-of", tuesday];
    let said = desk.refused(&words);
    assert!(said.contains("--gone 24") && said.contains("--fewer 24"), "{said}");
    assert_eq!(said.matches("gone: n-0").count(), 20, "{said}");
    assert!(
        desk.refused(&[&words[..], &["--gone", "23", "--fewer", "24"]].concat())
            .contains("--gone 24")
    );
    assert_eq!(desk.loads().await, 2);
    let said = desk.done(&[&words[..], &["--gone", "24", "--fewer", "24"]].concat());
    assert!(said.contains("\"gone\":24"), "{said}");
    // Everybody under another name: a file whose columns slipped.
    let slipped = costs(0..6).replace("ナギサ", "ミナト");
    let slipped = desk.file("slipped.csv", &slipped).display().to_string();
    let said = desk.refused(&["import", "--file", &slipped, "--as-of", tuesday]);
    assert!(
        said.contains("--changed 6") && said.contains("changed: n-000"),
        "{said}"
    );
    assert_eq!(desk.loads().await, 3);
}

#[tokio::test]
async fn an_agreement_is_signed_by_two_people_of_two_sides_and_lists_are_written_whole_or_not() {
    let mut relay = Relay::start().await;
    let provider = Provider::start(&mut relay, "costs").await;
    let desk = Desk { provider: &provider };
    let [ours, theirs] = ["ours", "theirs"].map(|name| desk.folder().join(format!("{name}.key")));
    for (file, key) in [&ours, &theirs].into_iter().zip(&provider.signers) {
        portal_testing::secret(file, &key.to_text()).unwrap();
    }
    let [ours, theirs] = [&ours, &theirs].map(|file| file.to_str().unwrap());
    let agree = |key: &str| {
        let words =
            format!("--fresh-hours 48 --responsible 国保 --policy 2026-04 --checked-until 2999-03-31 --key {key}");
        let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
        [vec!["agree".to_owned(), "--asker".to_owned(), PAGE.to_owned()], words].concat()
    };
    let agree = |key: &str| agree(key).iter().map(String::as_str).collect::<Vec<_>>().join("\u{1f}");
    let approve = |key: &str| ["approve", "--asker", PAGE, "--edition", "1", "--key", key].join("\u{1f}");
    let words = |line: &str| -> Vec<String> { line.split('\u{1f}').map(str::to_owned).collect() };
    let run = |line: &str| {
        let words = words(line);
        desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // A key that nobody named.
    let stranger = desk.folder().join("stranger.key");
    let stranger = stranger.to_str().unwrap();
    let line = desk.done(&["operator", "--name", "oki", "--into", stranger]);
    assert!(line.starts_with("oki B"), "{line}");
    assert!(
        !desk.run(&["operator", "--name", "oki", "--into", stranger]).0,
        "written over"
    );
    assert!(!run(&agree(stranger)).0);
    let (done, said) = run(&agree(ours));
    assert!(done && said.contains("\"edition\":1"), "{said}");
    for key in [ours, stranger] {
        let (done, said) = run(&approve(key));
        assert!(!done, "{said}");
    }
    let counts = async || provider.office.records().agreement(PAGE, "costs").await.unwrap();
    assert!(counts().await.is_none());
    let (done, said) = run(&approve(theirs));
    assert!(done && said.contains("\"fresh_hours\":48"), "{said}");
    let agreement = counts().await.unwrap();
    assert_eq!(
        (agreement.proposed.by.as_str(), agreement.approved.by.as_str()),
        ("ours", "theirs")
    );

    let file = desk.file("costs.csv", &costs(0..3)).display().to_string();
    desk.done(&["import", "--file", &file, "--as-of", "2026-11-02T00:00:00+09:00"]);
    let list = desk.folder().join("list.csv");
    let list = list.to_str().unwrap();
    desk.done(&["link-list", "--out", list]);
    let written = fs::read_to_string(list).unwrap();
    assert!(
        written.ends_with("#end,3\n") && written.lines().count() == 5,
        "{written}"
    );
    desk.refused(&["link-list", "--out", list]);
    // One that was cut short on its way back.
    let answer = desk
        .file("answer.csv", "row,result,name\n,withdrawn,x\n")
        .display()
        .to_string();
    assert!(desk.refused(&["link-take", "--file", &answer]).len() > 10);
    assert!(
        desk.refused(&["unlink", "--person", "n-000", "--because", "別人", "--by", "sato"])
            .contains("no such")
    );
}
