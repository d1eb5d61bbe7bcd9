portal-name = マイページ

page-me = わたしの情報
page-me-about = あなたの仮の名前と、ログインの期限
page-history = ログインの記録
page-history-about = いつ、どうやってログインしたか
page-card = カードの状態
page-card-about = カードが使えるか、なくしたときどうするか

welcome-title = あなたの記録を、カード1枚で確かめる
welcome-lead = 市民カードでログインすると、ご自分の利用の記録とカードの状態を確かめられます。

me-title = わたしの情報
me-lead = ログインしています。
me-short-name = このページでの仮の名前(短い形)
me-signed-in = ログインした日時
me-until = ログインが終わる日時
me-what = 仮の名前とは
me-what-text = このページだけで使う、あなたの名前の代わりです。ほかのサービスでは別の仮の名前になるので、記録を突き合わせることはできません。お問い合わせのときは、上の短い形をお伝えください。

history-title = ログインの記録
history-lead = このページへのログインを、{ $days }日前までさかのぼって表示します。
history-caption = 新しい順
history-when = 日時
history-how = 方法
history-not-you = 覚えのないログインがあるときは、市役所の窓口へお知らせください。カードを止めることができます。

card-title = カードの状態
card-usable = カードは使えます。
card-used-at = カードで確認した日時
card-how = 確認の方法
card-meaning = 停止中や失効したカードではログインできません。この表示は、ログインしたときに確かめた内容です。
card-lost = カードをなくしたとき
card-lost-text = すぐに市役所の窓口へお知らせください。カードを止めると、その時からどのサービスにもログインできなくなります。
