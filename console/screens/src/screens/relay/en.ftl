
## The relay's operators: keys

key-register = add a partner
key-approve = approve
key-tried = trial's result
key-without-logout = go without single logout
key-switch-on = switch on
key-switch-off = switch off
key-trial = back to trial
key-lifetimes = lifetimes
key-trial-card = card for trials
key-exceptions = exceptions
key-trail = trail
key-untold = not told
key-stop-waiting = stop waiting

## The relay's operators: login and status

title-relay-login = Relay operators
relay-login-about = Put your operator's staff card in the reader and enter its password. Only the front's administration is opened.
relay-login-by-files = This machine enters the relay by files of its configuration instead of a card. Enter goes on.
relay-status-who = relay operator { $name }
relay-status-nobody = relay operator (not logged in)
front-front = front
front-blind = blind half
front-database = DB

## The front's health

front-blind-down = The blind half does not answer. Nobody can sign in, and nothing is half-issued. Call the blind half's keeper.
front-database-down = The front's database does not answer. Call the front's keeper.
front-clock-apart = The clocks of the front and its database are { $seconds } s apart. Call the front's keeper.
front-office = office { $office }: taken up to { $applied }, last heard { $ago } ago
front-office-refused = { $count } refused
front-untold = Services that do not know of a logout yet: { $services } ({ $count } sessions). Press u to see them.
front-no-office = No office has sent registrations yet.
front-waiting = Waiting for the front ({ $seconds } s). Esc stops waiting.
front-given-up = Waiting was given up. The front may have done it all the same: look at the list, which is read anew.
front-away = The relay's front does not answer. Look at the network and at admin_url and roots_file in the configuration. If the front is down, call its keeper.
front-not-admitted = The front does not know this card. Its keeper enters you in [operators] of relay.toml: "NAME { $fingerprint }"
front-not-the-front = What answers is not the front's administration ({ $status }). Look at admin_url in the configuration.
front-no-file = The file cannot be read: { $file }
front-many-entities = The file does not name just one entity. Write the entityID.
front-not-found = There is no such partner, or no such edition. ({ $trace })
front-same-person = Whoever put it forward cannot approve it. Another operator does. ({ $trace })
front-not-now = Not now. { $why } ({ $trace })
front-metadata = The metadata cannot be taken: { $why } ({ $trace })
front-role = The metadata do not have the role that is registered. ({ $trace })
front-out-of-range = A value is out of its range. ({ $trace })
front-card-revoked = This staff card is revoked. Tell the front's keeper. ({ $trace })
front-no-list = The front has no current revocation list of the cards: nobody comes in until its keeper replaces it. ({ $trace })
front-records-away = The front's database does not answer. Try again in a while. ({ $trace })
front-refused = The front refused: { $why } ({ $code } { $trace })
front-rule-other-kind = It is registered as another kind of partner.
front-rule-sign-in-untried = Its sign-in was not tried yet.
front-rule-lasting-names = The front gave this service no transient names, or none yet: another name at each visit means that it does not read EncryptedID.
front-rule-empty-name = The service got an empty NameID: it stays off until that is mended.
front-rule-logout-untried = Its sign-out was not tried yet.
front-rule-in-clear = Its LogoutRequest names the person in clear: mend it, or decide to go on without single logout.
front-rule-no-edition = No edition of its metadata is approved.
front-rule-trial = Its trial did not show what it must.

## Partners

title-partners = Partners
title-partner = A partner
partners-none = There is no partner yet. n adds one.
partners-unknown = The partners are not read yet. F5 reads them anew.
partner-on = on
partner-trial = on trial
partner-proposed = proposed
partner-off = off
partner-service = service
partner-provider = identity provider
partner-no-expiry = no expiry
partner-expired = expired
partner-days-left = { $days ->
    [one] 1 day left
   *[other] { $days } days left
 }
partner-state = It stands
partner-reason = Why it is off
partner-until = Metadata until
partner-metadata = Metadata
partner-edition = edition { $edition } (put forward by { $by }, approved by { $approved })
partner-edition-waiting = edition { $edition } waits for approval (put forward by { $by })
partner-fingerprint = Fingerprint of the metadata (SHA-256)
partner-sign-in = Trial sign-in
partner-logout = Trial sign-out
partner-logout-heard = Told of endings
logout-heard-browser = by the browser only: a pulled or stopped card leaves its session open
logout-heard-nothing = not at all: its session stays open
partner-lifetimes = Lifetimes
partner-lasts = assertion { $assertion } s, service { $session } s, skew { $skew } s
partner-exceptions = Exceptions
exceptions-none = none
trial-not-yet = not yet
trial-same-name = the same name twice
trial-empty-name = an empty name
trial-passing-name = another name at each visit (transient)
trial-sealed = the name was encrypted
trial-in-clear = the name came in clear
trial-without = none, by decision
partner-next-approve = approve by a second
partner-next-approve-about = Another operator than the one who put it forward compares the fingerprint with the one the partner gave another way, and approves (a).
partner-next-sign-in = try to sign in
partner-next-sign-in-about = Sign in at the service twice with a card for trials (c), look at the name it shows, record the result (s).
partner-next-not-named = empty name
partner-next-not-named-about = The service got an empty NameID: it does not read EncryptedID. It stays off until they mend it. Then try again and record the result (s).
partner-next-logout = try to sign out
partner-next-logout-about = Sign out at the service. The front looks at its LogoutRequest by itself. Then F5 reads anew.
partner-next-in-clear = name in clear
partner-next-in-clear-about = Its LogoutRequest names the person in clear. It stays off until they mend it, or goes on without single logout by decision (w, with a reason that stays in the trail).
partner-next-on = may be switched on
partner-next-on-about = The trial showed what it must. It may be switched on (o).
partner-next-expired = put a new edition forward
partner-next-expired-about = Its metadata have expired. Get new ones from the partner and put them forward (Enter).
partner-next-none = nothing
partner-next-none-about = It is in service. If something is wrong, x switches it off at once.
partner-next-off = back to trial
partner-next-off-about = It is off. To go on, put it on trial again (t) and try sign-in and sign-out anew.
partner-switched-off = Switched off. Sign-ins to this service are refused from now on.
partner-switched-on = Switched on.
partner-approved = Approved. Its trial has begun.
partner-recorded = Recorded.
switch-off-about = This switches the partner off at once. The reason stays in the trail.
without-logout-about = It goes on without single logout: whoever signs out at the relay stays signed in at this service.

## Forms

title-register = Add a partner
register-about = Puts a metadata file from the partner forward. Another operator approves it.
register-file = File
register-kind = Kind
register-entity = entityID
register-entity-about = The entityID is needed only when the file has several entities.
register-file-first = Write where the file is.
register-taken = The front took the metadata. Nothing runs yet.
register-fingerprint = Fingerprint (SHA-256)
register-next = Have the partner read the fingerprint by telephone or letter; another operator approves it.
title-approve = Approve metadata
approve-about = Compare this with the fingerprint that the partner gave another way (telephone, letter). The last group is not shown: type it from theirs.
approve-last = Last group (8 characters)
approve-type-last = Type the last 8 characters of the fingerprint that the partner gave.
approve-differs = It differs. Nothing was approved. Ask the partner.
title-trial-card = Card for trials
trial-card-about = Try to sign in at this service with a card of yours: the page that refuses it shows its number (64 letters and digits). The card of that number, and no other, then signs in at services on trial, for thirty days.
trial-card-number = Number
trial-card-no-number = A card's number is 64 digits and letters a to f. Type it as the page that refused the card shows it.
trial-card-named = The card is named for trials, for thirty days.
title-tried = Result of the trial sign-in
tried-about = When you signed in twice with a card for trials, what name of the user did the service show?
tried-same-name = the same name both times
tried-other-name = another name at each visit (a service that asks for transient ones)
tried-empty-name = an empty name (it stays off)
title-lifetimes = Lifetimes
lifetimes-about = What counts is the time written plus the skew. The shorter it is, the less a leak costs.
lifetime-assertion = Assertion ({ $least }-{ $most } s)
lifetime-session = At the service ({ $least }-{ $most } s)
lifetime-skew = Skew ({ $least }-{ $most } s)
lifetimes-out-of-range = Write seconds within the range.
title-exceptions = Exceptions
exceptions-about = What is taken beyond the implementation profile. None is the rule. Take them off when the partner has mended it.
cipher-block-chaining = takes AES-CBC ciphertext
ecp-headers = ECP's mustUnderstand written otherwise
destination-missing = messages without Destination

## The front's trail

title-trail = The front's trail (24 hours)
trail-empty = Nothing happened in the last 24 hours.

title-untold = Services that do not know of a logout yet
untold-about = The sessions are over at the front. Each service is told again by itself until it answers, and given up after half a day. Whose sessions they were is not known here.
untold-none = Every service knows of every logout.
untold-waiting = { $count } to be told
untold-given-up = { $count } given up
untold-waiting-about = The oldest session ended in the hour from { $since }; it was told { $tries } times and is told again by { $next }. If it goes on, ask the service's operator whether its SOAP address is up.
untold-given-up-about = It did not answer for half a day, or takes no logout from server to server. Its own sessions last until they expire there.
