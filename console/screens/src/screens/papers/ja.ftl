## Papers

title-papers = 書類
paper-application = 申請書
paper-notice = 交付通知書
paper-receipt = 受領票
paper-application-about = 申請の内容とQRコード。本人が確かめて署名します。
paper-notice-about = 転送不要郵便で送る通知です。窓あき封筒に合う宛名とQRコードが入ります。
paper-letter-about = カードといっしょに封筒に入れる手紙です。窓あき封筒に合う宛名とQRコードが入ります。
paper-receipt-about = 交付のとき、受け取った人が署名します。
papers-at = { $at } に印刷
papers-not-yet = まだ
papers-after-making = カードができてから
papers-outdated = 名簿の氏名か住所が、前に印刷したときから変わっています。
papers-outdated-anew = 今の氏名と住所で作り直す(前の通知書は無効になります)
papers-outdated-as-it-was = 前のまま再印刷する
papers-printing = 印刷しています…
papers-printed = { $paper }を作りました({ $pages }ページ): { $file }
papers-printed-again = { $paper }を控えから再印刷しました({ $pages }ページ): { $file }
papers-printed-both = 交付通知書({ $notice })と受領票({ $file })を作りました。Enter で進みます。
