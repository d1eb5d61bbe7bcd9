# 全ポータル共通の言葉。読みは 漢字《かんじ》 の形で書く(この日本語版では付けない)。
portal-name = 窓口
portal-contact = 市役所の窓口へお問い合わせください。
foot-help = 困ったとき
foot-lost = カードをなくしたとき
foot-lost-text = すぐに市役所へお知らせください。カードを止めると、そのカードではだれもログインできなくなります。
contact-phone = 電話
contact-weekdays = 平日 { $from }から{ $to }まで
contact-every-day = 毎日 { $from }から{ $to }まで
skip-to-text = 本文へ進む
languages = ことばを選ぶ
pages = ページ
back-to-start = はじめのページへ
try-again = もう一度試す
trace-label = お問い合わせ番号

moment = { $era }{ $era_year }年({ $year }年){ $month }月{ $day }日({ $weekday }曜日) { $hour }時{ $minute }分
day = { $era }{ $era_year }年({ $year }年){ $month }月{ $day }日({ $weekday }曜日)

trouble-title-yours = この操作はできませんでした
trouble-title-ours = 処理を終えられませんでした
trouble-title-away = いまはご利用になれません
trouble-not-found = お探しのページはありません。
trouble-not-found-next = アドレスを確かめるか、はじめのページから選び直してください。
trouble-request = 送られた内容を受け付けられませんでした。
trouble-request-next = 前のページに戻って、もう一度やり直してください。
trouble-forged = このページから送られた操作と確かめられませんでした。
trouble-forged-next = はじめのページを開き直して、もう一度やり直してください。何も変わっていません。
trouble-too-many = 短い間に何度も操作されたため、少しの間受け付けません。
trouble-too-many-next = { $seconds }秒ほど待ってから、もう一度お試しください。
trouble-too-large = 送られた内容が大きすぎます。
trouble-ours = システムの中で誤りが起きました。
trouble-ours-next = 時間をおいて、もう一度お試しください。続くときは、下の番号を添えて市役所へお知らせください。
trouble-busy = ただいま、必要なシステムの一部につながりません。
trouble-busy-next = しばらくしてから、もう一度お試しください。途中までの操作は取り消されています。
trouble-slow = 時間内に処理が終わりませんでした。
trouble-slow-next = しばらくしてから、もう一度お試しください。
