-- Ending a card for good takes two people, as the mending of a wrong link does.
ALTER TABLE office.second_approval DROP CONSTRAINT second_approval_purpose_check;
ALTER TABLE office.second_approval ADD CONSTRAINT second_approval_purpose_check
    CHECK (purpose IN ('verification_exception', 'making', 'handover', 'relink', 'revocation'));
