# やさしい日本語。短い文で、漢字には読みを付ける。
portal-name = 窓口《まどぐち》
portal-contact = 市役所《しやくしょ》の窓口《まどぐち》に 聞《き》いてください。
foot-help = 困《こま》ったとき
foot-lost = カードを なくしたとき
foot-lost-text = すぐに 市役所《しやくしょ》に 言《い》ってください。カードを 止《と》めると、だれも ログインできません。
contact-phone = 電話《でんわ》
contact-weekdays = 月曜日《げつようび》から 金曜日《きんようび》の { $from }から { $to }まで
contact-every-day = 毎日《まいにち》 { $from }から { $to }まで
skip-to-text = 本文《ほんぶん》へ 行《い》く
languages = ことばを 選《えら》ぶ
pages = ページ
back-to-start = はじめのページへ
try-again = もう一度《いちど》 やってみる
trace-label = 問《と》い合《あ》わせの番号《ばんごう》

moment = { $year }年《ねん》({ $era }《{ $era_reading }》{ $era_year }年《ねん》){ $month }月《がつ》{ $day }日《にち》({ $weekday }曜日《{ $weekday_reading }ようび》) { $hour }⁠時《じ》⁠{ $minute }⁠分《ふん》
day = { $year }年《ねん》({ $era }《{ $era_reading }》{ $era_year }年《ねん》){ $month }月《がつ》{ $day }日《にち》({ $weekday }曜日《{ $weekday_reading }ようび》)

trouble-title-yours = できませんでした
trouble-title-ours = うまくいきませんでした
trouble-title-away = 今《いま》は 使《つか》えません
trouble-not-found = そのページは ありません。
trouble-not-found-next = はじめのページから もう一度《いちど》 選《えら》んでください。
trouble-request = 送《おく》った内容《ないよう》を 受《う》け取《と》れませんでした。
trouble-request-next = 前《まえ》のページに戻《もど》って、もう一度《いちど》 やってください。
trouble-forged = このページから 送《おく》ったかどうか わかりませんでした。
trouble-forged-next = はじめのページを開《ひら》いて、もう一度《いちど》 やってください。何《なに》も 変《か》わっていません。
trouble-too-many = 短《みじか》い時間《じかん》に 何回《なんかい》も 操作《そうさ》がありました。少《すこ》し 待《ま》ってください。
trouble-too-many-next = { $seconds }秒《びょう》くらい 待《ま》って、もう一度《いちど》 やってください。
trouble-too-large = 送《おく》った内容《ないよう》が 大《おお》きすぎます。
trouble-ours = システムの中《なか》で まちがいが ありました。
trouble-ours-next = あとで もう一度《いちど》 やってください。また だめなときは、下《した》の番号《ばんごう》を 市役所《しやくしょ》に 言《い》ってください。
trouble-busy = いま、システムが 動《うご》いていません。
trouble-busy-next = あとで もう一度《いちど》 やってください。何《なに》も 変《か》わっていません。
trouble-slow = 時間《じかん》が かかりすぎました。
trouble-slow-next = あとで もう一度《いちど》 やってください。
