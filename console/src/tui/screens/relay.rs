//! The relay's operators at the same console: federation partners, how each stands, and how the front does. Nothing of
//! an office is on these screens, and nothing of a person.

mod partner;
mod partners;
mod register;
mod trail;
mod untold;
mod wording;

pub use partners::Partners;
pub use wording::health;

use time::OffsetDateTime;

use crate::tui::{
    common::Common,
    effect::{JobId, Order},
    facts::relay::FrontOrder,
    page::{Line, Page, Pen},
    theme::Meaning,
};

/// From here on a wait is shown with its seconds.
const SHOWN_AFTER: time::Duration = time::Duration::milliseconds(300);

/// Something asked of the front whose answer moves the screen on. The front asks the blind half and a database within
/// it: it may take its time, and it can be given up.
#[derive(Debug, Default)]
struct Asking(Option<(JobId, OffsetDateTime)>);

impl Asking {
    fn begin(&mut self, order: FrontOrder, common: &mut Common) {
        let job = common.order(Order::Front(order));
        self.0 = Some((job, common.now));
    }

    const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Whether `job` is the one awaited; it is no longer.
    fn is_answered_by(&mut self, job: JobId) -> bool {
        self.0.take_if(|(asked, _)| *asked == job).is_some()
    }

    /// Waits no longer. Whether the front did it is not known: the partners are asked for, which tells.
    fn give_up(&mut self, common: &mut Common) {
        if let Some((job, _)) = self.0.take() {
            common.order(Order::GiveUpFront(job));
            common.order(Order::Front(FrontOrder::Partners));
            common.next_step();
            common.tell(Meaning::NeedsYou, "front-given-up");
        }
    }

    fn view(&self, page: &mut Page, common: &Common, pen: &Pen<'_>) {
        if let Some((_, since)) = self.0 {
            let waited = common.now - since;
            if waited >= SHOWN_AFTER {
                let facts = [("seconds", waited.whole_seconds().to_string().into())];
                page.gap();
                page.line(Line::of(pen.say_with("front-waiting", &facts), Meaning::Waiting));
            }
        }
    }
}
