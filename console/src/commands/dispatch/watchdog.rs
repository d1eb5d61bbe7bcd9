//! What systemd hears (sd_notify(3)): that the carrier began, and that it still goes round. Where nobody listens, nothing is
//! said.

use sd_notify::{NotifyState, notify};

/// It began.
pub(super) fn ready() {
    tell(NotifyState::Ready);
}

/// It goes round: what hangs is ended by `WatchdogSec` of its unit, and begun anew.
pub(super) fn alive() {
    tell(NotifyState::Watchdog);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = notify(&[state]) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}
