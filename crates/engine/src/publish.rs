//! Publishing: who may have a name, what happens to the one who had it, and what the
//! publisher and the players are told.

use amf::{Str, Value};
use media::Marker;
use rtmp::status::{Code, Status};
use rtmp::{Body, Command, Millis, UserControl};

use crate::client::{ClientId, NetStream};
use crate::close::CloseReason;
use crate::config::Takeover;
use crate::effect::Effect;
use crate::instance::{Instance, Publisher};
use crate::name::StreamName;
use crate::record::{How, Plan};
use crate::station::STUDIO;

impl Instance {
    /// `publish(name[, "live"|"record"|"append"|"appendWithGap"])`, or `publish(false)` to end it.
    pub(crate) fn publish(
        &mut self,
        now: Millis,
        client: ClientId,
        stream_id: u32,
        command: &Command,
    ) {
        if self.stream_mut(client, stream_id).is_none() {
            return self.refuse(
                client,
                stream_id,
                Code::StreamFailed,
                "No such stream.",
                None,
            );
        }
        if command.args.first().and_then(Value::as_bool) == Some(false) {
            return self.unpublish(now, client, stream_id);
        }
        let written = command
            .args
            .first()
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = match StreamName::parse(written, self.config.stream_name_bytes) {
            Ok(name) => name,
            Err(error) => {
                let why = error.to_string();
                return self.refuse(client, stream_id, Code::PublishBadName, &why, Some(written));
            }
        };
        let mode = command
            .args
            .get(1)
            .and_then(Value::as_str)
            .unwrap_or("live");
        let Some(how) = How::from_wire(mode) else {
            // To publish without what it asks for could lose what the client believes is kept.
            let why = format!("Publishing with \"{mode}\" is not available.");
            return self.refuse(client, stream_id, Code::RecordNoAccess, &why, Some(written));
        };
        if !self.may_write(client, name.path()) {
            let why = format!("No write access to {name}.");
            return self.refuse(client, stream_id, how.no_access(), &why, Some(written));
        }
        match self.plan(how, &name) {
            Ok(plan) => {
                self.publish_planned(now, (client, stream_id), &name, plan);
                self.note_query(client, stream_id, &name, written);
            }
            Err(why) => self.refuse(client, stream_id, how.no_access(), &why, Some(written)),
        }
    }

    /// Keeps what stands behind the `?` of the name, if the client publishes it now.
    fn note_query(&mut self, client: ClientId, stream_id: u32, name: &StreamName, written: &str) {
        let here = |publisher: &&mut Publisher| {
            publisher.client == client && publisher.stream_id == stream_id
        };
        if let Some(publisher) = self.publishers.get_mut(name).filter(here) {
            publisher.query = written.split_once('?').unwrap_or_default().1.into();
        }
    }

    fn unpublish(&mut self, now: Millis, client: ClientId, stream_id: u32) {
        if let Some(NetStream::Publishing(name)) = self.stream_mut(client, stream_id) {
            let name = name.clone();
            self.close_stream(now, client, stream_id);
            self.tell_unpublished(client, stream_id, &name);
        }
    }

    pub(crate) fn publish_planned(
        &mut self,
        now: Millis,
        (client, stream_id): (ClientId, u32),
        name: &StreamName,
        plan: Plan,
    ) {
        if let Some(holder) = self.publishers.get(name).cloned() {
            let own = holder.client == client && holder.stream_id == stream_id;
            if !own && !self.may_replace(now, client, name, &holder) {
                let why = format!("{name} is already publishing");
                let details = Some(name.as_str());
                return self.refuse(client, stream_id, Code::PublishBadName, &why, details);
            }
            self.replace(now, client, name, &holder);
        }
        self.close_stream(now, client, stream_id);
        if let Plan::Erase(file) = plan {
            self.effects.push_back(Effect::EraseRecording { file });
            return self.start_publish(now, client, stream_id, name);
        }
        self.start_publish(now, client, stream_id, name);
        if let Plan::Record { file, mode, asked } = plan {
            let recording = self.start_recording((client, stream_id), name, (file, mode), asked);
            if let Some(publisher) = self.publishers.get_mut(name) {
                publisher.recording = Some(recording);
            }
        }
    }

    /// Ends the one who holds the name. Another client's connection is closed with it: what
    /// it goes on sending would be lost unseen. Where a script takes the name the connection stays:
    /// its client may publish again when the name is free.
    fn replace(&mut self, now: Millis, by: ClientId, name: &StreamName, holder: &Publisher) {
        let (client, stream_id) = (holder.client, holder.stream_id);
        self.close_stream(now, client, stream_id);
        if by == STUDIO {
            self.tell_unpublished(client, stream_id, name);
            let why = format!("{name} is published by the server.");
            self.refuse(client, stream_id, Code::PublishBadName, &why, None);
        } else if client != by {
            let why = format!("{name} was published by another client.");
            self.refuse(client, stream_id, Code::PublishBadName, &why, None);
            let reason = CloseReason::PublisherReplaced;
            self.effects.push_back(Effect::Close { client, reason });
        }
    }

    /// The server goes before every client.
    fn may_replace(
        &self,
        now: Millis,
        by: ClientId,
        name: &StreamName,
        holder: &Publisher,
    ) -> bool {
        if by == STUDIO || holder.client == STUDIO {
            return by == STUDIO;
        }
        match self.config.takeover {
            Takeover::Reject => false,
            Takeover::Replace => true,
            Takeover::ReplaceIfStalled => {
                let (since, patience) = match self.host.last_media(name) {
                    Some(last) => (last, self.config.publisher_stall_ms),
                    None => (holder.since, self.config.publisher_first_media_ms),
                };
                now.since(since) >= patience
            }
        }
    }

    fn start_publish(&mut self, now: Millis, client: ClientId, stream_id: u32, name: &StreamName) {
        let publisher = Publisher {
            client,
            stream_id,
            since: now,
            recording: None,
            query: Str::default(),
        };
        self.publishers.insert(name.clone(), publisher);
        if let Some(stream) = self.stream_mut(client, stream_id) {
            *stream = NetStream::Publishing(name.clone());
        }
        let marker = Marker::Published;
        // The mark first: with it the stream is this publisher's.
        self.effects.push_back(Effect::Mark {
            name: name.clone(),
            marker,
        });
        self.effects.push_back(Effect::Publish {
            client,
            stream_id,
            name: name.clone(),
        });
        self.notify_stations(name, Code::PlayPublishNotify, "is now published.");
        if self
            .clients
            .get(&client)
            .is_some_and(|here| here.fc_publish)
        {
            let status = Status::new(Code::PublishStart, name.to_string()).to_value();
            let told = Command::new("onFCPublish", 0.0, vec![status]);
            self.send_command(client, 0, told);
        }
        let begin = Body::UserControl(UserControl::StreamBegin(stream_id));
        self.send_control(client, begin);
        let text = format!("{name} is now published.");
        self.tell(
            client,
            stream_id,
            Code::PublishStart,
            text,
            Some(name.as_str()),
        );
    }

    /// Takes the name from the directory and tells the players. The publisher itself is told
    /// by whoever ended it, if it is still there.
    pub(crate) fn end_publish(
        &mut self,
        now: Millis,
        client: ClientId,
        stream_id: u32,
        name: &StreamName,
    ) {
        let gone = self.publishers.remove(name);
        if let Some(recording) = gone.and_then(|gone| gone.recording) {
            self.end_recording(recording);
        }
        self.effects
            .push_back(Effect::Unpublish { client, stream_id });
        let marker = Marker::Unpublished;
        self.effects.push_back(Effect::Mark {
            name: name.clone(),
            marker,
        });
        self.notify_stations(name, Code::PlayUnpublishNotify, "is now unpublished.");
        self.advance_players_of(now, name);
    }

    pub(crate) fn tell_unpublished(&mut self, client: ClientId, stream_id: u32, name: &StreamName) {
        if self.told_with_recording(client, stream_id, name) {
            return;
        }
        let text = format!("{name} is now unpublished.");
        self.tell(
            client,
            stream_id,
            Code::UnpublishSuccess,
            text,
            Some(name.as_str()),
        );
    }

    /// Sends a status to a stream of the client.
    pub(crate) fn tell(
        &mut self,
        client: ClientId,
        stream_id: u32,
        code: Code,
        description: String,
        details: Option<&str>,
    ) {
        let mut status = Status::new(code, description).with_client_id(client.to_string());
        status.details = details.map(Into::into);
        self.send_command(client, stream_id, status.on_status());
    }

    pub(crate) fn refuse(
        &mut self,
        client: ClientId,
        stream_id: u32,
        code: Code,
        why: &str,
        details: Option<&str>,
    ) {
        self.tell(client, stream_id, code, why.to_owned(), details);
    }

    /// Whether `written` is how a client would write `name`.
    pub(crate) fn is_written(&self, name: &StreamName, written: &str) -> bool {
        StreamName::parse(written, self.config.stream_name_bytes).as_ref() == Ok(name)
    }
}
