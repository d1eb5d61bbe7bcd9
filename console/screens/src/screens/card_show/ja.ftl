## Card contents

title-card-show = カードの中身
card-show-insert = カードを住民用の読取機に置いてください。
card-show-about = { $files } ファイル、合わせて { $bytes } バイト。これがカードにあるすべてです。氏名、住所、生年月日、宛名番号はどこにもありません。
card-show-bytes = { $bytes } バイト
card-show-free = 誰でも読める
card-show-with-pin = 暗証番号で読める
card-show-empty = (空)
card-file-dir = カードにある応用の一覧(ISO 7816-15 EF.DIR)
card-file-odf = ほかのファイルへの案内(EF.OD)
card-file-token-info = カードの種類とチップ番号(EF.TokenInfo)
card-file-aodf = 暗証番号の決まり: 桁数と回数(EF.AOD)
card-file-prkdf = 鍵の一覧: 用途と番号だけ(EF.PrKD)
card-file-pukdf = 公開鍵の一覧(EF.PuKD)
card-file-cdf = 証明書の一覧(EF.CD)
card-file-certificate = 証明書: 公開鍵と整理番号。氏名は入っていません(RFC 5280)
card-file-other = その他のファイル
