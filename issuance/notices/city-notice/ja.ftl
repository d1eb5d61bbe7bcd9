title = 市役所からのお知らせ
subject-line = { $subject }
body = { $text }
no-paper = 紙のお知らせがいらないときは、下の問い合わせ先にご連絡ください。
enquiries = 問い合わせ先
enquiries-text = { $city } { $section } 電話 { $phone }
hours = 受付時間
hours-text = { $hours }
