//! From an order to the lane and the function that carries it out: the one table of all orders.

use issuance::issuing::Cancel;
use tracing::info_span;

use super::work::Desk;
use crate::tui::effect::{Effect, Order};

impl Desk {
    /// Begins carrying out `effect`; returns at once.
    pub fn carry_out(&self, effect: Effect) {
        let Effect { job, case, order } = effect;
        let span = info_span!("job", job = job.0, case = case.map(tracing::field::display));
        let _entered = span.enter();
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

            Order::LoadTray => self.at_once(job, async move { desk.load_tray().await }),
            Order::TrayInsert { slot, card } => {
                self.at_once(job, async move { desk.tray_insert(slot, &card).await });
            }
            Order::TrayRemove { slot } => self.at_once(job, async move { desk.tray_remove(slot).await }),
            Order::TrayNew => self.at_once(job, async move { desk.tray_new().await }),
            Order::TrayScanNotice(case) => self.at_once(job, async move { desk.tray_scan_notice(case).await }),

            // The loop ends before it hands this on.
            Order::Quit => {}
        }
    }
}
