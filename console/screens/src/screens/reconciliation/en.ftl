## Reconciliation

title-reconciliation = Reconciliation
reconciliation-about = applied = delivered + cancelled + returned + stored + in transit. Counted by where the ledger and the records have each card, not by the state of its case.
reconciliation-all = in all
reconciliation-day = by the day of the application
reconciliation-channel = by how the card reaches its holder
reconciliation-desk = by the desk that took the application
reconciliation-by = (1 in all  2 day  3 channel  4 desk)
reconciliation-total = total
reconciliation-counter = counter
reconciliation-post = by post
reconciliation-zero = Every application is accounted for.
reconciliation-differs = { $count } applications are not accounted for. Enter on the column "diff" names them.
reconciliation-behind = { $part }, { $sum }: { $count }
reconciliation-first = The first { $shown } of them; break it down by day to see the others.
reconciliation-no-card = no card yet
reconciliation-nothing = There are none.
account-applied = applied
account-delivered = deliv.
account-cancelled = cancel.
account-returned = return.
account-stored = stored
account-in-transit = transit
account-difference = diff
key-sum = column
key-reconciliation = reconcile
