//! Old and variant characters (旧字・異体字) common in names, each with the form by which it is looked up.
//!
//! Sources: the 常用漢字表 (平成22年内閣告示第2号) with its 康熙字典体, the variants of the 人名用漢字 (戸籍法施行規則
//! 別表第二), and shapes usual in surnames (髙 﨑 𠮷 圡 濵). 斉 (齊) and 斎 (齋) are different characters and stay apart.
//! Compatibility ideographs that NFKC folds by itself (神 祐 都 …) need no row.

use std::sync::LazyLock;

/// Each word: the modern form, then the forms folded into it.
const GROUPS: &str = "\
高髙 崎﨑嵜 辺邊邉 斉齊 斎齋 沢澤 浜濱濵 広廣 桜櫻 吉𠮷 土圡 富冨 島嶋嶌 淵渕渊 竜龍 滝瀧 桧檜 恵惠 国國圀 徳德 \
瀬瀨 頼賴 柳栁 橋槗 亀龜 鶴靏靎 館舘 船舩 弥彌 与與 真眞 慎愼 槙槇 静靜 青靑 清淸 横橫 黒黑 緑綠 寿壽 穂穗 実實 \
宝寶 蔵藏 巌巖 万萬 台臺 円圓 栄榮 学學 楽樂 薬藥 気氣 帰歸 来來 乗乘 条條 沖冲 会會 絵繪 尭堯 暁曉 為爲 礼禮 祢禰 \
芦蘆 芸藝 荘莊 壮壯 将將 寛寬 児兒 枡桝 梅楳 野埜 峰峯 群羣 松枩 秋穐 郎郞 涼凉 戸戶户 内內 衛衞 強强 教敎 毎每 \
歩步 渉涉 録錄 禄祿 恒恆 応應 桑桒 並竝 双雙 従從 縦縱 総總 聡聰 続續 継繼 経經 渓溪 鶏鷄 勲勳 薫薰 剣劍劔劒 \
顕顯 権權 観觀 歓歡 関關 満滿 両兩 霊靈 鉄鐵鐡 銭錢 浅淺 県縣 郷鄕鄉 塩鹽 温溫 稲稻 仏佛 変變 恋戀 湾灣 当當 \
昼晝 画畫 図圖 団團 増增 戦戰 禅禪 拝拜 挙擧 誉譽 予豫 択擇 釈釋 駅驛 歯齒 齢齡 麦麥 黄黃 点點 発發 砺礪 祷禱 \
秘祕 粛肅 声聲 売賣 壱壹 庁廳 弁辨瓣辯 彦彥 楼樓 様樣 栖棲 梼檮 鴎鷗 鴬鶯 蛍螢 虫蟲 蚕蠶 竃竈 篭籠 薮藪 糸絲 \
縄繩 舎舍 苺莓 萌萠 蒋蔣 園薗 覚覺 覧覽 証證 譲讓 豊豐 賛贊 迩邇 遥遙 鎮鎭 隣鄰 雁鴈 韮韭 顔顏 餅餠 髪髮 鯵鰺 \
麹麴 廻迴 悦悅 鋭銳 懐懷 摂攝 数數 旧舊 昂昻 晃晄 晋晉 暦曆 曽曾 氷冰 渋澁澀 澄澂 灯燈 煕熙凞 献獻 珍珎 瑶瑤 \
産產 皐皋 研硏 竪豎 莱萊 虎乕 諌諫 鈎鉤 錬鍊 鑑鑒 杯盃 略畧 巻卷 圏圈 倦勌 勝勝 侠俠 倹儉 騒騷 頬頰 掴摑 屏屛 \
弾彈 単單 参參 惨慘 収收 叙敍敘 双雙 呉吳 堕墮 塁壘 壌壤 嬢孃 奥奧 奨奬 妍姸 婿壻 宮宫 寝寢 専專 対對 尽盡 届屆 \
属屬 岳嶽 峡峽 巣巢 帯帶 庵菴 廃廢 徴徵 恥耻 悪惡 愛爱 戯戲 抜拔 抱抱 挿插 捜搜 揺搖 携攜 斑斑 断斷 旭旭 昇昇 晩晚 \
暑暑 曳曵 朗朖 札札 枢樞 柏栢 査査 栗栗 桟棧 梨梨 棚棚 楕橢 概槪 検檢 欠缺 欧歐 歳歲 歴歷 殻殼 殴毆 毘毗 決决 沿沿 況况 \
泊泊 浄淨 涙淚 湧涌 湿濕 溌潑 潜潛濳 焔焰 焼燒 犠犧 状狀 独獨 狭狹 猟獵 獣獸 瓶甁 畳疊 痩瘦 痴癡 盗盜 砕碎 礎礎 称稱 \
穏穩 穣穰 窃竊 粋粹 縁緣 繊纖 聴聽 脇脇 脳腦 臓臟 茎莖 葵葵 蓋葢 蕊蘂 蝋蠟 蝉蟬 装裝 触觸 訳譯 読讀 謡謠 豚豚 賎賤 \
践踐 転轉 軽輕 辞辭 遅遲 酔醉 醸釀 釜釡 鉱鑛 隠隱 随隨 隆隆 険險 雑雜 難難 頚頸 顛顚 駆驅 験驗 闘鬪 鴨鴨 塀塀 鼈鱉 麺麵 \
嘘噓 噛嚙 填塡 掻搔 繋繫 莱萊 醤醬 鹸鹼 攪撹 灌潅 荊荆 葱蔥 蠅蝿 倶俱 剥剝 叱𠮟 喩喻 嘆嘆 飲飮 飯飯 黙默";

/// Folded characters with their modern form, in order of the folded one.
static FOLDED: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let mut pairs = Vec::with_capacity(512);
    for group in GROUPS.split_whitespace() {
        let mut characters = group.chars();
        let Some(modern) = characters.next() else { continue };
        pairs.extend(characters.filter(|old| *old != modern).map(|old| (old, modern)));
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
});

/// The form by which `c` is looked up: itself unless the table knows better.
pub(super) fn modern(c: char) -> char {
    match FOLDED.binary_search_by_key(&c, |(old, _)| *old) {
        Ok(at) => FOLDED[at].1,
        Err(_) => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_hundreds_of_characters_and_each_folds_to_one_place_only() {
        assert!(FOLDED.len() > 300, "{}", FOLDED.len());
        for pair in FOLDED.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "{} is in two groups", pair[0].0);
        }
    }

    #[test]
    fn a_modern_form_is_not_itself_folded_away() {
        for (old, modern) in FOLDED.iter() {
            assert_eq!(
                super::modern(*modern),
                *modern,
                "{old} folds to {modern}, which folds on"
            );
        }
    }
}
