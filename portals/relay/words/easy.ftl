# 中継のページの言葉(やさしい日本語)。
portal-name = カードで ログイン
start = ここは、カードで ログインするための ページです。
start-next = 使《つか》いたい サービスの ページから 始《はじ》めてください。
start-sign-out = ログアウトの ページへ 行《い》く

card-title = カードで ログイン
card-refused-title = ログインできませんでした
card-lead = 「{ $service }」を 使《つか》うために、カードを 使《つか》います。あなたの 名前《なまえ》や 住所《じゅうしょ》は、ここでは 使《つか》いません。
card-trial = このサービスは まだ 試《ため》しています。試《ため》すための カードだけ 使《つか》えます。
card-here-title = このパソコンで カードを 使《つか》う
card-here = カードを カードリーダーに 置《お》いて、ボタンを 押《お》してください。暗証番号《あんしょうばんごう》を 入《い》れる 画面《がめん》が 出《で》ます。
card-here-button = カードを 使《つか》う
card-pkcs1-link = 上《うえ》の ボタンで できないとき(古《ふる》い カード)
card-desk-title = 市役所《しやくしょ》などの カードリーダーを 使《つか》う
card-desk = この 機械《きかい》が 暗証番号《あんしょうばんごう》を 聞《き》きます。
card-desk-button = ここの カードリーダーを 使《つか》う
card-desk-away = ボタンを 押《お》して「接続《せつぞく》できません」と 出《で》たら、この 機械《きかい》では できません。前《まえ》の 画面《がめん》に もどってください。
card-decline-title = ログインしない
card-decline-button = やめて、もどる

no-card = カードが ありませんでした。
no-card-next = カードを カードリーダーに 置《お》いて、もう 一度《いちど》 してください。だめなときは、ブラウザーを 閉《と》じてください。
card-no-certificate = カードを 読《よ》むことが できませんでした。
card-no-certificate-next = カードを もう一度《いちど》 置《お》いてください。
card-unknown-issuer = このカードは、ここでは 使《つか》えない カードです。
card-unknown-issuer-next = 市役所《しやくしょ》で もらった 市民《しみん》カードを 使《つか》ってください。
card-not-yet-good = このカードは、まだ 使《つか》えません。
card-not-yet-good-next = 市役所《しやくしょ》の窓口《まどぐち》に 聞《き》いてください。
card-expired = このカードは、使《つか》える 日《ひ》が 終《お》わりました。
card-expired-next = 市役所《しやくしょ》で 新《あたら》しくしてください。
card-other-profile = ログインの ための カードの 情報《じょうほう》では ありません。
card-other-profile-next = ブラウザーが 聞《き》いたら、もう 一《ひと》つの ほうを 選《えら》んでください。
card-bad-signature = カードを 確《たし》かめることが できませんでした。
card-bad-signature-next = もう 一度《いちど》 してください。
card-unknown = このカードは 登録《とうろく》して いません。
card-unknown-next = 今日《きょう》 もらった カードのときは、少《すこ》し 待《ま》ってください。だめなときは、市役所《しやくしょ》の窓口《まどぐち》に 聞《き》いてください。
card-not-handed-over = このカードは、まだ わたす 手続《てつづ》きが 終《お》わって いません。
card-not-handed-over-next = 市役所《しやくしょ》の窓口《まどぐち》で もらうと、使《つか》えます。
card-suspended = このカードは、今《いま》 止《と》めています。
card-suspended-next = カードが 見《み》つかったら、市役所《しやくしょ》に 言《い》ってください。
card-revoked = このカードは、もう 使《つか》えません。
card-revoked-next = 市役所《しやくしょ》で 新《あたら》しい カードを 作《つく》ってください。
card-other-kind = このサービスには、ほかの カードか、暗証番号《あんしょうばんごう》が いります。
card-other-kind-next = 暗証番号《あんしょうばんごう》を 入《い》れて、もう一度《いちど》 してください。
service-on-trial = このサービスは まだ 試《ため》しています。このカードは 使《つか》えません。
service-on-trial-next = サービスが 始《はじ》まってから 使《つか》ってください。
challenge-old = 時間《じかん》が 過《す》ぎました。
challenge-old-next = はじめから もう 一度《いちど》 してください。

form-title = サービスに もどります
form-lead = 終《お》わりました。ボタンを 押《お》すと「{ $service }」に 行《い》きます。
form-button = 行《い》く

away-title = 今《いま》は ログインできません
away = 今《いま》 システムの 一部《いちぶ》が 動《うご》いていません。あなたの カードは だいじょうぶです。
away-next = サービスには 何《なに》も 送《おく》っていません。少《すこ》し 待《ま》って、もう一度《いちど》 してください。
away-button = もう 一度《いちど》 する

signed-out-title = ログアウトしました
signed-out = ぜんぶの サービスで 終《お》わりました。
signed-out-here = この 画面《がめん》の ログインは 終《お》わりました。
signed-out-waiting = 次《つぎ》の サービスには、まだ 知《し》らせが 届《とど》いて いません。届《とど》くまで、自動《じどう》で 知《し》らせます。みんなで 使《つか》う 機械《きかい》では、ブラウザーを 閉《と》じてください。
signed-out-look = もう一度《いちど》 見《み》る
signed-out-given-up = 次《つぎ》の サービスには、知《し》らせる ことが できませんでした。その サービスの 画面《がめん》でも、ログアウトを してください。
sign-out-title = ログアウト
sign-out = ぜんぶの サービスを 終《お》わります。
sign-out-button = 終《お》わる
sign-out-nobody = 今《いま》は ログインして いません。

provider-title = ログインする ところを 選《えら》ぶ
provider-lead = どこの カードで ログインしますか。
provider-own = この 市《し》の カード

request-refused = サービスから 来《き》た お願《ねが》いは、できませんでした。
request-refused-next = サービスの 最初《さいしょ》の ページから もう 一度《いちど》 してください。
request-replayed = 同《おな》じ お願《ねが》いが 二回《にかい》 来《き》ました。
request-replayed-next = サービスの 最初《さいしょ》の ページから もう 一度《いちど》 してください。
request-clock = サービスの 時計《とけい》が ちがっています。
request-clock-next = 少《すこ》し 待《ま》って、サービスの 最初《さいしょ》の ページから もう 一度《いちど》 してください。
partner-unknown = このサービスは、今《いま》は 使《つか》えません。
partner-unknown-next = あとで もう一度《いちど》 してください。また だめなときは、サービスの 人《ひと》に 聞《き》いてください。
partner-expired = このサービスの 登録《とうろく》は 終《お》わっています。
partner-expired-next = サービスの 人《ひと》に 言《い》ってください。
sign-in-over = このログインは 終《お》わりました。
sign-in-over-next = サービスの 最初《さいしょ》の ページから もう 一度《いちど》 してください。
