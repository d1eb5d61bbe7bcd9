portal-name = マイページ

page-me = わたしの情報
page-history = ログインの記録
page-card = カードの状態

welcome-title = マイページ
welcome-lead = 市民カードでログインすると、ご自分の利用の記録とカードの状態を確かめられます。
sign-in = カードでログインする
session-over = ログインは終わっています。
session-over-next = しばらく使わなかったか、カードが抜かれたためです。続けるときは、もう一度ログインしてください。
welcome-need = 用意するもの
welcome-need-card = 市民カード
welcome-need-pin = 暗証番号(数字4けた)
welcome-need-reader = カードの読取機(窓口や端末コーナーにあります)
welcome-known = このページが知ること
welcome-known-text = ログインしても、このページにお名前・住所・番号は伝わりません。このページだけで使う仮の名前で、同じ方だとわかります。

me-title = わたしの情報
me-lead = ログインしています。
me-short-name = このページでの仮の名前(短い形)
me-signed-in = ログインした日時
me-until = ログインが終わる日時
me-what = 仮の名前とは
me-what-text = このページだけで使う、あなたの名前の代わりです。ほかのサービスでは別の仮の名前になるので、記録を突き合わせることはできません。お問い合わせのときは、上の短い形をお伝えください。

history-title = ログインの記録
history-lead = このページへのログインを、{ $days }日前までさかのぼって表示します。
history-caption = 新しい順
history-when = 日時
history-how = 方法
history-not-you = 覚えのないログインがあるときは、市役所の窓口へお知らせください。カードを止めることができます。
how-card-pin = カードと暗証番号
how-card = カード(暗証番号なし)
how-other = ほかの方法

card-title = カードの状態
card-usable = カードは使えます。
card-used-at = カードで確認した日時
card-how = 確認の方法
card-meaning = 停止中や失効したカードではログインできません。この表示は、ログインしたときに確かめた内容です。
card-lost = カードをなくしたとき
card-lost-text = すぐに市役所の窓口へお知らせください。カードを止めると、その時からどのサービスにもログインできなくなります。

log-out = すべてのサービスからログアウトする
log-out-hint = このカードでログインしているほかのサービスも、いっしょに終わります。

left-title = ログアウトしました
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
