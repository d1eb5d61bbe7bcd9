//! The relay's operators at the same console: federation partners, how each stands, and how the front does. Nothing of
//! an office is on these screens, and nothing of a person.

pub mod keys;
mod partner;
mod partners;
mod register;
mod trail;
mod untold;
mod wording;

pub use partners::Partners;
pub use wording::health;

use time::OffsetDateTime;

use crate::{
    common::Common,
    facts::relay::FrontOrder,
    fault::Fault,
    order::{JobId, Order},
    orders::relay::{Front, GiveUpFront},
    page::{Line, Page, Pen},
    screen::Screen,
    theme::Meaning,
};

/// From here on a wait is shown with its seconds.
const SHOWN_AFTER: time::Duration = time::Duration::milliseconds(300);

/// Something asked of the front whose answer moves the screen on. The front asks the blind half and a database within
/// it: it may take its time, and it can be given up.
#[derive(Debug, Default)]
struct Asking(Option<(JobId, OffsetDateTime)>);

impl Asking {
    fn begin<O: Order, S: Screen>(
        &mut self,
        order: O,
        common: &mut Common,
        then: fn(&mut S, Result<O::Reply, Fault>, &mut Common),
    ) {
        let job = common.ask(order, then);
        self.0 = Some((job, common.now));
    }

    const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// It was answered.
    fn is_over(&mut self) {
        self.0 = None;
    }

    /// Waits no longer. Whether the front did it is not known: the partners are asked for, which tells.
    fn give_up(&mut self, common: &mut Common) {
        if let Some((job, _)) = self.0.take() {
            common.give_up(job);
            common.tell_desk(GiveUpFront(job));
            common.tell_desk(Front(FrontOrder::Partners));
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
