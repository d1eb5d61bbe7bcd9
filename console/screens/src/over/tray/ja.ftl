## Tray (demo)

title-tray = カードトレイ(デモ)
tray-about = ここにあるのは仮想のカードです。選んで読取機に入れ、もう一度で抜きます。
tray-staff-reader = 職員用の読取機
tray-resident-reader = 住民用の読取機
tray-empty = 空
tray-blank = 白カード
tray-being-made = 作成の途中
tray-resident-card = 住民のカード
tray-unreadable = 読めません
tray-scanner = 読み取り機
tray-notice = q で案件 { $case } の通知書をかざす
tray-password = パスワード { $password }
