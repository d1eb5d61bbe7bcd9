//! How soon the relay knows: from the moment an office's change of a card is committed until the front's row of it is.
//! Everything is a process of its own: the office's database, `madoguchi dispatch`, the front over mutual TLS, and the
//! front's database, whose every commit reaches the disk.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use issuance::{
    case::{CaseId, ShelfPlace},
    handover::{OnCounter, SightRule},
};
use office::HolderCheck;
use store::{Store, StoreError, cluster::Cluster};

use crate::{
    issuing::{Desk, Waits, adults},
    office_home::{OfficeHome, ROWS_AT_FIRST},
    table::{Table, milliseconds, percentile},
};

/// Times the card is stopped and let be used again.
const TURNS: usize = 30;
const PROMISED: Duration = Duration::from_secs(1);
/// Longer than this nothing is measured any more.
const LOST: Duration = Duration::from_secs(60);

/// Hands a card over, stops it and lets it be used again, and looks at the front each time.
///
/// # Errors
/// When the office or its relay cannot be set up, or the front is never told.
pub fn measure(table: &mut Table) -> anyhow::Result<()> {
    let home = OfficeHome::set_up_with_a_relay()?;
    let desk = Desk::open(&home.config()?)?;
    let entered = desk.runtime.enter();
    let front = Store::new(&Cluster::at(home.path().join("postgres")).superuser_door("relay")?);
    drop(entered);
    let resident = adults(ROWS_AT_FIRST, 0).next().context("the made-up city has adults")?;
    let (case, _) = desk.card(&home, &resident, "told", &Waits::default())?;

    hand_over(&desk, case)?;
    let mut known = 4;
    let activated = until_known(&desk, &front, known)?;
    let mut times = vec![activated];
    for _ in 0..TURNS {
        let (stopping, letting) = (desk.act(), desk.act());
        let stopped = desk
            .office
            .suspend_card(&stopping, case, HolderCheck::Questions, "measured");
        desk.runtime.block_on(stopped)?;
        known += 2;
        times.push(until_known(&desk, &front, known)?);
        let let_again = desk
            .office
            .resume_card(&letting, case, HolderCheck::Document, "measured");
        desk.runtime.block_on(let_again)?;
        known += 2;
        times.push(until_known(&desk, &front, known)?);
    }
    let beside = format!(
        "of {} changes, each told of both keys; the median is {:.0} ms, the handover (4 messages) took {:.0} ms",
        times.len(),
        milliseconds(percentile(&mut times, 50)),
        milliseconds(activated),
    );
    table.time(
        "a card's change, until the relay has it, worst",
        percentile(&mut times, 100),
        PROMISED,
        beside,
    );
    Ok(())
}

fn hand_over(desk: &Desk, case: CaseId) -> anyhow::Result<()> {
    let office = &desk.office;
    let shelf = ShelfPlace::parse("A-1").context("A-1 is a place")?;
    desk.runtime.block_on(async {
        let at = async || anyhow::Ok(office.case(desk.session, case).await?.at);
        office.shelve(&desk.act(), at().await?, &shelf).await?;
        let notice = office.issue_notice(&desk.act(), case).await?;
        office.pin_set(&desk.act(), at().await?).await?;
        for look in [1, 2] {
            office
                .confirm_sight(&desk.act(), at().await?, look, &issuance::handover::Sight::ALL, None)
                .await?;
        }
        let card = office
            .case(desk.session, case)
            .await?
            .card
            .context("its card is made")?;
        let rule = SightRule::OneClerkTwice;
        office
            .hand_over(
                &desk.act(),
                at().await?,
                &OnCounter::new(&notice, &shelf, &card.chip, true),
                rule,
            )
            .await?;
        Ok(())
    })
}

/// How long until the front has as many of the office's messages as `known`.
fn until_known(desk: &Desk, front: &Store, known: i64) -> anyhow::Result<Duration> {
    let committed = Instant::now();
    loop {
        let counted = front.run("counted", |tx| async move {
            let row = tx
                .query_one("SELECT count(*) FROM front.intake WHERE refused_by IS NULL", &[])
                .await?;
            Ok::<i64, StoreError>(row.get(0))
        });
        if desk.runtime.block_on(counted)? >= known {
            return Ok(committed.elapsed());
        }
        ensure!(committed.elapsed() < LOST, "the front was never told message {known}");
    }
}
