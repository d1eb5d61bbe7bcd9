-- Key rotations: the stored ciphertexts are put under the next keys in batches, each in the trail.

INSERT INTO front.audit_act (act, meaning) VALUES
    ('keys.rotated', 'A batch of stored ciphertexts was put under the next keys of the two halves; every pseudonym stays as it is.');
