welcome-title = An office that holds records
welcome-lead = This is where records are asked for, machine to machine.
about-title = Where records are asked for
about-text = Machines ask for records here. You can see your own records on My Page.
