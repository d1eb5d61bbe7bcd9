### Words of the console in Japanese. The English ones are in en.ftl, key by key the same.

## Frame: status line, clock, lists

moment-short = { $month }月{ $day }日 { $time }
status-readers = 読取機
status-staff = 職員
status-resident = 住民
status-case = 案件
status-no-case = なし
status-lock = ロック{ $minutes }分
status-nobody = ログインしていません
status-more-roles = ほか
status-relay = 中継
status-outbox-seconds = !{ $waiting }件{ $age }秒
status-outbox-minutes = !{ $waiting }件{ $age }分
status-outbox-hours = !{ $waiting }件{ $age }時間
status-outbox-days = !{ $waiting }件{ $age }日
status-outbox-refused = !不受理{ $refused }件
list-comma = 、
list-and = と
list-or = 、または
loading-now = 読み込んでいます…
list-not-loaded = 読み込めませんでした(F5 でもう一度)
more-lines = ↑{ $above } ↓{ $below }
terminal-too-small = 画面が小さすぎます。横{ $width }文字、縦{ $height }行より大きくしてください。作業は失われていません。
in-seconds = { " " }秒
plain-card-in = カードあり
plain-card-out = カードなし
plain-no-reader = 読取機なし
plain-database-up = データベース接続中
plain-database-down = データベース切断
plain-relay-up-to-date = 中継に届いています
plain-relay-waits = 中継に届いていないもの { $waiting }件
plain-relay-refused = 中継の不受理 { $refused }件

## Roles

role-reception = 受付
role-verification = 審査
role-issuing = 発行
role-handover = 交付
role-protected-address = 支援措置閲覧
role-administration = 管理

## Keys

key-choose = 選ぶ
key-page = ページ送り
key-open = 開く
key-queue = 一覧
key-search = さがす
key-new = 申請
key-refresh = 読み直す
key-lock = ロック
key-back = 戻る
key-likely = 進む
key-reveal = 住所を見る(記録)
key-field = 項目
key-toggle = 選択
key-change = 変える
key-next = 次へ
key-submit = 申請へ
key-take-application = 受け付ける
key-done = 終わる
key-back-kept = 戻る(残る)
key-verify = 本人確認
key-make = カードを作る
key-pin = 暗証番号
key-papers = 書類
key-shelf = 棚に入れる
key-handover = 交付
key-journal = 経過
key-card = カードの中身
key-standing = カードの利用
key-suspend = 一時停止
key-resume = 再開
key-revoke = 失効
key-relink = 結び直し
key-send-anew = 送り直す
key-close-refused = 送らない
key-take-over = 引き継ぐ
key-cancel-case = 申請を取り消す
key-close-incident = 事故を解決
key-give-up-card = カードを破損とする
key-pin-again = 決め直す
key-close-case = 閉じる
key-exception = 例外にする
key-remove = 書類を戻す
key-record = 記録する
key-scroll = 上下
key-start = 始める・進む
key-look-again = 読み直す
key-stop = 安全な所で止める
key-decide = 決定
key-give-up = やめる
key-print = 印刷
key-put = 棚に入れた
key-return = 棚に戻す
key-enter-password = 決定
key-log-out = ログアウト
key-tray-staff = 職員用へ
key-tray-resident = 住民用へ
key-tray-new = 白カード
key-tray-scan = 通知書
key-tray-likely = 合う読取機へ
key-close = 閉じる
key-yes = はい
key-no = いいえ
key-help = 操作
key-language = English
key-tray = トレイ
key-quit = 終了

## Help

title-help = 操作キー
help-here = この画面で
help-everywhere = どの画面でも
help-scanner = 通知書や申請書のQRコードは、どの画面でも読み取れます。読み取ると、その案件が開きます(交付の画面では通知書の欄に入ります)。

## What went wrong, what it means, what to do

database-back = データベースにつながりました。
fault-database-down = データベースにつながりません。記録された所までは失われていません。つながるまで待つか、管理者に知らせてください。
fault-held-by = { $desk }の{ $staff }さんが開いています({ $until }まで)。終わるのを待つか、声をかけてください。
fault-changed-meanwhile = ほかの人がこの案件を進めました。開き直して、いまの状態から続けてください。
fault-not-now = この案件はいまその段階ではありません。開き直してください。
fault-session-over = このログインは終わっています(同じ窓口名での別のログイン、または管理者による停止)。もう一度ログインしてください。
fault-not-allowed = { $role }の役割が必要です。その役割の職員に代わってください。
fault-incident-open = 解決していない事故があります。案件の画面で i を押して解決してから交付してください。
fault-shelf-taken = その棚には案件 { $case } のカードが入っています。棚を確かめて、空いている場所を入れてください。
fault-not-found = 見つかりません。番号を確かめてください。
fault-agreement-gone = 二人目の承認が使えなくなっています(もう使われたか、案件を閉じました)。Enter で、もう一度承認してもらってください。
fault-notice-invalid = この通知書のコードは使えません。最新の通知書か確かめてください。
fault-notice-of-another = この通知書は別の案件 { $case } のものです。
fault-wrong-password = パスワードが違います。あと { $tries } 回間違えるとロックされます。
fault-password-blocked = このカードのパスワードはロックされています。管理者に再設定を頼んでください。
fault-staff-unknown = 登録されていない職員カードです。管理者に確かめてください。
fault-other-staff = 別の職員のカードです。ロックした本人のカードを置いてください(代わるときは Ctrl+D でログアウト)。
fault-same-person = 自分では承認できません。別の職員のカードが必要です。
fault-wrong-pin = 暗証番号が違います。あと { $tries } 回間違えるとロックされます。
fault-pin-blocked = このカードの暗証番号はロックされています。本人の来庁と再設定が必要です。
fault-pin-already-set = このカードには暗証番号がもう設定されています。
fault-no-card = カードが読取機にありません。置いてください。
fault-card-removed = カードが抜けました。同じカードを置き直すと続けられます。
fault-card-in-use = ほかのプログラムがこのカードを使っています。終わらせるか、カードを差し直してください。
fault-reader-gone = 読取機が外れました。差し直すか、別の読取機につないでください。
fault-card-service-gone = カードのサービス(pcscd)が止まっています。管理者に知らせてください。
fault-foreign-card = この業務のカードではありません。
fault-not-blank = 白カードではありません。新しい白カードを置いてください。
fault-chip-taken = このチップは別の案件に使われたか、破損として記録されています。別の白カードを置いてください。
fault-wrong-chip = この案件のカードではありません。受付番号を確かめて、正しいカードを置いてください。
fault-card-refused = カードが受け付けませんでした({ $status })。置き直しても続くなら、別の白カードにしてください。
fault-authority-unavailable = 証明書を発行できません(認証局の鍵か有効期限)。管理者に知らせてください。カードは続きから作れます。
fault-disk-full = ディスクがいっぱいで書き込めません。管理者に知らせてください。
fault-clock-wrong = この端末の時計が正しくないようです。時刻を合わせるまで発行できません。管理者に連絡してください。
fault-clock-went-back = 記録の時計が、もう記録したことより前に戻っています。まだ何も記録していません。管理者に時刻を合わせてもらい、もう一度 Enter を押してください。
fault-missing-glyph = 印刷を止めました。「{ $character }」({ $number })の字形がありません({ $place })。フォントの追加を管理者に頼んでください。
fault-fonts-missing = 印刷用のフォントがありません。管理者に知らせてください。
fault-cancelled = 安全な所で止めました。同じカードで続きから作れます。
fault-other = うまくいきませんでした。もう一度試し、続くなら管理者に番号 { $code } を伝えてください。
