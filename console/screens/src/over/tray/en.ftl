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
