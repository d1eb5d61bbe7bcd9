//! What others do to the records, heard as it happens: counts change on the screen, a case that was taken over closes,
//! an imported roster can be searched.

use std::time::Duration;

use office::Change;

use super::work::Desk;
use crate::tui::event::Event;

/// Several changes of one act, and of a busy minute, are told as one.
const TOGETHER: Duration = Duration::from_millis(150);
/// Before listening is tried again.
const AGAIN: Duration = Duration::from_secs(2);

impl Desk {
    /// Listens for as long as the runtime lives.
    pub fn hear_changes(&self) -> impl Future<Output = ()> + Send + 'static {
        let desk = self.clone();
        async move {
            loop {
                // While the database is away there is nothing to hear; that it is away is the watch's business.
                if let Ok(mut changes) = desk.office.changes().await {
                    // What happened while nobody listened is looked at now.
                    desk.heard(true).await;
                    while let Some(change) = changes.next().await {
                        let mut roster = change == Change::Roster;
                        let is_outbox = |change| matches!(change, Change::Outbox | Change::Written);
                        let mut outbox = is_outbox(change);
                        tokio::time::sleep(TOGETHER).await;
                        while let Some(Some(change)) = ready(changes.next()) {
                            roster |= change == Change::Roster;
                            outbox |= is_outbox(change);
                        }
                        if outbox {
                            desk.watch.look();
                        }
                        desk.heard(roster).await;
                    }
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    async fn heard(&self, roster: bool) {
        self.look_at_session().await;
        if self.session().is_ok() {
            self.tell(Event::QueuesChanged);
        }
        self.renew_once().await;
        if roster {
            self.refresh_roster().await;
        }
    }
}

/// What is there already; nothing is waited for.
fn ready<T>(next: impl Future<Output = T>) -> Option<T> {
    futures_util::FutureExt::now_or_never(next)
}
