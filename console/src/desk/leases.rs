//! The case held by this desk: renewed while it is open, noticed when it is lost.

use std::{sync::Mutex, time::Duration};

use issuance::case::CaseId;
use office::{Act, OfficeError};

use super::work::{Desk, fresh, lock};
use crate::tui::{event::Event, fault::Fault, orders::cases::CloseCase};

/// Between two renewals: a fifth of the hold, so that four may fail before it runs out.
const RENEW: Duration = Duration::from_secs(office::cases::LEASE.as_secs() / 5);

/// The case this desk has open, if any.
#[derive(Default)]
pub struct Held(Mutex<Option<CaseId>>);

impl Held {
    /// The case that is open now.
    pub fn case(&self) -> Option<CaseId> {
        *lock(&self.0)
    }

    /// `case` is open from now on; gives the one that was.
    pub fn take(&self, case: CaseId) -> Option<CaseId> {
        lock(&self.0).replace(case)
    }

    /// No case is open any more; gives the one that was.
    pub fn let_go(&self) -> Option<CaseId> {
        lock(&self.0).take()
    }

    /// `case` is open no more; another that was opened meanwhile stays.
    pub fn let_go_of(&self, case: CaseId) {
        lock(&self.0).take_if(|open| *open == case);
    }
}

impl Desk {
    /// Notes that `case` is open here, and lets go of the one before: one open case at a desk.
    pub async fn hold(&self, case: CaseId) {
        // An application's case is known only now.
        tracing::Span::current().record("case", tracing::field::display(case));
        if let Some(before) = self.held.take(case)
            && before != case
            && let Ok(act) = self.act()
            && let Err(error) = self.office.release(&act, before).await
        {
            // It ends by itself when it is not renewed any more.
            tracing::warn!(case = %before, %error, "a case was not let go of");
        }
    }

    /// Lets go of `case`.
    pub async fn close_case(self, CloseCase(case): CloseCase) -> Result<(), Fault> {
        self.held.let_go_of(case);
        self.approvals.forget(case);
        let act = self.act()?;
        match self.office.release(&act, case).await {
            Ok(()) | Err(OfficeError::SessionOver) => Ok(()),
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// Renews the hold for as long as the runtime lives, and says when it was lost.
    pub fn keep_hold(&self) -> impl Future<Output = ()> + Send + 'static {
        let desk = self.clone();
        async move {
            loop {
                tokio::time::sleep(RENEW).await;
                desk.renew_once().await;
            }
        }
    }

    /// Renews the hold of the open case now, and says when it was lost.
    pub async fn renew_once(&self) {
        let (Some(case), Ok(session)) = (self.held.case(), self.session()) else {
            return;
        };
        let holder = match self.office.renew(session, case).await {
            Ok(_) => return,
            Err(OfficeError::HeldBy { staff, desk, .. }) => Some((staff, desk)),
            Err(OfficeError::NotHeld | OfficeError::SessionOver) => None,
            Err(error) => {
                // Away is not lost: the hold lasts five times as long as the time between renewals.
                self.fault(&error);
                return;
            }
        };
        self.lose(case, holder);
    }

    /// The hold of `case` is gone: the screens close it.
    pub fn lose(&self, case: CaseId, holder: Option<(String, String)>) {
        self.held.let_go_of(case);
        self.tell(Event::LeaseLost { case, holder });
    }

    /// Ends the session in good order before the program ends; at most `patience`, for the terminal may be gone and the
    /// system waiting.
    pub async fn leave(&self, patience: Duration) {
        self.stop_making(None);
        let leaving = async {
            while self.is_making() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            if let Some(begun) = self.begin(None) {
                self.held.let_go();
                // The session's end lets go of every case it holds.
                let act = Act::of(begun.session, fresh());
                if let Err(error) = self.office.log_out(&act).await {
                    tracing::warn!(%error, "the session was not ended; its holds run out by themselves");
                }
            }
        };
        if tokio::time::timeout(patience, leaving).await.is_err() {
            tracing::warn!("left before everything was ended");
        }
    }
}
