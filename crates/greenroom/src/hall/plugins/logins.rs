//! Logins that wait for their handler, which is a plugin of the server.

use std::collections::BTreeMap;
use std::net::IpAddr;

use rooms::{Input, LoginDecision, Pairs, RequestId, Role, Secret, UserId};
use script::{Fields, LoginRole, LoginVerdict, PluginInput};
use tokio::task::AbortHandle;

use super::answers::text;
use super::orders::pairs;
use super::{PluginPost, Plugins, key, login_id};
use crate::hall::Post;

/// What a user hears whose login was not decided about.
const UNCHECKED: &str = "The login could not be checked. Please try again later.";
/// What a user hears who is refused without a word.
const REFUSED: &str = "The login is refused.";

/// Logins that wait, by the number that the handler knows.
#[derive(Default)]
pub(super) struct Logins(BTreeMap<u64, Waiting>);

struct Waiting {
    request: RequestId,
    user: UserId,
    /// Ends the wait.
    limit: AbortHandle,
}

/// What is asked about.
pub(in crate::hall) struct LoginAsked {
    pub(in crate::hall) request: RequestId,
    pub(in crate::hall) user: UserId,
    pub(in crate::hall) address: IpAddr,
    pub(in crate::hall) name: String,
    pub(in crate::hall) password: Secret,
    pub(in crate::hall) variables: Pairs,
}

/// What becomes of a login.
pub(in crate::hall) struct Decided {
    /// For the kernel.
    pub(in crate::hall) input: Input,
    pub(in crate::hall) user: UserId,
    /// What is to be kept about the user, once it is in.
    pub(in crate::hall) kept: Fields,
}

impl Plugins {
    /// The handler that runs.
    pub(super) fn login_handler(&self) -> Option<super::Id> {
        let name = self.settings.login.as_deref()?;
        self.of_server.get(&key(name))?.current
    }

    /// Nobody decides about the logins that wait.
    pub(super) fn fail_logins(&mut self) {
        for waiting in std::mem::take(&mut self.logins.0).into_values() {
            waiting.limit.abort();
            self.inputs.push(denied(waiting.request, UNCHECKED));
        }
    }

    /// Asks the login handler. What this gives is decided at once: there is none.
    pub(in crate::hall) fn ask_to_log_in(&mut self, asked: LoginAsked) -> Option<Input> {
        let handler = self.settings.login.as_deref().map(key);
        let handler = handler.and_then(|handler| self.of_server(&handler));
        let request = asked.request;
        let login = login_id(request);
        let Some(id) = handler else {
            tracing::warn!("a login is refused: its handler does not run (rooms.login_plugin)");
            return Some(denied(request, UNCHECKED));
        };
        let input = PluginInput::Login {
            login,
            user: asked.name,
            password: asked.password.0.to_string(),
            address: asked.address.to_string(),
            variables: given(&asked.variables),
        };
        let taken = self
            .running
            .get(&id)
            .is_some_and(|running| running.inbox.offer(input));
        if !taken {
            tracing::warn!(
                "a login is refused: its handler has too much to do (limit rooms.plugin_requests)"
            );
            return Some(denied(request, UNCHECKED));
        }
        let (hall, wait) = (self.hall.clone(), self.settings.decision);
        let limit = tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(hall) = hall.upgrade() {
                // The hall ends with the server only.
                let _ = hall
                    .send(Post::Plugin(PluginPost::LoginLate { login }))
                    .await;
            }
        });
        let waiting = Waiting {
            request,
            user: asked.user,
            limit: limit.abort_handle(),
        };
        self.logins.0.insert(login, waiting);
        None
    }

    /// A login has waited for long enough.
    pub(in crate::hall) fn login_is_late(&mut self, login: u64) -> Option<Input> {
        let waiting = self.logins.0.remove(&login)?;
        tracing::warn!(
            after_ms = self.settings.decision.as_millis() as u64,
            "a login is refused: its handler has not decided (limit rooms.login_decision_ms)"
        );
        Some(denied(waiting.request, UNCHECKED))
    }

    /// The handler has decided. Only its first decision counts.
    pub(in crate::hall) fn decided(
        &mut self,
        login: u64,
        verdict: LoginVerdict,
    ) -> Option<Decided> {
        let waiting = self.logins.0.remove(&login)?;
        waiting.limit.abort();
        let (request, user) = (waiting.request, waiting.user);
        let decided = |input, kept| Some(Decided { input, user, kept });
        match verdict {
            LoginVerdict::Accept(accepted) => {
                let decision = LoginDecision::Accept {
                    name: accepted.name.map(Into::into),
                    known: accepted.known,
                    role: role(accepted.role),
                    variables: pairs(accepted.variables),
                };
                let input = Input::LoginDecided { request, decision };
                decided(input, accepted.server_variables)
            }
            LoginVerdict::Deny { reason } if reason.is_empty() => {
                decided(denied(request, REFUSED), Fields::new())
            }
            LoginVerdict::Deny { reason } => decided(denied(request, &reason), Fields::new()),
            LoginVerdict::Failed => decided(denied(request, UNCHECKED), Fields::new()),
        }
    }

    /// A user has gone: the handler is told, and what was kept about the user is forgotten.
    pub(in crate::hall) fn logged_out(&mut self, user: UserId, name: &str) {
        self.kept.remove(&user);
        if let Some(id) = self.login_handler() {
            let user = name.to_owned();
            self.put(id, PluginInput::LogOut { user });
        }
    }
}

fn denied(request: RequestId, reason: &str) -> Input {
    let reason = reason.into();
    let decision = LoginDecision::Deny { reason };
    Input::LoginDecided { request, decision }
}

fn given(variables: &Pairs) -> Fields {
    let variables = variables.iter();
    variables
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}

fn role(role: LoginRole) -> Role {
    match role {
        LoginRole::User => Role::User,
        LoginRole::Moderator => Role::Moderator,
        LoginRole::Administrator => Role::Administrator,
    }
}
