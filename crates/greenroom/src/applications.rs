//! Which applications there are, which instances run, and how a connection joins one.
//!
//! A directory `applications/<app>` makes an application exist. An instance starts when its
//! first client joins and ends when the last one has left; the count is kept under one lock
//! with the table, so an instance never runs twice and nobody joins one that is ending.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use engine::{InstanceConfig, Rejection};
use media::{ReaderLimits, RingLimits};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::catalog::Catalog;
use crate::metrics;
use crate::pump::PumpSettings;
use crate::runner::{self, Post};

/// Limits on names and numbers of instances.
#[derive(Clone, Debug)]
pub(crate) struct ApplicationLimits {
    pub(crate) application_name_bytes: usize,
    pub(crate) instance_name_bytes: usize,
    pub(crate) instances_per_application: usize,
    pub(crate) clients_per_instance: usize,
    pub(crate) inbox_events: usize,
}

/// What every instance is made with.
#[derive(Clone, Debug)]
pub(crate) struct InstanceSettings {
    pub(crate) config: InstanceConfig,
    pub(crate) ring: RingLimits,
    pub(crate) reader: ReaderLimits,
    pub(crate) pump: PumpSettings,
}

/// `application/instance`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InstanceAddress {
    pub(crate) app: Arc<str>,
    pub(crate) instance: Arc<str>,
}

struct Running {
    inbox: mpsc::Sender<Post>,
    clients: usize,
}

/// The applications of the server and their running instances.
pub(crate) struct Applications {
    dir: PathBuf,
    limits: ApplicationLimits,
    settings: InstanceSettings,
    catalog: Arc<Catalog>,
    running: Mutex<BTreeMap<InstanceAddress, Running>>,
}

impl Applications {
    pub(crate) fn new(
        dir: PathBuf,
        limits: ApplicationLimits,
        settings: InstanceSettings,
        catalog: Arc<Catalog>,
    ) -> Arc<Self> {
        Arc::new(Self {
            dir,
            limits,
            settings,
            catalog,
            running: Mutex::default(),
        })
    }

    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    pub(crate) fn settings(&self) -> &InstanceSettings {
        &self.settings
    }

    /// The names of the applications there are, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.path().is_dir());
        let mut names: Vec<String> = folders
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.retain(|name| self.is_name(name));
        names.sort();
        names
    }

    /// Joins an instance, starting it if need be.
    pub(crate) fn join(self: &Arc<Self>, app: &str, instance: &str) -> Result<Seat, Rejection> {
        self.check_names(app, instance)?;
        let address = InstanceAddress {
            app: app.into(),
            instance: instance.into(),
        };
        let mut running = self.running.lock();
        if let Some(here) = running.get_mut(&address) {
            if here.clients >= self.limits.clients_per_instance {
                return Err(Rejection::InstanceFull(format!("{app}/{instance}")));
            }
            here.clients += 1;
            let inbox = here.inbox.clone();
            return Ok(Seat {
                applications: self.clone(),
                address,
                inbox,
            });
        }
        if !self.dir.join(app).is_dir() {
            return Err(Rejection::UnknownApplication(app.to_owned()));
        }
        let siblings = running.keys().filter(|other| *other.app == *app).count();
        if siblings >= self.limits.instances_per_application {
            return Err(Rejection::TooManyInstances(app.to_owned()));
        }
        let inbox = runner::start(self, &address, self.limits.inbox_events);
        metrics::instances(1.0);
        running.insert(
            address.clone(),
            Running {
                inbox: inbox.clone(),
                clients: 1,
            },
        );
        Ok(Seat {
            applications: self.clone(),
            address,
            inbox,
        })
    }

    /// Whether an instance runs, without starting it.
    pub(crate) fn is_running(&self, app: &str, instance: &str) -> Result<bool, Rejection> {
        self.check_names(app, instance)?;
        if !self.dir.join(app).is_dir() {
            return Err(Rejection::UnknownApplication(app.to_owned()));
        }
        let address = InstanceAddress {
            app: app.into(),
            instance: instance.into(),
        };
        Ok(self.running.lock().contains_key(&address))
    }

    fn check_names(&self, app: &str, instance: &str) -> Result<(), Rejection> {
        if !self.is_name(app) {
            let shown: String = app.chars().take(64).filter(|c| !c.is_control()).collect();
            return Err(Rejection::UnknownApplication(shown));
        }
        let parts_are_names = instance
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."));
        if instance.chars().any(char::is_control) || !parts_are_names {
            return Err(Rejection::BadUrl("the instance name is not allowed".into()));
        }
        if instance.len() > self.limits.instance_name_bytes {
            let most = self.limits.instance_name_bytes;
            return Err(Rejection::BadUrl(format!(
                "the instance name exceeds {most} bytes"
            )));
        }
        Ok(())
    }

    /// Whether this can be the name of a directory below ours, and of nothing else.
    fn is_name(&self, name: &str) -> bool {
        let allowed = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':');
        !name.is_empty()
            && name.len() <= self.limits.application_name_bytes
            && !name.starts_with('.')
            && name.chars().all(allowed)
    }

    fn leave(&self, address: &InstanceAddress) {
        let mut running = self.running.lock();
        let Some(here) = running.get_mut(address) else {
            return;
        };
        here.clients -= 1;
        if here.clients == 0 {
            running.remove(address);
            metrics::instances(-1.0);
        }
    }
}

/// A connection's place in an instance, given back when dropped.
pub(crate) struct Seat {
    applications: Arc<Applications>,
    pub(crate) address: InstanceAddress,
    pub(crate) inbox: mpsc::Sender<Post>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.applications.leave(&self.address);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::{ClientId, Input};
    use tokio::sync::mpsc::error::TrySendError;

    use super::*;

    const INBOX: usize = 16;

    fn applications(dir: &std::path::Path) -> Arc<Applications> {
        let limits = ApplicationLimits {
            application_name_bytes: 8,
            instance_name_bytes: 8,
            instances_per_application: 2,
            clients_per_instance: 2,
            inbox_events: INBOX,
        };
        let settings = InstanceSettings {
            config: InstanceConfig::default(),
            ring: RingLimits::default(),
            reader: ReaderLimits::default(),
            pump: PumpSettings {
                shards: 1,
                latency_budget: Duration::ZERO,
            },
        };
        for app in ["live", "chat"] {
            std::fs::create_dir_all(dir.join(app)).unwrap();
        }
        Applications::new(dir.into(), limits, settings, Catalog::new())
    }

    #[tokio::test]
    async fn who_is_let_in_and_who_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let applications = applications(dir.path());
        let join = |app: &str, instance: &str| applications.join(app, instance);
        let refused = |app: &str, instance: &str| join(app, instance).err().map(|why| why.as_str());
        let one = join("live", "one").unwrap();
        let _two = join("live", "two").unwrap();
        let _again = join("live", "one").unwrap();
        for (app, instance, reason) in [
            ("live", "one", "instance_full"),
            ("live", "three", "too_many_instances"),
            ("nosuch", "one", "unknown_application"),
            ("too-long-a-name", "one", "unknown_application"),
            ("..", "one", "unknown_application"),
            ("live", "123456789", "bad_url"),
            ("live", "a/../b", "bad_url"),
            ("live", "a\nb", "bad_url"),
        ] {
            assert_eq!(refused(app, instance), Some(reason), "{app}/{instance:?}");
        }
        assert_eq!(refused("chat", "one"), None, "another application has room");
        drop(one);
        assert_eq!(refused("live", "one"), None, "room was made");
    }

    #[tokio::test]
    async fn a_full_inbox_makes_its_senders_wait() {
        let dir = tempfile::tempdir().unwrap();
        let seat = applications(dir.path()).join("live", "one").unwrap();
        let post = || Post {
            from: ClientId(1),
            input: Input::Timeout,
            link: None,
        };
        // The instance's task has the same thread and has not run yet.
        for _ in 0..INBOX {
            assert!(seat.inbox.try_send(post()).is_ok());
        }
        let full = seat.inbox.try_send(post());
        assert!(matches!(full, Err(TrySendError::Full(_))));
        // To wait lets the task run, which makes room.
        assert!(seat.inbox.send(post()).await.is_ok());
    }
}
