# Words of every portal's pages.
sign-in = Sign in with the card
session-over = You are no longer signed in.
session-over-next = The page was not used for a while, or the card was taken out. To go on, please sign in again.
welcome-hint = You need the card and its PIN, four digits.
welcome-see = What you can see
welcome-how = How to begin
welcome-step-card = Have your card ready
welcome-step-card-text = Your resident card. If you have none, the city hall makes you one.
welcome-step-reader = Choose where the card is read
welcome-step-reader-text = Your own card reader, a public terminal or the city hall's counter will do.
welcome-telephone = If you want to read on your telephone, begin here too.
welcome-step-pin = Enter your PIN
welcome-step-pin-text = Four digits. After three wrong entries in a row the card is blocked. If you have forgotten it, the counter sets a new one.
welcome-paper = If you do not use the internet
welcome-paper-text = Everything can be done at the city hall's counter and on paper, as before.

foot-known = What this page does not have
foot-known-text = Your name and address are not here. This page knows you by a pseudonym that is used here and nowhere else.

how-card-pin = Card and PIN
how-card = Card without a PIN
how-telephone = Telephone (approved with the card at another machine)
how-other = Another way

on-telephone = You are reading on a telephone: you can look, and change nothing.
on-telephone-until = Signed in until:

log-out = Sign out
log-out-hint = Signing out also ends the other services that you signed in to with this card.

left-title = Signing out
left-nobody = You were not signed in.
left-here = You are signed out of this page.
left-everywhere = You are signed out of every service.
left-partly = You are signed out of this page, but some service could not be told. Please close your browser.
left-card = Please take your card out of the reader.

sign-in-not-asked-title = You are not signed in
sign-in-not-asked = We could not make sure that this sign-in was begun in this browser.
sign-in-not-asked-next = It may have taken too long, or been begun in another window. Please sign in again from the start.
sign-in-stopped-title = You are not signed in
sign-in-stopped = Your card could not confirm that it is you, so you are not signed in.
sign-in-stopped-next = Please check your card and PIN and try again.
sign-in-failed-title = You are not signed in
sign-in-failed = Signing in did not work.
sign-in-failed-next = Please try again in a while.
card-with-pin-wanted-title = You are not signed in
card-with-pin-wanted = This page needs a sign-in with the card and its PIN.
card-with-pin-wanted-next = Please sign in again and enter your PIN.
message-refused-title = You are not signed in
message-refused = The message about your sign-in could not be verified.
message-refused-next = Please sign in again from the start. If it happens again, tell the city hall the number below.
logout-not-asked = We could not make sure that this sign-out was begun in this browser.
logout-not-asked-next = Please open the start page and check that you are not signed in.
relay-expired = Signing in with the card is not possible right now.
relay-expired-next = Please try again in a while. If it happens again, tell the city hall the number below.
