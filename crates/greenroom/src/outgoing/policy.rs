//! What the scripts of one instance may ask for over HTTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use appconfig::{ApplicationConfig, Host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::{Target, is_public};
use crate::trust::Trust;

/// What requests may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingLimits {
    /// Requests of one instance at one time (`script.connections`).
    pub requests: usize,
    /// How long a request may take in all (`script.http_timeout_ms`).
    pub timeout: Duration,
    /// Redirections that are followed (`script.http_redirects`).
    pub redirects: u32,
    /// Bytes of a response's body. One more is a failure.
    pub response_bytes: usize,
    /// Bytes of a response's status line and headers together; 8192 at least. One more is a
    /// failure.
    pub response_head_bytes: usize,
}

impl Default for OutgoingLimits {
    fn default() -> Self {
        Self {
            requests: 16,
            timeout: Duration::from_mins(1),
            redirects: 10,
            response_bytes: 4 << 20,
            response_head_bytes: 64 << 10,
        }
    }
}

/// Where requests of one instance may go, what they may cost, and how many there are.
#[derive(Clone, Debug)]
pub struct OutgoingPolicy {
    hosts: Vec<Host>,
    own: Vec<SocketAddr>,
    limits: OutgoingLimits,
    permits: Arc<Semaphore>,
    trust: Arc<Trust>,
}

impl OutgoingPolicy {
    /// A policy for one instance; its clones count their requests together. `hosts` is what
    /// `script.hosts` allows, `own` are the addresses on which this server answers HTTP.
    pub fn new(hosts: Vec<Host>, own: Vec<SocketAddr>, limits: OutgoingLimits) -> Self {
        let requests = limits.requests.min(Semaphore::MAX_PERMITS);
        Self {
            hosts,
            own,
            limits,
            permits: Arc::new(Semaphore::new(requests)),
            trust: Arc::default(),
        }
    }

    /// The same, with others to trust over TLS than those whom the system trusts.
    pub(crate) fn trusting(self, trust: Arc<Trust>) -> Self {
        Self { trust, ..self }
    }

    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The policy that the settings of an application ask for, for one of its instances.
    pub fn of(config: &ApplicationConfig, own: Vec<SocketAddr>) -> Self {
        let script = &config.script;
        let limits = OutgoingLimits {
            requests: script.connections,
            timeout: Duration::from_millis(script.http_timeout_ms),
            redirects: script.http_redirects,
            ..OutgoingLimits::default()
        };
        Self::new(script.hosts.clone(), own, limits)
    }

    pub(super) fn limits(&self) -> &OutgoingLimits {
        &self.limits
    }

    /// Room for one more request.
    pub(super) fn permit(&self) -> Result<OwnedSemaphorePermit, String> {
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        permit.map_err(|_| {
            let max = self.limits.requests;
            format!("more than {max} requests at once (limit script.connections)")
        })
    }

    /// The addresses to which a request for this target may go; an error if there is none.
    pub(super) async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, String> {
        let allowed = self.allows(target);
        if !allowed && !self.is_own_name(target) {
            return Err(format!(
                "{} is not allowed (setting script.hosts)",
                target.authority()
            ));
        }
        let resolved = resolve(target).await?;
        let fit = resolved.into_iter().filter(|address| {
            self.is_own(target, *address) || (allowed && self.may_reach(*address))
        });
        let fit: Vec<_> = fit.collect();
        if fit.is_empty() {
            return Err(format!(
                "{} is at no address that is allowed (setting script.hosts)",
                target.authority()
            ));
        }
        Ok(fit)
    }

    fn allows(&self, target: &Target) -> bool {
        let mut hosts = self.hosts.iter();
        hosts.any(|host| host.allows(&target.host, target.port))
    }

    /// Addresses outside the public network must be named themselves.
    fn may_reach(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        let text = ip.to_string();
        let mut hosts = self.hosts.iter();
        is_public(ip) || hosts.any(|host| host.names(&text, address.port()))
    }

    /// Whether a target can be this server: only by an address, or as `localhost`.
    fn is_own_name(&self, target: &Target) -> bool {
        let mut own = self.own.iter();
        !target.secure
            && (is_localhost(&target.host) || target.literal().is_some())
            && own.any(|own| own.port() == target.port)
    }

    /// Whether an address is one on which this server answers.
    fn is_own(&self, target: &Target, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.is_own_name(target)
            && self.own.iter().any(|own| {
                let everywhere = own.ip().is_unspecified() && ip.is_loopback();
                own.port() == address.port() && (own.ip().to_canonical() == ip || everywhere)
            })
    }
}

fn is_localhost(host: &str) -> bool {
    host.trim_end_matches('.') == "localhost"
}

/// Asks the system for the addresses of a name, once. `localhost` is this machine, whatever name
/// servers say.
async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, String> {
    let port = target.port;
    if let Some(ip) = target.literal() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    if is_localhost(&target.host) {
        let both = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        return Ok(both.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    let found = tokio::net::lookup_host((target.host.as_str(), port)).await;
    let found = found.map_err(|error| format!("{} is not known: {error}", target.host))?;
    Ok(found.collect())
}
