# Words of the relay's pages.
portal-name = Sign in with your card
start = This is where you sign in to the city's services with your card.
start-next = Please begin at the page of the service that you want to use.
start-sign-out = Go to the page for signing out

card-title = Sign in with your card
card-refused-title = You are not signed in
card-lead = To sign in to “{ $service }”, show your card. Your name and address are not used here.
card-trial = This service is on trial: only cards registered for trials can be used.
card-here-title = Use the card in this browser
card-here = Put your card into the reader, then press the button. The browser asks for the certificate and the PIN.
card-here-button = Use the card
card-pkcs1-link = If the button above does not work (older cards)
card-desk-title = Use the reader of this counter or public terminal
card-desk = The card program of this machine asks for your PIN.
card-desk-button = Use this machine's reader
card-desk-away = If the browser then says that it can't connect, this way does not work on this machine. Please go back one page.
card-decline-title = Do not sign in
card-decline-button = Stop and go back to the service

no-card = No card was found.
no-card-next = Put the card into the reader and try again. If that does not help, close the browser once.
card-no-certificate = The card's certificate could not be read.
card-no-certificate-next = Put the card on the reader again and try once more.
card-unknown-issuer = This card is not one that is used here.
card-unknown-issuer-next = Please use the resident card that the city hall gave you.
card-not-yet-good = This card is not good yet.
card-not-yet-good-next = Please ask at the city hall.
card-expired = This card has expired.
card-expired-next = Please renew it at the city hall.
card-other-profile = This certificate of the card is not the one for signing in.
card-other-profile-next = When the browser asks for a certificate, choose the other one.
card-bad-signature = The card's signature could not be checked.
card-bad-signature-next = Please try again.
card-unknown = This card is not registered.
card-unknown-next = If you have just been given it, wait a little and try again. If that does not help, please ask at the city hall.
card-not-handed-over = This card has not been handed over yet.
card-not-handed-over-next = It can be used once you have received it at the city hall's counter.
card-suspended = This card is suspended.
card-suspended-next = If you have found your card, please tell the city hall.
card-revoked = This card can no longer be used.
card-revoked-next = Please apply for a new card at the city hall.
card-other-kind = This service needs another kind of card, or the PIN.
card-other-kind-next = Please try again by the way that asks for your PIN.
service-on-trial = This service is on trial, and this card can't be used there.
service-on-trial-next = Please try again once the service has opened.
challenge-old = It took too long, so it could not be checked.
challenge-old-next = Please begin again.

form-title = Back to the service
form-lead = Everything is checked. Press the button to go on to “{ $service }”.
form-button = Go on

away-title = You can't sign in right now
away = Part of the system that is needed to identify you can't be reached right now. There is nothing wrong with your card.
away-next = Nothing was sent to the service. Please wait a while and try again.
away-button = Try again

signed-out-title = You are signed out
signed-out = You are signed out of every service.
signed-out-here = Your sign-in from this page has ended.
signed-out-waiting = These services do not know it yet. They are told again by themselves until they do. On a shared computer, please close the browser.
signed-out-look = Look again
signed-out-given-up = These services could not be told. Please sign out on their own pages too.
sign-out-title = Sign out
sign-out = This signs you out of every service at once.
sign-out-button = Sign out
sign-out-nobody = You are not signed in.

provider-title = Choose where to sign in
provider-lead = Whose card do you use?
provider-own = This city's card

request-refused = The service's request could not be accepted.
request-refused-next = Please begin again at the service's first page.
request-replayed = The same request came twice, so it was not accepted.
request-replayed-next = Please begin again at the service's first page.
request-clock = The time in the service's request is wrong.
request-clock-next = Please wait a little and begin again at the service's first page.
partner-unknown = This service is not registered at present.
partner-unknown-next = Please try again later. If it goes on, please ask whoever runs the service.
partner-expired = This service's registration has expired.
partner-expired-next = Please tell whoever runs the service.
sign-in-over = This sign-in is over, or took too long.
sign-in-over-next = Please begin again at the service's first page.
