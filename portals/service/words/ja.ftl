# どのポータルのページにもあることば
sign-in = カードでログインする
session-over = ログインは終わっています。
session-over-next = しばらく使わなかったか、カードが抜かれたためです。続けるときは、もう一度ログインしてください。
welcome-hint = カードと、数字4けたの暗証番号を使います。
welcome-see = 見られるもの
welcome-how = はじめかた
welcome-step-card = カードを用意する
welcome-step-card-text = 市民カードです。まだお持ちでない方は、市役所の窓口で作れます。
welcome-step-reader = カードを読む場所を選ぶ
welcome-step-reader-text = 家のカードリーダー、公共端末、市役所の窓口のどれでも使えます。
welcome-telephone = スマートフォンで見たいときも、ここから始めます。
welcome-step-pin = 暗証番号を入れる
welcome-step-pin-text = 数字4けたです。続けて3回まちがえると、カードが止まります。忘れたときは、窓口で設定し直せます。
welcome-paper = インターネットを使わない方へ
welcome-paper-text = 手続きは、これまでどおり市役所の窓口と紙でできます。

foot-known = このページが持っていないもの
foot-known-text = お名前と住所は、このページにはありません。このページだけで使う仮の名前で、同じ方だとわかります。

how-card-pin = カードと暗証番号
how-card = カード(暗証番号なし)
how-telephone = スマートフォン(ほかの端末のカードで認めたもの)
how-other = ほかの方法

on-telephone = スマートフォンで見ています。見ることだけができます。
on-telephone-until = この画面は、次の時刻に終わります:

log-out = ログアウト
log-out-hint = ログアウトすると、このカードでログインしているほかのサービスも、いっしょに終わります。

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
