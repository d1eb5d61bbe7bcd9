//! Check words: short Japanese words in Roman letters, so that two people can compare a
//! sheet over the telephone without reading it out.

const WORDS: [&str; 64] = [
    "asahi",
    "ashita",
    "budou",
    "chizu",
    "daiku",
    "denwa",
    "ebi",
    "enpitsu",
    "fune",
    "furoshiki",
    "gitaa",
    "gohan",
    "hanabi",
    "hashi",
    "hikouki",
    "hotaru",
    "ichigo",
    "inu",
    "jishaku",
    "kaeru",
    "kaminari",
    "kasa",
    "kitsune",
    "koori",
    "kujira",
    "kumo",
    "maguro",
    "matsuri",
    "mikan",
    "minato",
    "momiji",
    "mushi",
    "nabe",
    "neko",
    "niji",
    "nori",
    "ocha",
    "okashi",
    "oni",
    "panda",
    "pinku",
    "raion",
    "ringo",
    "robotto",
    "sakura",
    "sensu",
    "shika",
    "suika",
    "taiko",
    "tanuki",
    "tegami",
    "tokei",
    "tsubame",
    "tsuki",
    "uma",
    "umi",
    "usagi",
    "wasabi",
    "yama",
    "yuki",
    "yukata",
    "zou",
    "zubon",
    "zenmai",
];

/// Four words for the first 24 bits of `sum`.
pub(super) fn of(sum: &[u8]) -> String {
    let bits = u32::from_be_bytes([0, sum[0], sum[1], sum[2]]);
    let word = |at: u32| WORDS[(bits >> (18 - 6 * at) & 63) as usize];
    [word(0), word(1), word(2), word(3)].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_stands_twice() {
        let mut sorted = WORDS;
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(of(&[0, 0, 1]), "asahi asahi asahi ashita");
    }
}
