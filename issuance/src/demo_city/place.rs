//! Where people live in 汐見市: towns, house numbers, buildings, telephones.

use super::{CITY, Dice};

/// Towns; each has its own postal code, 859-9901 onward.
const TOWNS: [&str; 32] = [
    "港町",
    "本町",
    "栄町",
    "汐見台",
    "松原町",
    "浜田町",
    "東浜",
    "西山町",
    "桜ヶ丘",
    "緑ヶ丘",
    "新町",
    "上町",
    "中町",
    "田の浦町",
    "岬町",
    "磯崎町",
    "白浜町",
    "宮前町",
    "寺町",
    "駅前",
    "千鳥町",
    "小島町",
    "平田町",
    "赤坂町",
    "船津町",
    "大字上汐見",
    "大字下汐見",
    "灯台通",
    "市役所前",
    "学園町",
    "若葉台",
    "鷹取町",
];

const BUILDINGS: [&str; 14] = [
    "コーポ汐見",
    "汐見ハイツ",
    "メゾン岬",
    "グランドール本町",
    "サンライズ汐見台",
    "県営松原団地3棟",
    "市営白浜住宅2号棟",
    "レジデンス港",
    "ハイム千鳥",
    "メゾン・ド・シエル",
    "第二平田ビル",
    "カーサ若葉",
    "ヴィラ桜ヶ丘",
    "アーバンコート駅前",
];

/// Where a household lives.
pub(super) struct Place {
    pub(super) postal_code: String,
    pub(super) address: String,
    pub(super) building: Option<String>,
}

impl Dice {
    pub(super) fn place(&mut self) -> Place {
        let town = self.leaning(TOWNS.len());
        let name = TOWNS[town];
        let address = if name.starts_with("大字") {
            format!("{CITY}{name}{}番地{}", self.between(101, 2900), self.between(1, 9))
        } else if town.is_multiple_of(3) {
            let branch = self.between(0, 12);
            let branch = if branch > 1 {
                format!("の{branch}")
            } else {
                String::new()
            };
            format!("{CITY}{name}{}番地{branch}", self.between(1, 999))
        } else {
            format!(
                "{CITY}{name}{}丁目{}番{}号",
                self.between(1, 6),
                self.between(1, 32),
                self.between(1, 24)
            )
        };
        let building = self.happens(2, 5).then(|| {
            let (floor, room) = (self.between(1, 9), self.between(1, 8));
            let room = format!("{floor}{room:02}号");
            if self.happens(1, 60) {
                // A care home: its name and the person's room, as long as they come.
                format!("特別養護老人ホーム 汐見しおさいの里 ユニット「かもめ」 {room}室")
            } else {
                format!("{} {room}", self.pick(&BUILDINGS))
            }
        });
        Place {
            postal_code: format!("859{:04}", 9901 + town),
            address,
            building,
        }
    }

    /// A telephone in the house: the local exchange 00 is not given out.
    pub(super) fn telephone(&mut self) -> String {
        format!("0957-00-{:04}", self.below(10_000))
    }

    /// A mobile: blocks of 0000 are not given out.
    pub(super) fn mobile(&mut self) -> String {
        format!("0{}0-0000-{:04}", self.pick(&["7", "8", "9"]), self.below(10_000))
    }
}
