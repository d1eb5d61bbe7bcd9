## Search

title-search = さがす
search-field = さがす
search-hint = フリガナ、氏名、生年月日(S45.3.1 など)、住所の一部、電話番号、宛名番号、受付番号、カードの番号。続けて書くとしぼり込みます。
search-nobody = 見つかりません。読みの一部、生年月日、電話番号でためしてください。
search-nobody-latin = 見つかりません。読みはかなで入れてください(日本語入力に切り替えるか、生年月日か宛名番号で)。
search-count = { $total } 人中 { $shown } 人
search-same-name = 同じ名前の人がほかに { $count } 人います。生年月日と住所で確かめてください。
search-open-case = 進行中の案件 { $case }
search-gone-mark = 〔転出等〕
search-gone = 名簿にいません(転出・死亡など)。カードがあれば、止めて引き上げます。
