//! The people of the manuals: the same in every city, so that a page written once stays true.

use super::City;
use crate::{
    era::WrittenDate,
    person::{Resident, Sex},
};

/// Household, name, reading, alias, birthday, sex, relation, address, building, protected.
type Row = (
    u32,
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
    Sex,
    &'static str,
    &'static str,
    Option<&'static str>,
    bool,
);

#[rustfmt::skip]
const SPECIMENS: [Row; 15] = [
    (1, "山口 𠮷郎", "ヤマグチ ヨシロウ", None, "昭和45年3月1日", Sex::Male, "世帯主", "汐見市港町1丁目2番3号", Some("コーポ汐見 201号"), false),
    (1, "山口 恵", "ヤマグチ メグミ", None, "昭和48年11月22日", Sex::Female, "妻", "汐見市港町1丁目2番3号", Some("コーポ汐見 201号"), false),
    (1, "山口 さくら", "ヤマグチ サクラ", None, "平成28年4月1日", Sex::Female, "子", "汐見市港町1丁目2番3号", Some("コーポ汐見 201号"), false),
    // Three people of one name, two of them born on one day.
    (2, "井上 さくら", "イノウエ サクラ", None, "平成3年5月14日", Sex::Female, "世帯主", "汐見市本町88番地", None, false),
    (3, "井上 さくら", "イノウエ サクラ", None, "平成3年5月14日", Sex::Female, "世帯主", "汐見市西山町2丁目7番5号", None, false),
    (4, "井上 咲良", "イノウエ サクラ", None, "平成20年2月29日", Sex::Female, "世帯主", "汐見市学園町3丁目1番9号", Some("ハイム千鳥 105号"), false),
    (5, "Nguyễn Anh", "グエン アン", Some("阮 杏"), "1996-08-30", Sex::Female, "世帯主", "汐見市駅前2丁目4番1号", Some("アーバンコート駅前 803号"), false),
    (6, "葛\u{e0100}城 壽美惠", "カツラギ スミエ", None, "昭和20年頃", Sex::Female, "世帯主", "汐見市大字上汐見1204番地2", None, false),
    (7, "髙﨑 邊廣", "タカサキ ベヒロ", None, "大正15年12月25日", Sex::Male, "世帯主", "汐見市寺町12番地の3", None, false),
    (8, "渡邉 澪", "ワタナベ ミオ", None, "平成元年1月8日", Sex::Female, "世帯主", "汐見市若葉台5丁目20番11号", Some("カーサ若葉 302号"), true),
    (8, "渡邉 湊", "ワタナベ ミナト", None, "令和元年5月1日", Sex::Male, "子", "汐見市若葉台5丁目20番11号", Some("カーサ若葉 302号"), true),
    (9, "ALBUQUERQUE CAVALCANTI DE SOUZA MARIA FERNANDA DA CONCEICAO", "アルブケルケ カヴァルカンチ デ ソウザ マリア フェルナンダ ダ コンセイサン", Some("曽我 マリア"), "1984-12-01", Sex::Female, "世帯主", "汐見市千鳥町1丁目30番2号", None, false),
    (10, "左衛門三郎 寿限無之介", "サエモンサブロウ ジュゲムノスケ", None, "昭和64年1月7日", Sex::Male, "世帯主", "汐見市岬町301番地", None, false),
    (11, "大野 トミ", "オオノ トミ", None, "1945-00-00", Sex::Female, "世帯主", "汐見市白浜町2丁目3番4号", Some("市営白浜住宅2号棟 104号"), false),
    (12, "佐々木 ヴィクトル", "ササキ ヴィクトル", None, "昭和55年10月10日", Sex::Male, "世帯主", "汐見市松原町45番地の2", None, false),
];

impl City {
    /// Lets the people of the manuals wait first.
    pub(super) fn specimens(&mut self) {
        for (at, row) in (1u32..).zip(SPECIMENS) {
            let (household, name, kana, alias, birthday, sex, relation, address, building, protected) = row;
            self.waiting.push_back(Resident {
                number: format!("{at:010}"),
                household: format!("{household:08}"),
                name: name.into(),
                kana: kana.into(),
                alias: alias.map(str::to_owned),
                birthday: WrittenDate::read(birthday).unwrap_or_else(|_| WrittenDate::unknown()),
                sex,
                relation: relation.into(),
                postal_code: "8599900".into(),
                address: address.into(),
                building: building.map(str::to_owned),
                phone: Some(format!("0957-00-{:04}", 9000 + at)),
                changed_on: WrittenDate::read("平成31年4月1日").ok(),
                change_reason: Some("転居".into()),
                protected,
            });
        }
    }
}
