## 突合

title-reconciliation = 突合
reconciliation-about = 申込 = 交付 + 取消 + 返戻 + 保管 + 輸送中。案件の状態ではなく、台帳と記録の上の所在から数えます。
reconciliation-all = 全体
reconciliation-day = 申込の日ごと
reconciliation-channel = 受け取り方ごと
reconciliation-desk = 受け付けた窓口ごと
reconciliation-by = (1 全体  2 日  3 受け取り方  4 窓口)
reconciliation-total = 合計
reconciliation-counter = 窓口
reconciliation-post = 郵送
reconciliation-zero = すべての申込の行方が分かっています。
reconciliation-differs = 行方の合わない申込が { $count } 件あります。「差」の列で Enter を押すと名前が出ます。
reconciliation-behind = { $part }の{ $sum } { $count } 件
reconciliation-first = はじめの { $shown } 件です。残りは、日ごとなどに分けて開いてください。
reconciliation-no-card = カードはまだない
reconciliation-nothing = ありません。
account-applied = 申込
account-delivered = 交付
account-cancelled = 取消
account-returned = 返戻
account-stored = 保管
account-in-transit = 輸送中
account-difference = 差
key-sum = 列
key-reconciliation = 突合
