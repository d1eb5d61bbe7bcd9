//! What holds for files: none grows too long, and a released migration stays as it is.

use std::collections::BTreeSet;

/// Lines of a Rust file at most: what is longer is about more than one thing.
const CEILING: usize = 600;

#[test]
fn no_file_grows_past_the_ceiling() {
    let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<std::path::PathBuf> = ["console", "issuance", "portals", "relay-core", "sql"]
        .map(|room| workspace.join(room))
        .to_vec();
    let (mut read, mut too_long) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            // What a build of a part of its own (the fuzz folders) leaves is nobody's to read.
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                read += 1;
                let lines = std::fs::read_to_string(&path).unwrap().lines().count();
                if lines > CEILING {
                    too_long.push(format!("{} has {lines} lines", path.display()));
                }
            }
        }
    }
    assert!(read > 400, "only {read} files were found");
    let told = too_long.join(", ");
    assert!(told.is_empty(), "divide by what they are about: {told}");
}

/// A migration that was released stands in databases of offices: another text under its number would never reach them.
/// `released.sha256` beside the migrations is what `sha256sum` says of the released ones.
#[test]
fn no_released_migration_is_changed_and_no_number_is_taken_twice() {
    use aws_lc_rs::digest::{SHA256, digest};
    let sql = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql");
    for folder in [
        "office/migrations",
        "provider/migrations",
        "relay/migrations_blind",
        "relay/migrations_front",
    ] {
        let folder = sql.join(folder);
        let released = std::fs::read_to_string(folder.join("released.sha256")).unwrap();
        for line in released.lines() {
            let (sum, name) = line.split_once("  ").unwrap();
            let text = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(
                hex::encode(digest(&SHA256, &text)),
                sum,
                "{name} was released: write a new one"
            );
        }
        let mut numbers = BTreeSet::new();
        for file in std::fs::read_dir(&folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            if let Some((number, _)) = name.strip_suffix(".sql").and_then(|name| name.split_once("__")) {
                assert!(numbers.insert(number.to_owned()), "{name}: another one has this number");
            }
        }
        assert!(numbers.len() >= released.lines().count());
    }
}
