## The board of cards by post

title-posting = 郵送の一覧
posting-empty = 郵送するカードはありません。
posting-to-close = 封筒に入れる
posting-kept = 保管 { $day }まで
posting-gone = 転出・死亡: 引き上げる
posting-count-about = 発送箱の封筒 { $listed } 通を、きょう郵便局に差し出します。郵便局の窓口で数えた通数を入れてください。合わなければ何も記録しません。
posting-count = 数えた通数
posting-count-first = 数えた通数を入れてください。
posting-posted = { $count } 通を差し出しました。
posting-file-about = 郵便局の追跡のファイル(CSV)の場所を入れてください。まず中身を見て、もう一度 Enter で記録します。
posting-file = ファイル
posting-file-first = ファイルの場所を入れてください。
posting-file-looked-at = まだ記録していません。よければもう一度 Enter を押してください。
posting-file-kept = 記録しました。
posting-file-kept-but = 記録しました。次の行は記録していません。一つずつ確かめてください。
posting-file-counts = 新しい知らせ { $taken } 行、すでに知っている { $known } 行、確かめる { $odd } 行
posting-odd-line = { $line }行目 { $case } { $why }
odd-not-a-number = 引受番号ではありません。
odd-not-a-status = 「{ $status }」は知らない状態です。
odd-not-a-day = 日付として読めません。
odd-no-such-number = この番号の封筒は郵送中にありません。
odd-not-now = いま「{ $state }」なので、ありえません。同じ封筒のほかの行も記録していません。
odd-day-impossible = 差し出す前か、まだ来ていない日です。同じ封筒のほかの行も記録していません。
key-posting = 郵送
key-hand-to-post = 差し出す
key-carrier-file = 追跡のファイル
