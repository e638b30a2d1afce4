//! HTTP requests that scripts make.
//!
//! [`fetch`] makes one, as far as the [`OutgoingPolicy`] of the instance allows it. It knows
//! HTTP/1.1 over TCP or TLS, one connection for each request. Whom https trusts is said in
//! [`trust`](crate::trust).
//!
//! Where a request may go is decided twice. First by the host as the script writes it: an entry
//! of `script.hosts` must allow it, or it must be this server itself. Then the name is resolved,
//! once, and the connection is made to one of the addresses that came of it, so that a name
//! cannot change its mind in between. An address that is not one of the public network (loopback,
//! private, link-local, ...) is left out unless an entry names this very address: neither `*` nor
//! somebody else's name server leads into the network around the server.

mod address;
mod client;
mod policy;
mod redirect;
#[cfg(test)]
mod tests;

use engine::scripting::{HttpRequest, HttpResponse};
use hyper::{Method, StatusCode};

use address::Target;
pub use policy::{OutgoingLimits, OutgoingPolicy};

/// Makes a request and waits for the whole response. Redirections are followed as long as they
/// stay at the same host and port.
///
/// # Errors
///
/// Why there is no response, as a text for the script: the request is not allowed or not one of
/// HTTP, the server cannot be reached, or a limit of the policy was exceeded.
pub async fn fetch(policy: &OutgoingPolicy, request: HttpRequest) -> Result<HttpResponse, String> {
    let _permit = policy.permit()?;
    let limit = policy.limits().timeout;
    match tokio::time::timeout(limit, follow(policy, request)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!(
            "no response within {} ms (limit script.http_timeout_ms)",
            limit.as_millis()
        )),
    }
}

async fn follow(policy: &OutgoingPolicy, mut request: HttpRequest) -> Result<HttpResponse, String> {
    let mut target = Target::parse(&request.url)?;
    let redirects = policy.limits().redirects;
    for _ in 0..=redirects {
        let addresses = policy.addresses(&target).await?;
        let answer = client::send(&addresses, &target, &request, policy).await?;
        let Some(location) = answer.location else {
            return Ok(answer.response);
        };
        let url = redirect::resolve(&target, &location);
        let next = Target::parse(&url)?;
        if !next.is_same_server(&target) {
            return Err(format!(
                "redirected to another server, {}",
                next.authority()
            ));
        }
        target = next;
        request.url = url;
        if becomes_get(answer.response.status, &request.method) {
            request.method = Method::GET.to_string();
            request.body.clear();
        }
    }
    Err(format!(
        "more than {redirects} redirections (limit script.http_redirects)"
    ))
}

/// Whether what was posted is not posted again, as browsers do it (RFC 9110 §15.4).
fn becomes_get(status: u16, method: &str) -> bool {
    let see_other = status == StatusCode::SEE_OTHER;
    let moved = status == StatusCode::MOVED_PERMANENTLY || status == StatusCode::FOUND;
    see_other || (moved && method == Method::POST.as_str())
}
