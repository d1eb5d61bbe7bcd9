portal-name = カードでログイン
portal-where = この端末の中のプログラムの画面です

bridge-about-title = この端末のカード読み取り
bridge-about = ログインのページから開かれると、読取機のカードで本人確認をします。ここを直接開いても何も起きません。

bridge-ask-title = 暗証番号を入れてください
bridge-insert-title = 市民カードを入れてください
bridge-cannot-title = カードを使えません
bridge-asker = この画面を開いたところ:
bridge-ready = カードを読み取れました。
bridge-last-try = カードを読み取れました。残りは1回です。まちがえると、カードが使えなくなります。
bridge-last-try-next = 暗証番号に自信がないときは、入れずに市役所の窓口で設定し直してください。
bridge-pin-label = 暗証番号(数字4けた)
bridge-pin-hint = 暗証番号は、この端末とカードの中だけで確かめます。市役所にも、ログインする先にも送りません。
bridge-sign = この番号で確かめる
bridge-going = ログインする先
bridge-tries = あと{ $tries }回まで入れられます
bridge-forgotten = 暗証番号を忘れたとき
bridge-forgotten-text = ためしに入れないでください。続けて3回まちがえると、カードが使えなくなります。市役所の窓口で、新しい暗証番号にできます。
bridge-telephone = スマートフォンのログインを認める
bridge-telephone-about = ご自分のスマートフォンに6けたの番号が出ている方は、ここからお進みください。
bridge-telephone-link = 番号を入れる
bridge-look-again = もう一度カードを読み取る
bridge-stop = やめるときは、このページを閉じてください。

bridge-wrong-pin = 暗証番号がちがいます。
bridge-not-a-pin = 暗証番号は数字4けたです。カードには送っていません。
bridge-interrupted = 途中でカードが読めなくなりました。カードを入れ直してください。

bridge-no-service = カード読み取りの機能が動いていません。
bridge-no-service-next = 係員にお知らせください。
bridge-no-reader = カードの読取機がつながっていません。
bridge-no-reader-next = 係員にお知らせください。
bridge-no-card = カードが入っていません。
bridge-no-card-next = 市民カードを読取機に入れてから、下のボタンを押してください。
bridge-in-use = ほかのプログラムがカードを使っています。
bridge-in-use-next = 少し待ってから、下のボタンを押してください。
bridge-silent = カードが応答しません。
bridge-silent-next = カードの向きを確かめて、入れ直してください。
bridge-not-ours = このカードは市民カードではありません。
bridge-not-ours-next = 市民カードに入れ替えてください。
bridge-not-a-residents = これは職員のカードです。市民カードではないので、ここでは使えません。
bridge-not-a-residents-next = 市民カードに入れ替えてください。
bridge-not-ready = このカードは、まだ使える状態になっていません。
bridge-not-ready-next = 市役所の窓口へお持ちください。
bridge-blocked = 暗証番号を続けてまちがえたため、このカードは使えなくなっています。
bridge-blocked-next = 市役所の窓口で、暗証番号を設定し直せます。カードと本人確認書類をお持ちください。

bridge-answer-title = 確認できました
bridge-signed = カードで本人確認ができました。
bridge-keep-card = 使い終わるまで、カードを入れたままにしてください。抜くと、すべてのサービスからログアウトします。
bridge-return = 元のページへ戻る

bridge-begin-again = ログインのページに戻る
bridge-over = このページの有効な時間が過ぎました。
bridge-over-next = ログインのページから、もう一度始めてください。暗証番号の回数は減っていません。
bridge-not-allowed = 登録されていない相手からの求めなので、受け付けません。
bridge-not-allowed-next = カードは読み取っていません。このページを閉じてください。
bridge-not-here = この宛先では受け付けません。
bridge-not-a-page = ほかのページの中からは使えません。
