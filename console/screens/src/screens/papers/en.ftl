## Papers

title-papers = Papers
paper-application = Application form
paper-notice = Delivery notice
paper-receipt = Receipt slip
paper-application-about = What was applied for, with a QR code. The applicant reads and signs it.
paper-notice-about = Sent by non-forwarding post; address for a window envelope, with a QR code.
paper-letter-about = The letter that goes into the envelope with the card, with address and QR code for a window envelope.
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
papers-printed-both = Made the notice ({ $notice }) and the receipt ({ $file }). Enter goes on.
