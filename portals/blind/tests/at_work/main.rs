//! The blind half as its front meets it: envelopes in, sealed names out, on a real database and as a real process.

mod comparing;
mod finishing;
mod joiner;
mod pinning;
mod process;
mod rotating;
mod scene;
mod services;
