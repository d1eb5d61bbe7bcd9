//! What the relay's operators ask its front; only with `Setup::relay`, and then nothing of an office.

use crate::{
    common::Common,
    facts::relay::{FrontOrder, Kind, Partner, Proposed, TrailLine, Untold},
    order::{JobId, Order, Reply},
};

/// Something asked of the relay's front about a partner.
#[derive(Debug)]
pub struct Front(pub FrontOrder);

impl Order for Front {
    type Reply = Vec<Partner>;
    const IS_OF_CASE: bool = false;
}

impl Reply for Vec<Partner> {
    fn heard(&self, common: &mut Common) {
        common.front.partners = Some(self.clone());
    }
}

/// How the partners stand, only to be shown.
#[derive(Debug)]
pub struct LookAtPartners;

impl Order for LookAtPartners {
    type Reply = Vec<Partner>;
    const IS_OF_CASE: bool = false;
}

/// Put a metadata file forward.
#[derive(Debug, PartialEq, Eq)]
pub struct Propose {
    /// The file's path, as typed.
    pub file: String,
    /// Which entity of it, where it names several.
    pub entity: Option<String>,
    /// What it is registered as.
    pub kind: Kind,
}

impl Order for Propose {
    type Reply = Proposed;
    const IS_OF_CASE: bool = false;
}

impl Reply for Proposed {
    fn heard(&self, common: &mut Common) {
        self.partners.heard(common);
    }
}

/// What happened at the front in the last day, newest first.
#[derive(Debug)]
pub struct LookAtTrail;

impl Order for LookAtTrail {
    type Reply = Vec<TrailLine>;
    const IS_OF_CASE: bool = false;
}

impl Reply for Vec<TrailLine> {}

/// Services that do not know yet that sessions are over, those that wait longest first.
#[derive(Debug)]
pub struct LookAtUntold;

impl Order for LookAtUntold {
    type Reply = Vec<Untold>;
    const IS_OF_CASE: bool = false;
}

impl Reply for Vec<Untold> {}

/// Wait no longer for an answer of the front: none comes to the job given up.
#[derive(Debug)]
pub struct GiveUpFront(pub JobId);

impl Order for GiveUpFront {
    type Reply = ();
    const IS_OF_CASE: bool = false;
}
