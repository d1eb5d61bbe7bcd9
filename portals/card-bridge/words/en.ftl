portal-name = Sign in with your card
portal-where = This page is shown by a program in this computer

bridge-about-title = Card reading at this computer
bridge-about = The sign-in page opens this page when it needs your card. Opening it by itself does nothing.

bridge-ask-title = Please enter your PIN
bridge-insert-title = Please insert your resident card
bridge-cannot-title = The card can't be used
bridge-asker = Opened by:
bridge-ready = Your card was read.
bridge-last-try = Your card was read. This is the last try: after a wrong entry it can no longer be used.
bridge-last-try-next = If you are not sure of your PIN, do not enter it. The city hall's counter can set a new one.
bridge-pin-label = PIN (4 digits)
bridge-pin-hint = Your PIN is checked in this computer and in the card alone. It is sent neither to the city hall nor to the service.
bridge-sign = Confirm with this PIN
bridge-going = You are signing in to
bridge-tries = { $tries ->
    [one] { $tries } try left
   *[other] { $tries } tries left
 }
bridge-forgotten = If you have forgotten your PIN
bridge-forgotten-text = Please do not guess. After three wrong entries in a row the card can no longer be used. The city hall’s counter sets a new PIN.
bridge-telephone = Approve a sign-in on your telephone
bridge-telephone-about = If your own telephone shows six digits, go on here.
bridge-telephone-link = Type the digits
bridge-look-again = Read the card again
bridge-stop = To stop, close this page.

bridge-wrong-pin = That is not the right PIN.
bridge-not-a-pin = A PIN has four digits. Nothing was sent to the card.
bridge-interrupted = The card could not be read to the end. Please take it out and put it in again.

bridge-no-service = Card reading is not running on this computer.
bridge-no-service-next = Please tell a member of staff.
bridge-no-reader = No card reader is connected.
bridge-no-reader-next = Please tell a member of staff.
bridge-no-card = There is no card in the reader.
bridge-no-card-next = Put your resident card in, then press the button below.
bridge-in-use = Another program is using the card.
bridge-in-use-next = Wait a little, then press the button below.
bridge-silent = The card does not answer.
bridge-silent-next = Check which way round it is, and put it in again.
bridge-not-ours = This is not a resident card.
bridge-not-ours-next = Please put your resident card in instead.
bridge-not-a-residents = This is a staff card. It cannot be used here.
bridge-not-a-residents-next = Please put a resident card in instead.
bridge-not-ready = This card is not ready for use yet.
bridge-not-ready-next = Please bring it to the counter at the city hall.
bridge-blocked = Wrong PINs were entered too often, so this card is blocked.
bridge-blocked-next = The counter at the city hall can set a new PIN. Please bring the card and something that shows who you are.

bridge-answer-title = Confirmed
bridge-signed = Your card has confirmed that it is you.
bridge-keep-card = Leave the card in until you have finished. Taking it out signs you out everywhere.
bridge-return = Go back to the page

bridge-begin-again = Back to the sign-in page
bridge-over = The time for this page is over.
bridge-over-next = Please begin again at the sign-in page. No try of your PIN was used.
bridge-not-allowed = A site that is not registered here asked for this, so it is refused.
bridge-not-allowed-next = Your card was not read. Please close this page.
bridge-not-here = This is not accepted at this address.
bridge-not-a-page = This cannot be used from inside another page.
