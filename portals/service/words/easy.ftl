# Words of every portal's pages.
sign-in = カードで ログインする
session-over = ログインは 終《お》わりました。
session-over-next = 長《なが》い時間《じかん》 使《つか》わなかったか、カードを 取《と》ったからです。続《つづ》けるときは、もう一度《いちど》 ログインしてください。
welcome-hint = カードと、数字《すうじ》 4つの 暗証番号《あんしょうばんごう》を 使《つか》います。
welcome-see = 見《み》られるもの
welcome-how = はじめかた
welcome-step-card = カードを 用意《ようい》する
welcome-step-card-text = 市民《しみん》カードです。ない人《ひと》は、市役所《しやくしょ》で 作《つく》れます。
welcome-step-reader = カードを 読《よ》む 場所《ばしょ》を 選《えら》ぶ
welcome-step-reader-text = 家《いえ》の カードリーダー、みんなで使《つか》う パソコン、市役所《しやくしょ》の 窓口《まどぐち》で 使《つか》えます。
welcome-telephone = スマートフォンで 見《み》たいときも、ここから 始《はじ》めます。
welcome-step-pin = 暗証番号《あんしょうばんごう》を 入《い》れる
welcome-step-pin-text = 数字《すうじ》 4つです。3回《かい》 まちがえると、カードが 止《と》まります。忘《わす》れたときは、市役所《しやくしょ》に 聞《き》いてください。
welcome-paper = インターネットを 使《つか》わない人《ひと》へ
welcome-paper-text = 市役所《しやくしょ》の 窓口《まどぐち》でも、紙《かみ》でも できます。

foot-known = このページに ないもの
foot-known-text = 名前《なまえ》と 住所《じゅうしょ》は、このページに ありません。このページだけの 仮《かり》の名前《なまえ》を 使《つか》います。

how-card-pin = カードと 暗証番号《あんしょうばんごう》
how-card = カードだけ
how-telephone = スマートフォン(ほかの 機械《きかい》の カードで 認《みと》めた)
how-other = ほかの やりかた

on-telephone = スマートフォンで 見《み》ています。見《み》ることだけ できます。
on-telephone-until = 終《お》わる 時《とき》:

log-out = ログアウト
log-out-hint = ログアウトすると、このカードで ログインしている ほかの サービスも 終《お》わります。

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
