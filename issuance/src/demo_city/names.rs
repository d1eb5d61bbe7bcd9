//! Names with their readings, the commoner first: surnames, and given names by sex and generation.

use std::sync::LazyLock;

use super::Dice;
use crate::person::Sex;

/// A name and its reading.
pub(super) type Name = (&'static str, &'static str);

const SURNAMES: &str = "\
佐藤/サトウ 鈴木/スズキ 高橋/タカハシ 田中/タナカ 山口/ヤマグチ 松尾/マツオ 井上/イノウエ 山下/ヤマシタ 中村/ナカムラ 山本/ヤマモト \
吉田/ヨシダ 松本/マツモト 森/モリ 山田/ヤマダ 前田/マエダ 田口/タグチ 渡辺/ワタナベ 伊藤/イトウ 小林/コバヤシ 加藤/カトウ \
岩永/イワナガ 川口/カワグチ 浜田/ハマダ 林田/ハヤシダ 本田/ホンダ 池田/イケダ 橋本/ハシモト 山崎/ヤマサキ 木村/キムラ 斎藤/サイトウ \
坂本/サカモト 石橋/イシバシ 福田/フクダ 原田/ハラダ 宮崎/ミヤザキ 西村/ニシムラ 岡本/オカモト 中島/ナカシマ 藤田/フジタ 後藤/ゴトウ \
長谷川/ハセガワ 近藤/コンドウ 石川/イシカワ 小川/オガワ 村上/ムラカミ 阿部/アベ 太田/オオタ 金子/カネコ 藤井/フジイ 三浦/ミウラ \
上田/ウエダ 内田/ウチダ 森田/モリタ 酒井/サカイ 柴田/シバタ 宮本/ミヤモト 谷口/タニグチ 松田/マツダ 平野/ヒラノ 大野/オオノ \
小島/コジマ 野口/ノグチ 菅原/スガワラ 千葉/チバ 久保/クボ 古川/フルカワ 杉山/スギヤマ 新井/アライ 武田/タケダ 上野/ウエノ \
桜井/サクライ 工藤/クドウ 横山/ヨコヤマ 高木/タカギ 安藤/アンドウ 丸山/マルヤマ 今井/イマイ 河野/カワノ 村田/ムラタ 増田/マスダ \
小野/オノ 田村/タムラ 和田/ワダ 中山/ナカヤマ 石田/イシダ 島田/シマダ 原/ハラ 竹内/タケウチ 清水/シミズ 山内/ヤマウチ \
青木/アオキ 平田/ヒラタ 北村/キタムラ 吉村/ヨシムラ 松永/マツナガ 永田/ナガタ 荒木/アラキ 野田/ノダ 大塚/オオツカ 五島/ゴトウ \
深堀/フカホリ 出口/デグチ 浦川/ウラカワ 峰/ミネ 草野/クサノ 馬場/ババ 森永/モリナガ 一ノ瀬/イチノセ 川原/カワハラ 小田/オダ \
尾崎/オザキ 東/ヒガシ 西/ニシ 辻/ツジ 堤/ツツミ 岸川/キシカワ 江口/エグチ 古賀/コガ 大久保/オオクボ 服部/ハットリ \
片山/カタヤマ 水野/ミズノ 菊地/キクチ 栗原/クリハラ 佐々木/ササキ 五十嵐/イガラシ 小笠原/オガサワラ 長田/ナガタ 神田/カンダ 熊谷/クマガイ \
白石/シライシ 富永/トミナガ 中尾/ナカオ 早川/ハヤカワ 本多/ホンダ 牧野/マキノ 松下/マツシタ 矢野/ヤノ 吉岡/ヨシオカ 若林/ワカバヤシ";

/// Old and variant characters, surrogate pairs and selectors: one surname in thirty.
const VARIANT_SURNAMES: &str = "\
髙橋/タカハシ 山﨑/ヤマサキ 渡邊/ワタナベ 渡邉/ワタナベ 齋藤/サイトウ 齊藤/サイトウ 濵田/ハマダ 𠮷田/ヨシダ 𠮷村/ヨシムラ 櫻井/サクライ \
葛\u{e0100}城/カツラギ 辻\u{e0101}/ツジ 小澤/オザワ 廣瀬/ヒロセ 嶋田/シマダ 冨永/トミナガ 國分/コクブ 德永/トクナガ 眞﨑/マサキ 黒瀨/クロセ";

/// Rare and long ones.
const RARE_SURNAMES: &str = "\
勅使河原/テシガワラ 伊集院/イジュウイン 武者小路/ムシャノコウジ 小比類巻/コヒルイマキ 東四柳/ヒガシヨツヤナギ 左衛門三郎/サエモンサブロウ \
一/ニノマエ 四月一日/ワタヌキ 小鳥遊/タカナシ 月見里/ヤマナシ";

const MEN: [&str; 4] = [
    "正/タダシ 清/キヨシ 茂/シゲル 勇/イサム 実/ミノル 進/ススム 弘/ヒロシ 博/ヒロシ 勝/マサル 昭/アキラ 正雄/マサオ 一郎/イチロウ 武/タケシ 豊/ユタカ 三郎/サブロウ \
     義雄/ヨシオ 辰夫/タツオ 久/ヒサシ 国男/クニオ 忠/タダシ 和夫/カズオ 敏夫/トシオ 幸雄/ユキオ 𠮷郎/ヨシロウ 壽/ヒサシ 哲夫/テツオ 利雄/トシオ 信夫/ノブオ",
    "誠/マコト 隆/タカシ 浩/ヒロシ 修/オサム 徹/トオル 健一/ケンイチ 和彦/カズヒコ 哲也/テツヤ 聡/サトシ 浩二/コウジ 剛/ツヨシ 学/マナブ 健/ケン 明/アキラ 裕之/ヒロユキ \
     直樹/ナオキ 英樹/ヒデキ 秀樹/ヒデキ 博之/ヒロユキ 孝/タカシ 康弘/ヤスヒロ 幸一/コウイチ 達也/タツヤ 正人/マサト 智/サトシ 勉/ツトム 薫/カオル 恵/メグミ",
    "大輔/ダイスケ 健太/ケンタ 翔太/ショウタ 拓也/タクヤ 達也/タツヤ 翔/ショウ 大樹/ダイキ 亮/リョウ 和也/カズヤ 直人/ナオト 祐介/ユウスケ 雄太/ユウタ 健太郎/ケンタロウ 誠/マコト 淳/ジュン \
     拓海/タクミ 雅人/マサト 裕太/ユウタ 智也/トモヤ 慎也/シンヤ 俊介/シュンスケ 貴之/タカユキ 洋平/ヨウヘイ 駿/シュン 涼/リョウ 光/ヒカル 諒/リョウ 隼人/ハヤト",
    "蓮/レン 陽翔/ハルト 湊/ミナト 悠真/ユウマ 樹/イツキ 大翔/ヒロト 朝陽/アサヒ 蒼/アオイ 律/リツ 新/アラタ 颯太/ソウタ 陸/リク 結翔/ユイト 悠人/ユウト 伊織/イオリ \
     碧/アオ 奏太/ソウタ 航/ワタル 旭/アサヒ 凪/ナギ 瑛太/エイタ 海斗/カイト 優斗/ユウト 凛/リン 遥/ハルカ 葵/アオイ 暖/ダン 颯/ハヤテ",
];

const WOMEN: [&str; 4] = [
    "和子/カズコ 幸子/サチコ 節子/セツコ 久子/ヒサコ 文子/フミコ 千代子/チヨコ 美代子/ミヨコ 静子/シズコ 敏子/トシコ 洋子/ヨウコ キヨ/キヨ ハル/ハル ヨシ子/ヨシコ トミ/トミ 房子/フサコ \
     照子/テルコ 信子/ノブコ 光子/ミツコ 貞子/サダコ 澄子/スミコ 八重子/ヤエコ ミツエ/ミツエ 壽美惠/スミエ 絹代/キヌヨ 孝子/タカコ 春江/ハルエ 艶子/ツヤコ シズ/シズ",
    "恵子/ケイコ 由美子/ユミコ 久美子/クミコ 明美/アケミ 真由美/マユミ 直美/ナオミ 裕子/ユウコ 陽子/ヨウコ 智子/トモコ 美穂/ミホ 恵美/エミ 香織/カオリ 由美/ユミ 順子/ジュンコ 幸子/サチコ \
     京子/キョウコ 恵/メグミ 純子/ジュンコ 典子/ノリコ 美香/ミカ 礼子/レイコ 薫/カオル 千春/チハル 里美/サトミ ひとみ/ヒトミ みゆき/ミユキ 弘美/ヒロミ 淳子/ジュンコ",
    "愛/アイ 彩/アヤ 麻衣/マイ 美穂/ミホ 恵/メグミ 友美/トモミ 舞/マイ 綾/アヤ 美咲/ミサキ さくら/サクラ 千尋/チヒロ 彩香/アヤカ 沙織/サオリ 瞳/ヒトミ 真美/マミ \
     早紀/サキ 由佳/ユカ 絵里/エリ 佳奈/カナ 亜希子/アキコ 優子/ユウコ 奈々/ナナ 葵/アオイ 菜摘/ナツミ 智美/トモミ 真央/マオ 理恵/リエ 詩織/シオリ",
    "陽葵/ヒマリ 凛/リン 結菜/ユイナ 紬/ツムギ 芽依/メイ 葵/アオイ さくら/サクラ 咲良/サクラ 莉子/リコ 美月/ミツキ 心春/コハル 杏/アン 結愛/ユア ひなた/ヒナタ 花/ハナ \
     琴音/コトネ 澪/ミオ 一花/イチカ 彩葉/イロハ 詩/ウタ 楓/カエデ 美桜/ミオ 柚葉/ユズハ 凪/ナギ 希/ノゾミ 七海/ナナミ 穂乃花/ホノカ 百合子/ユリコ",
];

/// Foreign names as the register writes them: family name first, Latin in capitals or in Han characters; reading; alias
/// and its reading are made where one is registered.
const FOREIGN: [(&str, &str, Option<&str>, Sex); 20] = [
    ("NGUYEN VAN MINH", "グエン ヴァン ミン", None, Sex::Male),
    ("NGUYEN THI LAN", "グエン ティ ラン", None, Sex::Female),
    ("TRAN THI HUONG", "チャン ティ フォン", Some("高田 香"), Sex::Female),
    ("LE VAN DUC", "レ ヴァン ドゥック", None, Sex::Male),
    ("PHAM THI NGOC", "ファム ティ ゴック", None, Sex::Female),
    ("王 偉", "ワン ウェイ", None, Sex::Male),
    ("李 娜", "リー ナー", Some("木下 里奈"), Sex::Female),
    ("張 敏", "ジャン ミン", None, Sex::Female),
    ("金 英秀", "キム ヨンス", Some("金田 英秀"), Sex::Male),
    ("朴 美京", "パク ミギョン", Some("新井 美京"), Sex::Female),
    (
        "SANTOS MARIA CRUZ",
        "サントス マリア クルス",
        Some("山田 マリア"),
        Sex::Female,
    ),
    ("REYES JOSE DELA CRUZ", "レイエス ホセ デラクルス", None, Sex::Male),
    ("SILVA LUCAS OLIVEIRA", "シルバ ルーカス オリベイラ", None, Sex::Male),
    ("TAMANG BISHNU", "タマン ビシュヌ", None, Sex::Male),
    ("GURUNG SITA", "グルン シタ", None, Sex::Female),
    ("SMITH JOHN EDWARD", "スミス ジョン エドワード", None, Sex::Male),
    ("WIJAYA PUTRI AYU", "ウィジャヤ プトリ アユ", None, Sex::Female),
    ("MÜLLER ANNA", "ミュラー アンナ", None, Sex::Female),
    (
        "WICKRAMASINGHE ARACHCHIGE DON CHAMINDA PRIYANTHA KUMARA",
        "ウィクラマシンハ アーラッチゲ ドン チャミンダ プリヤンタ クマーラ",
        None,
        Sex::Male,
    ),
    (
        "ALBUQUERQUE CAVALCANTI DE SOUZA MARIA FERNANDA DA CONCEICAO",
        "アルブケルケ カヴァルカンチ デ ソウザ マリア フェルナンダ ダ コンセイサン",
        Some("曽我 マリア"),
        Sex::Female,
    ),
];

static LISTS: LazyLock<Lists> = LazyLock::new(|| Lists {
    surnames: parsed(SURNAMES),
    variants: parsed(VARIANT_SURNAMES),
    rare: parsed(RARE_SURNAMES),
    men: MEN.map(parsed),
    women: WOMEN.map(parsed),
});

struct Lists {
    surnames: Vec<Name>,
    variants: Vec<Name>,
    rare: Vec<Name>,
    men: [Vec<Name>; 4],
    women: [Vec<Name>; 4],
}

fn parsed(list: &'static str) -> Vec<Name> {
    list.split_whitespace()
        .filter_map(|entry| entry.split_once('/'))
        .collect()
}

impl Dice {
    pub(super) fn surname(&mut self) -> Name {
        let list = match self.below(900) {
            0 => &LISTS.rare,
            1..=30 => &LISTS.variants,
            _ => &LISTS.surnames,
        };
        list[self.leaning(list.len())]
    }

    /// A given name of the generation born in `year`.
    pub(super) fn given_name(&mut self, sex: Sex, year: i32) -> Name {
        let generation = match year {
            ..1950 => 0,
            1950..1978 => 1,
            1978..2003 => 2,
            _ => 3,
        };
        let lists = if sex == Sex::Male { &LISTS.men } else { &LISTS.women };
        let list = &lists[generation];
        list[self.leaning(list.len())]
    }

    pub(super) fn foreign_name(&mut self) -> &'static (&'static str, &'static str, Option<&'static str>, Sex) {
        // The two longest are rare, as they are in life.
        let longest = FOREIGN.len() - 2;
        if self.happens(1, 15) {
            return &FOREIGN[longest + self.below(2) as usize];
        }
        &FOREIGN[self.below(longest as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_reading_in_katakana() {
        let lists = [&LISTS.surnames, &LISTS.variants, &LISTS.rare];
        for (name, kana) in lists.into_iter().chain(&LISTS.men).chain(&LISTS.women).flatten() {
            assert!(kana.chars().all(|c| matches!(c, 'ァ'..='ヺ' | 'ー')), "{name} {kana}");
        }
        assert!(LISTS.surnames.len() >= 140);
        assert!(LISTS.men.iter().chain(&LISTS.women).all(|list| list.len() >= 28));
    }
}
