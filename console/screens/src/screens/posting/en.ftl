## The board of cards by post

title-posting = Cards by post
posting-empty = No card goes by post.
posting-to-close = put into an envelope
posting-kept = kept until { $day }
posting-gone = addressee gone: take it out
posting-count-about = The { $listed } envelopes of the outgoing box are handed to the post office today. Type how many its counter counted; when the counts differ nothing is recorded.
posting-count = Counted
posting-count-first = Type how many were counted.
posting-posted = { $count } posted.
posting-file-about = Type where the post office's tracking file (CSV) lies. It is looked at first; Enter once more records it.
posting-file = File
posting-file-first = Type where the file lies.
posting-file-looked-at = Nothing is recorded yet. If it is right, press Enter once more.
posting-file-kept = Recorded.
posting-file-kept-but = Recorded. These lines are not: look at each.
posting-file-counts = { $taken } new, { $known } known, { $odd } to look at
posting-odd-line = line { $line } { $case } { $why }
odd-not-a-number = This is no tracking number.
odd-not-a-status = "{ $status }" is a status that is not known.
odd-not-a-day = This is no date.
odd-no-such-number = No envelope in the post has this number.
odd-not-now = It cannot be: the envelope is "{ $state }" now. Its other lines are not recorded either.
odd-day-impossible = Before it was posted, or a day that has not come. Its other lines are not recorded either.
key-posting = post
key-hand-to-post = hand to the post
key-carrier-file = tracking file
