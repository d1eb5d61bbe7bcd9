
## The relay's operators: keys

key-register = 連携先を加える
key-approve = 承認
key-tried = 試行の結果
key-without-logout = 単一ログアウト無しで続ける
key-switch-on = 稼働
key-switch-off = 停止
key-trial = 試行に戻す
key-lifetimes = 有効時間
key-trial-card = 試行用のカード
key-exceptions = 例外
key-trail = 記録
key-untold = 未通知
key-stop-waiting = 待つのをやめる

## The relay's operators: login and status

title-relay-login = 中継の運用者
relay-login-about = 運用者の職員カードを読取機に置き、パスワードを入れてください。開くのは中継の管理口だけです。
relay-login-by-files = この機械は、カードの代わりに設定のファイルで中継に入ります。Enter で進みます。
relay-status-who = 中継の運用者 { $name }
relay-status-nobody = 中継の運用者(ログインしていません)
front-front = 前段
front-blind = 目隠し側
front-database = DB

## The front's health

front-blind-down = 目隠し側が答えません。新しいログインはできず、何も途中までは出ていません。目隠し側の管理者に連絡してください。
front-database-down = 前段のデータベースが答えません。前段の管理者に連絡してください。
front-clock-apart = 前段とデータベースの時計が { $seconds } 秒ずれています。前段の管理者に連絡してください。
front-office = 送信元 { $office }: 第{ $applied }通まで受領、最後は{ $ago }前
front-office-refused = 不受理{ $count }通
front-untold = ログアウトの知らせが届いていないサービス: { $services } 件(セッション { $count } 件)。u でくわしく見られます。
front-no-office = 登録を送ってきた役所はまだありません。
front-waiting = 中継の答えを待っています({ $seconds } 秒)。Esc で待つのをやめます。
front-given-up = 待つのをやめました。中継が済ませたかもしれません。読み直した一覧で確かめてください。
front-away = 中継が答えません。ネットワークと、設定の admin_url・roots_file を確かめてください。前段が止まっているなら、前段の管理者に連絡してください。
front-not-admitted = 中継がこのカードを知りません。中継の管理者が relay.toml の [operators] に加えます: "名前 { $fingerprint }"
front-not-the-front = 答えたのは中継の管理口ではありません({ $status })。設定の admin_url を確かめてください。
front-no-file = ファイルが読めません: { $file }
front-many-entities = ファイルからは、どの連携先か決まりません。entityID の欄に書いてください。
front-not-found = その連携先、またはその版はありません。({ $trace })
front-same-person = 提案した人は承認できません。もう一人の運用者が承認します。({ $trace })
front-not-now = 今はできません。{ $why }({ $trace })
front-metadata = メタデータを受け取れません: { $why }({ $trace })
front-role = メタデータに、登録しようとする役割がありません。({ $trace })
front-out-of-range = 値が決まりの幅を外れています。({ $trace })
front-card-revoked = この職員カードは失効しています。中継の管理者に知らせてください。({ $trace })
front-no-list = 中継に、カードの失効リストの新しいものがありません。中継の管理者が置き換えるまで、だれも入れません。({ $trace })
front-records-away = 中継のデータベースが答えません。しばらくして、もう一度試してください。({ $trace })
front-refused = 中継が断りました: { $why }({ $code } { $trace })
front-rule-other-kind = 別の種類の連携先として登録されています。
front-rule-sign-in-untried = 試しのログインがまだです。
front-rule-lasting-names = 前段がこのサービスに渡したのは transient の仮名ではありません(または、まだ渡していません)。来るたびに別の仮名が出るなら、EncryptedID を読めていません。
front-rule-empty-name = サービスが空の NameID を受け取りました。直るまで止めたままです。
front-rule-logout-untried = 試しのログアウトがまだです。
front-rule-in-clear = LogoutRequest の仮名が平文です。直すか、単一ログアウト無しで続けると決めてください。
front-rule-no-edition = 承認されたメタデータがありません。
front-rule-trial = 試行の結果が足りません。

## Partners

title-partners = 連携先
title-partner = 連携先のくわしいこと
partners-none = 連携先はまだありません。n で加えます。
partners-unknown = 連携先の一覧はまだ読めていません。F5 で読み直します。
partner-on = 稼働中
partner-trial = 試行中
partner-proposed = 提案中
partner-off = 停止中
partner-service = サービス
partner-provider = 認証の提供者
partner-no-expiry = 期限なし
partner-expired = 期限切れ
partner-days-left = あと{ $days }日
partner-state = 状態
partner-reason = 停止の理由
partner-until = メタデータの期限
partner-metadata = メタデータ
partner-edition = 第{ $edition }版(提案 { $by }・承認 { $approved })
partner-edition-waiting = 第{ $edition }版は承認待ち(提案 { $by })
partner-fingerprint = メタデータの指紋(SHA-256)
partner-sign-in = 試しのログイン
partner-logout = 試しのログアウト
partner-logout-heard = 終わりの知らせ
logout-heard-browser = ブラウザー経由だけ。カードを抜いても止めてもログインは残る
logout-heard-nothing = 受け口なし。ログインは残る
partner-lifetimes = 有効時間
partner-lasts = Assertion { $assertion }秒・サービス { $session }秒・時計のずれ { $skew }秒
partner-exceptions = 例外
exceptions-none = なし
trial-not-yet = まだ
trial-same-name = 同じ仮名が2度
trial-empty-name = 仮名が空
trial-passing-name = 来るたびに別の仮名(transient)
trial-sealed = 仮名は暗号化されていた
trial-in-clear = 仮名が平文だった
trial-without = しない(決定による)
partner-next-approve = 二人目が承認
partner-next-approve-about = 提案した人とは別の運用者が、連携先から別の経路で受け取った指紋と比べて承認します(a)。
partner-next-sign-in = 試しにログイン
partner-next-sign-in-about = 試行用のカード(c)でサービスに2度ログインし、サービスに出た仮名を見て、結果を記録します(s)。
partner-next-not-named = 仮名が空
partner-next-not-named-about = サービスは空の NameID を受け取りました(EncryptedID を読めません)。先方が直すまで止めたままです。直ったらもう一度試し、結果を記録します(s)。
partner-next-logout = 試しにログアウト
partner-next-logout-about = サービスの側でログアウトします。LogoutRequest は中継が見て記録します。済んだら F5 で読み直します。
partner-next-in-clear = 仮名が平文
partner-next-in-clear-about = サービスの LogoutRequest の仮名が平文でした。先方が直すまで止めたままにするか、単一ログアウト無しで続けると決めます(w、理由が記録に残ります)。
partner-next-on = 稼働できる
partner-next-on-about = 試行で見るべきものはそろいました。稼働させられます(o)。
partner-next-expired = 新しい版を提案
partner-next-expired-about = メタデータの期限が切れています。先方から新しいものを受け取り、提案します(Enter)。
partner-next-none = なし
partner-next-none-about = 稼働中です。おかしいときは x ですぐ止められます。
partner-next-off = 試行に戻す
partner-next-off-about = 止まっています。再開するには、試行に戻してから(t)試しのログインとログアウトをやり直します。
partner-switched-off = 止めました。このサービスへのログインはいま断られています。
partner-switched-on = 稼働させました。
partner-approved = 承認しました。試行が始まっています。
partner-recorded = 記録しました。
switch-off-about = この連携先を、いますぐ止めます。理由は監査記録に残ります。
without-logout-about = 単一ログアウト無しで続けます。中継でログアウトしても、このサービスのログインは残ります。

## Forms

title-register = 連携先を加える
register-about = 先方から受け取ったメタデータのファイルを提案します。承認するのは、もう一人の運用者です。
register-file = ファイル
register-kind = 種類
register-entity = entityID
register-entity-about = entityID は、ファイルが複数の連携先を含むときだけ書きます。
register-file-first = ファイルの場所を書いてください。
register-taken = 中継がメタデータを受け取りました。まだ何も動きません。
register-fingerprint = 指紋(SHA-256)
register-next = 先方に電話や書面で指紋を読んでもらい、もう一人の運用者が承認します。
title-approve = メタデータを承認する
approve-about = 先方から別の経路(電話、書面)で受け取った指紋と、上から順に比べてください。最後の組はここには出ません。受け取った指紋から打ちます。
approve-last = 最後の組(8文字)
approve-type-last = 先方から受け取った指紋の、最後の8文字を打ってください。
approve-differs = 違います。承認していません。先方に確かめ、合わないなら提案を止めてください。
title-trial-card = 試行用のカード
trial-card-about = 手もとのカードでこのサービスにログインしてみると、断る画面にカードの番号(英数字64文字)が出ます。その番号のカードだけが、試行中のサービスにログインできるようになります。30日で終わります。
trial-card-number = 番号
trial-card-no-number = カードの番号は、0〜9 と a〜f の64文字です。断る画面の番号を、そのまま打ってください。
trial-card-named = このカードを試行用にしました。30日で終わります。
title-tried = 試しのログインの結果
tried-about = 試行用のカードで2度ログインしたとき、サービスに出た利用者の仮名は、どうでしたか。
tried-same-name = 2度とも同じ仮名が出た
tried-other-name = 来るたびに別の仮名が出た(transient を求めるサービス)
tried-empty-name = 仮名が空だった(止めたままになります)
title-lifetimes = 有効時間
lifetimes-about = 効く長さは、書いた長さに時計のずれを足したものです(参考C6)。短いほど、漏れたときの害が小さくなります。
lifetime-assertion = Assertion ({ $least }〜{ $most }秒)
lifetime-session = サービスの時間 ({ $least }〜{ $most }秒)
lifetime-skew = 時計のずれ ({ $least }〜{ $most }秒)
lifetimes-out-of-range = 決まりの幅の中の秒数を書いてください。
title-exceptions = 例外
exceptions-about = 実装規約を外れて受け取るものです。無いのがふつうです。先方が直ったら外してください。
cipher-block-chaining = AES-CBC の暗号文を受け取る
ecp-headers = ECP の mustUnderstand の書き方の違い
destination-missing = Destination の無いメッセージ

## The front's trail

title-trail = 中継の記録(24時間)
trail-empty = この24時間の記録はありません。

title-untold = ログアウトの知らせが届いていないサービス
untold-about = セッションは中継では終わっています。サービスが答えるまで自動で知らせ続け、半日で打ち切ります。だれのセッションかは、ここでは分かりません。
untold-none = どのサービスにも、ログアウトの知らせは届いています。
untold-waiting = 未通知 { $count } 件
untold-given-up = 打ち切り { $count } 件
untold-waiting-about = 最も古いものは { $since } からの1時間に終わったセッションで、{ $tries } 回知らせました。次は { $next } までに知らせます。続くときは、サービスの運営者に SOAP の受け口が動いているかを確かめてください。
untold-given-up-about = 半日知らせても答えがなかったか、サーバー間のログアウトを受け取らないサービスです。そのサービスのセッションは、そこでの期限まで残ります。
