//! All that is stored is put under the next keys, in batches that may be interrupted at any point.

use relay_core::{
    chance::OsChance,
    clock::HandClock,
    pseudonym::{
        BlindRotation, Ceremony, FrontRotation, KeyEdition, MiddlePseudonym, PolymorphicPseudonym, Registrar,
        RegistrarSecret,
    },
    registration::{Message as Said, TwoPersons},
};
use relay_records::front::{FrontError, FrontRecords, Message, RotationStopped};
use relay_records_testing::front as testing;
use uuid::Uuid;

use crate::{NOW, message, new_id, register};

struct Rotation {
    registrar: Registrar,
    front: FrontRotation,
    blind: BlindRotation,
}

fn begun() -> Rotation {
    let chance = &mut OsChance;
    let made = Ceremony::run(chance);
    let front = FrontRotation::begin(&made.front, chance);
    Rotation {
        registrar: Registrar::new(RegistrarSecret::new(chance), made.global),
        blind: BlindRotation::begin(&made.blind, front.middle(), chance).unwrap(),
        front,
    }
}

impl Rotation {
    fn person(&self) -> PolymorphicPseudonym {
        self.registrar.register(new_id(), 0, &mut OsChance)
    }

    fn step(&self, one: &PolymorphicPseudonym) -> PolymorphicPseudonym {
        let middle = self.front.step(one, &mut OsChance).unwrap();
        self.blind.step(&middle, &mut OsChance).unwrap()
    }

    /// One batch of at most three; where the next goes on.
    async fn batch(&self, records: &FrontRecords, after: Option<Uuid>) -> Option<Uuid> {
        let batch = records.rotation_batch(KeyEdition(1), after, 3).await.unwrap();
        let last = batch.last()?.registration();
        let stepped: Vec<_> = batch
            .into_iter()
            .map(|row| (row.clone(), self.step(&row.pseudonym)))
            .collect();
        records.rotated(&stepped, NOW).await.unwrap();
        Some(last)
    }
}

async fn registered(records: &FrontRecords, rotation: &Rotation, count: i64) -> Vec<Uuid> {
    let mut cards = Vec::new();
    for seq in 1..=count {
        let card = new_id();
        let mut said = register(card);
        if let Said::Register { pseudonym, .. } = &mut said {
            *pseudonym = rotation.person();
        }
        records.take(&message(seq, said), NOW).await.unwrap();
        cards.push(card);
    }
    cards
}

#[tokio::test]
async fn an_interrupted_rotation_goes_on_where_it_was_and_leaves_nothing_behind() {
    let front = testing::open().await.unwrap();
    let rotation = begun();
    let cards = registered(&front.records, &rotation, 10).await;
    let after = rotation.batch(&front.records, None).await;
    rotation.batch(&front.records, after).await;
    assert_eq!(front.records.rotation_left(KeyEdition(1)).await.unwrap(), 4);
    // The blind half goes away in the middle of the next batch.
    let away = async |_| Err::<Vec<PolymorphicPseudonym>, _>("away");
    let clock = HandClock::at(NOW);
    let stopped = front.records.rotate(&rotation.front, 3, away, |_, _| {}, &clock).await;
    assert!(matches!(stopped, Err(RotationStopped::Blind("away"))));
    assert_eq!(front.records.rotation_left(KeyEdition(1)).await.unwrap(), 4);
    // The process is killed too; another instance takes the rest.
    let other = front.second_instance();
    let mut told = Vec::new();
    let ask = async |batch: Vec<MiddlePseudonym>| {
        let steps = batch.iter().map(|one| rotation.blind.step(one, &mut OsChance));
        steps.collect::<Result<Vec<_>, _>>()
    };
    let progress = |done, total| told.push((done, total));
    assert_eq!(
        other.rotate(&rotation.front, 3, ask, progress, &clock).await.unwrap(),
        4
    );
    assert_eq!(told, [(3, 4), (4, 4)]);
    assert_eq!(other.rotation_left(KeyEdition(1)).await.unwrap(), 0);
    for card in cards {
        let holder = other.holder_by_registration(card).await.unwrap().unwrap();
        assert_eq!(holder.edition, KeyEdition(2));
        assert_eq!(holder.pseudonym.edition(), KeyEdition(2));
    }
}

#[tokio::test]
async fn a_link_mended_while_its_row_is_rotated_is_not_written_over() {
    let front = testing::open().await.unwrap();
    let rotation = begun();
    let card = registered(&front.records, &rotation, 1).await[0];
    let read = front.records.rotation_batch(KeyEdition(1), None, 3).await.unwrap();
    let right = rotation.person();
    let relink = Said::Relink {
        registration: card,
        pseudonym: right,
        approved_by: TwoPersons::new("s-1", "s-2").unwrap(),
    };
    front.records.take(&message(2, relink), NOW).await.unwrap();
    let stepped: Vec<_> = read
        .into_iter()
        .map(|row| (row.clone(), rotation.step(&row.pseudonym)))
        .collect();
    assert_eq!(front.records.rotated(&stepped, NOW).await.unwrap(), 0);
    let holder = front.records.holder_by_registration(card).await.unwrap().unwrap();
    assert_eq!((holder.pseudonym, holder.edition), (right, KeyEdition(1)));
    // It is still to be rotated, and found again.
    assert!(rotation.batch(&front.records, None).await.is_some());
    assert_eq!(front.records.rotation_left(KeyEdition(1)).await.unwrap(), 0);
}

#[tokio::test]
async fn what_comes_under_keys_left_behind_is_to_be_sent_anew_and_what_was_applied_is_answered_as_before() {
    let front = testing::open().await.unwrap();
    let card = new_id();
    let late = |seq, said| Message {
        left_behind: true,
        ..message(seq, said)
    };
    let refused = front.records.take(&late(1, register(card)), NOW).await;
    assert!(matches!(refused, Err(FrontError::LeftBehind { registration }) if registration == card));
    // The number is still free for the same registration under the next keys.
    let anew = register(card);
    front.records.take(&message(1, anew.clone()), NOW).await.unwrap();
    let again = front.records.take(&late(1, anew), NOW).await.unwrap();
    assert!(again.again);
}
