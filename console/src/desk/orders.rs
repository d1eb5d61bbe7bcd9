//! The table of orders: a row each, with the lane it goes by and the function that carries it out.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::OnceLock,
};

use issuance::issuing::Cancel;
use tracing::{field, info_span};

use super::{
    readers::AtReader,
    tray,
    work::{Desk, fresh},
};
use crate::tui::{
    fault::Fault,
    order::{AnyOrder, Effect, JobId, Order, name_of},
    orders::{
        cards::{CancelMaking, StartMaking},
        queues::Search,
        staff::Quit,
        tray::TrayHands,
    },
};

/// How one type of order is carried out by a desk `D`.
type Row<D> = Box<dyn Fn(&D, JobId, Box<dyn AnyOrder>) + Send + Sync>;

/// The orders that a desk `D` carries out, with their names.
pub struct Orders<D>(HashMap<TypeId, (&'static str, Row<D>)>);

impl<D: 'static> Orders<D> {
    /// None yet.
    pub fn new() -> Self {
        Self(HashMap::new())
    }

    /// A row: what becomes of orders of type `O`. It must end in one reply to the job.
    #[must_use]
    pub fn row<O: Order>(mut self, hand_on: impl Fn(&D, JobId, O) + Send + Sync + 'static) -> Self {
        let row: Row<D> = Box::new(move |desk, job, order| {
            let order: Box<dyn Any> = order;
            if let Ok(order) = order.downcast::<O>() {
                hand_on(desk, job, *order);
            }
        });
        self.0.insert(TypeId::of::<O>(), (name_of::<O>(), row));
        self
    }

    /// Hands an order to its row.
    ///
    /// # Errors
    /// [`Fault::NotNow`] for one that this desk has no row for.
    pub fn hand_on(&self, desk: &D, job: JobId, order: Box<dyn AnyOrder>) -> Result<(), Fault> {
        let kind: &dyn Any = &*order;
        let (_, row) = self.0.get(&kind.type_id()).ok_or_else(|| {
            tracing::error!(order = order.name(), "this desk has no row for it");
            Fault::NotNow
        })?;
        row(desk, job, order);
        Ok(())
    }

    /// The names of the orders that have a row.
    #[cfg(test)]
    pub fn names(&self) -> std::collections::BTreeSet<&'static str> {
        self.0.values().map(|(name, _)| *name).collect()
    }
}

impl Orders<Desk> {
    /// Carried out beside whatever else goes on.
    fn at_once<O: Order, W>(self, work: impl Fn(Desk, O) -> W + Send + Sync + 'static) -> Self
    where
        W: Future<Output = Result<O::Reply, Fault>> + Send + 'static,
    {
        self.row(move |desk, job, order| desk.at_once(job, work(desk.clone(), order)))
    }

    /// Carried out after everything given to this lane before: what changes records never overtakes.
    fn in_order<O: Order, W>(self, work: impl Fn(Desk, O) -> W + Send + Sync + 'static) -> Self
    where
        W: Future<Output = Result<O::Reply, Fault>> + Send + 'static,
    {
        self.row(move |desk, job, order| desk.in_order(job, work(desk.clone(), order)))
    }

    /// Carried out on the staff reader's thread.
    fn at_staff_reader<O: Order>(self, work: fn(&Desk, &AtReader, O) -> Result<O::Reply, Fault>) -> Self {
        self.row(move |desk: &Desk, job, order| desk.at_staff_reader(job, move |desk, at| work(desk, at, order)))
    }

    /// Carried out on the resident reader's thread.
    fn at_resident_reader<O: Order>(self, work: fn(&Desk, &AtReader, O) -> Result<O::Reply, Fault>) -> Self {
        self.row(move |desk: &Desk, job, order| desk.at_resident_reader(job, move |desk, at| work(desk, at, order)))
    }
}

/// Every order of an office's screens. The relay's operators' orders are no part of it: an office asks the front for
/// nothing.
fn table() -> Orders<Desk> {
    Orders::new()
        .at_staff_reader(Desk::read_staff_card)
        .at_staff_reader(Desk::log_in)
        .at_staff_reader(Desk::unlock)
        .at_staff_reader(Desk::create_administrator)
        .at_staff_reader(Desk::second_clerk)
        .in_order(Desk::screen_locked)
        .in_order(Desk::log_out)
        // The loop ends before it hands this on.
        .row(|_, _, _: Quit| {})
        .at_once(Desk::load_counts)
        .at_once(Desk::load_queue)
        .row(search)
        .at_once(Desk::open_resident)
        .in_order(Desk::reveal_address)
        .in_order(Desk::submit_application)
        .in_order(Desk::open_case)
        .in_order(Desk::open_by_notice)
        .in_order(Desk::reload_case)
        .in_order(Desk::close_case)
        .in_order(Desk::break_lease)
        .in_order(Desk::cancel_case)
        .in_order(Desk::close_incident)
        .in_order(Desk::save_verification)
        .at_once(Desk::load_journal)
        .at_once(Desk::load_notice_runs)
        .at_once(Desk::count_run)
        .at_once(Desk::load_unset)
        .at_once(Desk::sample_run)
        .in_order(Desk::release_run)
        .at_once(Desk::make_bundle)
        .at_once(Desk::print_bundle)
        .in_order(Desk::settle_bundle)
        .in_order(Desk::post_run)
        .in_order(Desk::withdraw_run)
        .at_once(Desk::show_letter)
        .in_order(Desk::return_letter)
        .at_resident_reader(Desk::read_chip)
        .row(start_making)
        .row(|desk, job, CancelMaking { making }| {
            desk.stop_making(Some(making));
            desk.reply::<CancelMaking>(job, Ok(()));
        })
        .at_resident_reader(Desk::set_pin)
        .at_resident_reader(Desk::set_pin_again)
        .at_resident_reader(Desk::allow_pin_reset)
        .at_resident_reader(Desk::set_pin_by_permission)
        .at_resident_reader(Desk::change_pin)
        .in_order(Desk::give_up_card)
        .at_resident_reader(Desk::verify_pin)
        .at_resident_reader(Desk::read_card_files)
        .in_order(Desk::print)
        .in_order(Desk::shelve)
        .at_resident_reader(Desk::check_handover)
        .in_order(Desk::confirm_sight)
        .at_resident_reader(Desk::hand_over)
        .in_order(Desk::return_to_shelf)
        .at_once(Desk::load_reconciled)
        .at_once(Desk::load_accounted)
        .at_once(Desk::load_stock_takings)
        .in_order(Desk::begin_stock_taking)
        .at_once(Desk::load_stock_taking)
        .at_resident_reader(Desk::count_card)
        .in_order(Desk::count_envelope)
        .in_order(Desk::finish_count)
        .in_order(Desk::confirm_count)
        .at_once(Desk::load_custody)
        .in_order(Desk::move_card)
        .at_resident_reader(Desk::give_back)
        .at_once(Desk::load_posting)
        .at_resident_reader(Desk::close_envelope)
        .in_order(Desk::change_delivery)
        .in_order(Desk::open_envelope)
        .in_order(Desk::post_parcels)
        .in_order(Desk::follow_parcel)
        .in_order(Desk::take_back)
        .in_order(Desk::miss_parcel)
        .in_order(Desk::follow_file)
        .at_once(Desk::load_standing)
        .in_order(Desk::suspend_card)
        .in_order(Desk::stop_by_telephone)
        .in_order(Desk::confirm_stop)
        .in_order(Desk::resume_card)
        .in_order(Desk::revoke_card)
        .in_order(Desk::relink_card)
        .in_order(Desk::send_refused_anew)
        .in_order(Desk::close_refused)
        .at_once(|desk: Desk, hands: TrayHands| async move { tray::hands(desk.config.demo.as_ref(), hands).await })
        .at_once(Desk::tray_scan_notice)
}

/// A search that was overtaken by a later one has no reply.
fn search(desk: &Desk, job: JobId, Search { text }: Search) {
    let search = desk.roster.ask();
    let desk = desk.clone();
    desk.runtime.clone().spawn(async move {
        if let Some(reply) = desk.search(search, text).await {
            desk.reply::<Search>(job, reply);
        }
    });
}

/// It can be asked to stop from the moment it was asked for.
fn start_making(desk: &Desk, job: JobId, StartMaking { case }: StartMaking) {
    let cancel = Cancel::new();
    let noted = desk.note_making(job, cancel.clone());
    desk.at_resident_reader(job, move |desk, at| {
        let _until_over = noted;
        desk.make_card(at, job, case, &cancel)
    });
}

impl Desk {
    /// Begins carrying out `effect`; returns at once.
    pub fn carry_out(&self, effect: Effect) {
        static TABLE: OnceLock<Orders<Desk>> = OnceLock::new();
        let Effect {
            job,
            case,
            is_question,
            order,
        } = effect;
        let act = fresh();
        let span = info_span!("order", order = order.name(), job = job.0, %act, case = field::Empty);
        if let Some(case) = case {
            span.record("case", field::display(case));
        }
        span.in_scope(|| {
            match is_question {
                true => tracing::debug!("begun"),
                false => tracing::info!("begun"),
            }
            Self::as_act(act, || {
                if let Err(fault) = TABLE.get_or_init(table).hand_on(self, job, order) {
                    self.refuse(job, fault);
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::super::operators;

    /// Said of the sources, since nothing else lists every order: one that no desk has a row for is found here and not at
    /// a counter.
    #[test]
    fn every_order_that_a_screen_may_give_has_a_row_at_a_desk() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screens/src/orders");
        let mut given = BTreeSet::new();
        for file in fs::read_dir(folder).unwrap() {
            let source = fs::read_to_string(file.unwrap().path()).unwrap();
            let orders = source.lines().filter_map(|line| line.strip_prefix("impl Order for "));
            given.extend(orders.map(|rest| rest.trim_end_matches(" {").to_owned()));
        }
        let rows: BTreeSet<_> = super::table()
            .names()
            .union(&operators::table().names())
            .map(ToString::to_string)
            .collect();
        assert!(given.len() > 40, "{given:?}");
        assert_eq!(given, rows);
    }
}
