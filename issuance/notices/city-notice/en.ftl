title = From the city hall
subject-line = { $subject }
body = { $text }
no-paper = If you do not want notices on paper, please tell us at the number below.
enquiries = Questions
enquiries-text = { $city } { $section }, telephone { $phone }
hours = Open
hours-text = { $hours }
