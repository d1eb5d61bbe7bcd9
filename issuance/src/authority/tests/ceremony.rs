//! The folder: made once, never overwritten, opened only as it was made.

use super::*;

#[test]
fn a_ceremony_never_overwrites_an_authority_and_leaves_nothing_when_it_fails() {
    let plan = |folder: &Path, settings: Settings| {
        let plan = CeremonyPlan {
            folder,
            settings,
            present: vec![],
            root_passphrase: &OFFICE.root_passphrase,
            issuing_passphrase: &OFFICE.passphrase,
            token: None,
        };
        hold_ceremony(&plan, &SystemClock, &mut OsChance)
    };
    let before = fs::read(OFFICE.authority_folder().join("ceremony.json")).unwrap();
    let refused = plan(&OFFICE.authority_folder(), settings()).unwrap_err();
    assert!(matches!(refused, AuthorityError::AlreadyThere(_)), "{refused}");
    assert_eq!(
        fs::read(OFFICE.authority_folder().join("ceremony.json")).unwrap(),
        before
    );
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("missing/authority");
    let refused = plan(&nowhere, settings()).unwrap_err();
    assert!(matches!(refused, AuthorityError::File { .. }), "{refused}");
    let bad = Settings {
        base_url: "https://pki.shiomi.example".into(),
        ..settings()
    };
    assert!(matches!(
        plan(&folder.path().join("a"), bad),
        Err(AuthorityError::Settings(_))
    ));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_authority_does_not_open_with_another_passphrase_or_after_any_of_its_files_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("authority");
    let other = Passphrase::make(&folder.path().join("other.pass"), &mut OsChance).unwrap();
    let wrong = Authorities::open(&OFFICE.authority_folder(), &other).unwrap_err();
    assert!(matches!(wrong, AuthorityError::NotOpened(_)), "{wrong}");
    for (file, change) in [
        ("ceremony.json", "\"organisation\": \"汐見市\"" as &str),
        ("ceremony.json.sig", ""),
        ("staff/certificate.cer", ""),
        ("resident/key.sealed", "\"passes\": 3"),
        ("resident/key.sealed", "\"name\": \"resident\""),
    ] {
        let _ = fs::remove_dir_all(&here);
        copy(&OFFICE.authority_folder(), &here);
        let path = here.join(file);
        let mut bytes = fs::read(&path).unwrap();
        let at = match change {
            "" => bytes.len() / 2,
            text => String::from_utf8_lossy(&bytes).find(text).unwrap() + text.len() - 2,
        };
        bytes[at] ^= 0x01;
        fs::write(&path, bytes).unwrap();
        let refused = Authorities::open(&here, &OFFICE.passphrase);
        assert!(refused.is_err(), "{file} {change}");
    }
    let _ = fs::remove_dir_all(&here);
    copy(&OFFICE.authority_folder(), &here);
    fs::copy(here.join("resident/key.sealed"), here.join("staff/key.sealed")).unwrap();
    assert!(
        Authorities::open(&here, &OFFICE.passphrase).is_err(),
        "one authority's key in another's place"
    );
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
