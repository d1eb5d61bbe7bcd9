//! What the letter asks of its reader, and how much of it fits.

use super::{
    OnDisk, asked, press,
    samples::{delivery_notice, letter_with_the_card},
};
use crate::notice::PaperError;

#[test]
fn a_letter_that_goes_with_the_card_asks_nobody_to_come() {
    let printed = press().delivery_notice(&letter_with_the_card()).unwrap();
    assert_eq!(printed.pages, 1);
    let text = OnDisk::new(&printed).text();
    for said in [
        "この手紙といっしょに送ります",
        "窓口に来る必要はありません",
        "暗証番号",
        "なくしたとき",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    for asked in ["受け取りに来て", "受け取りの期限", "持ってくるもの", "回答書"] {
        assert!(!text.contains(asked), "{asked}: {text}");
    }
}

#[test]
fn a_long_list_of_things_to_bring_sends_the_reply_to_a_second_sheet() {
    let mut notice = delivery_notice();
    let bring = &mut asked(&mut notice).bring;
    let one = bring[1].clone();
    bring.extend([one.clone(), one]);
    let printed = press().delivery_notice(&notice).unwrap();
    assert_eq!(printed.pages, 2);
    let paper = OnDisk::new(&printed);
    assert!(paper.words("2").iter().any(|(word, _)| word == "回答書"));
    assert!(paper.words("2").iter().any(|(word, _)| word == "2026-000352"));
}

#[test]
fn a_list_longer_than_the_page_is_refused_by_name() {
    let mut notice = delivery_notice();
    let bring = &mut asked(&mut notice).bring;
    *bring = vec![bring[1].clone(); 40];
    match press().delivery_notice(&notice) {
        Err(PaperError::DoesNotFit { field }) => assert_eq!(field, "持ってくるもの"),
        other => panic!("{other:?}"),
    }
}
