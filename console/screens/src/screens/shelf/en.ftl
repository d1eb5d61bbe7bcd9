## Shelf

title-shelf = Into the shelf
shelf-about = Put card and receipt slip together in the locked shelf and enter the place.
shelf-field = Place
shelf-hint = such as A-12
shelf-not-a-place = Not a shelf place (such as A-12).
shelf-done = Kept at { $place }. Send the notice.
