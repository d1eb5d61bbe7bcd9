## Search

title-search = Search
search-field = Search
search-hint = Reading, name, birthday (S45.3.1), part of the address, phone number, resident number, case number, a card's serial; more words narrow it.
search-nobody = Nobody found. Try part of the reading, the birthday or the phone number.
search-nobody-latin = Nobody found. Readings are in kana: switch the keyboard, or try the birthday or the resident number.
search-count = { $shown } of { $total }
search-same-name = { $count } more with the same name. Tell them apart by birthday and address.
search-open-case = case { $case } under way
search-gone-mark = (gone) 
search-gone = No longer in the roster (moved away, died, …). Stop and recall a card they have.
