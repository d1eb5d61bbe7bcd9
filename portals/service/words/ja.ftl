# どのポータルのページにもあることば
sign-in = カードでログインする
session-over = ログインは終わっています。
session-over-next = しばらく使わなかったか、カードが抜かれたためです。続けるときは、もう一度ログインしてください。
welcome-need = 用意するもの
welcome-need-card = 市民カード
welcome-need-pin = 暗証番号(数字4けた)
welcome-need-reader = カードの読取機(窓口や端末コーナーにあります)
welcome-known = このページが知ること
welcome-known-text = ログインしても、このページにお名前・住所・番号は伝わりません。このページだけで使う仮の名前で、同じ方だとわかります。

how-card-pin = カードと暗証番号
how-card = カード(暗証番号なし)
how-other = ほかの方法

log-out = すべてのサービスからログアウトする
log-out-hint = このカードでログインしているほかのサービスも、いっしょに終わります。

left-title = ログアウト
left-nobody = ログインしていませんでした。
left-here = このページからログアウトしました。
left-everywhere = すべてのサービスからログアウトしました。
left-partly = このページからはログアウトしましたが、連絡の取れないサービスがありました。ブラウザーを閉じてください。
left-card = カードを読取機から取り出してください。

sign-in-not-asked-title = ログインできませんでした
sign-in-not-asked = このログインは、このブラウザーで始めたものと確かめられませんでした。
sign-in-not-asked-next = 時間が過ぎたか、別の画面で始めた可能性があります。はじめのページからもう一度ログインしてください。
sign-in-stopped-title = ログインできませんでした
sign-in-stopped = カードで本人確認ができなかったため、ログインしませんでした。
sign-in-stopped-next = カードと暗証番号を確かめて、もう一度お試しください。
sign-in-failed-title = ログインできませんでした
sign-in-failed = ログインできませんでした。
sign-in-failed-next = しばらくしてから、もう一度お試しください。
card-with-pin-wanted-title = ログインできませんでした
card-with-pin-wanted = このページには、カードと暗証番号でのログインが要ります。
card-with-pin-wanted-next = もう一度、暗証番号を入れてログインしてください。
message-refused-title = ログインできませんでした
message-refused = ログインの知らせを確かめられませんでした。
message-refused-next = はじめのページからもう一度ログインしてください。続くときは、下の番号を添えて市役所へお知らせください。
logout-not-asked = このログアウトは、このブラウザーで始めたものと確かめられませんでした。
logout-not-asked-next = はじめのページを開いて、ログインしていないことを確かめてください。
relay-expired = いまは、カードでのログインを受け付けられません。
relay-expired-next = しばらくしてから、もう一度お試しください。続くときは、下の番号を添えて市役所へお知らせください。
