# 中継のページの言葉。
portal-name = カードでログイン
start = ここは、市のサービスにカードでログインするためのページです。
start-next = ログインは、お使いになるサービスのページから始めてください。
start-sign-out = ログアウトのページへ

card-title = カードでログイン
card-refused-title = ログインできませんでした
card-lead = 「{ $service }」にログインするために、カードを使って本人であることを確かめます。お名前や住所は、この画面では扱いません。
card-trial = このサービスは試験中です。試験用に登録したカードだけが使えます。
card-here-title = このブラウザーでカードを使う
card-here = カードリーダーにカードを置いてから、ボタンを押してください。ブラウザーが証明書と暗証番号をたずねます。
card-here-button = カードを使う
card-pkcs1-link = 上のボタンで進めないとき(古い方式のカード)
card-desk-title = 窓口や公共端末のカードリーダーを使う
card-desk = この端末のカード用プログラムが、暗証番号をたずねます。
card-desk-button = 端末のカードリーダーを使う
card-desk-away = 押したあとに「接続できません」などの画面が出たときは、この端末ではこの方法を使えません。前の画面に戻ってください。
card-decline-title = ログインしない
card-decline-button = やめて、サービスに戻る

no-card = カードが見つかりませんでした。
no-card-next = カードをリーダーに置いて、もう一度お試しください。それでも進めないときは、ブラウザーを一度閉じてください。
card-no-certificate = カードの証明書を読めませんでした。
card-no-certificate-next = カードを置き直して、もう一度お試しください。
card-unknown-issuer = このカードは、このサービスのカードではありません。
card-unknown-issuer-next = 市役所で受け取った市民カードをお使いください。
card-not-yet-good = このカードは、まだ使える期間になっていません。
card-not-yet-good-next = 市役所の窓口にお問い合わせください。
card-expired = このカードは有効期限が過ぎています。
card-expired-next = 市役所で更新の手続きをしてください。
card-other-profile = このカードの証明書は、ログイン用のものではありません。
card-other-profile-next = ブラウザーが証明書をたずねたら、もう一方の証明書を選んでください。
card-bad-signature = カードの署名を確かめられませんでした。
card-bad-signature-next = もう一度お試しください。
card-unknown = このカードは登録されていません。
card-unknown-next = 受け取ったばかりのときは、少し待ってからお試しください。進めないときは、市役所の窓口にお問い合わせください。
card-not-handed-over = このカードは、まだ交付の手続きが終わっていません。
card-not-handed-over-next = 市役所の窓口で受け取ると、使えるようになります。
card-suspended = このカードは一時停止中です。
card-suspended-next = カードが見つかったときは、市役所に連絡してください。
card-revoked = このカードは、もう使えません。
card-revoked-next = 市役所で新しいカードの手続きをしてください。
card-other-kind = このサービスには、別の種類のカード、または暗証番号が必要です。
card-other-kind-next = 暗証番号を入れる方法で、もう一度お試しください。
service-on-trial = このサービスは試験中で、このカードは使えません。
service-on-trial-next = サービスが始まってから、お試しください。
challenge-old = 時間が過ぎたため、確かめられませんでした。
challenge-old-next = もう一度、はじめからお試しください。

form-title = サービスに戻ります
form-lead = 本人確認が終わりました。ボタンを押すと「{ $service }」に進みます。
form-button = 進む

away-title = いまはログインできません
away = 本人確認に必要なシステムの一部に、いまつながりません。カードに問題はありません。
away-next = サービスには何も送っていません。しばらく待って、もう一度お試しください。
away-button = もう一度試す

signed-out-title = ログアウトしました
signed-out = この端末からのログインは、すべてのサービスで終わりました。
signed-out-here = この画面からのログインは終わりました。
signed-out-waiting = 次のサービスには、まだ知らせが届いていません。届くまで、自動で知らせ続けます。共用の端末では、ブラウザーを閉じてください。
signed-out-look = もう一度確かめる
signed-out-given-up = 次のサービスには、知らせることができませんでした。そのサービスの画面でも、ログアウトしてください。
sign-out-title = ログアウト
sign-out = ログインしているすべてのサービスから、まとめてログアウトします。
sign-out-button = ログアウトする
sign-out-nobody = いまは、ログインしていません。

provider-title = ログインする場所を選ぶ
provider-lead = どこのカードでログインしますか。
provider-own = この市のカード

request-refused = サービスから届いた依頼を受け付けられませんでした。
request-refused-next = サービスの最初のページから、もう一度お試しください。
request-replayed = 同じ依頼が二度届いたため、受け付けませんでした。
request-replayed-next = サービスの最初のページから、もう一度お試しください。
request-clock = サービスから届いた依頼の時刻が、ずれています。
request-clock-next = しばらく待って、サービスの最初のページから、もう一度お試しください。
partner-unknown = このサービスは、いまは登録されていません。
partner-unknown-next = 時間をおいてお試しください。続くときは、サービスの運営者にお問い合わせください。
partner-expired = このサービスの登録の期限が切れています。
partner-expired-next = サービスの運営者にお知らせください。
sign-in-over = このログインは終わったか、時間が過ぎました。
sign-in-over-next = サービスの最初のページから、もう一度お試しください。
