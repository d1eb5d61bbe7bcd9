//! The audit trail as an administrator and an auditor check it at a shell.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use super::shell::{Shell, with_a_card_service};

/// What an auditor was given: the trail in a file, the heads that were kept elsewhere, the public key.
struct Given<'s> {
    shell: &'s Shell,
    lines: Vec<String>,
}

impl Given<'_> {
    fn file(&self, name: &str) -> String {
        self.shell.home().join("given").join(name).display().to_string()
    }

    /// The exit code and the answer of a check of `lines`.
    fn check(&self, lines: &[String], heads: &str) -> (i32, Value) {
        fs::write(self.file("trail"), lines.concat()).unwrap();
        let checked = self.shell.run(
            "audit verify --json --export",
            &[
                &self.file("trail"),
                "--heads",
                &self.file(heads),
                "--public-key",
                &self.file("public-key"),
            ],
        );
        (checked.code, checked.json())
    }

    fn found(&self, lines: &[String], heads: &str) -> Vec<Value> {
        let (code, answer) = self.check(lines, heads);
        assert_eq!(code, 1, "{answer:#}");
        answer["findings"].as_array().unwrap().clone()
    }
}

fn given<'s>(shell: &'s Shell, heads: &Path) -> Given<'s> {
    let folder = shell.home().join("given");
    fs::create_dir(&folder).unwrap();
    let out = folder.join("exported");
    shell.must("audit export --out", &[out.to_str().unwrap()]);
    fs::copy(heads, folder.join("heads")).unwrap();
    fs::copy(shell.home().join("trail/public-key"), folder.join("public-key")).unwrap();
    let text = fs::read_to_string(out).unwrap();
    let lines = text.split_inclusive('\n').map(str::to_owned).collect();
    Given { shell, lines }
}

#[test]
fn what_is_taken_from_the_trail_is_found_by_an_auditor_without_a_database() {
    let name = "set_up::trail::what_is_taken_from_the_trail_is_found_by_an_auditor_without_a_database";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["60"]);
        // Provable as soon as the command ended, by heads that stand outside the database.
        let checked = shell.must("audit verify --json", &[]).json();
        assert_eq!(
            (&checked["ok"], &checked["waiting"]),
            (&true.into(), &0.into()),
            "{checked:#}"
        );
        assert_eq!(checked["sealed"], checked["checked"]);
        let kept = shell.home().join("trail/heads");
        let given = given(shell, &kept);
        let whole = &given.lines;
        let count = whole.len();
        assert_eq!(checked["checked"], count);
        let (code, answer) = given.check(whole, "heads");
        assert_eq!((code, &answer["ok"]), (0, &true.into()), "{answer:#}");

        let numbers: Vec<i64> = whole
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_i64().unwrap())
            .collect();
        // The newest cut off.
        let found = given.found(&whole[..count - 2], "heads");
        assert_eq!(found[0]["found"], "cut_off");
        assert_eq!(
            (&found[0]["after"], &found[0]["events"]),
            (&numbers[count - 3].into(), &2.into())
        );
        // One taken from the middle.
        let mut lines = whole.clone();
        lines.remove(3);
        let found = given.found(&lines, "heads");
        assert_eq!(
            (&found[0]["found"], &found[0]["before"]),
            (&"no_place".into(), &numbers[4].into())
        );
        // One changed.
        let mut lines = whole.clone();
        lines[2] = lines[2].replace("\"actor\":\"", "\"actor\":\"x");
        let found = given.found(&lines, "heads");
        assert_eq!(
            (&found[0]["found"], &found[0]["seq"]),
            (&"changed".into(), &numbers[2].into())
        );

        // One event proved by the newest head, for somebody who has nothing else.
        let proof = shell.must("audit prove", &[&numbers[1].to_string()]).json();
        assert_eq!((&proof["place"], &proof["size"]), (&1.into(), &count.into()));
        let newest = shell.must("audit head", &[]).stdout;
        assert!(proof["head"].as_str().unwrap().contains(newest.trim()));
        let sizes = ["1".to_owned(), count.to_string()];
        let consistent = shell.must("audit consistency", &[&sizes[0], &sizes[1]]).json();
        assert_eq!(consistent["new_root"], proof["root"]);

        // Heads that another key signed are not believed.
        let forged = fs::read_to_string(&kept).unwrap();
        let own = fs::read_to_string(shell.home().join("trail/public-key")).unwrap();
        let key = store::trail::head::HeadKey::fresh("office.429996", &[9; 32]).0;
        let key = store::trail::head::HeadKey::from_text(&key).unwrap();
        let own = store::trail::head::HeadVerifier::from_text(&own).unwrap();
        let first = &store::trail::head::notes(&forged)[0];
        fs::write(given.file("forged"), key.sign(&own.open(first).unwrap()).unwrap()).unwrap();
        let (code, answer) = given.check(whole, "forged");
        assert_eq!(
            (code, answer["refused_heads"].as_array().unwrap().len()),
            (1, 1),
            "{answer:#}"
        );
    });
}

#[test]
fn the_sheet_of_a_day_shows_later_what_was_taken_from_the_trail() {
    let name = "set_up::trail::the_sheet_of_a_day_shows_later_what_was_taken_from_the_trail";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["60"]);
        let printed = shell.must("audit sheet", &[]);
        let paper = Path::new(printed.stdout.trim());
        assert!(paper.starts_with(shell.home().join("paper")), "{}", paper.display());
        // Scanned by whoever filed it, years later, on another machine.
        let picture = shell.home().join("scanned");
        let rasterised = Command::new("pdftoppm")
            .args(["-r", "200", "-gray", "-singlefile", "-png"])
            .args([paper, &picture])
            .status()
            .unwrap();
        assert!(rasterised.success());
        let scan = Command::new("zbarimg")
            .args(["--quiet", "--raw"])
            .arg(picture.with_extension("png"))
            .output()
            .unwrap();
        let kept = shell.home().join("from-paper");
        fs::write(&kept, &scan.stdout).unwrap();
        let kept = kept.to_str().unwrap();
        let head = shell.must("audit head", &[]).stdout;
        assert_eq!(String::from_utf8(scan.stdout).unwrap().trim_end(), head.trim_end());

        // The signature on the paper holds, and the trail goes on from it.
        shell.must("staff list", &[]);
        let checked = shell.must("audit verify --json --heads", &[kept]).json();
        assert_eq!(
            (&checked["ok"], &checked["heads"]),
            (&true.into(), &1.into()),
            "{checked:#}"
        );
        // One letter of it changed is no head of this office.
        let forged = shell.home().join("forged");
        fs::write(&forged, head.replacen("last ", "last 1", 1)).unwrap();
        let checked = shell.run("audit verify --json --heads", &[forged.to_str().unwrap()]);
        assert_eq!(checked.code, 1);
        assert_eq!(checked.json()["refused_heads"].as_array().unwrap().len(), 1);
        // What the paper knows of and the file no longer holds is found.
        let given = given(shell, &shell.home().join("trail/heads"));
        fs::copy(kept, given.file("paper")).unwrap();
        let (_, cut) = given.lines.split_last().unwrap();
        let mut cut = cut.to_vec();
        cut.truncate(cut.len() - 5);
        let found = given.found(&cut, "paper");
        assert!(found.iter().any(|finding| finding["found"] == "cut_off"), "{found:?}");
    });
}
