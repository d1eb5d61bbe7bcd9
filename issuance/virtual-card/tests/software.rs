//! The software card in process: the contract, power cuts, and hostile bytes.

mod contract;

use card::Transport;
use contract::{Desk, master};
use relay_core::chance::OsChance;
use virtual_card::{SoftwareReader, VirtualCard};

struct Software(SoftwareReader);

impl Desk for Software {
    fn insert_blank(&mut self) {
        self.0.insert(VirtualCard::blank(&master(), &mut OsChance));
    }
    fn reinsert(&mut self) {
        self.0.reinsert();
    }
    fn remove(&mut self) {
        self.0.remove();
    }
    fn connect(&mut self) -> Box<dyn Transport> {
        Box::new(self.0.connect().unwrap())
    }
}

#[test]
fn the_software_card_keeps_the_contract() {
    contract::run(&mut Software(SoftwareReader::new()));
}
