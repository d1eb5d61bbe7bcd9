//! My Page: what a resident sees after signing in with the card.
//!
//! A relying party like any other ([`portal_service`]): it is given a pseudonym that is its own and nobody else's, and
//! knows nothing more of a person. What stands here are its pages.

mod pages;
mod records;

pub use pages::MY_PAGE;
