//! Where an answer may go: to an address in the service's metadata, whatever the request says.

use crate::{
    Refusal,
    message::{AnswerTo, AuthnRequest, IndexedEndpoint, SpRole},
    names::Binding,
};

/// The service's address for the answer to `request`, one of `spoken` bindings (in a browser POST and artifact; at
/// an enhanced client PAOS).
///
/// # Errors
/// [`Refusal::AnswerAddress`] when what is asked for is not in the metadata: nothing is sent anywhere then.
pub fn answer_to<'s>(
    request: &AuthnRequest,
    service: &'s SpRole,
    spoken: &[Binding],
) -> Result<&'s IndexedEndpoint, Refusal> {
    let can = |at: &IndexedEndpoint| at.binding.is_some_and(|binding| spoken.contains(&binding));
    let mut usable = service.consumers.iter().filter(|at| can(at));
    let found = match &request.answer_to {
        AnswerTo::Index(index) => usable.find(|at| at.index == *index),
        AnswerTo::Address {
            location: Some(location),
            binding,
        } => usable.find(|at| at.location == *location && binding.is_none_or(|binding| at.binding == Some(binding))),
        AnswerTo::Address {
            location: None,
            binding: Some(binding),
        } => {
            let default = service.default_consumer().filter(|at| at.binding == Some(*binding));
            default
                .filter(|at| can(at))
                .or_else(|| usable.find(|at| at.binding == Some(*binding)))
        }
        AnswerTo::Address {
            location: None,
            binding: None,
        }
        | AnswerTo::Default => service
            .default_consumer()
            .filter(|at| can(at))
            .or_else(|| usable.next()),
    };
    found.ok_or(Refusal::AnswerAddress)
}
