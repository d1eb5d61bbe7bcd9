//! A loopback helper at a desk: signs a challenge with the card for a browser that cannot.
