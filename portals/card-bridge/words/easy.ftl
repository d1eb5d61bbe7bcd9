portal-name = カードで ログイン
portal-where = この 機械《きかい》の 中《なか》の プログラムの ページです

bridge-about-title = カードを 読《よ》む
bridge-about = ログインのページから ここに 来《き》ます。ここだけ 開《ひら》いても、何《なに》も 起《お》きません。

bridge-ask-title = 暗証番号《あんしょうばんごう》を 入《い》れてください
bridge-insert-title = 市民《しみん》カードを 入《い》れてください
bridge-cannot-title = カードが 使《つか》えません
bridge-asker = このページを 開《ひら》いた ところ:
bridge-ready = カードを 読《よ》みました。
bridge-last-try = カードを 読《よ》みました。あと 1⁠回《かい》です。まちがえると、カードが 使《つか》えなくなります。
bridge-last-try-next = 番号《ばんごう》が よく わからないときは、入《い》れないでください。市役所《しやくしょ》の窓口《まどぐち》で 新《あたら》しく 決《き》めてください。
bridge-pin-label = 暗証番号《あんしょうばんごう》(数字《すうじ》 4つ)
bridge-pin-hint = 暗証番号《あんしょうばんごう》は、この 機械《きかい》と カードの 中《なか》だけで 確《たし》かめます。ほかの ところに 送《おく》りません。
bridge-sign = この 番号《ばんごう》で 確《たし》かめる
bridge-going = ログインする ところ
bridge-tries = あと { $tries }回《かい》 入《い》れられます
bridge-forgotten = 暗証番号《あんしょうばんごう》を 忘《わす》れたとき
bridge-forgotten-text = ためしに 入《い》れないでください。3回《かい》 まちがえると、カードが 使《つか》えません。市役所《しやくしょ》で 新《あたら》しい 番号《ばんごう》に できます。
bridge-telephone = スマートフォンの ログインを 認《みと》める
bridge-telephone-about = スマートフォンに 6つの 数字《すうじ》が 出《で》ている 人《ひと》は、ここから 進《すす》んでください。
bridge-telephone-link = 数字《すうじ》を 入《い》れる
bridge-look-again = もう一度《いちど》 カードを 読《よ》む
bridge-stop = やめるときは、このページを 閉《と》じてください。

bridge-wrong-pin = 暗証番号《あんしょうばんごう》が ちがいます。
bridge-not-a-pin = 数字《すうじ》を 4つ 入《い》れてください。カードには まだ 送《おく》っていません。
bridge-interrupted = カードが 読《よ》めなくなりました。カードを もう一度《いちど》 入《い》れてください。

bridge-no-service = カードを 読《よ》む 機械《きかい》が 動《うご》いていません。
bridge-no-service-next = 係《かかり》の人《ひと》に 言《い》ってください。
bridge-no-reader = カードを 読《よ》む 機械《きかい》が ありません。
bridge-no-reader-next = 係《かかり》の人《ひと》に 言《い》ってください。
bridge-no-card = カードが 入《はい》っていません。
bridge-no-card-next = 市民《しみん》カードを 入《い》れて、下《した》のボタンを 押《お》してください。
bridge-in-use = ほかの プログラムが カードを 使《つか》っています。
bridge-in-use-next = 少《すこ》し 待《ま》って、下《した》のボタンを 押《お》してください。
bridge-silent = カードが 読《よ》めません。
bridge-silent-next = カードの 向《む》きを 見《み》て、もう一度《いちど》 入《い》れてください。
bridge-not-ours = これは 市民《しみん》カードでは ありません。
bridge-not-ours-next = 市民《しみん》カードを 入《い》れてください。
bridge-not-a-residents = これは 市役所《しやくしょ》で 働《はたら》く人《ひと》の カードです。ここでは 使《つか》えません。
bridge-not-a-residents-next = 市民《しみん》カードを 入《い》れてください。
bridge-not-ready = このカードは まだ 使《つか》えません。
bridge-not-ready-next = 市役所《しやくしょ》の窓口《まどぐち》に 持《も》って 来《き》てください。
bridge-blocked = 番号《ばんごう》を 何回《なんかい》も まちがえたので、このカードは 使《つか》えません。
bridge-blocked-next = 市役所《しやくしょ》の窓口《まどぐち》で 番号《ばんごう》を 新《あたら》しく 決《き》めることが できます。カードと、あなたが わかる 書類《しょるい》を 持《も》って 来《き》てください。

bridge-answer-title = 確認《かくにん》できました
bridge-signed = カードで 確認《かくにん》できました。
bridge-keep-card = 終《お》わるまで、カードを 入《い》れておいてください。カードを 取《と》ると、ログアウトします。
bridge-return = もとの ページへ

bridge-begin-again = ログインの ページに もどる
bridge-over = 時間《じかん》が 過《す》ぎました。
bridge-over-next = ログインのページから もう一度《いちど》 始《はじ》めてください。
bridge-not-allowed = 知《し》らない ところからの お願《ねが》いなので、できません。
bridge-not-allowed-next = カードは 読《よ》んでいません。このページを 閉《と》じてください。
bridge-not-here = ここでは できません。
bridge-not-a-page = ほかのページの 中《なか》からは 使《つか》えません。
