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
