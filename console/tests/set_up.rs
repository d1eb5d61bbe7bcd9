//! A set-up's life as a person at a shell sees it: made, made again, cut off and gone on with, used, stopped, removed.
//! Everything is real: the programs, PostgreSQL, pcscd, virtual cards.

mod set_up {
    mod backup;
    mod operators_screen;
    mod published;
    mod relay_operators;
    #[allow(dead_code, reason = "shared with the stories of the counter, which use more of it")]
    pub mod shell;
    mod trail;
    mod upkeep;
}

#[path = "counter/screen.rs"]
#[allow(dead_code, reason = "shared with the stories of the counter, which use more of it")]
mod screen;

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;
use set_up::shell::{Shell, with_a_card_service};

/// Few enough to be quick, many enough to have every kind of person.
const ROWS: &str = "400";

#[test]
fn a_demonstration_is_set_up_once_and_found_as_it_was_the_next_time() {
    with_a_card_service(
        "a_demonstration_is_set_up_once_and_found_as_it_was_the_next_time",
        |shell| {
            shell.must("setup --demo --rows", &[ROWS]);
            let first = shell.endpoints();
            let mode = fs::metadata(shell.home().join("endpoints.json"))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            let staff = first["staff"].as_array().unwrap();
            assert_eq!(staff.len(), 4);
            assert!(
                staff
                    .iter()
                    .all(|person| person["password"].as_str().unwrap().len() == 10)
            );
            assert_eq!(first["blanks"].as_array().unwrap().len(), 20);

            // How soon is a promise that `make bench` measures.
            let again = shell.must("setup --demo --rows", &[ROWS]);
            assert!(
                !again.stderr.contains('✓'),
                "something was done twice:\n{}",
                again.stderr
            );
            assert_eq!(shell.endpoints(), first);

            let status = shell.must("status --json", &[]).json();
            assert_eq!(status["running"], true);
            let doctor = shell.must("doctor --json", &[]).json();
            assert_eq!(doctor["ok"], true, "{doctor:#}");
            let parts: Vec<_> = doctor["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| &finding["part"])
                .collect();
            for part in [
                "config",
                "secrets",
                "disk",
                "clock",
                "pcscd",
                "readers",
                "database",
                "migrations",
                "authority",
                "fonts",
            ] {
                assert!(parts.iter().any(|found| *found == part), "{part}");
            }

            shell.must("down", &[]);
            assert_eq!(shell.run("status", &[]).code, 1);
            shell.must("up", &[]);
            assert_eq!(shell.must("status --json", &[]).json()["running"], true);
        },
    );
}

#[test]
fn a_set_up_that_was_cut_off_goes_on_where_it_stood() {
    with_a_card_service("a_set_up_that_was_cut_off_goes_on_where_it_stood", |shell| {
        // The power fails in the middle of every longer step in turn.
        for at in [
            "表を作る",
            "認証局を開設",
            "盆を出す",
            "架空の市をつくる",
            "記録に取り込む",
            "白カード",
        ] {
            shell.cut_off_after("setup --demo --rows", &[ROWS], at);
        }
        shell.must("setup --demo --rows", &[ROWS]);
        assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
        let staff = shell.must("staff list --json", &[]).json();
        assert!(
            staff["staff"]
                .as_array()
                .unwrap()
                .iter()
                .all(|person| person["card"].is_string()),
            "{staff}"
        );
        assert_eq!(shell.must("audit verify --json", &[]).json()["ok"], true);
    });
}

#[test]
fn a_roster_is_taken_in_whole_and_its_bad_rows_are_set_apart() {
    with_a_card_service("a_roster_is_taken_in_whole_and_its_bad_rows_are_set_apart", |shell| {
        shell.must("setup --demo --rows", &[ROWS]);
        let good = shell.home().join("new.csv");
        let file = good.to_str().unwrap();
        shell.must("demo-city --rows 50 --seed 7 --encoding cp932 --out", &[file]);

        let plan = shell.must("import roster --dry-run --json", &[file]).json();
        assert_eq!((&plan["rows"], &plan["rejected"]), (&50.into(), &0.into()));
        let taken = shell.must("import roster --json", &[file]).json();
        assert_eq!(taken["added"], plan["added"]);
        assert_eq!(taken["changed"], plan["changed"]);
        let again = shell.must("import roster --json", &[file]).json();
        assert_eq!((&again["unchanged"], &again["rejected"]), (&50.into(), &0.into()));
        assert_eq!(again["reject_file"], Value::Null);

        // One row too short: it is set apart, the others are taken.
        let mut bytes = fs::read(&good).unwrap();
        bytes.extend(b"9999999999,1\r\n");
        let mixed = shell.home().join("mixed.csv");
        fs::write(&mixed, bytes).unwrap();
        let some = shell.run("import roster --json", &[mixed.to_str().unwrap()]);
        assert_eq!(some.code, 2, "{}", some.stderr);
        let some = some.json();
        assert_eq!(
            (&some["rows"], &some["unchanged"], &some["rejected"]),
            (&51.into(), &50.into(), &1.into())
        );
        let rejects = fs::read_to_string(some["reject_file"].as_str().unwrap()).unwrap();
        assert!(rejects.contains("52,"), "{rejects}");

        // Cut after ten rows and said to be whole: it asks, changes nothing, and takes the exact count as a yes. What that
        // changed is put back.
        let text = fs::read(&good).unwrap();
        let ends = text
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at);
        let ten_rows = ends.take(11).last().unwrap();
        let cut = shell.home().join("cut.csv");
        fs::write(&cut, &text[..=ten_rows]).unwrap();
        let cut = cut.to_str().unwrap();
        for asking in ["import roster --whole --dry-run --json", "import roster --whole --json"] {
            let asked = shell.run(asking, &[cut]);
            assert_eq!(asked.code, 3, "{}", asked.stderr);
            let asked = asked.json();
            assert_eq!(
                (&asked["run"], &asked["asked"][0]["kind"]),
                (&Value::Null, &"many_gone".into())
            );
            assert_eq!(asked["asked"][0]["first"].as_array().unwrap().len(), 20);
        }
        let missing = shell.run("import roster --whole --json", &[cut]).json()["missing"].to_string();
        let run = shell
            .must("import roster --whole --json --yes-gone", &[&missing, cut])
            .json()["run"]
            .to_string();
        let undone = shell.must("import undo --json", &[&run]).json();
        assert_eq!(
            (undone["put_back"].to_string(), &undone["taken_out"]),
            (missing, &0.into())
        );
        assert_eq!(shell.run("import undo", &[&run]).code, 1);
        assert_eq!(
            shell.must("import runs --json", &[]).json()["runs"][1]["undone_by"],
            undone["run"]
        );
        // Within a row: told as such before anything is looked at.
        let within = shell.home().join("within.csv");
        fs::write(&within, &text[..ten_rows - 30]).unwrap();
        let within = shell.run("import roster --whole --json", &[within.to_str().unwrap()]);
        assert_eq!(within.code, 1);
        assert!(within.stderr.contains("途中で切れています"), "{}", within.stderr);
        assert!(
            within.json()["refused"]
                .as_str()
                .unwrap()
                .contains("途中で切れています")
        );

        let nothing = shell.home().join("nothing.csv");
        fs::write(&nothing, "これは,名簿では,ありません\n").unwrap();
        let none = shell.run("import roster", &[nothing.to_str().unwrap()]);
        assert_eq!(none.code, 1);
        assert!(none.stderr.contains("項目がありません"), "{}", none.stderr);
        assert_eq!(shell.run("import roster", &["no-such-file.csv"]).code, 1);
    });
}

#[test]
fn an_administrator_adds_a_colleague_whose_card_says_nothing_about_them() {
    with_a_card_service(
        "an_administrator_adds_a_colleague_whose_card_says_nothing_about_them",
        |shell| {
            shell.must("setup --demo --rows", &[ROWS]);
            let password = shell.home().join("secrets/newcomer");
            fs::write(&password, "Harbour77\n").unwrap();
            fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();

            shell.tray("insert 0 staff-0004");
            shell.wait_for_card();
            let mut adding = shell.talk(
                "staff add 1042 岬ひかり --roles reception --password-file",
                &[password.to_str().unwrap()],
            );
            adding.after("管理者の職員カード", "");
            adding.after("試行残り", &shell.password("0004"));
            adding.waits_for("白カード");
            shell.tray("remove 0");
            shell.tray("insert 0 blank-01");
            shell.wait_for_card();
            adding.answer("");
            assert_eq!(adding.ends(), 0);

            let staff = shell.must("staff list --json", &[]).json();
            let newcomer = staff["staff"]
                .as_array()
                .unwrap()
                .iter()
                .find(|person| person["number"] == "1042");
            assert_eq!(newcomer.unwrap()["roles"], serde_json::json!(["reception"]));

            let card = shell.must("card show --json --reader", &["Virtual PCD 00 00"]).json();
            assert_eq!(card["life"], "closed");
            let bytes: String = card["files"]
                .as_array()
                .unwrap()
                .iter()
                .map(|file| file["bytes"].as_str().unwrap())
                .collect();
            assert!(
                bytes.contains(&hex::encode("1042")),
                "the certificate carries the staff number"
            );
            assert!(!bytes.contains(&hex::encode("岬")) && !bytes.contains(&hex::encode("Harbour77")));

            // Registered once; a lost card is replaced, and the one before opens nothing any more.
            let twice = shell.run("staff add 1042 岬ひかり --roles reception", &[]);
            assert_eq!(twice.code, 1);
            assert!(twice.stderr.contains("replace-card 1042"), "{}", twice.stderr);
            shell.tray("remove 0");
            shell.tray("insert 0 staff-0004");
            shell.wait_for_card();
            let mut replacing = shell.talk("staff replace-card 1042 --password-file", &[password.to_str().unwrap()]);
            replacing.after("管理者の職員カード", "");
            replacing.after("試行残り", &shell.password("0004"));
            replacing.waits_for("白カード");
            shell.tray("remove 0");
            shell.tray("insert 0 blank-02");
            shell.wait_for_card();
            replacing.answer("");
            assert_eq!(replacing.ends(), 0);
            let staff = shell.must("staff list --json", &[]).json();
            let of_1042 = staff["staff"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|person| person["number"] == "1042");
            assert_eq!(of_1042.count(), 1);

            // Another administrator changes what they may do; nobody their own.
            let administrator = |command: &str, code| {
                shell.tray("remove 0");
                shell.tray("insert 0 staff-0004");
                shell.wait_for_card();
                let mut asked = shell.talk(command, &[]);
                asked.after("管理者の職員カード", "");
                asked.after("試行残り", &shell.password("0004"));
                assert_eq!(asked.ends(), code, "{command}");
            };
            administrator("staff roles 1042 --roles handover,issuing", 0);
            let staff = shell.must("staff list --json", &[]).json();
            let changed = staff["staff"]
                .as_array()
                .unwrap()
                .iter()
                .find(|person| person["number"] == "1042");
            assert_eq!(changed.unwrap()["roles"], serde_json::json!(["issuing", "handover"]));
            administrator("staff roles 0004 --roles reception", 1);

            // The clerk's card is no administrator's.
            shell.tray("remove 0");
            shell.tray("insert 0 staff-0001");
            shell.wait_for_card();
            let mut refused = shell.talk("staff disable 1042", &[]);
            refused.after("管理者の職員カード", "");
            refused.after("試行残り", &shell.password("0001"));
            assert_eq!(refused.ends(), 1);
        },
    );
}

#[test]
fn data_is_removed_only_when_someone_says_so() {
    with_a_card_service("data_is_removed_only_when_someone_says_so", |shell| {
        shell.must("setup --demo --rows", &[ROWS]);
        let asked = shell.run("clean-data", &[]);
        assert_eq!(asked.code, 1);
        assert!(shell.home().join("secrets/seal.toml").exists());
        let before = secrets(shell);
        shell.must("clean-data --force", &[]);
        assert!(!shell.home().exists());
        shell.must("clean-data --force", &[]);

        // Made anew, nothing of it opens with what was known of the one before: no password, no key, no passphrase.
        shell.must("setup --demo --rows", &["20"]);
        let after = secrets(shell);
        // How many there are varies: a key in base64 is cut where it holds a sign, and short pieces fall away.
        assert!(
            before.len() >= 8 && after.len() >= 8,
            "{} {}",
            before.len(),
            after.len()
        );
        assert!(before.is_disjoint(&after), "a secret was used for two set-ups");
    });
}

#[test]
fn a_set_up_that_was_removed_by_hand_is_told_plainly_and_can_be_cleaned_away() {
    with_a_card_service(
        "a_set_up_that_was_removed_by_hand_is_told_plainly_and_can_be_cleaned_away",
        |shell| {
            shell.must("setup --demo --rows", &["20"]);
            shell.must("down", &[]);
            // Root's database lies elsewhere; everybody else's goes with the folder.
            let described = fs::read_to_string(shell.home().join("postgres/cluster.json")).unwrap();
            let described: Value = serde_json::from_str(&described).unwrap();
            let data = Path::new(described["data"].as_str().unwrap());
            fs::remove_dir_all(shell.home()).unwrap();
            if data.exists() {
                for _ in 1..=2 {
                    let refused = shell.run("setup --demo --rows", &["20"]);
                    assert_eq!(refused.code, 1);
                    for words in [data.to_str().unwrap(), "前の一式のデータベース", "make clean-data"] {
                        assert!(refused.stderr.contains(words), "{words}:\n{}", refused.stderr);
                    }
                    assert!(data.join("PG_VERSION").exists());
                }
                fs::remove_dir_all(shell.home()).unwrap();
                assert_eq!(shell.run("clean-data", &[]).code, 1);
                assert!(data.join("PG_VERSION").exists());
            }
            shell.must("clean-data --force", &[]);
            assert!(!data.exists() && !shell.home().exists());
            shell.must("setup --demo --rows", &["20"]);
            assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
        },
    );
}

/// The demonstration's passwords, and every secret that lies in a file.
fn secrets(shell: &Shell) -> BTreeSet<String> {
    let endpoints = shell.endpoints();
    let staff = endpoints["staff"].as_array().unwrap();
    let passwords = staff
        .iter()
        .map(|person| person["password"].as_str().unwrap().to_owned());
    let files = fs::read_dir(shell.home().join("secrets")).unwrap();
    let kept = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let words = kept.flat_map(|text| {
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        // What is shorter is a name or a number of the file's own.
        words
            .filter(|word| word.len() >= 16)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    passwords.chain(words).collect()
}

#[test]
fn an_office_fills_its_configuration_in_before_anything_is_made() {
    with_a_card_service(
        "an_office_fills_its_configuration_in_before_anything_is_made",
        |shell| {
            let told = shell.must("setup", &[]);
            assert!(told.stderr.contains("書き直し"), "{}", told.stderr);
            let refused = shell.run("setup", &[]);
            assert_eq!(refused.code, 1);
            assert!(refused.stderr.contains("city.code"), "{}", refused.stderr);
            assert!(!shell.home().join("authority").exists());

            let file = shell.home().join("madoguchi.toml");
            let mut text = fs::read_to_string(&file).unwrap();
            for (empty, filled) in [
                ("name = \"\" ", "name = \"岬市\" "),
                ("code = \"\"", "code = \"131016\""),
                ("office_name = \"\"", "office_name = \"市民課\""),
                ("address = \"\"", "address = \"岬市一丁目1番\""),
                ("postal_code = \"\"", "postal_code = \"123-4567\""),
                ("phone = \"\"", "phone = \"03-0000-0000\""),
                ("oid_arc = \"\"", "oid_arc = \"1.3.6.1.4.1.32473\""),
                ("base_url = \"\"", "base_url = \"http://pki.misaki.example\""),
                ("staff_reader = \"\"", "staff_reader = \"Virtual PCD 00 00\""),
                ("resident_reader = \"\"", "resident_reader = \"Virtual PCD 00 01\""),
            ] {
                assert!(text.contains(empty), "{empty}");
                text = text.replacen(empty, filled, 1);
            }
            fs::write(&file, text).unwrap();
            shell.must("setup", &[]);
            assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
            // Whoever sits at the counter rules no database: once all is made, the two passwords go to another account.
            let secrets = |shell: &Shell| -> Vec<String> {
                let doctor = shell.must("doctor --json", &[]).json();
                let all = doctor["findings"].as_array().unwrap().iter();
                let secrets = all.filter(|finding| finding["part"] == "secrets");
                secrets
                    .map(|finding| finding["condition"].as_str().unwrap().to_owned())
                    .collect()
            };
            assert_eq!(secrets(shell), ["good", "warning"]);
            for ruler in ["postgres/superuser.password", "secrets/database-owner"] {
                fs::rename(
                    shell.home().join(ruler),
                    shell.home().with_extension(ruler.replace('/', "-")),
                )
                .unwrap();
            }
            assert_eq!(secrets(shell), ["good", "good"]);
            shell.must("down", &[]);
            shell.must("up", &[]);
            shell.must("setup", &[]);
            assert!(
                !shell.home().join("secrets/database-owner").exists(),
                "no other one is made"
            );
            assert_eq!(
                shell.must("authority status --json", &[]).json()["authorities"]
                    .as_array()
                    .unwrap()
                    .len(),
                3
            );
            // No demonstration: no tray, nobody's password in a file.
            assert!(!shell.home().join("endpoints.json").exists() && !shell.home().join("tray").exists());
            assert_eq!(
                shell.must("staff list --json", &[]).json()["staff"],
                serde_json::json!([])
            );
        },
    );
}
