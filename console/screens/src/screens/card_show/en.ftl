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
