//! Every screen that any test comes to is read closely: in English, and for the keys that its help line names.

use super::{counter::Counter, english::is_english_but_for};
use crate::{
    facts::Language,
    frame,
    key::Key,
    keymap::{self, Binding, Missed},
};

impl Counter {
    /// Reads what stands on a small terminal, and goes back to the language that was chosen.
    pub fn is_read(&mut self) {
        if !self.is_read_closely {
            return;
        }
        let chosen = self.state.common.language;
        for language in [Language::Japanese, Language::English] {
            self.state.common.language = language;
            self.names_the_keys_that_matter();
        }
        let screen = self.screen(80, 24);
        self.state.common.language = chosen;
        let data: Vec<&str> = DATA.into_iter().chain(self.typed.iter().map(String::as_str)).collect();
        is_english_but_for(&data, &screen);
    }

    /// On 80 columns: F1, which names every key, and what one goes on by, gets out by and is here for.
    fn names_the_keys_that_matter(&self) {
        let frame = frame::frame(&self.state, &self.words, &self.looks.glyphs, (80, 24));
        let named: Vec<Key> = frame.keys.iter().map(|(_, key)| *key).collect();
        let matters = |binding: &&Binding| binding.line && binding.missed <= Missed::Here;
        let place = self.state.front().keys();
        for binding in keymap::bindings(place).filter(matters) {
            assert!(
                named.contains(&binding.key) || !frame::works(&self.state, binding),
                "{binding:?} is not on the line: {}",
                frame.help.text()
            );
        }
        let has_help = keymap::bindings(place).any(|binding| binding.key == Key::F(1));
        assert_eq!(named.contains(&Key::F(1)), has_help, "{place:?}");
        assert!(
            frame.help.width(self.looks.glyphs.ambiguous) <= 76,
            "{}",
            frame.help.text()
        );
    }
}

/// What is Japanese on any screen: names, readings, addresses, the city and its desk.
const DATA: [&str; 20] = [
    // The name of the other language, on its key.
    "日本語",
    "汐見市みなと町一丁目番号",
    "窓口",
    "佐藤 恵",
    "中村 健",
    "山口 𠮷郎 さくら",
    "ヤマグチ ヨシロウ",
    "山口 吉郎 吉朗",
    "葛城 さくら",
    "みなとハイツ203号室",
    "汐見市あさひ台三丁目14番",
    "汐見市本町5番",
    "田中 一",
    "木村 守",
    "マリア・エドゥアルダ・ダ・コンセイサォン・フェレイラ・デ・オリヴェイラ・サントス・シルヴァ",
    "番3号みなとニュータウン第二期中央街区西棟",
    // What clerks wrote down.
    "隣の棚のカードだった",
    "角が欠けている",
    "短いので書き直し",
    "昼休みのため",
];
