title = Your household's medical expenses
lead =
    This notice shows the medical treatment that your household received under the National Health Insurance. It is not a
    bill; there is nothing to pay.
total = { $lines } treatments, { $total-sum } in all; your household's share is { $paid-sum }.
col-month = Month
col-patient = Patient
col-provider = Hospital, clinic or pharmacy
col-treatment = Kind
col-days = Days
col-total = Total cost
col-meals = Meals
col-paid = Your share
sum = Sum
notes = Please read
note-paid = Your share can differ from what you paid at the desk, because of rounding or public aid.
note-late = Treatment that was claimed late or is still being examined is not listed.
note-disease = We can't answer questions about diseases and the treatment itself.
note-deduction = You can use this notice to claim the medical expense deduction from tax. Please keep it.
note-prefecture = Hospitals outside the prefecture may be named by their prefecture alone.
note-no-paper = If you do not want this notice by post, please tell us at the number below.
enquiries = Questions
enquiries-text = { $city } { $section }, telephone { $phone }
hours = Open
hours-text = { $hours }
