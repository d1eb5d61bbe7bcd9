## A card stopped on the telephone

title-telephone-stop = Stop a card by telephone
telephone-stop-about = It stops at once, whatever desk has a case open. Unless the holder confirms it in person in time, the stop ends by itself.
telephone-stop-ask = Let the caller say these and compare; read no answer aloud:
telephone-stop-questions = name and its reading, birthday, address, about when they applied
telephone-stop-how = How did you make sure
telephone-stop-done = Stopped. Unless the holder confirms it at the counter by { $until }, it may be used again. Tell the caller.
telephone-stop-held-up = Stopped in the records, but what is told to the relay does not get there now: until it does, the card still works. Tell the administrator at once. The stop ends on { $until }.
telephone-stop-tell = Tell the caller to come with their documents by { $until }. If nobody comes, the card may be used again.
key-telephone-stop = stop by phone
