## Login and lock

title-login = { $city } Card Counter
title-locked = Locked
title-first-run = First run: the first administrator
login-about = Put your staff card in the staff reader and enter its password.
login-insert-card = Put your staff card in
login-reading = Reading the card…
login-card-unreadable = This card can't be read. Put it in again (F5 reads again)
login-password-length = A password has 8 to 16 characters. Nothing was sent to the card; no try was used. Type it from the beginning.
login-password-rule = 8 to 16 letters and digits, shown as dots.
login-checking = Checking…
staff-card = Staff card
staff-number = Staff number
staff-name = Name
staff-password = Password
staff-password-again = Once more
label-tries = Tries left
tries-left =
    { $tries ->
        [one] { $tries } try
       *[other] { $tries } tries
    }
tries-blocked = Blocked. Ask an administrator to reset it.
tries-not-set = Not set yet
first-run-about = No staff is registered yet. Put a blank staff card in the staff reader and enter who will be the administrator.
first-run-blank = A blank. The administrator's key will be made on it.
first-run-missing = Enter the staff number and the name.
first-run-differs = The two passwords differ. Enter them again.
locked-card-pulled = The staff card was pulled, so the screen is locked.
locked-idle = Nothing was pressed for a while, so the screen is locked.
locked-by-key = The screen is locked.
locked-keeps = Your work is kept. Go on with the same staff card and its password.
title-log-out = Log out
log-out-about = Log out?
title-quit = Quit
quit-about = Leave the program?
quit-open-case = Case { $case } will be closed. What is recorded stays.
