//! The relay's metadata while My Page runs: fetched anew, believed by their signature, kept across a restart.

use std::{fs, sync::Arc};

use portal_service::{Service, config::Config};
use relay_core::chance::SharedChance;
use time::Duration;

use crate::{NAME, bring, browser::Browser, rig::Rig, rig::relay::Relay, sent_off, signed_in};

/// The status of the answer to a sign-in that the relay signs with its present key.
async fn signs_in(rig: &Rig) -> u16 {
    let mut browser = Browser::new(rig);
    let waiting = sent_off(rig, &mut browser, "/").await;
    let response = rig.relay.response(&waiting, NAME);
    bring(rig, &mut browser, &waiting, &response).await.status
}

/// The relay rolls its key; My Page has not looked since before the next one was announced.
async fn roll(rig: &Rig) {
    let next = Relay::next_key();
    rig.relay.announce(&next);
    rig.relay.serve_instead(Some(rig.relay.metadata()));
    rig.relay.take_up(next);
    rig.clock.advance(Duration::seconds(61));
}

#[tokio::test]
async fn a_key_rolled_by_the_relay_is_learnt_from_its_first_message_and_nobody_is_turned_away() {
    let rig = Rig::start().await;
    signed_in(&rig).await;
    for _ in 0..2 {
        roll(&rig).await;
        signed_in(&rig).await;
        // What it serves from now on is signed with the key that was learnt.
        rig.relay.serve_instead(None);
        rig.clock.advance(Duration::seconds(61));
    }
}

#[tokio::test]
async fn metadata_that_a_stranger_signed_or_that_are_old_or_nothing_at_all_change_nothing() {
    let rig = Rig::start().await;
    let old = rig.relay.metadata();
    rig.clock.advance(Duration::days(1));
    roll(&rig).await;
    signed_in(&rig).await;
    let stranger = Relay::next_key();
    let forged = {
        rig.relay.take_up(Arc::clone(&stranger));
        rig.relay.metadata()
    };
    for served in [forged, old, "<html>maintenance</html>".to_owned()] {
        rig.clock.advance(Duration::seconds(61));
        rig.relay.serve_instead(Some(served));
        assert_eq!(signs_in(&rig).await, 400, "the stranger's key is not learnt");
    }
}

#[tokio::test]
async fn what_was_fetched_outlives_a_restart_after_the_approved_file_has_expired_and_is_nobodys_to_write() {
    let rig = Rig::start().await;
    rig.clock.advance(Duration::days(6));
    roll(&rig).await;
    signed_in(&rig).await;
    rig.clock.advance(Duration::days(2));
    let start = || {
        let config = Config::load(&rig.files.file(&my_page::MY_PAGE)).unwrap();
        Service::new(
            &my_page::MY_PAGE,
            config,
            Arc::new(rig.clock.clone()),
            SharedChance::of_the_system(),
        )
    };
    assert!(start().is_ok());
    let kept = rig.files.folder.path().join("relay.kept");
    let mut bytes = fs::read(&kept).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&kept, bytes).unwrap();
    let refused = start().err().expect("a changed file is not believed").to_string();
    assert!(refused.contains("the relay's metadata"), "{refused}");
}
