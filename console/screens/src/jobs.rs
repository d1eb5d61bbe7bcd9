//! What is under way: each order with the screen that asked and the method of its that takes the answer.

use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    fmt,
};

use issuance::case::CaseId;

use crate::{
    common::Common,
    fault::Fault,
    order::{Answer, Effect, JobId, Order, typed},
    screen::{Screen, ScreenId},
};

/// The method of a screen that takes an answer.
pub type Take = Box<dyn FnOnce(&mut dyn Screen, Answer, &mut Common) + Send>;

/// What is done with an answer.
pub enum Then {
    /// The screen that asked takes it.
    Screen(Take),
    /// Nobody waits for it.
    Nothing,
}

impl Then {
    /// `take`, on a screen of type `S`.
    pub fn of<O: Order, S: Screen>(take: fn(&mut S, Result<O::Reply, Fault>, &mut Common)) -> Self {
        Self::Screen(Box::new(move |screen, answer, common| {
            let screen: &mut dyn Any = screen;
            let answer = match answer {
                Ok(reply) => match typed::<O::Reply>(reply) {
                    Some(reply) => Ok(reply),
                    None => return,
                },
                Err(fault) => Err(fault),
            };
            if let Some(screen) = screen.downcast_mut::<S>() {
                take(screen, answer, common);
            }
        }))
    }
}

/// What an order means for the keys of the screen that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// They wait for the answer, which moves the screen on.
    Wait,
    /// They stay good while it is carried out.
    GoOn,
    /// They stay good, and nothing is changed by it: something is to be shown.
    OnlyLook,
}

/// One order that is not answered yet.
pub struct Job {
    pub asker: ScreenId,
    /// The case it is for, where it is for one.
    pub case: Option<CaseId>,
    /// Who takes the answer.
    pub then: Then,
    order: TypeId,
    keys: Keys,
}

/// Everything under way, and the orders not handed to the desk yet.
#[derive(Default)]
pub struct Jobs {
    under_way: BTreeMap<JobId, Job>,
    orders: Vec<Effect>,
    last: u64,
    /// The screen whose turn it is: what is asked for now is asked by it.
    pub asker: ScreenId,
}

impl Jobs {
    /// Notes and hands on an order; `of` is the case that is open.
    pub fn begin<O: Order>(&mut self, order: O, of: Option<CaseId>, then: Then, keys: Keys) -> JobId {
        self.last += 1;
        let job = JobId(self.last);
        self.under_way.insert(
            job,
            Job {
                asker: self.asker,
                case: of.filter(|_| O::IS_OF_CASE),
                then,
                order: TypeId::of::<O>(),
                keys,
            },
        );
        self.orders.push(Effect {
            job,
            case: of,
            is_question: keys == Keys::OnlyLook,
            order: Box::new(order),
        });
        job
    }

    /// The orders for the desk since this was asked last.
    pub fn take_orders(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.orders)
    }

    /// Ends a job that was answered; `None` for one that is over, or whose case was closed.
    pub fn end(&mut self, job: JobId) -> Option<Job> {
        self.under_way.remove(&job)
    }

    /// Who asked for a job that is under way.
    pub fn asker_of(&self, job: JobId) -> Option<ScreenId> {
        self.under_way.get(&job).map(|job| job.asker)
    }

    /// Whether an order of this type is under way.
    pub fn is_asking<O: Order>(&self) -> bool {
        self.under_way.values().any(|job| job.order == TypeId::of::<O>())
    }

    /// Whether keys wait for an answer to this screen.
    pub fn holds_keys(&self, screen: ScreenId) -> bool {
        self.under_way
            .values()
            .any(|job| job.asker == screen && job.keys == Keys::Wait)
    }

    /// Drops the answer to what this screen asked of this type.
    pub fn forget<O: Order>(&mut self) {
        let asker = self.asker;
        self.under_way
            .retain(|_, job| job.asker != asker || job.order != TypeId::of::<O>());
    }

    /// Drops the answer to one job.
    pub fn forget_job(&mut self, job: JobId) {
        self.under_way.remove(&job);
    }

    /// Drops what is under way for a case.
    pub fn forget_case(&mut self, case: CaseId) {
        self.under_way.retain(|_, job| job.case != Some(case));
    }

    /// Drops everything under way.
    pub fn forget_all(&mut self) {
        self.under_way.clear();
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs")
            .field("under_way", &self.under_way.len())
            .field("orders", &self.orders)
            .finish_non_exhaustive()
    }
}
