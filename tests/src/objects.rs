//! A client's copy of a shared object, kept as a Flash client keeps it: only what the server says
//! changes it.

use std::collections::BTreeMap;

use amf::Value;
use anyhow::{Context, Result, ensure};
use rtmp::shared_object::{self, Event};
use rtmp::{Body, Encoding, Message};

use crate::client::Client;

/// What one client knows of one object.
#[derive(Debug)]
pub struct Copy {
    name: String,
    persistent: bool,
    encoding: Encoding,
    /// The version the server told last.
    pub version: u32,
    /// The slots, by name.
    pub slots: BTreeMap<String, Value>,
}

impl Copy {
    /// Begins to use an object.
    ///
    /// # Errors
    ///
    /// The server refuses; the error says how.
    pub async fn open(client: &mut Client, name: &str, persistent: bool) -> Result<Self> {
        Self::open_in(client, name, persistent, Encoding::Amf0).await
    }

    /// As [`Copy::open`], for a client that connected with this encoding.
    ///
    /// # Errors
    ///
    /// The server refuses; the error says how.
    pub async fn open_in(
        client: &mut Client,
        name: &str,
        persistent: bool,
        encoding: Encoding,
    ) -> Result<Self> {
        let copy = Self {
            name: name.to_owned(),
            persistent,
            encoding,
            version: 0,
            slots: BTreeMap::new(),
        };
        copy.used(client).await
    }

    /// Begins to use a persistent object again, of which the client knows this version. The copy
    /// is empty: it gets only what the server then says.
    ///
    /// # Errors
    ///
    /// The server refuses; the error says how.
    pub async fn returning(client: &mut Client, name: &str, version: u32) -> Result<Self> {
        let copy = Self {
            name: name.to_owned(),
            persistent: true,
            encoding: Encoding::Amf0,
            version,
            slots: BTreeMap::new(),
        };
        copy.used(client).await
    }

    async fn used(mut self, client: &mut Client) -> Result<Self> {
        self.ask(client, vec![Event::Use]).await?;
        let events = self.next(client).await?;
        let used = events.contains(&Event::UseSuccess);
        ensure!(used, "{} is refused: {events:?}", self.name);
        Ok(self)
    }

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn ask(&self, client: &mut Client, events: Vec<Event>) -> Result<()> {
        let message = shared_object::Message {
            encoding: self.encoding,
            ..shared_object::Message::new(&*self.name, self.version, self.persistent, events)
        };
        let message = Message::connection(Body::SharedObject(message));
        client.send(message).await
    }

    /// Asks for slots to be set, and waits until all of them are.
    ///
    /// # Errors
    ///
    /// One is refused.
    pub async fn set(&mut self, client: &mut Client, slots: &[(&str, Value)]) -> Result<()> {
        let slots: Vec<_> = slots
            .iter()
            .map(|(key, value)| ((*key).into(), value.clone()))
            .collect();
        self.ask(client, vec![Event::RequestChange(slots.clone())])
            .await?;
        self.await_success(client, slots.len()).await?;
        for (key, value) in slots {
            self.slots.insert(key.to_string(), value);
        }
        Ok(())
    }

    /// Waits until so many slots have been changed as was asked for.
    ///
    /// # Errors
    ///
    /// One is refused.
    pub async fn await_success(&mut self, client: &mut Client, mut slots: usize) -> Result<()> {
        while slots > 0 {
            for event in self.next(client).await? {
                match event {
                    Event::Success(keys) => slots -= keys.len().min(slots),
                    Event::Status { code, .. } => anyhow::bail!("{code}"),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The next message about the object, taken into the copy.
    ///
    /// # Errors
    ///
    /// None comes, or its version is older than the one before.
    pub async fn next(&mut self, client: &mut Client) -> Result<Vec<Event>> {
        let name = self.name.clone();
        let message = client.wait_for(&name, |message| match &message.body {
            Body::SharedObject(message) if *message.name == *name => Some(message.clone()),
            _ => None,
        });
        let message = message.await?;
        self.take(&message)?;
        Ok(message.events)
    }

    /// Takes in messages until a slot has a value.
    ///
    /// # Errors
    ///
    /// None comes any more.
    pub async fn until(&mut self, client: &mut Client, key: &str, value: &Value) -> Result<usize> {
        let mut messages = 0;
        while self.slots.get(key) != Some(value) {
            let what = format!("{key} to be {value:?}, it is {:?}", self.slots.get(key));
            self.next(client).await.context(what)?;
            messages += 1;
        }
        Ok(messages)
    }

    fn take(&mut self, message: &shared_object::Message) -> Result<()> {
        let version = message.version;
        ensure!(version >= self.version, "{version} after {}", self.version);
        ensure!(message.encoding == self.encoding, "{:?}", message.encoding);
        self.version = version;
        for event in &message.events {
            match event {
                Event::Change(slots) => {
                    let slots = slots.iter();
                    self.slots
                        .extend(slots.map(|(key, value)| (key.to_string(), value.clone())));
                }
                Event::Remove(keys) => {
                    self.slots
                        .retain(|slot, _| !keys.iter().any(|key| **key == **slot));
                }
                Event::Clear => self.slots.clear(),
                _ => {}
            }
        }
        Ok(())
    }
}
