## A card stopped on the telephone

title-telephone-stop = 電話でカードを止める
telephone-stop-about = ほかの窓口が案件を開いていても、すぐ止まります。期限までに本人が窓口で確かめなければ、止めたことは自動で終わります。
telephone-stop-ask = 相手に言ってもらい、記録と比べる。答えを読み上げない:
telephone-stop-questions = 氏名と読み、生年月日、住所、申請したころ
telephone-stop-how = どのように確かめましたか
telephone-stop-done = 止めました。{ $until }までに本人が窓口で確かめなければ、また使えるようになります。相手に伝えてください。
telephone-stop-held-up = 記録では止めましたが、中継への連絡がいま届きません。届くまで、このカードはまだ使えます。すぐに管理者に知らせてください。期限は{ $until }です。
telephone-stop-tell = { $until }までに、本人確認書類を持って窓口へ来るように伝えてください。来なければ、カードはまた使えるようになります。
key-telephone-stop = 電話で止める
