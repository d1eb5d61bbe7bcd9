//! Copies of a set-up, and set-ups made of them: everything real, two set-ups on one machine.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::shell::{Shell, with_a_card_service, with_a_card_service_and_a_relay};

/// A pair of keys: the secret one's file and the public one.
fn keys(shell: &Shell, name: &str) -> (String, String) {
    let file = shell.beside(name).display().to_string();
    let public = shell.must("backup new-key", &[&file]).stdout.trim().to_owned();
    assert!(public.starts_with("age1"), "{public}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    (file, public)
}

/// A copy for `public`.
fn copy(shell: &Shell, public: &str) -> String {
    let folder = shell.beside("copies").display().to_string();
    let made = shell.must("backup --json --to", &[public, "--into", &folder]).json();
    let file = made["file"].as_str().unwrap().to_owned();
    assert_eq!(made["sha256"].as_str().unwrap().len(), 64);
    // Nothing else is left where copies are, and nothing of it in the set-up.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert!(!shell.home().join("run/backup").exists());
    file
}

#[test]
fn a_copy_becomes_a_set_up_again_and_says_nothing_to_the_relay_until_it_is_told_to() {
    let name = "set_up::backup::a_copy_becomes_a_set_up_again_and_says_nothing_to_the_relay_until_it_is_told_to";
    with_a_card_service_and_a_relay(name, |shell| {
        shell.must("setup --demo --relay --rows", &["60"]);
        let (secret, public) = keys(shell, "safe");
        let file = copy(shell, &public);
        // What anybody's tools say of it: sealed, and nothing readable in it.
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
        shell.must("backup check", &[&file, "--key-file", &secret]);
        let listed = shell.must("backup list --json", &[]).json();
        assert_eq!(listed["copies"][0]["file"], file);
        assert_eq!(shell.must("status --json", &[]).json()["backup"]["file"], file);

        // The old set-up goes on beside the new one.
        let restored = shell.run_beside("restored", "restore", &[&file, "--key-file", &secret]);
        assert_eq!(restored.code, 0, "{}{}", restored.stdout, restored.stderr);
        let new = |words: &str| {
            let answer = shell.run_beside("restored", words, &[]);
            assert_eq!(answer.code, 0, "{words}: {}{}", answer.stdout, answer.stderr);
            answer
        };
        let home = shell.beside("restored");
        assert!(!home.join("restoring").exists());
        let config = fs::read_to_string(home.join("madoguchi.toml")).unwrap();
        assert!(!config.contains(shell.home().to_str().unwrap()), "{config}");
        for file in [
            "relay/relay/relay.toml",
            "relay/blind/blind.toml",
            "relay/my-page/my-page.toml",
            "endpoints.json",
        ] {
            let text = fs::read_to_string(home.join(file)).unwrap();
            assert!(
                !text.contains(&format!("{}/", shell.home().display())),
                "{file}: {text}"
            );
        }
        new("up");
        assert_eq!(new("doctor --json").json()["ok"], true);
        assert_eq!(new("audit verify --json").json()["ok"], true);
        // The trail says that this is a copy; the copy holds that it was made.
        new("audit export --out trail.jsonl");
        let trail = fs::read_to_string(shell.beside("trail.jsonl")).unwrap();
        assert!(trail.contains("backup.made") && trail.contains("backup.restored"));
        assert_eq!(
            new("staff list --json").json(),
            shell.must("staff list --json", &[]).json()
        );
        assert_eq!(
            new("import runs --json").json(),
            shell.must("import runs --json", &[]).json()
        );

        // Nothing of it speaks to the relay that is at work.
        let status = new("status --json").json();
        assert_eq!(status["relay_on_hold"], true);
        assert!(
            status["programs"].get("relay").is_none() && status["programs"].get("dispatch").is_none(),
            "{status}"
        );
        let refused = shell.run_beside("restored", "dispatch --once", &[]);
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.contains("rejoin-relay"), "{}", refused.stderr);
        let asked = shell.run_beside("restored", "rejoin-relay", &[]);
        assert_eq!(asked.code, 1, "nobody agreed");
        new("rejoin-relay --force");
        assert_eq!(new("status --json").json()["relay_on_hold"], false);
        new("down");
        new("clean-data --force");
        assert!(!home.exists());
        // The old one was never touched.
        assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
    });
}

#[test]
fn a_copy_that_cannot_be_used_leaves_the_place_as_empty_as_it_was() {
    let name = "set_up::backup::a_copy_that_cannot_be_used_leaves_the_place_as_empty_as_it_was";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["40"]);
        // Nobody is named who could open it, and nobody is there to be asked.
        let nobody = shell.run("backup", &[]);
        assert_eq!(nobody.code, 1);
        assert!(nobody.stderr.contains("backup new-key"), "{}", nobody.stderr);
        let weak = shell.beside("weak");
        fs::write(&weak, "password\n").unwrap();
        fs::set_permissions(&weak, fs::Permissions::from_mode(0o600)).unwrap();
        let refused = shell.run("backup --passphrase-file", &[weak.to_str().unwrap()]);
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.contains("合言葉が弱すぎます"), "{}", refused.stderr);

        let (secret, public) = keys(shell, "safe");
        let (other, _) = keys(shell, "other");
        let file = copy(shell, &public);
        let whole = fs::read(&file).unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let path = shell.beside(name);
            fs::write(&path, bytes).unwrap();
            path.display().to_string()
        };
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 0x40;
        for (file, key, words) in [
            (file.clone(), &other, "この鍵では"),
            (
                put("cut", &whole[..whole.len() - 70_000]),
                &secret,
                "途中で切れているか、壊れています",
            ),
            (put("changed", &changed), &secret, "途中で切れているか、壊れています"),
            (
                put("roster", "宛名番号,氏名\n".as_bytes()),
                &secret,
                "控えではありません",
            ),
        ] {
            let refused = shell.run_beside("empty", "restore", &[&file, "--key-file", key]);
            assert_eq!(refused.code, 1, "{words}");
            assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
            assert!(!shell.beside("empty").exists(), "{words}");
            let checked = shell.run("backup check", &[&file, "--key-file", key]);
            assert!(
                checked.code == 1 && checked.stderr.contains(words),
                "{}",
                checked.stderr
            );
        }
        // Where there is something, nothing is restored over it.
        let full = shell.run("restore", &[&file, "--key-file", &secret]);
        assert_eq!(full.code, 1);
        assert!(full.stderr.contains("空ではありません"), "{}", full.stderr);
        assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
    });
}

#[test]
fn a_copy_or_a_restore_that_is_stopped_or_cut_off_is_never_taken_for_a_whole_one() {
    let name = "set_up::backup::a_copy_or_a_restore_that_is_stopped_or_cut_off_is_never_taken_for_a_whole_one";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["400"]);
        let (secret, public) = keys(shell, "safe");
        // Ctrl-C in the middle of copying.
        let folder = shell.beside("stopped");
        let into = folder.display().to_string();
        let mut copying = shell.talk("backup --to", &[&public, "--into", &into]);
        copying.waits_for("データベースを写す");
        copying.interrupt();
        assert_eq!(copying.ends(), 1);
        assert_eq!(files(&folder), 0);
        assert!(!shell.home().join("run/backup").exists());
        // The power fails there: what is left is not called a copy, and the next one clears it away.
        let mut copying = shell.talk("backup --to", &[&public, "--into", &into]);
        copying.waits_for("データベースを写す");
        copying.cut_off();
        assert!(
            fs::read_dir(&folder)
                .unwrap()
                .all(|file| file.unwrap().path().extension().unwrap() == "part")
        );
        let _ = fs::remove_dir_all(&folder);

        let file = copy(shell, &public);
        let restore = [file.as_str(), "--key-file", &secret];
        let mut restoring = shell.talk_beside("new", "restore", &restore);
        restoring.waits_for("データベースの置き場所を作る");
        restoring.interrupt();
        assert_eq!(restoring.ends(), 1);
        assert!(!shell.beside("new").exists());

        let mut restoring = shell.talk_beside("new", "restore", &restore);
        restoring.waits_for("データベースの置き場所を作る");
        restoring.cut_off();
        assert!(!shell.beside("new").join("madoguchi.toml").exists());
        for command in ["up", "doctor", "setup --demo", "backup"] {
            let refused = shell.run_beside("new", command, &[]);
            assert_eq!(refused.code, 1, "{command}");
            assert!(
                refused.stderr.contains("復元が途中で切れたまま"),
                "{command}: {}",
                refused.stderr
            );
        }
        let again = shell.run_beside("new", "restore", &restore);
        assert_eq!(again.code, 0, "{}", again.stderr);
        // The set-up it was copied from still runs and holds the lists' address.
        let up = shell.must_beside("new", "up");
        assert!(up.stderr.contains("ここからは公開しません"), "{}", up.stderr);
        for command in ["audit verify", "down", "clean-data --force"] {
            shell.must_beside("new", command);
        }
    });
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, |files| files.count())
}

#[test]
fn a_copy_is_opened_by_anybodys_tools_where_the_key_is() {
    let name = "set_up::backup::a_copy_is_opened_by_anybodys_tools_where_the_key_is";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["20"]);
        let (secret, public) = keys(shell, "safe");
        let file = copy(shell, &public);
        let opened = Command::new("sh")
            .args([
                "-c",
                "age --decrypt --identity \"$1\" \"$2\" | tar --list",
                "sh",
                &secret,
                &file,
            ])
            .output()
            .unwrap();
        let listed = String::from_utf8_lossy(&opened.stdout).into_owned();
        for entry in [
            "about.json",
            "databases/madoguchi.dump",
            "home/secrets/seal.toml",
            "home/madoguchi.toml",
            "manifest.json",
        ] {
            assert!(
                listed.lines().any(|line| line == entry),
                "{entry}: {listed}{}",
                String::from_utf8_lossy(&opened.stderr)
            );
        }
    });
}
