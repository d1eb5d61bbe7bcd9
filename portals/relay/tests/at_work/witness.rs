//! The relay as the second party of an office's audit trail.

use std::fs;

use relay::witness::make_key;
use relay_core::chance::OsChance;
use relay_testing::Relay;
use store::trail::{
    head::{HeadKey, HeadVerifier, TreeHead, notes},
    tree::{Tree, leaf},
    witness::{Submission, WitnessVerifier},
};
use time::OffsetDateTime;

const TRAIL: &str = "office.shiomi";

/// The trail of so many events; one of them exchanged in another history.
fn tree(events: i64, exchanged: Option<i64>) -> Tree {
    let mut tree = Tree::default();
    for seq in 1..=events {
        let content = [if exchanged == Some(seq) { 9 } else { 1 }; 32];
        tree.push(&leaf(seq, &content)).unwrap();
    }
    tree
}

fn shown(key: &HeadKey, tree: &Tree, old: u64) -> Submission {
    let head = TreeHead {
        origin: key.name().to_owned(),
        size: tree.size(),
        root: tree.root_at(tree.size()).unwrap(),
        last: 1,
        at: OffsetDateTime::UNIX_EPOCH,
    };
    let proof = match old == 0 || old >= tree.size() {
        true => Vec::new(),
        false => tree.prove_consistency(old, tree.size()).unwrap(),
    };
    let note = key.sign(&head).unwrap();
    Submission { old, proof, note }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_vouches_for_one_history_of_an_offices_trail_and_keeps_its_heads() {
    let mut relay = Relay::start().await;
    let (secret, public) = HeadKey::fresh(TRAIL, &[5; 32]);
    let key = HeadKey::from_text(&secret).unwrap();
    let first = shown(&key, &tree(5, None), 0);
    let (status, _) = relay.show_head(&first.to_text()).await;
    assert_eq!(status, 404, "it is nobody's second party yet");

    let file = relay.path().join("witness");
    let vouching = make_key("relay.shiomi.example", &file, &mut OsChance).unwrap();
    assert!(
        make_key("relay.shiomi.example", &file, &mut OsChance).is_err(),
        "a key is not overwritten"
    );
    assert!(make_key("two words", &relay.path().join("other"), &mut OsChance).is_err());
    let section =
        format!("[witness]\nkey_file = \"witness\"\ntrails = [\"{public}\"]\nfolder = \"heads\"\n[partners]\n");
    relay.reconfigure("[partners]\n", &section).await;
    let witness = WitnessVerifier::from_text(&vouching).unwrap();
    let (status, line) = relay.show_head(&first.to_text()).await;
    assert!(
        status == 200 && witness.seen(&first.note, &line).is_some(),
        "{status} {line}"
    );

    // Started anew it knows what it has seen.
    relay.stop_front().await;
    relay.start_front().await;
    let next = shown(&key, &tree(9, None), 5);
    let stranger = HeadKey::from_text(&HeadKey::fresh(TRAIL, &[6; 32]).0).unwrap();
    let other = HeadKey::from_text(&HeadKey::fresh("office.elsewhere", &[5; 32]).0).unwrap();
    for (submission, expected, words) in [
        (shown(&key, &tree(9, None), 0).to_text(), 409, "5\n"),
        // One event exchanged, or the newest taken away.
        (shown(&key, &tree(9, Some(2)), 5).to_text(), 422, "another history"),
        (shown(&key, &tree(4, None), 4).to_text(), 409, "5\n"),
        (shown(&stranger, &tree(9, None), 5).to_text(), 403, "not signed"),
        (shown(&other, &tree(9, None), 5).to_text(), 404, "no trail"),
        ("old 5\n".to_owned(), 400, "no submission"),
    ] {
        let (status, answer) = relay.show_head(&submission).await;
        assert_eq!(status, expected, "{answer}");
        assert!(answer.contains(words), "{answer}");
    }
    let (status, line) = relay.show_head(&next.to_text()).await;
    assert!(
        status == 200 && witness.seen(&next.note, &line).is_some(),
        "{status} {line}"
    );

    // What an auditor asks the relay for: the heads in their order, and the other history that was shown.
    let trail = HeadVerifier::from_text(&public).unwrap();
    let sizes = |name: &str| -> Vec<u64> {
        let text = fs::read_to_string(relay.path().join("heads").join(name)).unwrap();
        notes(&text).iter().map(|note| trail.open(note).unwrap().size).collect()
    };
    assert_eq!(sizes(TRAIL), [5, 9]);
    assert_eq!(sizes(&format!("{TRAIL}.refused")), [9]);
}
