//! What the relay's operators ask its front; only with `Setup::relay`, and then nothing of an office.

use crate::{
    common::Common,
    facts::relay::{FrontAnswer, FrontOrder},
    order::{JobId, Order, Reply},
};

/// Something asked of the relay's front.
#[derive(Debug)]
pub struct Front(pub FrontOrder);

impl Order for Front {
    type Reply = FrontAnswer;
    const IS_OF_CASE: bool = false;
}

impl Reply for FrontAnswer {
    fn heard(&self, common: &mut Common) {
        if let Self::Partners(partners) | Self::Proposed { partners, .. } = self {
            common.front.partners = Some(partners.clone());
        }
    }
}

/// As [`Front`], for what is only to be shown.
#[derive(Debug)]
pub struct LookAtFront(pub FrontOrder);

impl Order for LookAtFront {
    type Reply = FrontAnswer;
    const IS_OF_CASE: bool = false;
}

/// Wait no longer for an answer of the front: none comes to the job given up.
#[derive(Debug)]
pub struct GiveUpFront(pub JobId);

impl Order for GiveUpFront {
    type Reply = ();
    const IS_OF_CASE: bool = false;
}
