### Words of the console in English. The Japanese ones are in ja.ftl, key by key the same.

## Frame: status line, clock, lists

moment-short =
    { $day } { $month ->
        [1] Jan
        [2] Feb
        [3] Mar
        [4] Apr
        [5] May
        [6] Jun
        [7] Jul
        [8] Aug
        [9] Sep
        [10] Oct
        [11] Nov
       *[12] Dec
    } { $time }
status-readers = Readers
status-staff = staff
status-resident = resident
status-case = Case
status-no-case = none
status-lock = lock { $minutes } min
status-nobody = nobody logged in
status-more-roles = …
status-relay = relay
status-outbox-seconds = !{ $waiting } { $age }s
status-outbox-minutes = !{ $waiting } { $age }min
status-outbox-hours = !{ $waiting } { $age }h
status-outbox-days = !{ $waiting } { $age }d
status-outbox-refused = !{ $refused } refused
status-outbox-uncarried = !not sent { $waiting }
list-comma = ,{ " " }
list-and = { " " }and{ " " }
list-or = ,{ " " }or{ " " }
paste-no-field = There is no field here; nothing was pasted.
paste-too-long = Too long for this field ({ $limit } characters at most); nothing was pasted.
paste-nothing-fits = None of these characters fit this field; nothing was pasted.
field-full = This field is full.
scan-reading = Scanning…
scan-foreign = That code is not one of this counter's. Nothing was opened.
loading-now = Loading…
list-not-loaded = Could not be loaded (F5 asks again)
more-lines = ↑{ $above } ↓{ $below }
terminal-too-small = The terminal is too small. Make it at least { $width } columns by { $height } lines. Nothing is lost.
in-seconds = { " " }s
plain-card-in = card in
plain-card-out = no card
plain-no-reader = no reader
plain-service-silent = card service silent
plain-database-up = database up
plain-database-down = database down
plain-relay-up-to-date = the relay knows
plain-relay-waits = { $waiting } not told to the relay
plain-relay-refused = { $refused } refused by the relay
plain-relay-uncarried = Nobody carries what is told to the relay; { $waiting } waiting

## Roles

role-reception = reception
role-verification = verification
role-issuing = issuing
role-handover = handover
role-protected-address = protected addresses
role-administration = administration

## Keys

key-choose = choose
key-page = page
key-open = open
key-queue = queue
key-search = search
key-new = application
key-refresh = reload
key-lock = lock
key-back = back
key-likely = go on
key-reveal = address (recorded)
key-field = field
key-toggle = select
key-answer-number = take the answer of this number, go on
key-answer-yes = answer yes, go on
key-answer-no = answer no, go on
key-change = change
key-next = next
key-submit = to submit
key-take-application = take it
key-done = done
key-back-kept = back (kept)
key-verify = verify
key-make = make card
key-pin = PIN
key-papers = papers
key-shelf = shelve
key-handover = hand over
key-journal = journal
key-card = card contents
key-standing = card use
key-suspend = suspend
key-resume = resume
key-revoke = revoke
key-relink = relink
key-send-anew = send anew
key-close-refused = close
key-take-over = take over
key-cancel-case = cancel case
key-close-incident = settle incident
key-give-up-card = give the card up
key-pin-again = new PIN
key-close-case = close
key-exception = exception
key-remove = take off
key-record = record
key-scroll = scroll
key-start = start / go on
key-look-again = read again
key-stop = stop safely
key-decide = OK
key-give-up = stop
key-print = print
key-put = put it there
key-return = return
key-enter-password = OK
key-log-out = log out
key-tray-staff = to staff
key-tray-resident = to resident
key-tray-new = new blank
key-tray-scan = notice
key-tray-likely = to its reader
key-close = close
key-yes = yes
key-no = no
key-explain = explain
key-help = keys
key-language = 日本語
key-tray = tray
key-quit = quit

## Help

title-help = Keys
help-here = On this screen
help-everywhere = Everywhere
help-scanner = The QR code of a notice or a form can be scanned on any screen: its case opens (on the handover screen it fills the notice field).

## What went wrong, what it means, what to do

database-back = The database is back.
fault-database-down = The database does not answer. What is recorded is safe. Wait, or tell the administrator.
fault-held-by = { $staff } at { $desk } has it open (until { $until }). Wait, or have a word with them.
fault-changed-meanwhile = Someone else moved the case on. Open it again and go on from there.
fault-not-now = The case is not at that step now. Open it again.
fault-session-over = This login has ended (another login under this desk's name, or an administrator). Log in again.
fault-not-allowed = This needs the role “{ $role }”. Ask a colleague who has it.
refused-incident-open = An incident is not settled. Settle it on the case's screen with i, then hand over.
refused-case-open = An application of this person is under way (case { $case }). Open that case first.
refused-has-card = This person has an active card (case { $case }). Revoke that card first.
refused-similar = { $count ->
    [one] One record may be
   *[other] { $count } records may be
} the same person. Compare, and give a reason to go on.
refused-undo-no-such-run = There is no import { $run }. `madoguchi import runs` lists them.
refused-undo-already = Import { $run } was undone before, by run { $by }.
refused-undo-is-one = Run { $run } is itself an undoing. To take the roster in again, import its file again.
refused-undo-not-kept = What import { $run } changed is no longer kept.
refused-undo-written-over = Run { $by } wrote over { $people } people of import { $run }. Undo run { $by } first.
refused-undo-have-cases = { $people } people added by import { $run } have cases by now. They can't be taken out again.
refused-pin-not-set = The PIN is not set yet. Have the resident set it first.
refused-no-notice = No delivery notice was issued yet. Issue one under Papers.
refused-still-active = The card may be used: stop it first (k on the case's page).
refused-not-over = The card is not over: end it first (k on the case's page), then destroy it.
refused-not-here = The card does not lie in the office's drawer.
refused-other-chip = The card in the reader is another one. Put it aside and look for the right one.
refused-in-envelope = The card is in an envelope: say it of the envelope (y on the case's page).
refused-lies-here = The card lies in the office. Give it back to its holder (w on the case's page); from then on it may be used.
refused-notice-same-person = You have released it already. The second must be a colleague, with their own card.
refused-notice-not-released = Two people have not released it yet.
refused-notice-facts-changed = Roster or facts have changed since it was counted. Give this run up (w) and count again.
refused-notice-over = This run is over, or was given up.
refused-notice-not-printed = A bundle is not printed yet. Print them all before you post.
refused-notice-sent = That bundle was sent to the printer already. It is not sent again, or it would come out twice. Enter asks the printer.
refused-notice-settled = How that bundle's printing ended is recorded already. Make sure that nothing lies there twice.
refused-notice-no-letter = There is no letter of that number. Check the run and letter number before the reference.
refused-count-over = This count is over. Press F5 to see what it came to.
refused-count-same-person = You counted: another person confirms it.
refused-not-counted = The count is not finished yet.
refused-no-such-envelope = No envelope in the office has this number.
refused-not-in-person = A stop is lifted only when the holder stands at the counter and documents show who they are.
refused-not-first-run = There is an administrator already. Register staff with an administrator's card.
refused-sights-missing = The sights that the rule asks for are missing. Look again from the start of the handover.
refused-not-all-looked-at = Confirm all three: the person, the name and the card.
refused-staff-number-taken = The staff number { $number } is given already. Check the number.
refused-certificate-taken = That certificate is another person's already. Make the card from another blank.
refused-last-administrator = This is the last administrator. Make somebody else one first.
refused-own-roles = Your own roles are changed by another administrator.
refused-outbox-behind = The relay has taken message { $front }, and these records only sent { $sent }: they were restored from an older copy. Compare both before anything is sent.
refused-shelf-taken = That place holds the card of case { $case }. Look at the shelf and give a place that is free.
refused-for-counter = This card is to be collected at the counter. To post it, change the delivery first (F8).
refused-same-delivery = It is delivered so already.
refused-verified-for-counter = The documents shown are enough only for a card that is collected. Hand it over at the counter.
refused-parcel-kind-not-open = Only somebody with a document with a photograph can take this kind. Choose another kind.
refused-parcel-number-taken = The number { $number } is on the envelope of case { $case }. Compare the stickers.
refused-parcel-count-differs = { $counted } were counted, { $listed } are listed. Count again; nothing was recorded.
refused-addressee-gone = The addressee of case { $case } moved away or died. Take that envelope out, then post the others.
refused-day-impossible = This is before it was posted, or a day that has not come.
refused-no-such-number = No envelope in the post has this number.
fault-not-found = Not found. Check the number.
fault-agreement-gone = The second clerk's agreement is no longer good (used already, or the case was closed). Enter asks for it anew.
fault-notice-invalid = This notice's code is not good. Make sure it is the latest notice.
fault-notice-of-another = This notice belongs to case { $case }.
fault-wrong-password =
    Wrong password. It blocks after { $tries ->
        [one] one more wrong try
       *[other] { $tries } more wrong tries
    }.
fault-password-blocked = This card's password is blocked. Ask an administrator to reset it.
fault-staff-unknown = This staff card is not registered. Ask an administrator.
fault-other-staff = Another person's card. Put in the card of the one who locked it (Ctrl+D logs out).
fault-same-person = You can't agree to your own act. Another clerk's card is needed.
fault-wrong-pin =
    Wrong PIN. It blocks after { $tries ->
        [one] one more wrong try
       *[other] { $tries } more wrong tries
    }.
fault-pin-blocked = This card's PIN is blocked. The resident must come to have it reset.
fault-pin-already-set = This card's PIN is set already.
fault-no-card = There is no card in the reader. Put it in.
fault-card-removed = The card was pulled. Put the same card back to go on.
fault-card-in-use = Another program is using this card. End it, or put the card in anew.
fault-reader-gone = The reader is gone. Plug it in again, or use another.
fault-card-service-gone = The card service (pcscd) is down. Tell the administrator.
fault-card-service-silent = The card service (pcscd) does not answer; what was asked of the card is given up. Tell the administrator. Once it answers, go on from where you were.
fault-foreign-card = Not one of our cards.
fault-not-blank = Not a blank. Put a new blank in.
fault-chip-taken = This chip belongs to another case or is recorded as damaged. Use another blank.
fault-wrong-chip = Not this case's card. Check the case number and put the right card in.
fault-card-refused = The card refused ({ $status }). If it happens again, use another blank.
fault-authority-unavailable = No certificate can be issued (the authority's keys or expiry). Tell the administrator; making can go on later.
fault-disk-full = The disk is full. Tell the administrator.
fault-clock-wrong = This terminal's clock can't be right. Nothing is issued until it is set. Tell the administrator.
refused-clock-went-back = The records' clock has gone back behind what is recorded already. Nothing was recorded now. Have the administrator set it, then press Enter again.
fault-missing-glyph = Printing stopped: no glyph for “{ $character }” ({ $number }) in { $place }. Ask the administrator to add a font.
fault-fonts-missing = The fonts for printing are missing. Tell the administrator.
fault-cancelled = Stopped at a safe place. The same card can be gone on with.
fault-other = That did not work. Try again; if it stays, give the administrator the code { $code }.
refused-no-stop = No stop by telephone waits for a confirmation: it was confirmed, or ended by itself.
refused-already-stopped = The card is stopped already. Tell the caller that it is.
refused-already-over = The card cannot be used any more: it was revoked or has run out. There is nothing to stop; a new card begins with a new application.
