//! A connection's place in an instance: how it is taken and given back, and how an instance ends
//! that has none.
//!
//! The count of seats is kept under one lock with the table, so an instance never runs twice, and
//! nobody joins one that is ending: who comes then waits until it has saved what there is, and
//! finds that in the next.

use std::sync::Arc;

use engine::Rejection;
use tokio::sync::mpsc;

use super::{Applications, InstanceAddress, Running, Table};
use crate::metrics;
use crate::runner::{Post, Room};

/// A connection's place in an instance, given back when dropped.
pub(crate) struct Seat {
    applications: Arc<Applications>,
    pub(crate) address: InstanceAddress,
    id: u64,
    pub(crate) inbox: mpsc::Sender<Post>,
    pub(super) room: Arc<Room>,
}

impl Seat {
    /// Waits until the instance's script is written off; for ever if it never is.
    pub(crate) fn written_off(&self) -> impl Future<Output = ()> + use<> {
        self.room.written_off.clone().cancelled_owned()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.applications.leave(&self.address, self.id);
    }
}

impl Table {
    /// The instance at this address. One whose task or thread has broken off is none.
    pub(super) fn at(&mut self, address: &InstanceAddress) -> Option<&mut Running> {
        let here = self.instances.get(address)?;
        if here.room.ended.is_cancelled() {
            self.remove(address);
            return None;
        }
        self.instances.get_mut(address)
    }

    fn remove(&mut self, address: &InstanceAddress) {
        if self.instances.remove(address).is_some() {
            metrics::instances(-1.0);
        }
    }
}

impl Applications {
    /// Joins an instance, starting it if need be. Waits for one that is ending.
    pub(crate) async fn join(
        self: &Arc<Self>,
        app: &str,
        instance: &str,
    ) -> Result<Seat, Rejection> {
        let address = self.address(app, instance)?;
        loop {
            if self.wait_for_end(&address).await && self.is_closing() {
                return Err(Rejection::ShuttingDown);
            }
            if let Some(seat) = self.try_join(&address)? {
                return Ok(seat);
            }
        }
    }

    /// Joins an instance, starting it if need be; `None` if it is ending.
    fn try_join(self: &Arc<Self>, address: &InstanceAddress) -> Result<Option<Seat>, Rejection> {
        if let Some(here) = self.running.lock().at(address) {
            return self.sit_down(here, address);
        }
        // Files are read while others come and go.
        let way = self.way_of(address)?;
        let mut running = self.running.lock();
        if let Some(here) = running.at(address) {
            return self.sit_down(here, address);
        }
        self.check_room(&running, &address.app)?;
        let started = self.start(&mut running, address, &way, 1)?;
        let seat = self.seat(address.clone(), &started);
        running.instances.insert(address.clone(), started);
        Ok(Some(seat))
    }

    /// A seat in an instance that runs.
    fn sit_down(
        self: &Arc<Self>,
        here: &mut Running,
        address: &InstanceAddress,
    ) -> Result<Option<Seat>, Rejection> {
        if here.ending {
            return Ok(None);
        }
        if here.clients >= self.limits.clients_per_instance {
            let full = format!("{}/{}", address.app, address.instance);
            return Err(Rejection::InstanceFull(full));
        }
        here.clients += 1;
        Ok(Some(self.seat(address.clone(), here)))
    }

    fn seat(self: &Arc<Self>, address: InstanceAddress, running: &Running) -> Seat {
        Seat {
            applications: self.clone(),
            address,
            id: running.id,
            inbox: running.inbox.clone(),
            room: running.room.clone(),
        }
    }

    /// Waits until an instance that is ending has ended. Whether there was one.
    pub(super) async fn wait_for_end(&self, address: &InstanceAddress) -> bool {
        let room = {
            let mut running = self.running.lock();
            let ending = running.at(address).filter(|here| here.ending);
            ending.map(|here| here.room.clone())
        };
        match room {
            Some(room) => {
                room.ended.cancelled().await;
                true
            }
            None => false,
        }
    }

    /// Whether an instance runs that can be joined, without starting it.
    pub(crate) fn is_running(&self, app: &str, instance: &str) -> Result<bool, Rejection> {
        let address = self.address(app, instance)?;
        if !self.dir.join(app).is_dir() {
            return Err(Rejection::UnknownApplication(app.to_owned()));
        }
        let mut running = self.running.lock();
        Ok(running.at(&address).is_some_and(|here| !here.ending))
    }

    /// The address of an instance, if the names can be such.
    pub(super) fn address(&self, app: &str, instance: &str) -> Result<InstanceAddress, Rejection> {
        self.check_names(app, instance)?;
        Ok(InstanceAddress {
            app: app.into(),
            instance: instance.into(),
        })
    }

    fn leave(&self, address: &InstanceAddress, id: u64) {
        let mut running = self.running.lock();
        let here = running.instances.get_mut(address);
        if let Some(here) = here.filter(|here| here.id == id) {
            here.clients -= 1;
            here.room.freed.notify_one();
        }
    }

    /// Lets nobody join an instance any more, unless somebody has a seat there: it is about to end.
    pub(crate) fn begin_end(&self, address: &InstanceAddress, id: u64) -> bool {
        let mut running = self.running.lock();
        let here = running.instances.get_mut(address);
        match here.filter(|here| here.id == id) {
            Some(here) if here.clients > 0 => false,
            Some(here) => {
                here.ending = true;
                true
            }
            None => true,
        }
    }

    /// Takes an instance out of the table, unless somebody has a seat there. Then the next may
    /// begin.
    pub(crate) fn retire(&self, address: &InstanceAddress, id: u64) -> bool {
        let mut running = self.running.lock();
        match running.instances.get(address) {
            Some(here) if here.id == id && here.clients > 0 => false,
            Some(here) if here.id == id => {
                running.remove(address);
                true
            }
            _ => true,
        }
    }
}
