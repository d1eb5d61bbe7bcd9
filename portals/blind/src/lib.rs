//! The blind half: finishes a pseudonym for one service and seals it to that service. Knows no card and no person.
