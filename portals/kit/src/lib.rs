//! What every portal shares, so that each portal's own code is about its pages.
//!
//! From the outside in: [`config`] reads one TOML file whole and names each mistake by its line; [`log`] begins the log;
//! [`tls`] and [`listener`] serve over TLS 1.2 and 1.3, with the client's certificate within the handler's reach;
//! [`client`] speaks to partners; [`site`] dresses the routes: a trace id for each request, security headers, rate
//! limits, a language, and error pages that show the trace id; [`words`] are Fluent files in Japanese, easy Japanese
//! with furigana, and English; [`page`] is the accessible layout, with
//! the [`contact`] to ask at its foot; [`cookie`] and [`form`] keep state in the browser
//! without trusting it.
//!
//! Nothing here knows what a portal is about. No name, number, address or PIN may pass through a log line made here.

pub mod city;
pub mod client;
pub mod config;
pub mod contact;
pub mod cookie;
pub mod date;
pub mod form;
pub mod headers;
pub mod icon;
pub mod limit;
pub mod listener;
pub mod log;
pub mod operators;
pub mod page;
pub mod site;
pub mod style;
pub mod tls;
pub mod trace;
mod trouble;
pub mod words;

pub use page::{Html, Page};
pub use site::{Site, Trouble, Visit};
pub use words::{Language, Say, Words};
