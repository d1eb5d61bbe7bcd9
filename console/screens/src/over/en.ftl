## Second clerk and reasons

title-second = The second clerk
second-for-exception = An exception needs a second clerk's agreement.
second-for-making = Making a card needs a second clerk's agreement.
second-for-handover = Two clerks look before a card is handed over. It is the second clerk's turn.
second-for-revocation = Revoking a card needs a second clerk's agreement.
second-for-relink = Mending a link needs a second clerk's agreement.
second-insert = Take your card out and put the second clerk's card in
second-agreed = { $name } agreed.
second-return-card = Take the second card out and put your own staff card back.
second-grace = The screen does not lock while the cards change places (up to 90 seconds).
title-reason = Reason
reason-field = Reason
reason-too-short = Write a little more (4 characters or more), so that whoever reads it later understands.
reason-recorded = The reason is kept in the record. Don't write the resident's personal data.
second-for-custody = That a card is given back, missing or destroyed needs a second clerk who sees it.
second-for-incident = Settling an incident needs a second clerk who made sure of it too.
second-given-up = Nobody is asked to agree any more.
second-for-envelope = A second clerk looks too at the notice and the card that go into the envelope.
