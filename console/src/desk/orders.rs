//! From an order to the lane and the function that carries it out: the one table of all orders.

use issuance::{case::CaseId, issuing::Cancel};
use tracing::{field, info_span};

use super::{
    tray,
    work::{Desk, fresh},
};
use crate::tui::{
    effect::{Effect, JobId, Order},
    fault::Fault,
};

impl Desk {
    /// Begins carrying out `effect`; returns at once.
    pub fn carry_out(&self, effect: Effect) {
        let Effect { job, case, order } = effect;
        let act = fresh();
        let span = info_span!("order", order = name(&order), job = job.0, %act, case = field::Empty);
        if let Some(case) = case.or_else(|| about(&order)) {
            span.record("case", field::display(case));
        }
        span.in_scope(|| {
            match is_asking(&order) {
                true => tracing::debug!("begun"),
                false => tracing::info!("begun"),
            }
            Self::as_act(act, || self.hand_on(job, order));
        });
    }

    fn hand_on(&self, job: JobId, order: Order) {
        let desk = self.clone();
        match order {
            Order::ReadStaffCard => self.at_staff_reader(job, |desk, at| desk.read_staff_card(at)),
            Order::Login { password } => self.at_staff_reader(job, move |desk, at| desk.log_in(at, &password)),
            Order::Unlock { password } => self.at_staff_reader(job, move |desk, at| desk.unlock(at, &password)),
            Order::CreateAdministrator { number, name, password } => {
                self.at_staff_reader(job, move |desk, at| {
                    desk.create_administrator(at, &number, &name, &password)
                });
            }
            Order::ScreenLocked { card_pulled } => {
                self.in_order(job, async move { desk.screen_locked(card_pulled).await });
            }
            Order::LogOut => self.in_order(job, async move { desk.log_out().await }),
            Order::SecondClerk { purpose, password } => {
                self.at_staff_reader(job, move |desk, at| desk.second_clerk(at, purpose, &password));
            }

            Order::LoadCounts => self.at_once(job, async move { desk.load_counts().await }),
            Order::LoadQueue(queue) => self.at_once(job, async move { desk.load_queue(queue).await }),
            Order::Search { text } => {
                let search = self.roster.ask();
                self.runtime.spawn(async move {
                    if let Some(reply) = desk.search(search, text).await {
                        desk.reply(job, reply);
                    }
                });
            }
            Order::OpenResident(id) => self.at_once(job, async move { desk.open_resident(id).await }),
            Order::RevealAddress(id) => self.in_order(job, async move { desk.reveal_address(id).await }),

            Order::SubmitApplication {
                resident,
                application,
                despite_duplicate,
            } => self.in_order(job, async move {
                desk.submit_application(resident, &application, despite_duplicate.as_deref())
                    .await
            }),
            Order::OpenCase(id) => self.in_order(job, async move { desk.open_case(id).await }),
            Order::OpenByNotice { payload } => self.in_order(job, async move { desk.open_by_notice(&payload).await }),
            Order::ReloadCase(id) => self.in_order(job, async move { desk.reload_case(id).await }),
            Order::CloseCase(id) => self.in_order(job, async move { desk.close_case(id).await }),
            Order::BreakLease { case, reason } => {
                self.in_order(job, async move { desk.break_lease(case, &reason).await });
            }
            Order::CancelCase { case, reason } => {
                self.in_order(job, async move { desk.cancel_case(case, &reason).await });
            }
            Order::CloseIncident { case, ending } => {
                self.in_order(job, async move { desk.close_incident(case, &ending).await });
            }
            Order::GiveUpCard { case, reason } => {
                self.in_order(job, async move { desk.give_up_card(case, &reason).await });
            }
            Order::SaveVerification { case, verification } => {
                self.in_order(job, async move { desk.save_verification(case, &verification).await });
            }

            Order::ReadChip => self.at_resident_reader(job, |desk, at| desk.read_chip(at)),
            Order::StartMaking { case } => {
                let cancel = Cancel::new();
                let noted = self.note_making(job, cancel.clone());
                self.at_resident_reader(job, move |desk, at| {
                    let _until_over = noted;
                    desk.make_card(at, job, case, &cancel)
                });
            }
            Order::CancelMaking { making } => self.stop_making(Some(making)),
            Order::SetPin { case, pin } => {
                self.at_resident_reader(job, move |desk, at| desk.set_pin(at, case, &pin, false));
            }
            Order::SetPinAgain { case, pin } => {
                self.at_resident_reader(job, move |desk, at| desk.set_pin(at, case, &pin, true));
            }
            Order::VerifyPin { pin } => self.at_resident_reader(job, move |desk, at| desk.verify_pin(at, &pin)),
            Order::ReadCardFiles => self.at_resident_reader(job, |desk, at| desk.read_card_files(at)),

            Order::Print { case, paper, reprint } => {
                self.in_order(job, async move { desk.print(job, case, paper, reprint).await })
            }
            Order::Shelve { case, place } => self.in_order(job, async move { desk.shelve(case, &place).await }),
            Order::CheckHandover { case, notice, shelf } => {
                self.at_resident_reader(job, move |desk, at| desk.check_handover(at, case, &notice, &shelf));
            }
            Order::ConfirmSight { case, time, .. } => {
                self.in_order(job, async move { desk.confirm_sight(case, time).await });
            }
            Order::HandOver { case, notice, shelf } => {
                self.at_resident_reader(job, move |desk, at| desk.hand_over(at, case, &notice, &shelf));
            }
            Order::ReturnToShelf { case, incident } => {
                self.in_order(job, async move { desk.return_to_shelf(case, &incident).await });
            }
            Order::LoadJournal(id) => self.at_once(job, async move { desk.load_journal(id).await }),

            Order::LoadStanding(case) => self.at_once(job, async move { desk.load_standing(case).await }),
            Order::SuspendCard { case, check, words } => {
                self.in_order(job, async move { desk.suspend_card(case, check, &words).await });
            }
            Order::ResumeCard { case, check, words } => {
                self.in_order(job, async move { desk.resume_card(case, check, &words).await });
            }
            Order::RevokeCard { case, reason, words } => {
                self.in_order(job, async move { desk.revoke_card(case, reason, &words).await });
            }
            Order::RelinkCard { case, words } => {
                self.in_order(job, async move { desk.relink_card(case, &words).await });
            }
            Order::SendRefusedAnew { case, words } => {
                self.in_order(job, async move { desk.send_refused_anew(case, &words).await });
            }
            Order::CloseRefused { case, words } => {
                self.in_order(job, async move { desk.close_refused(case, &words).await });
            }

            Order::LoadTray | Order::TrayInsert { .. } | Order::TrayRemove { .. } | Order::TrayNew => {
                self.at_once(job, async move { tray::hands(desk.config.demo.as_ref(), &order).await });
            }
            Order::TrayScanNotice(case) => self.at_once(job, async move { desk.tray_scan_notice(case).await }),

            // An office's screens ask the relay's front for nothing.
            Order::Front(_) | Order::GiveUpFront(_) => self.reply(job, Err(Fault::NotNow)),
            // The loop ends before it hands this on.
            Order::Quit => {}
        }
    }
}

/// The order's name in the log.
const fn name(order: &Order) -> &'static str {
    match order {
        Order::ReadStaffCard => "read_staff_card",
        Order::Login { .. } => "login",
        Order::Unlock { .. } => "unlock",
        Order::CreateAdministrator { .. } => "create_administrator",
        Order::ScreenLocked { .. } => "screen_locked",
        Order::LogOut => "log_out",
        Order::SecondClerk { .. } => "second_clerk",
        Order::LoadCounts => "load_counts",
        Order::LoadQueue(_) => "load_queue",
        Order::Search { .. } => "search",
        Order::OpenResident(_) => "open_resident",
        Order::RevealAddress(_) => "reveal_address",
        Order::SubmitApplication { .. } => "submit_application",
        Order::OpenCase(_) => "open_case",
        Order::OpenByNotice { .. } => "open_by_notice",
        Order::ReloadCase(_) => "reload_case",
        Order::CloseCase(_) => "close_case",
        Order::BreakLease { .. } => "break_lease",
        Order::CancelCase { .. } => "cancel_case",
        Order::CloseIncident { .. } => "close_incident",
        Order::SaveVerification { .. } => "save_verification",
        Order::ReadChip => "read_chip",
        Order::StartMaking { .. } => "start_making",
        Order::CancelMaking { .. } => "cancel_making",
        Order::SetPin { .. } => "set_pin",
        Order::SetPinAgain { .. } => "set_pin_again",
        Order::GiveUpCard { .. } => "give_up_card",
        Order::VerifyPin { .. } => "verify_pin",
        Order::ReadCardFiles => "read_card_files",
        Order::Print { .. } => "print",
        Order::Shelve { .. } => "shelve",
        Order::CheckHandover { .. } => "check_handover",
        Order::ConfirmSight { .. } => "confirm_sight",
        Order::HandOver { .. } => "hand_over",
        Order::ReturnToShelf { .. } => "return_to_shelf",
        Order::LoadJournal(_) => "load_journal",
        Order::LoadStanding(_) => "load_standing",
        Order::SuspendCard { .. } => "suspend_card",
        Order::ResumeCard { .. } => "resume_card",
        Order::RevokeCard { .. } => "revoke_card",
        Order::RelinkCard { .. } => "relink_card",
        Order::SendRefusedAnew { .. } => "send_refused_anew",
        Order::CloseRefused { .. } => "close_refused",
        Order::LoadTray => "load_tray",
        Order::TrayInsert { .. } => "tray_insert",
        Order::TrayRemove { .. } => "tray_remove",
        Order::TrayNew => "tray_new",
        Order::TrayScanNotice(_) => "tray_scan_notice",
        Order::Front(_) => "front",
        Order::GiveUpFront(_) => "give_up_front",
        Order::Quit => "quit",
    }
}

/// The case an order names by itself: before it is open, or after it was closed.
const fn about(order: &Order) -> Option<CaseId> {
    match order {
        Order::OpenCase(case) | Order::CloseCase(case) | Order::BreakLease { case, .. } => Some(*case),
        _ => None,
    }
}

/// Whether an order only asks for something to show: too many a minute for a log that is to be read.
const fn is_asking(order: &Order) -> bool {
    matches!(
        order,
        Order::ReadStaffCard
            | Order::LoadCounts
            | Order::LoadQueue(_)
            | Order::Search { .. }
            | Order::OpenResident(_)
            | Order::ReloadCase(_)
            | Order::ReadChip
            | Order::LoadJournal(_)
            | Order::LoadStanding(_)
            | Order::LoadTray
    )
}
