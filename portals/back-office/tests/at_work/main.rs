//! A provider at work: at a real relay with both halves, asked by My Page and by others.

#[path = "../../../my-page/tests/in_browser/chromium.rs"]
#[allow(dead_code, reason = "the residents' scenes do more with a browser")]
mod chromium;
#[path = "../../../my-page/tests/in_browser/views.rs"]
#[allow(dead_code, reason = "the residents' scenes look at pages in more ways")]
mod views;

mod agreements;
mod asked;
mod clinic;
mod clinic_desk;
mod hostile;
mod joiner;
mod links;
mod pages;
mod program;
mod providers;
mod rig;
