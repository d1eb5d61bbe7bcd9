## Second clerk and reasons

title-second = 二人目の職員
second-for-exception = 例外を認めるには、二人目の職員の承認が必要です。
second-for-making = カードを作るには、二人目の職員の承認が必要です。
second-for-handover = 交付は二人で確かめます。二人目の職員の番です。
second-for-revocation = カードを失効させるには、二人目の職員の承認が必要です。
second-for-relink = 結び付けを直すには、二人目の職員の承認が必要です。
second-insert = 自分のカードを抜き、二人目の職員のカードを置いてください
second-agreed = { $name }さんが承認しました。
second-return-card = 二人目のカードを抜き、自分の職員カードを戻してください。
second-grace = 入れ替えの間は画面がロックされません(90秒まで)。
title-reason = 理由
reason-field = 理由
reason-too-short = もう少し詳しく書いてください(4文字以上)。あとで見る人に伝わるように。
reason-recorded = 理由は記録に残ります。住民の個人情報は書かないでください。
second-for-custody = カードの返却、所在不明、廃棄には、いっしょに確かめる二人目の職員が必要です。
second-for-incident = 事故を解決済みにするには、いっしょに確かめた二人目の職員の承認が必要です。
second-given-up = 承認を取りやめます。
second-for-envelope = 封筒に入れる通知書とカードを、二人目の職員もいっしょに見ます。
