//! The card in the resident reader: looked at, made, given its PIN, tried, shown.

use std::time::{Duration, Instant};

use card::{ChipLife, PinSlot, ReadRule, Sharing, Tries};
use issuance::{
    authority::{ChainError, PrepareError},
    case::CaseState,
    issuing::{Cancel, MakingDesk, Plan, Progress, SetPinError, StepState, Stopped, run, set_pin, set_pin_again},
    pin,
    records::{CardState, RecordsError, Step},
};
use office::{Act, OfficeError, OfficeRecords, cases::PinPermissionId};
use relay_core::chance::OsChance;
use secrecy::SecretString;

use super::{readers::AtReader, show, trouble, work::Desk};
use crate::tui::{
    event::{Event, MakingProgress},
    facts::{CardFileView, ChipKnown, ChipView, MakingEnd},
    fault::Fault,
    order::JobId,
    orders::{
        cards::{
            AllowPinReset, CardFiles, ChangePin, PIN_CHANGED_UNRECORDED, PinAllowed, PinRight, ReadCardFiles, ReadChip,
            SetPin, SetPinAgain, SetPinByPermission, VerifyPin,
        },
        cases::{CaseAt, CaseNow},
        staff::SecondPurpose,
    },
};

/// How long records that are away are waited for, once the card has what they are to know.
const RECORDS_COME_BACK: Duration = Duration::from_secs(10);

impl Desk {
    /// What is in the resident reader, and what the records say of it.
    pub fn read_chip(&self, at: &AtReader, _: ReadChip) -> Result<ChipView, Fault> {
        let mut chip = at.card(Sharing::Shared)?;
        let pin = show::tries(chip.tries_left(PinSlot::Holder).map_err(|error| at.fault(&error))?);
        let record = self.wait(self.office.chip(chip.serial().as_bytes()))?;
        let known = match record {
            None if chip.life() == ChipLife::Blank => ChipKnown::Blank,
            None => ChipKnown::Unknown,
            Some(record) if record.state == CardState::Damaged => ChipKnown::Damaged,
            Some(record) if self.held.case() != Some(record.case) => ChipKnown::Another,
            Some(record) if record.state == CardState::Making => ChipKnown::ThisCaseUnfinished,
            Some(_) => ChipKnown::ThisCase,
        };
        Ok(ChipView {
            serial: chip.serial().to_string(),
            known,
            pin,
        })
    }

    /// Makes the card of a case, or goes on where its making stopped.
    pub fn make_card(&self, at: &AtReader, job: JobId, case: CaseAt, cancel: &Cancel) -> Result<MakingEnd, Fault> {
        if self.watch.clocks_differ() {
            return Err(Fault::ClockWrong);
        }
        let file = self.wait(self.office.case(self.session()?, case.id))?;
        let bound = match file.state {
            CaseState::Verified if file.at.version != case.version => return Err(Fault::ChangedMeanwhile),
            CaseState::Verified => None,
            // Every step of a making changes the case; whoever resumes one means the card bound to it, as it now stands.
            CaseState::Making { card } => Some(card),
            _ => return Err(Fault::NotNow),
        };
        let (authorities, master) = (self.keys.authorities()?, self.keys.master()?);
        let chip = at.card(Sharing::Exclusive)?;
        let serial = chip.serial().to_string();
        let mut records = OfficeRecords::new(self.office.clone(), self.runtime.clone(), self.session()?);
        // Two agree to one card: whoever goes on with it needs no other agreement.
        let agreed = if bound.is_none() && self.setup.making_by_two {
            let kept = self.approvals.take(case.id, SecondPurpose::Making);
            let approval = kept.ok_or(Fault::AgreementGone)?;
            records = records.with_second(approval);
            Some(approval)
        } else {
            None
        };
        let mut chance = OsChance;
        let mut making = MakingDesk {
            master: &master,
            authorities: &authorities,
            clock: &*self.clock,
            chance: &mut chance,
        };
        let mut told_bound = false;
        let mut progress = |news: Progress| {
            // Binding comes right after the issuer was authenticated: the next step to begin stands on it.
            if !told_bound && news.step > Step::Authenticate {
                told_bound = true;
                let chip = serial.clone();
                self.tell(making_event(job, MakingProgress::Bound { chip }));
            }
            self.tell(making_event(job, progress_shown(news)));
        };
        let plan = Plan { case: case.id, bound };
        let outcome = run(
            chip.into_transport(),
            &mut records,
            &mut making,
            plan,
            &mut progress,
            cancel,
        );
        if let (Some(approval), Err(stopped), false) = (agreed, &outcome, told_bound)
            && !is_not_agreed(stopped)
        {
            // It is used up with the binding: what stopped before that left it good.
            self.approvals.keep(case.id, SecondPurpose::Making, approval);
        }
        match &outcome {
            Ok(made) => tracing::info!(case = %case.id, card = %made.card, "made"),
            Err(stopped) => tracing::warn!(case = %case.id, %stopped, "making stopped"),
        }
        self.making_ended(at, case, outcome.map(|_| ()))
    }

    fn making_ended(&self, at: &AtReader, case: CaseAt, outcome: Result<(), Stopped>) -> Result<MakingEnd, Fault> {
        Ok(match outcome {
            Ok(()) => MakingEnd::Made(self.case_view_now(case.id)?),
            Err(Stopped::Damaged { .. }) => MakingEnd::Damaged {
                at: None,
                case: self.case_view_now(case.id)?,
            },
            Err(Stopped::Cancelled { before }) => stopped(Some(before), Fault::Cancelled),
            Err(Stopped::WrongChip { .. }) => stopped(None, Fault::WrongChip),
            Err(Stopped::NotBlank { .. }) => stopped(None, Fault::NotBlank),
            Err(Stopped::Card { step, error }) => stopped(Some(step), at.fault(&error)),
            Err(Stopped::Records { step, error }) => stopped(Some(step), self.of_records(&error)),
            Err(Stopped::NotPrepared(PrepareError::OutsideAuthority { .. })) => {
                stopped(Some(Step::IssueCertificates), Fault::ClockWrong)
            }
            Err(Stopped::NotPrepared(error)) => stopped(Some(Step::IssueCertificates), trouble::other(&error)),
            Err(Stopped::NotIssued(_)) => stopped(Some(Step::IssueCertificates), Fault::AuthorityUnavailable),
            Err(Stopped::NotVerified(ChainError::AuthorityExpired(_))) => {
                stopped(Some(Step::Verify), Fault::AuthorityUnavailable)
            }
            Err(Stopped::NotVerified(_)) => stopped(Some(Step::Verify), Fault::ClockWrong),
        })
    }

    fn of_records(&self, error: &RecordsError) -> Fault {
        match error {
            RecordsError::Unreachable(_) => {
                self.watch.is_away();
                Fault::DatabaseDown
            }
            RecordsError::DiskFull => Fault::DiskFull,
            RecordsError::ChipTaken { .. } => Fault::ChipTaken,
            RecordsError::NotNow(_) => Fault::NotNow,
            RecordsError::NotAgreed => Fault::AgreementGone,
            error => trouble::other(error),
        }
    }

    /// Sets the resident's first PIN.
    pub fn set_pin(&self, at: &AtReader, SetPin { case, pin }: SetPin) -> Result<CaseNow, Fault> {
        self.put_pin(at, case, &pin, false)
    }

    /// Sets another PIN over the one that is there.
    pub fn set_pin_again(&self, at: &AtReader, SetPinAgain { case, pin }: SetPinAgain) -> Result<CaseNow, Fault> {
        self.put_pin(at, case, &pin, true)
    }

    /// Sets the resident's first PIN on the case's own card, or (`again`) another over the one that is there, and records
    /// it. Role, hold and version are asked before the chip is touched.
    fn put_pin(&self, at: &AtReader, case: CaseAt, typed: &SecretString, again: bool) -> Result<CaseNow, Fault> {
        let file = self.wait(self.office.case(self.session()?, case.id))?;
        let Some(card) = &file.card else {
            return Err(Fault::NotNow);
        };
        // The rules look at birthday, telephone and address: the masked row of a protected person lacks the latter two,
        // which can only let a PIN pass that their own eyes would refuse.
        let pin = pin::check(typed, &file.resident.resident).map_err(Fault::PinWeak)?;
        let master = self.keys.master()?;
        let act = self.act()?;
        self.runtime
            .block_on(self.office.may_set_pin(&act, show::at(case), again))
            .map_err(|error| self.of_change(case.id, &error))?;
        let mut chip = at.card(Sharing::Exclusive)?;
        // One that the chip has and the records do not was set in a session that was cut off: nobody relies on it yet.
        let tries = chip.tries_left(PinSlot::Holder).map_err(|error| at.fault(&error))?;
        let outcome = if tries != Tries::NotSet {
            set_pin_again(chip, &card.chip, &master, pin.secret(), &mut OsChance)
        } else {
            set_pin(chip, &card.chip, &master, pin.secret(), &mut OsChance)
        };
        match outcome {
            Ok(_) => {}
            Err(SetPinError::WrongChip { .. }) => return Err(Fault::WrongChip),
            Err(SetPinError::NotFinished) => return Err(Fault::NotNow),
            Err(SetPinError::Card(error)) => return Err(at.fault(&error)),
        }
        let act = self.act()?;
        let recorded = if again {
            self.runtime.block_on(self.office.pin_reset(&act, show::at(case)))
        } else {
            self.runtime.block_on(self.office.pin_set(&act, show::at(case)))
        };
        match recorded {
            Ok(_) => self.case_view_now(case.id),
            Err(error) => Err(self.of_change(case.id, &error)),
        }
    }

    /// Gives leave to set the PIN anew of the card in the reader, whose holder was just verified.
    pub fn allow_pin_reset(&self, at: &AtReader, order: AllowPinReset) -> Result<PinAllowed, Fault> {
        let AllowPinReset { case, check } = order;
        let chip = at.card(Sharing::Shared)?.serial().clone();
        let act = self.act()?;
        let allowed = self
            .office
            .allow_pin_reset(&act, show::at(case), chip.as_bytes(), check);
        let permission = self
            .runtime
            .block_on(allowed)
            .map_err(|error| self.of_change(case.id, &error))?;
        Ok(PinAllowed(permission.uuid()))
    }

    /// Sets the PIN anew by a permission. It is good for this chip alone, and used up when the new PIN is recorded; where
    /// that fails the chip has the new PIN already, and the same permission records it when it is asked for again.
    pub fn set_pin_by_permission(&self, at: &AtReader, order: SetPinByPermission) -> Result<CaseNow, Fault> {
        let SetPinByPermission { case, permission, pin } = order;
        let file = self.wait(self.office.case(self.session()?, case.id))?;
        let Some(card) = &file.card else {
            return Err(Fault::NotNow);
        };
        let pin = pin::check(&pin, &file.resident.resident).map_err(Fault::PinWeak)?;
        let master = self.keys.master()?;
        let permission = PinPermissionId::from_uuid(permission);
        self.wait(self.office.pin_permission(case.id, permission, &card.chip))?;
        let chip = at.card(Sharing::Exclusive)?;
        match set_pin_again(chip, &card.chip, &master, pin.secret(), &mut OsChance) {
            Ok(_) => {}
            Err(SetPinError::WrongChip { .. }) => return Err(Fault::WrongChip),
            Err(SetPinError::NotFinished) => return Err(Fault::NotNow),
            Err(SetPinError::Card(error)) => return Err(at.fault(&error)),
        }
        let act = self.act()?;
        let recorded = self.office.pin_reset_by(&act, show::at(case), permission, &card.chip);
        match self.runtime.block_on(recorded) {
            Ok(_) => self.case_view_now(case.id),
            Err(error) => Err(self.of_change(case.id, &error)),
        }
    }

    /// Changes the PIN of a card that was handed over, for whoever knows the present one.
    pub fn change_pin(&self, at: &AtReader, ChangePin { case, old, new }: ChangePin) -> Result<CaseNow, Fault> {
        let file = self.wait(self.office.case(self.session()?, case.id))?;
        let Some(card) = &file.card else {
            return Err(Fault::NotNow);
        };
        let new = pin::check(&new, &file.resident.resident).map_err(Fault::PinWeak)?;
        let act = self.act()?;
        self.runtime
            .block_on(self.office.may_change_pin(&act, show::at(case)))
            .map_err(|error| self.of_change(case.id, &error))?;
        let mut chip = at.card(Sharing::Exclusive)?;
        if chip.serial().as_bytes() != card.chip {
            return Err(Fault::WrongChip);
        }
        chip.change_pin(PinSlot::Holder, &old, new.secret())
            .map_err(|error| at.fault(&error))?;
        let act = self.act()?;
        match self.runtime.block_on(self.record_pin_change(&act, case)) {
            Ok(_) => self.case_view_now(case.id),
            Err(error) => {
                let _ = self.of_change(case.id, &error);
                // The card has it already: whoever holds it must not go away with the old one in mind.
                Err(Fault::Refused {
                    key: PIN_CHANGED_UNRECORDED,
                    facts: Vec::new(),
                    passing: false,
                })
            }
        }
    }

    /// Records what the chip has done, under one id, for as long as the records may come back.
    async fn record_pin_change(&self, act: &Act, case: CaseAt) -> Result<i64, OfficeError> {
        let began = Instant::now();
        loop {
            match self.office.pin_changed(act, show::at(case)).await {
                Err(error) if error.is_away() && began.elapsed() < RECORDS_COME_BACK => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                ended => return ended,
            }
        }
    }

    /// Tries the resident's PIN on the card in the reader.
    pub fn verify_pin(&self, at: &AtReader, VerifyPin { pin }: VerifyPin) -> Result<PinRight, Fault> {
        let mut chip = at.card(Sharing::Exclusive)?;
        chip.verify_pin(PinSlot::Holder, &pin)
            .map_err(|error| at.fault(&error))?;
        Ok(PinRight)
    }

    /// Every file of the card in the resident reader.
    pub fn read_card_files(&self, at: &AtReader, _: ReadCardFiles) -> Result<CardFiles, Fault> {
        let mut chip = at.card(Sharing::Shared)?;
        let files = chip.files().map_err(|error| at.fault(&error))?;
        Ok(CardFiles(
            files
                .into_iter()
                .map(|file| CardFileView {
                    path: file.path_text(),
                    name: file.name.to_string(),
                    needs_pin: file.reading != ReadRule::Anyone,
                    bytes: file.bytes,
                })
                .collect(),
        ))
    }
}

const fn is_not_agreed(stopped: &Stopped) -> bool {
    matches!(
        stopped,
        Stopped::Records {
            error: RecordsError::NotAgreed,
            ..
        }
    )
}

const fn making_event(job: JobId, progress: MakingProgress) -> Event {
    Event::Making { job, progress }
}

fn progress_shown(news: Progress) -> MakingProgress {
    let step = news.step;
    match news.state {
        StepState::Started => MakingProgress::Started {
            step,
            safe_to_stop: next(step).is_some_and(Step::safe_to_stop),
        },
        StepState::Fraction(done, total) => MakingProgress::Fraction {
            step,
            done: done as u64,
            total: total as u64,
        },
        StepState::Done(took) => MakingProgress::Finished { step, took },
    }
}

/// The step after `step`: a wish to stop is honoured before it.
fn next(step: Step) -> Option<Step> {
    Step::ALL.into_iter().find(|later| *later > step)
}

const fn stopped(at: Option<Step>, why: Fault) -> MakingEnd {
    MakingEnd::Stopped { at, why }
}
