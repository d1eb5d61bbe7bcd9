//! What a screen asks the desk to do, and what comes back.
//!
//! An order is a plain value of its own type beside its subject ([`crate::orders`]); its reply's type is said with it. A
//! screen asks by [`Common::ask`](crate::common::Common::ask) or [`Common::load`](crate::common::Common::load) and names
//! the method of its own that takes the answer: the answer reaches that screen and no other. The desk has one row an
//! order, which leads to the function that carries it out.

use std::{
    any::{Any, TypeId},
    fmt::Debug,
};

use issuance::case::CaseId;

use crate::{common::Common, facts::CaseView, fault::Fault};

/// One thing asked for. Grows through the console's life, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// What a screen asks for. Orders that change a case carry the version they were decided on, so that an order carried
/// out twice, or too late, is refused by the records.
pub trait Order: Any + Debug + Send {
    /// What comes back when it was done.
    type Reply: Reply;
    /// Whether it is about the open case, where one is open: its answer is dropped once another is.
    const IS_OF_CASE: bool = true;
}

/// What an order brings back.
pub trait Reply: Any + Debug + Send {
    /// The open case as it now stands, where the answer says so: the whole console stands on it.
    fn case(&self) -> Option<&CaseView> {
        None
    }

    /// Whether the open case may now stand elsewhere than its last view says.
    fn leaves_behind(&self) -> bool {
        false
    }

    /// What every screen knows from it, whoever asked.
    fn heard(&self, _common: &mut Common) {}
}

/// The reply's value, or why it was not done, before the asker's own type is known.
pub type Answer = Result<Box<dyn Reply>, Fault>;

/// An order whose type is not known here: what is handed to the desk.
pub trait AnyOrder: Any + Debug + Send {
    /// The type's own name, for the log.
    fn name(&self) -> &'static str;
    /// Which type comes back.
    fn reply(&self) -> TypeId;
}

impl<O: Order> AnyOrder for O {
    fn name(&self) -> &'static str {
        name_of::<O>()
    }

    fn reply(&self) -> TypeId {
        TypeId::of::<O::Reply>()
    }
}

/// The name of a type of order, as the log has it.
pub fn name_of<O: Order>() -> &'static str {
    let path = std::any::type_name::<O>();
    path.rsplit("::").next().unwrap_or(path)
}

/// An order with its job.
#[derive(Debug)]
pub struct Effect {
    /// Comes back with the reply.
    pub job: JobId,
    /// The case it is for; the desk puts it in every log line of the job.
    pub case: Option<CaseId>,
    /// Whether it only asks for something to show: too many a minute for a log that is to be read.
    pub is_question: bool,
    pub order: Box<dyn AnyOrder>,
}

impl Effect {
    /// The order, when it is one of this type.
    pub fn as_order<O: Order>(&self) -> Option<&O> {
        let order: &dyn Any = &*self.order;
        order.downcast_ref()
    }
}

/// The reply as its own type; `None` where the desk answered with another order's, which its table cannot do.
pub fn typed<R: Reply>(reply: Box<dyn Reply>) -> Option<R> {
    let reply: Box<dyn Any> = reply;
    reply.downcast().ok().map(|reply| *reply)
}

impl Reply for () {}
