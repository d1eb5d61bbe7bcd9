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
list-comma = ,{ " " }
list-and = { " " }and{ " " }
list-or = ,{ " " }or{ " " }
loading-now = Loading…
more-lines = ↑{ $above } ↓{ $below }
terminal-too-small = The terminal is too small. Make it at least { $width } columns by { $height } lines. Nothing is lost.
in-seconds = { " " }s
plain-card-in = card in
plain-card-out = no card
plain-no-reader = no reader
plain-database-up = database up
plain-database-down = database down
plain-relay-up-to-date = the relay knows
plain-relay-waits = { $waiting } not told to the relay
plain-relay-refused = { $refused } refused by the relay

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
key-standing = use of the card
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
key-help = keys
key-language = 日本語
key-tray = tray
key-quit = quit

## Help

title-help = Keys
help-here = On this screen
help-everywhere = Everywhere
help-scanner = The QR code of a notice or a form can be scanned on any screen: its case opens (on the handover screen it fills the notice field).

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

## Today

title-today = Today
queue-to-verify = To verify
queue-to-make = To make
queue-to-shelve = To notify and shelve
queue-to-hand-over = To hand over
queue-problems = Problems
queue-place = { $at } of { $count }
queue-empty = Nothing waits in “{ $queue }”.
today-applied = Applied today
today-made = Made today
today-handed-over = Handed over today
today-mean-making = Mean making time
row-held = open at { $desk }: { $staff }
row-shelf = shelf { $place }
case-state = State
case-since = Since
case-shelf = Shelf
case-held-by = Open with
case-problem = Problem
case-next = Next
next-verify = verify
next-make = make the card
next-resume = go on making
next-shelve = notify, shelve
next-hand-over = hand over
next-journal = see the journal
problem-making-stopped = making stopped
problem-making-stopped-next = go on making
problem-card-damaged = card damaged
problem-card-damaged-next = make with a new blank
problem-handover-mismatch = mismatch at handover
problem-handover-mismatch-next = check with a colleague
problem-pin-blocked = PIN blocked
problem-pin-blocked-next = wait for the resident
problem-incident = incident noted
problem-incident-next = see the journal
problem-relay-refused = refused by the relay
problem-relay-refused-next = settle it

## States and steps of a case

state-applied = Applied
state-verified = Verified
state-making = Being made
state-made = Made
state-shelved = In the shelf
state-handed-over = Handed over
state-cancelled = Cancelled
title-case = Case
step-apply = Application
step-verify = Identity check
step-make = Making the card
step-pin = PIN
step-papers = Notice and receipt
step-shelve = Shelf
step-hand-over = Handover
case-next-verify = verify the person
case-next-make = make the card
case-next-resume = go on making the card
case-next-pin = let the resident choose a PIN
case-next-papers = print the notice and the receipt
case-next-shelf = put the card in the shelf
case-next-handover = hand the card over
case-next-incident = settle the incident (no handover before)
case-next-journal = see the journal
case-next-standing = settle what the relay refused
case-applied-by = from { $who }
case-with = { $who } with { $others }
case-ended-because = { $ended }  reason: { $reason }
next-needs-role = (needs a colleague with the role { $role })
close-incident-about = This settles the oldest incident. Write how it ended.
incident-closed = The incident is settled.
title-give-up-card = Give the card up
give-up-card-about = The card can no longer be used: its certificates are revoked and it is made again from a new blank. This cannot be undone. Go on?
give-up-card-reason = Write why this card is not used.
card-given-up = The card is given up and its certificates revoked. Make it again from a new blank.
cancel-case-about = This cancels the application; no card will be made. Write why.
take-over-about = This takes over a case that another desk has open. Have a word with them, then write why.
lease-lost = Your hold of the case ran out, so it was closed. Open it again; what you typed is kept.
lease-lost-to = { $staff } at { $desk } took the case over, so it was closed here.

## Search

title-search = Search
search-field = Search
search-hint = Reading, name, birthday (S45.3.1), part of the address, resident number; more words narrow it.
search-nobody = Nobody found. Try part of the reading or the birthday.
search-nobody-latin = Nobody found. Readings are in kana: switch the keyboard, or try the birthday or the resident number.
search-count = { $shown } of { $total }
search-same-name = { $count } more with the same name. Tell them apart by birthday and address.
search-open-case = case { $case } under way

## Residents

title-resident = Resident
resident-alias = alias { $alias }
resident-reduced = ※ marks characters that can't be shown here: { $points }
resident-protected = Under support measures. Do not say the address aloud.
resident-number = Number
resident-household = household { $household } { $relation }
resident-phone = Phone
resident-no-case = No application yet.
resident-gone = The roster has had no such person since { $at } (moved away, died). Look at the register.
resident-cases = Cases of this person
resident-next-open = open the chosen case (n: new application)
resident-next-apply = take an application
resident-household-members = Household
resident-lives-alone = nobody else
address-masked = (not shown: support measures)
address-masked-short = (hidden)
address-revealed = The address is shown. The sight is recorded.
sex-male = male
sex-female = female
sex-other = other
sex-unknown = unknown
relation-head = head of household
relation-husband = husband
relation-wife = wife
relation-child = child
relation-eldest-son = eldest son
relation-second-son = second son
relation-third-son = third son
relation-eldest-daughter = eldest daughter
relation-second-daughter = second daughter
relation-third-daughter = third daughter
relation-adopted-child = adopted child
relation-father = father
relation-mother = mother
relation-older-brother = older brother
relation-younger-brother = younger brother
relation-older-sister = older sister
relation-younger-sister = younger sister
relation-grandfather = grandfather
relation-grandmother = grandmother
relation-grandchild = grandchild
relation-great-grandchild = great-grandchild
relation-uncle-older = uncle
relation-uncle-younger = uncle
relation-aunt-older = aunt
relation-aunt-younger = aunt
relation-nephew = nephew
relation-niece = niece
relation-cousin = cousin
relation-husband-unregistered = husband (not registered)
relation-wife-unregistered = wife (not registered)
relation-relative = connection
relation-lodger = lodger
relation-employee = employee
relation-of = 's{ " " }

## Application

title-application = Application
field-applicant = Applicant
applicant-resident = resident
applicant-guardian = guardian
applicant-agent = agent
field-agent-name = Agent's name
field-agent-kana = Agent's reading
field-agent-birthday = Agent's birthday
field-agent-address = Agent's address
field-agent-phone = Agent's phone
field-guardian-basis = Standing
field-guardian-evidence = Shown by
field-agent-reason = Why not in person
field-agent-evidence = Shown by
field-letter = Letter of authority
field-adult-ward = Adult ward
field-delivery = Delivery
field-paper-notices = Paper notices
field-notes = Notes
field-consents = Consents
basis-parent = parent
basis-minors-guardian = minor's guardian
basis-adults-guardian = adult's guardian
standing-same-household = same household (register)
standing-register-held-here = family register held here
standing-family-register = family register extract
standing-court-registration = court registration
reason-illness = illness
reason-disability = disability
reason-care-need = needs care
reason-facility = lives in a facility
reason-pregnancy = pregnancy
reason-long-absence = long absence
reason-withdrawn = withdrawn
reason-busy = busy
evidence-doctors-certificate = doctor's certificate
evidence-disability-handbook = disability handbook
evidence-care-insurance-card = care insurance card
evidence-facility-certificate = facility certificate
evidence-maternity-handbook = maternity handbook
evidence-travel-papers = travel papers
evidence-supporters-statement = supporter's statement
letter-yes = handed in
letter-no = none
ward-yes = yes
ward-no = no
consent-yes = agrees
consent-no = does not
delivery-counter = at the counter
delivery-post = restricted post
paper-yes = wanted
paper-no = not wanted
service-eligibility = Eligibility
service-health-checkup = Health check-up
service-medical-expenses = Medical expenses
service-pension = Pension records
service-children = Children's records
application-consent-text = Ask for each service whether the card may be used. Consent can be withdrawn at any time. The card is given without it too.
consent-eligibility-about = Clinics can check insurance eligibility with this card. No PIN is asked.
consent-health-checkup-about = One's own health check-up results can be read with the PIN.
consent-medical-expenses-about = One's medical expenses can be read with the PIN.
consent-pension-about = One's pension records can be read with the PIN.
consent-children-about = A parent can read a child's health, vaccination and fitness records with the PIN.
application-submit = Take this application
application-wrong =
    { $count ->
        [one] One field needs another look; it is marked.
       *[other] { $count } fields need another look; they are marked.
    }
application-own-case = This person has case { $case } under way. Go back to the resident with Esc and open that case.
application-own-card = This person has an active card already (case { $case }). If it is of no use any more, revoke it first.
application-similar = There are records with the same reading and birthday. Make sure that it is not the same person. Enter asks for your reason to go on.
application-similar-rows = May be the same person
application-similar-no-case = no application
application-despite = There are records that may be the same person. Write what you made sure of.
wrong-missing = Fill this in.
wrong-not-answered = Ask, and choose one.
wrong-too-long = Too long; shorten it.
wrong-unprintable = There are characters that can't be printed.
wrong-not-a-date = Not a date (try S45.3.1 or 19700301).
wrong-in-the-future = This lies in the future.
wrong-not-a-phone-number = Not a phone number.
wrong-under15-needs-guardian = Under 15: a legal guardian must apply.
wrong-ward-needs-guardian = An adult ward: the guardian must apply.
wrong-no-guardian-needed = No guardian is needed: 15 or older and no ward.
wrong-basis-does-not-fit = Does not fit the person's age or standing.
wrong-evidence-does-not-show-it = This does not show it; choose another.
wrong-reason-not-allowed = No agent is allowed for this reason; ask the person to come.
wrong-too-young = An agent must be of age.
wrong-is-the-resident = The agent is the resident.
wrong-protected-needs-the-person = Under support measures: no agents in principle.
wrong-only-for-adults = Only for adults.

## Identity verification

title-verify = Identity verification
party-resident = The resident's documents
party-acting = The agent's documents
verify-add = + lay down a document
verify-choose = Choose the document shown. Typing part of its name narrows the list.
verify-wanted = Document
verify-no-such-document = No document of that name is on the list.
verify-attends = The resident is here
verify-evidence = Seen: { $what }
verify-letter = Letter of authority seen (own hand)
verify-inquiry = The reply to the written inquiry is here
verify-to-review = Review
verify-ready = The rules are met. Read it over, then Enter records it.
verify-by-way = { $party }: { $way } ({ $bar })
verify-saved = The verification is recorded.
verify-address-masked = The address is hidden, so it can't be compared. Show it with F6, or ask a colleague who may see it.
verify-exception-about = This fact does not agree and is let pass. Write why; then a second clerk's card is needed.
verify-exception-noted = The exception is noted. It stays in the review and the record.
verify-exceptions-again = The case was opened anew: exceptions must be agreed to again.
class-a = one is enough
class-b-public = two: public
class-b-other = two: other
class-special = combination
document-counts = counts
document-ended = ended { $day }
document-number = Number
document-issued = Issued
document-expires = Good until
document-original = Original
original-yes = original
original-no = copy
document-photo = Photograph
photo-same = same face
photo-different = different
document-done = Done with this document
document-how = Lay the document beside the register and answer one by one; ←→ or Space changes the answer.
fact-name = Name
fact-birthday = Birthday
fact-sex = Sex
fact-address = Address
fact-not-looked = not yet
fact-same = same
fact-same-variant = same (variant)
fact-same-alias = same (alias)
fact-different = different
fact-not-shown = not shown
fact-unreadable = unreadable
fact-cannot-tell = open
fact-excused = (exception)
number-valid = The number checks.
number-shape = The length is right.
number-doubtful = The check digit does not fit; look again.
number-wrong = The check digit is wrong: something was misread.
number-length = { $typed } of { $expected } characters
number-character = Character { $position } does not belong there.
number-candidates = Near: { $candidates } ({ $more } more)
date-not-read = Not a date yet (try R9.3.1 or 20270301)
date-read = { $date }
date-expired = { $date }: expired.
not-counted-copy = a copy
not-counted-expired = expired on { $day }
not-counted-expiry-unknown = enter until when it is good
not-counted-issued-too-early = issued before { $day }, or unknown
not-counted-no-longer-accepted = not taken since { $day }
not-counted-number-missing = enter its number
not-counted-number-wrong = its number is wrong
not-counted-facts-too-few = name and birthday or address must agree
not-counted-photo-not-compared = compare the photograph
not-counted-photo-differs = the photograph differs
lack-a = a document of which one is enough
lack-second-a = a second one of those
lack-b = one of the “two” documents
lack-public-b = a public one of “two”
lack-second-b = one more of “two”
lack-inquiry-reply = the reply to the inquiry
lack-pin = the PIN entered
lack-notification-card = the notification card
lack-photo-certificate = a photo certificate
way-one-a = one document is enough
way-two-b-and-inquiry = two documents and the inquiry
way-two-b = two documents
way-two-a = two of those where one is enough
way-a-and-b = one of each kind
way-one-a-and-pin = one document and the PIN
way-notification-and-two-b = notification card and two documents
way-photo-certificate-and-two-b = photo certificate and two documents
bar-counter = handed over at the counter
bar-then-post = stricter: goes by post
bar-acting = acting for another
bar-absent = resident not here
shortfall-resident-not-here = The resident is not here.
shortfall-not-enough = { $party } are not enough. Still needed: { $lacks }.
shortfall-fact-differs = { $fact } on the { $document } differs from the register.
shortfall-fact-open = { $fact } on the { $document } is not compared yet.
shortfall-photo-differs = The photograph on the { $document } is not the person. No exception is possible.
shortfall-evidence-not-seen = See what shows the agent's standing or reason.
shortfall-letter-not-seen = See the letter of authority.
shortfall-exception-without-reason = The exception for { $fact } has no reason.
shortfall-second-clerk-is-the-same = The exception for { $fact } needs another clerk than yourself.
shortfall-exception-not-needed = The exception for { $fact } is not needed any more; look at the documents again.
shortfall-nobody-acts = There are documents of an agent, but the resident applies.
review-no-exception = No exceptions.
review-exception = Exception: { $fact }  Reason: { $reason }
review-read-on = Read on to the end with ↓; Enter records it then.
document-name-individual-number-card = Individual Number Card
document-name-driving-licence = driving licence
document-name-driving-history = driving history certificate
document-name-passport = passport
document-name-residence-card = residence card
document-name-special-permanent-resident = special permanent resident certificate
document-name-alien-registration = alien registration certificate
document-name-basic-resident-card-with-photo = basic resident card (photo)
document-name-physical-disability-handbook = physical disability handbook
document-name-rehabilitation-handbook = rehabilitation handbook
document-name-mental-health-handbook = mental health handbook
document-name-seafarers-handbook = seafarer's handbook
document-name-seafarers-licence = seafarer's licence
document-name-boat-licence = boat licence
document-name-real-estate-agent-card = real estate agent's card
document-name-electricians-licence = electrician's licence
document-name-radio-operators-licence = radio operator's licence
document-name-gun-permit = gun permit
document-name-war-wounded-handbook = war-wounded handbook
document-name-public-servant-card = public servant's card (photo)
document-name-health-insurance-card = health insurance card
document-name-eligibility-certificate = eligibility certificate
document-name-care-insurance-card = care insurance card
document-name-pension-handbook = pension handbook
document-name-pension-certificate = pension certificate
document-name-medical-recipient-card = medical recipient card
document-name-maternity-handbook = maternity handbook
document-name-registered-seal = seal certificate and seal
document-name-livelihood-protection = livelihood protection certificate
document-name-child-allowance-certificate = child allowance certificate
document-name-basic-resident-card-plain = basic resident card (no photo)
document-name-student-card = student card
document-name-employee-card = employee card
document-name-bank-book = bank book
document-name-patient-card = patient card
document-name-school-record = school record
document-name-notification-card = notification card
document-name-photo-certificate = photo certificate

## Second clerk and reasons

title-second = The second clerk
second-for-exception = An exception needs a second clerk's agreement.
second-for-making = Making a card needs a second clerk's agreement.
second-for-handover = Two clerks look before a card is handed over. It is the second clerk's turn.
second-for-revocation = Revoking a card needs a second clerk's agreement.
second-for-relink = Mending a link needs a second clerk's agreement.
second-for-custody = The destruction of a card, or that one is missing, needs a second clerk who sees it.
second-insert = Take your card out and put the second clerk's card in
second-agreed = { $name } agreed.
second-return-card = Take the second card out and put your own staff card back.
second-grace = The screen does not lock while the cards change places (up to 90 seconds).
title-reason = Reason
reason-field = Reason
reason-too-short = Write a little more (4 characters or more), so that whoever reads it later understands.
reason-recorded = The reason is kept in the record. Don't write the resident's personal data.

## Making

title-making = Make the card
making-insert = Put a blank card in the resident reader.
making-insert-again = Put the unfinished card (chip { $chip }) in the resident reader.
making-reading = Reading the card…
making-chip = Chip { $chip }
making-bound = Blank with chip { $chip } is bound to this case.
chip-blank = A blank: it can be used for this case.
chip-this-unfinished = This case's unfinished card: making can go on.
chip-this = This case's card.
chip-another = Another case's card. Take it out and put the right one in.
chip-damaged = This card is recorded as damaged. Use another blank.
chip-unknown = A card we have no record of. Put a blank in.
making-select = Open the card
making-authenticate = Authenticate as issuer
making-generate-authentication-key = Make the authentication key
making-generate-eligibility-key = Make the eligibility key
making-prove-possession = Prove possession
making-issue-certificates = Issue two certificates
making-write = Write
making-read-back = Read back
making-verify = Verify
making-close = Close
making-running = { $seconds } s
making-ready = Enter starts.
making-ready-two = Enter asks for the second clerk, then starts.
making-resume = It is half made. With the same card in, Enter goes on.
making-new-blank = Put this card with the damaged ones. With a new blank in, Enter starts again.
making-pull-resumes = If the card is pulled now, making stops and can go on later.
making-pull-risky = Don't pull the card now: it may become unusable.
making-stopping = Going on to a safe place, then stopping…
making-made = The card is made.
making-next = Read back and verified. Enter returns to the case; the PIN is next.
making-damaged = This card can't be finished. It is recorded as damaged, its certificates revoked.
making-second = agreed by { $name }
making-cannot-leave = You can't leave while a card is written. Wait, or stop it safely with s.
making-about = Keys are made on the card and never leave it. Only certificates and identification are written, no name or address. Whatever happens, making can go on from the record.

## PIN (the resident reads these)

title-pin = PIN
pin-check = Enter your PIN
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

## Papers

title-papers = Papers
paper-application = Application form
paper-notice = Delivery notice
paper-receipt = Receipt slip
paper-application-about = What was applied for, with a QR code. The applicant reads and signs it.
paper-notice-about = Sent by non-forwarding post; address for a window envelope, with a QR code.
paper-receipt-about = Signed by whoever receives the card.
papers-at = printed { $at }
papers-not-yet = not yet
papers-after-making = after the card is made
papers-outdated = The registered name or address changed since this paper was printed.
papers-outdated-anew = Print anew with what is registered now (an earlier notice is no longer good)
papers-outdated-as-it-was = Print it again as it was
papers-printing = Printing…
papers-printed = { $paper } ready ({ $pages } p.): { $file }
papers-printed-again = { $paper } printed again from the file ({ $pages } p.): { $file }

## Shelf

title-shelf = Into the shelf
shelf-about = Put card and receipt slip together in the locked shelf and enter the place.
shelf-field = Place
shelf-hint = such as A-12
shelf-not-a-place = Not a shelf place (such as A-12).
shelf-done = Kept at { $place }. Send the notice.

## Handover

title-handover = Hand over
handover-about = Scan the notice's QR code (or type the code below it), enter the place the card was taken from, and put the card in the resident reader.
handover-notice = Notice: QR or code
handover-shelf = Taken from
handover-card = Card
handover-card-in = in the reader
handover-insert = Put the card in the resident reader
handover-scan = Scan the QR code of the notice the resident brought, or type the code below it.
handover-typed = The code is well formed. See that the case number on the paper is this one.
handover-code-unfinished = { $groups } groups right so far, { $left } characters to go.
handover-code-group = Group { $group } is not as printed. Look at that group again.
handover-code-character = Group { $group } has “{ $character }”, which no code has.
handover-code-too-long = The code is too long: there are seven groups on the paper.
handover-checking = Comparing with the records…
handover-card-moved = The card was moved, so the comparison begins again.
handover-compared = Compared
handover-expected = Record
handover-found = Here
compared-notice = Notice
compared-shelf = Shelf
compared-chip = Chip
compared-pin-set = set
compared-pin-not-set = not set
compared-pin = PIN
handover-sights = Sight { $time } of 2
handover-looks-first = { $name } (first clerk)
handover-looks-second = { $name } (second clerk)
handover-looks-nobody = second clerk (not yet: Enter asks for their card)
handover-looks-once = { $name } (here one clerk looks twice)
handover-looks-again = { $name } (the same clerk, once more from the beginning)
sight-person = The person before me is the resident (or the verified agent)
sight-name = The name on the notice, on the screen and said aloud is the same
sight-card = The card I hand over is the one in the reader
handover-look = Check all three with your own eyes: choose with ↑↓ and tick each with Space.
handover-ticked = Confirmed: { $sight }. { $left } to go.
handover-ticked-all = Confirmed: { $sight }. That is all three: Enter records it.
handover-unticked = Taken back: { $sight }.
handover-mismatch = Something does not agree. This card can't be handed over.
handover-only-return = Do not hand it over. Return it to its shelf with r; what did not agree is recorded.
handover-return-about = The card goes back to its shelf. Write what happened.
handover-notice-of = This is the notice of { $case }, not of this case.
handover-notice-of-another = This is the notice of { $case }. If that is the case meant, go back with Esc and scan it: its case opens.
handover-notice-earlier = This is an earlier notice of this case. A new one was issued after it.
handover-notice-of-nobody = No notice with this code was ever issued. Look at the paper closely.
handover-returned = The return is recorded; the case is among the problems.
handover-is-back = Put the card back in its shelf now, and check with a colleague.
handover-done = The handover is recorded. The card is active.
handover-over = Hand the card to the resident.
handover-sign = Have the receipt slip signed and keep it. Enter returns to the case.

## Journal

title-journal = Journal
journal-empty = Nothing recorded yet.
journal-refused = refused: { $act }
journal-failed = failed: { $act }
journal-words = “{ $words }”
journal-rule = Rule: { $rule }
journal-similar = { $count } other records may have been the same person.
journal-despite = Taken in spite of an application under way.
journal-taken-from = Taken over from { $staff } at { $desk }.
journal-agreed-exception = { $staff } agreed to an exception in the verification.
journal-agreed-making = { $staff } agreed to the making of the card.
journal-agreed-handover = { $staff } was the second clerk of the handover.
journal-agreed-revocation = { $staff } agreed to revoking the card.
journal-relay-told = What the relay was told: { $told }
journal-relay-rule = Why it was not taken: { $rule }
journal-sent-anew = Messages told again: { $count }
journal-overtaken = Not told again, as a later word holds: { $count }
journal-closed-unsaid = Messages left unsaid: { $count }
journal-agreed-relink = { $staff } agreed to mending the link.
journal-agreed-custody = { $staff } saw what became of the card.
journal-checked = How the holder was made sure of: { $how }
journal-ended-because = Why it was revoked: { $why }
journal-approved-by = Second clerk who agreed: { $staff }
journal-exceptions = With { $count } exceptions agreed to.
journal-looked = Sight { $time }: { $staff }
journal-lookers = Looked: first { $first }, then { $second }
journal-card-fault = The card is faulty
journal-mismatched = Did not agree: { $what }
journal-paper = { $paper }, pages: { $pages }
journal-key-authentication = for authentication
journal-key-eligibility = for eligibility
journal-serial = certificate serial { $serial }
journal-took = It took { $seconds } s.
journal-revoked = Certificates revoked: { $count }.
journal-seen-on-screen = On the screen.
journal-seen-for-paper = For a paper that was printed.
mismatch-other-case = a notice of another case
mismatch-other-token = not the notice issued last
mismatch-other-shelf = the place in the shelf
mismatch-other-chip = the chip serial
rule-role = The role was missing.
rule-case-open = There was an application under way.
rule-has-card = There was an active card.
rule-similar = Records of what may be the same person asked for a reason.
rule-state = The case did not stand at that step.
rule-shelf-taken = The place in the shelf was taken.
rule-chip-taken = The chip was another case's, or damaged.
rule-pin-not-set = The PIN was not set.
rule-pin-already-set = The PIN was set already.
rule-same-person = The second clerk was the first.
rule-other-clerk = It was done by another clerk.
rule-approval-missing = The second clerk's agreement was missing.
rule-handover-mismatch = Notice, shelf and chip did not agree.
rule-incident-open = An incident was not settled.
rule-no-notice = No notice had been issued.
rule-not-held = The case was not open at this desk.
rule-not-in-person = The holder did not stand at the counter.
act-session-began = logged in
try-session-began = logging in
act-session-ended = logged out
try-session-ended = logging out
act-screen-locked = screen locked
try-screen-locked = locking the screen
act-screen-unlocked = screen unlocked
try-screen-unlocked = unlocking the screen
act-staff-added = member of the staff registered
try-staff-added = registering a member of the staff
act-staff-roles-changed = roles changed
try-staff-roles-changed = changing roles
act-staff-serial-reserved = serial of a staff card reserved
try-staff-serial-reserved = reserving a serial for a staff card
act-staff-certificate-registered = staff card registered
try-staff-certificate-registered = registering a staff card
act-staff-disabled = member of the staff stopped
try-staff-disabled = stopping a member of the staff
act-roster-imported = roster imported
try-roster-imported = importing the roster
act-resident-address-seen = masked address shown
try-resident-address-seen = seeing the masked address
act-case-applied = application taken
try-case-applied = taking the application
act-case-claimed = case opened
try-case-claimed = opening the case
act-case-released = case closed
try-case-released = closing the case
act-case-lease-broken = case taken over
try-case-lease-broken = taking over
act-case-approved = second clerk agreed
try-case-approved = the second clerk's agreement
act-case-verified = person verified
try-case-verified = verifying the person
act-case-shelved = put in the shelf
try-case-shelved = shelving
act-case-handover-looked = looked and confirmed
try-case-handover-looked = a sight at the handover
act-case-handed-over = handed over
try-case-handed-over = handing over
act-case-cancelled = cancelled
try-case-cancelled = cancelling
act-incident-opened = returned, incident noted
try-incident-opened = recording an incident
act-incident-closed = incident resolved
try-incident-closed = settling the incident
act-notice-issued = notice issued
try-notice-issued = issuing the notice
act-paper-printed = paper printed
try-paper-printed = printing
act-paper-removed = old papers removed
try-paper-removed = removing old papers
act-card-bound = blank bound
try-card-bound = binding a blank
act-card-key-kept = key made on the card
try-card-key-kept = keeping a key
act-card-serial-reserved = serial reserved
try-card-serial-reserved = reserving a serial
act-card-serial-withdrawn = serial of a wrong clock withdrawn
try-card-serial-withdrawn = reserving a serial
act-card-certificate-kept = certificate issued
try-card-certificate-kept = issuing a certificate
act-card-step-done = making
try-card-step-done = making the card
act-card-made = card made
try-card-made = making the card
act-card-damaged = marked damaged
try-card-damaged = giving the card up
act-card-pin-set = PIN set
try-card-pin-set = setting the PIN
act-card-pin-reset-begun = new PIN begun
try-card-pin-reset-begun = setting the PIN anew
act-card-pin-reset = PIN set anew
try-card-pin-reset = setting the PIN anew
act-card-suspended = card suspended
try-card-suspended = suspending the card
act-card-resumed = card resumed
try-card-resumed = resuming the card
act-card-revoked = card revoked
try-card-revoked = revoking the card
act-card-expired = card expired
try-card-expired = ending the expired card
act-card-moved = card moved
try-card-moved = moving the card
act-card-relinked = link with the relay mended
try-card-relinked = relinking the card
act-outbox-refused = refused by the relay
try-outbox-refused = telling the relay
act-outbox-sent-anew = told the relay again
try-outbox-sent-anew = telling the relay again
act-outbox-closed = left unsaid to the relay
try-outbox-closed = leaving it unsaid
act-authority-list-signed = revocation list signed
try-authority-list-signed = signing a revocation list

## The card after its handover

title-standing = Use of the card
standing-state = It stands
standing-since = Since, by
standing-chip = Chip number
standing-relay = Relay
standing-active = in use
standing-is-suspended = suspended
standing-is-revoked = revoked
standing-active-about = When somebody says that it is lost or stolen, suspend it first. It can be resumed when it is found.
standing-suspended-about = Nobody can sign in with this card. When it is found, its holder comes to the counter and it is resumed. When it is not, revoke it and take a new application.
standing-revoked-about = This card can never be used again. A new card begins with a new application.
standing-no-relay = this city has no relay
standing-nothing-told = there is nothing to tell it
standing-told = received by the relay on { $at }
standing-waiting = { $waiting ->
    [one] 1 message has
   *[other] { $waiting } messages have
 } not arrived yet (for { $age }). The outbox goes on sending
standing-refused = The relay has refused what it was told of this card.
standing-refused-line = { $at } { $told } ({ $key }): { $rule }
standing-refused-about = Ask the relay's operators for the reason. Once it is mended, send it anew with a; when the relay need not know, close it with c.
relay-told-register = registered
relay-told-activate = in use
relay-told-suspend = suspended
relay-told-resume = resumed
relay-told-revoke = revoked
relay-told-relink = linked anew
relay-rule-other-office = another city registered this card
relay-rule-registered-already = the relay has it registered already
relay-rule-not-registered = the relay has no such registration
relay-rule-revoked = the relay has it as revoked
relay-rule-activated-already = the relay has it in use already
relay-rule-not-active = the relay does not have it in use
relay-rule-not-suspended = the relay does not have it suspended
relay-rule-certificate-taken = the same certificate is registered otherwise
relay-rule-other = { $rule }
standing-next-send-anew = tell the relay again
standing-sent-anew = Sent anew. Whether the relay takes it is shown here.
standing-refused-closed = Closed unsent. What the relay knows stays as it is.
standing-recorded-only = This is kept in the journal. Nothing is sent to the relay.
title-send-anew = Tell the relay again
send-anew-about = What was refused is sent again in its order. What a later word has overtaken (a stop before a resumption) is not. Write what was mended.
title-close-refused = Leave it unsaid
close-refused-about = What was refused is closed and not sent. The relay goes on as it does now. Write why that is right.
standing-next-suspend = suspend it
standing-next-resume = resume it
standing-next-none = Nothing more can be done with this card.
standing-choose-first = Choose with ↑↓ first.
standing-suspended = Suspended. Once the relay has it, nobody can sign in with it. Ask the holder to come with a document when it is found.
standing-resumed = Resumed. Once the relay has it, its holder can sign in again.
standing-revoked = Revoked, and its certificates with it. Take a new application if one is wanted.
standing-relinked = Link mended. What the services kept under the old link no longer shows as this person's.
standing-note = Note
standing-recorded = This is kept in the journal, and the relay is told at once.
standing-recorded-by-two = Enter goes on to the second clerk. This is kept in the journal.
title-suspend = Suspend the card
suspend-about = Nobody will sign in with this card. It can be resumed.
suspend-how = How did you make sure that it is the holder who asks?
title-resume = Resume the card
resume-about = Only when the holder stands before you, with the card in hand.
resume-how = By what did you make sure that it is the holder?
title-revoke = Revoke the card
revoke-about = The card can never be used again. This cannot be undone.
revoke-why = Why
title-relink = Mend the link with the relay
relink-about = Only when the card was linked to another person. This person becomes a new user at every service, cut off from the records before.
check-questions = by telephone: name, address and birthday agree with the records
check-called-back = called back under the number registered
check-document = at the counter, one document with a photo
check-two-documents = at the counter, two documents without a photo
check-unconfirmed = could not make sure (stopped to be safe)
ending-lost = lost or stolen
ending-gone = died or moved away
ending-replaced = broken, to be made anew
ending-withdrawn = misused, or given to the wrong person
age-seconds = { $count } s
age-minutes = { $count } min
age-hours = { $count } h
age-days = { $count ->
    [one] 1 day
   *[other] { $count } days
 }

## Card contents

title-card-show = On the card
card-show-insert = Put a card in the resident reader.
card-show-about = { $files } files, { $bytes } bytes: all there is on the card. No name, address, birthday or resident number anywhere.
card-show-bytes = { $bytes } bytes
card-show-free = free to read
card-show-with-pin = read with the PIN
card-show-empty = (empty)
card-file-dir = applications on the card (ISO 7816-15 EF.DIR)
card-file-odf = pointers to the other files (EF.OD)
card-file-token-info = kind of card and chip serial (EF.TokenInfo)
card-file-aodf = PIN rules: length and tries (EF.AOD)
card-file-prkdf = keys: use and number only (EF.PrKD)
card-file-pukdf = public keys (EF.PuKD)
card-file-cdf = certificates (EF.CD)
card-file-certificate = certificate: public key and holder number, no name (RFC 5280)
card-file-other = another file

## Tray (demo)

title-tray = Card tray (demo)
tray-about = These are virtual cards. Put one into a reader; once more takes it out.
tray-staff-reader = Staff reader
tray-resident-reader = Resident reader
tray-empty = empty
tray-blank = blank
tray-being-made = being made
tray-resident-card = resident's card
tray-unreadable = unreadable
tray-scanner = Scanner
tray-notice = q holds the notice of case { $case } under it
tray-password = password { $password }

## What went wrong, what it means, what to do

database-back = The database is back.
fault-database-down = The database does not answer. What is recorded is safe. Wait, or tell the administrator.
fault-held-by = { $staff } at { $desk } has it open (until { $until }). Wait, or have a word with them.
fault-changed-meanwhile = Someone else moved the case on. Open it again and go on from there.
fault-not-now = The case is not at that step now. Open it again.
fault-session-over = This login has ended (another login under this desk's name, or an administrator). Log in again.
fault-not-allowed = This needs the role “{ $role }”. Ask a colleague who has it.
fault-incident-open = An incident is not settled. Settle it on the case's screen with i, then hand over.
fault-shelf-taken = That place holds the card of case { $case }. Look at the shelf and give a place that is free.
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
fault-foreign-card = Not one of our cards.
fault-not-blank = Not a blank. Put a new blank in.
fault-chip-taken = This chip belongs to another case or is recorded as damaged. Use another blank.
fault-wrong-chip = Not this case's card. Check the case number and put the right card in.
fault-card-refused = The card refused ({ $status }). If it happens again, use another blank.
fault-authority-unavailable = No certificate can be issued (the authority's keys or expiry). Tell the administrator; making can go on later.
fault-disk-full = The disk is full. Tell the administrator.
fault-clock-wrong = This terminal's clock can't be right. Nothing is issued until it is set. Tell the administrator.
fault-clock-went-back = The records' clock has gone back behind what is recorded already. Nothing was recorded now. Have the administrator set it, then press Enter again.
fault-missing-glyph = Printing stopped: no glyph for “{ $character }” ({ $number }) in { $place }. Ask the administrator to add a font.
fault-fonts-missing = The fonts for printing are missing. Tell the administrator.
fault-cancelled = Stopped at a safe place. The same card can be gone on with.
fault-other = That did not work. Try again; if it stays, give the administrator the code { $code }.
