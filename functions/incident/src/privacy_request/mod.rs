//! Requests of people about their own data: access, erasure, opt-out. What is asked for and confirmed, by when it is answered, and what
//! becomes of it.
//!
//! A request counts once its sender has shown, by a link in a mail, that the address is theirs ([`Asked`], then [`PrivacyRequest`]). The
//! time to answer runs from the form all the same: a law that counts from the receipt does not wait for our mail.

mod asked;
mod deed;
mod desk;
mod limit;
mod link;
mod pending;
mod record;
mod reference;
mod reminder;
mod term;
#[cfg(test)]
mod tests;

pub use asked::{Asked, Asking, FormFault, LONGEST_WORDS, RequestKind, Residence};
pub use deed::{Deed, DeedRefused};
pub use desk::RequestDesk;
pub use limit::{Limit, MAILS_A_DAY, REQUESTS_A_DAY, admits_one};
pub use link::{LINK_LIVES, Link};
pub use record::{Act, Extension, PrivacyRequest, Standing};
pub use reference::{MalformedReference, Reference};
pub use reminder::{Due, PERCENTS, Reminded};
pub use term::{Term, TermError};
