# Words of every portal's pages.
sign-in = カードで ログインする
session-over = ログインは 終《お》わりました。
session-over-next = 長《なが》い時間《じかん》 使《つか》わなかったか、カードを 取《と》ったからです。続《つづ》けるときは、もう一度《いちど》 ログインしてください。
welcome-need = 必要《ひつよう》なもの
welcome-need-card = 市民《しみん》カード
welcome-need-pin = 暗証番号《あんしょうばんごう》(数字《すうじ》 4つ)
welcome-need-reader = カードを 読《よ》む 機械《きかい》(市役所《しやくしょ》に あります)
welcome-known = このページが 知《し》ること
welcome-known-text = ログインしても、名前《なまえ》や 住所《じゅうしょ》は このページに 伝《つた》わりません。このページだけの 仮《かり》の名前《なまえ》を 使《つか》います。

how-card-pin = カードと 暗証番号《あんしょうばんごう》
how-card = カードだけ
how-other = ほかの やりかた

log-out = 全部《ぜんぶ》の サービスから ログアウトする
log-out-hint = このカードで ログインしている ほかの サービスも 終《お》わります。

left-title = ログアウト
left-nobody = ログインしていませんでした。
left-here = このページから ログアウトしました。
left-everywhere = 全部《ぜんぶ》の サービスから ログアウトしました。
left-partly = このページから ログアウトしました。でも、終《お》わったか わからない サービスが あります。ブラウザーを 閉《と》じてください。
left-card = カードを 機械《きかい》から 取《と》ってください。

sign-in-not-asked-title = ログインできませんでした
sign-in-not-asked = このブラウザーで 始《はじ》めた ログインか わかりませんでした。
sign-in-not-asked-next = はじめのページから もう一度《いちど》 ログインしてください。
sign-in-stopped-title = ログインできませんでした
sign-in-stopped = カードで 確認《かくにん》できなかったので、ログインしていません。
sign-in-stopped-next = カードと 暗証番号《あんしょうばんごう》を 見《み》て、もう一度《いちど》 やってください。
sign-in-failed-title = ログインできませんでした
sign-in-failed = ログインできませんでした。
sign-in-failed-next = あとで もう一度《いちど》 やってください。
card-with-pin-wanted-title = ログインできませんでした
card-with-pin-wanted = このページは、カードと 暗証番号《あんしょうばんごう》が 必要《ひつよう》です。
card-with-pin-wanted-next = もう一度《いちど》、暗証番号《あんしょうばんごう》を 入《い》れて ログインしてください。
message-refused-title = ログインできませんでした
message-refused = ログインの 知《し》らせが 正《ただ》しいか わかりませんでした。
message-refused-next = はじめのページから もう一度《いちど》 ログインしてください。また だめなときは、下《した》の番号《ばんごう》を 市役所《しやくしょ》に 言《い》ってください。
logout-not-asked = このブラウザーで 始《はじ》めた ログアウトか わかりませんでした。
logout-not-asked-next = はじめのページを 開《ひら》いて、ログインしていないか 見《み》てください。
relay-expired = 今《いま》は カードで ログインできません。
relay-expired-next = あとで もう一度《いちど》 やってください。また だめなときは、下《した》の番号《ばんごう》を 市役所《しやくしょ》に 言《い》ってください。
