//! What the machines of the office know, the database knows too.
