## PIN (the resident reads these)

title-pin = PIN
pin-check = Enter your PIN
title-pin-change = Changing the PIN
pin-old = Enter your present PIN
pin-new = Choose a new PIN: four digits
pin-same = That is the PIN you have now
pin-changed = The PIN was changed.
pin-change-ready = The holder, who knows the present PIN, changes it ({ $tries }). If it was forgotten, go back and use p.
pin-tries-left =
    { $tries ->
        [one] One more wrong entry blocks it
       *[other] { $tries } wrong entries block it
    }
pin-wrong = That is not it
pin-right = That is right
pin-checking = Checking
pin-card-set = The PIN is set (tries: { $tries }). Enter lets the resident try it.
pin-card-blocked = The PIN is blocked. Make sure of the person, then let them choose a new one with r.
pin-ready = Turn the screen to the resident and press Enter. What follows is theirs.
pin-card-ready = This case's card is in. Its PIN is not set yet.
pin-insert = Put this case's card in the resident reader.
pin-first = Choose a PIN and enter its 4 digits
pin-again = Enter the same 4 digits once more
pin-rules = Not your birthday, 0000, 1234 and the like
pin-tries = When using the card, 3 wrong entries block it
pin-choose-another = Please choose another
pin-differs = That was not the same. Please begin again
pin-setting = Writing to the card. Please leave it in
pin-thanks = Your PIN is set. Thank you
pin-hand-back = Please turn the screen back to the clerk
pin-set = The PIN is set.
weak-not-four-digits = Enter four digits
weak-one-digit = Not one digit four times
weak-pattern = Not digits in a pattern
weak-sequence = Not digits in a row
weak-birthday = Not taken from your birthday
weak-phone = Not taken from your phone number
weak-address = Not taken from your address
weak-number = Not taken from your resident number
pin-card-allowed = The resident may choose a new PIN for this card (the present one: { $tries }).
