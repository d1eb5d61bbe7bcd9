portal-name = My Page

page-me = About me
page-me-about = Your pseudonym here, and until when you are signed in
page-history = Sign-ins
page-history-about = When and how you signed in
page-card = My card
page-card-about = Whether your card can be used, and what to do if you lose it

welcome-title = See your own records with your card
welcome-lead = Sign in with your resident card to see your own sign-ins and how your card stands.

me-title = About me
me-lead = You are signed in.
me-short-name = Your pseudonym here (short form)
me-signed-in = Signed in
me-until = Signed in until
me-what = What a pseudonym is
me-what-text = It stands for you on this page alone. Every other service is given another one, so that records cannot be matched. If you ask us something, tell us the short form above.

history-title = Sign-ins
history-lead = Sign-ins to this page, going back { $days } days.
history-caption = Newest first
history-when = When
history-how = How
history-not-you = If there is a sign-in that was not yours, please tell the counter at the city hall. Your card can be stopped.

card-title = My card
card-usable = Your card can be used.
card-used-at = Card last checked
card-how = How it was checked
card-meaning = A card that was stopped or revoked cannot sign in. This is what was found when you signed in.
card-lost = If you lose your card
card-lost-text = Tell the counter at the city hall at once. From the moment the card is stopped, nobody can sign in to any service with it.
