//! What an office says, over mutual TLS: what is refused for good uses its number up and holds nothing else up; what is
//! not authentic or out of order uses nothing up.

use std::{pin::pin, time::Duration};

use relay_core::{
    clock::{Clock as _, HandClock, SystemClock},
    registration::{Answer, CardUse, Message as Said, RevocationReason, Rule},
};
use relay_records::front::HolderState;
use relay_testing::{FrontProcess, Relay};
use rustix::process::{Pid, Signal, kill_process};
use store::{Isolation, Store, StoreError};
use uuid::Uuid;

/// Longest that one statement may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn registered(relay: &Relay) -> Uuid {
    let card = relay.cards.authentication();
    relay.register(&card.certificate, CardUse::Authentication).await
}

async fn state(relay: &Relay, registration: Uuid) -> HolderState {
    let holder = relay.records.holder_by_registration(registration).await.unwrap();
    holder.unwrap().state
}

fn read(answer: &str) -> Answer {
    serde_json::from_str(answer).unwrap_or_else(|_| panic!("no answer: {answer}"))
}

async fn last(relay: &Relay) -> i64 {
    relay.records.senders().await.unwrap()[0].last
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_refused_for_good_in_the_middle_of_three_holds_up_neither_of_the_others() {
    let mut relay = Relay::start().await;
    let [first, gone, third] = [
        registered(&relay).await,
        registered(&relay).await,
        registered(&relay).await,
    ];
    let lost = Said::Revoke {
        registration: gone,
        reason: RevocationReason::KeyCompromise,
    };
    assert_eq!(relay.office_says(&lost).await, 200);
    let number = relay.last_number();
    let said = [first, gone, third].map(|registration| Said::Suspend { registration });
    let mut answers = Vec::new();
    for (number, said) in (number + 1..).zip(&said) {
        let (status, answer) = relay.post_envelope(&relay.envelope(number, said)).await;
        answers.push((status, read(&answer)));
    }
    let refused = Answer::Refused {
        sequence: number + 2,
        rule: Rule::Revoked.code(),
    };
    assert_eq!(
        answers,
        [
            (200, Answer::Applied(number + 1)),
            (422, refused),
            (200, Answer::Applied(number + 3))
        ]
    );
    assert_eq!(state(&relay, first).await, HolderState::Suspended);
    assert_eq!(state(&relay, gone).await, HolderState::Revoked);
    assert_eq!(state(&relay, third).await, HolderState::Suspended);

    // The answers were lost on the way, and the front was started anew meanwhile: sent again they are the same.
    relay.stop_front().await;
    relay.start_front().await;
    for ((number, said), answer) in (number + 1..).zip(&said).zip(&answers) {
        let (status, again) = relay.post_envelope(&relay.envelope(number, said)).await;
        assert_eq!(&(status, read(&again)), answer);
    }
    let sender = &relay.records.senders().await.unwrap()[0];
    assert_eq!((sender.last.unsigned_abs(), sender.refused), (number + 3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_authentic_or_not_the_next_one_uses_no_number_up() {
    let relay = Relay::start().await;
    let card = registered(&relay).await;
    let suspend = Said::Suspend { registration: card };
    let before = last(&relay).await;
    let next = relay.last_number() + 1;
    let good = relay.envelope(next, &suspend);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (first, rest) = signature.split_at(1);
    let other = if first == "A" { "B" } else { "A" };
    let wrong_clock = |minutes| HandClock::at(SystemClock.now() + time::Duration::minutes(minutes));
    let (late, early) = (wrong_clock(-8 * 24 * 60), wrong_clock(10));
    for (envelope, status, code) in [
        (format!("{signed}.{other}{rest}"), 403, "envelope.bad_signature"),
        (
            relay.envelope_of_a_stranger(next, &suspend),
            403,
            "envelope.unknown_sender",
        ),
        (relay.envelope_at(&late, next, &suspend), 403, "envelope.expired"),
        (
            relay.envelope_at(&early, next, &suspend),
            403,
            "envelope.from_the_future",
        ),
        (relay.envelope(0, &suspend), 400, "registration.no_sequence"),
        (relay.envelope(next + 1, &suspend), 409, "expected"),
        (relay.envelope(next - 1, &suspend), 422, "registration.other_message"),
    ] {
        let (answered, answer) = relay.post_envelope(&envelope).await;
        assert_eq!(answered, status, "{answer}");
        assert!(answer.contains(code) && !answer.contains("refused\":"), "{answer}");
        assert_eq!(last(&relay).await, before, "{code}");
        assert_eq!(state(&relay, card).await, HolderState::Active);
    }
    let (_, answer) = relay.post_envelope(&good).await;
    assert_eq!(read(&answer), Answer::Applied(next));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_killed_in_the_midst_of_a_refusal_has_refused_once_or_not_at_all() {
    let mut relay = Relay::start().await;
    let card = registered(&relay).await;
    relay.stop_front().await;
    let front = FrontProcess::start(&relay).await;
    let activate = Said::Activate { registration: card };
    let number = relay.last_number() + 1;
    let before = last(&relay).await;

    // Its row is held, so that it stands in mid-refusal when it is killed: the office gets no answer.
    let holding = Store::new(&relay.front_database.superuser());
    let process = Pid::from_raw(front.id().cast_signed()).unwrap();
    let envelope = relay.envelope(number, &activate);
    let (rig, sealed) = (&relay, &envelope);
    let answered = holding
        .run_as("hold", Isolation::ReadCommitted, PATIENCE, |tx| async move {
            tx.query("SELECT FROM front.sender FOR UPDATE", &[]).await?;
            let waits = "SELECT FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid";
            let mut asked = pin!(rig.try_envelope(sealed));
            loop {
                let waiting = tokio::select! {
                    // It must not be answered while its row is held.
                    answer = &mut asked => return Ok::<_, StoreError>(answer),
                    waiting = tx.query(waits, &[]) => waiting?,
                };
                if !waiting.is_empty() {
                    kill_process(process, Signal::KILL).unwrap();
                    return Ok(asked.await);
                }
            }
        })
        .await
        .unwrap();
    assert_eq!(answered, None);
    front.kill();
    assert_eq!(last(&relay).await, before);

    let refused = Answer::Refused {
        sequence: number,
        rule: Rule::ActivatedAlready.code(),
    };
    let front = FrontProcess::start(&relay).await;
    let (_, answer) = relay.post_envelope(&relay.envelope(number, &activate)).await;
    assert_eq!(read(&answer), refused);
    front.kill();
    let front = FrontProcess::start(&relay).await;
    let (_, answer) = relay.post_envelope(&relay.envelope(number, &activate)).await;
    assert_eq!(read(&answer), refused);
    front.stop();
    let sender = &relay.records.senders().await.unwrap()[0];
    assert_eq!((sender.last.unsigned_abs(), sender.refused), (number, 1));
}
