# Words of every portal.
portal-name = Madoguchi
portal-contact = Please ask at the city hall.
foot-help = If you need help
foot-lost = If you lose your card
foot-lost-text = Tell the city hall at once. When the card is stopped, nobody can sign in with it.
contact-phone = Telephone
contact-weekdays = Monday to Friday, { $from } to { $to }
contact-every-day = Every day, { $from } to { $to }
skip-to-text = Skip to the text
languages = Choose a language
pages = Pages
back-to-start = Back to the start
try-again = Try again
trace-label = Reference number

moment = { $weekday } { $day } { $month_name } { $year } ({ $era } { $era_year }), { $hour }:{ $minute }
day = { $weekday } { $day } { $month_name } { $year } ({ $era } { $era_year })

trouble-title-yours = This could not be done
trouble-title-ours = This could not be finished
trouble-title-away = This can't be used right now
trouble-not-found = There is no such page.
trouble-not-found-next = Check the address, or choose again from the start.
trouble-request = What was sent could not be accepted.
trouble-request-next = Please go back one page and try again.
trouble-forged = We could not make sure that this was sent from our own page.
trouble-forged-next = Please open the start page again and try once more. Nothing was changed.
trouble-too-many = There were too many requests in a short time, so we must ask you to wait a little.
trouble-too-many-next = Please try again in about { $seconds } seconds.
trouble-too-large = What was sent is too large.
trouble-ours = Something went wrong in our system.
trouble-ours-next = Please try again later. If it happens again, tell the city hall the number below.
trouble-busy = We cannot reach a system that is needed for this.
trouble-busy-next = Please try again in a while. What had begun was taken back.
trouble-slow = This took too long.
trouble-slow-next = Please try again in a while.
