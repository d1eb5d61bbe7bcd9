# Words of every portal's pages.
sign-in = Sign in with the card
session-over = You are no longer signed in.
session-over-next = The page was not used for a while, or the card was taken out. To go on, please sign in again.
welcome-need = What you need
welcome-need-card = Your resident card
welcome-need-pin = Your PIN (4 digits)
welcome-need-reader = A card reader (there are some at the city hall)
welcome-known = What this page knows
welcome-known-text = Signing in does not give this page your name, address or number. It knows you by a pseudonym that is used here and nowhere else.

how-card-pin = Card and PIN
how-card = Card without a PIN
how-other = Another way

log-out = Sign out of every service
log-out-hint = Other services that you signed in to with this card end as well.

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
