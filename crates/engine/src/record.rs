//! Recording: which publications are recorded, and what the publisher is told of it.
//!
//! The instance orders a recording and the server records: it answers that the recording has
//! started, has stopped or has failed. A publisher who asked for it is told, in the order of
//! Flash Communication Server: `Publish.Start`, `Record.Start`, and at the end `Record.Stop`,
//! `Unpublish.Success`. Both of the latter wait until the file is finished, so that it can be
//! played by then. Whatever becomes of the recording, the live stream goes on.

use rtmp::status::Code;

use crate::client::ClientId;
use crate::effect::Effect;
use crate::instance::Instance;
use crate::name::{RecordingFile, StreamName};

/// What happens to a recording of the same name that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordMode {
    /// It is replaced.
    Record,
    /// The new one goes on behind it.
    Append,
    /// The same, and the time between the two counts.
    AppendWithGap,
}

/// How a client publishes: the second argument of `publish`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Live,
    Recorded(RecordMode),
}

impl How {
    pub(crate) fn from_wire(how: &str) -> Option<Self> {
        Some(match how {
            "live" => Self::Live,
            "record" => Self::Recorded(RecordMode::Record),
            "append" => Self::Recorded(RecordMode::Append),
            "appendWithGap" => Self::Recorded(RecordMode::AppendWithGap),
            _ => return None,
        })
    }

    /// What one is told who may not write there.
    pub(crate) fn no_access(self) -> Code {
        match self {
            Self::Live => Code::PublishBadName,
            Self::Recorded(_) => Code::RecordNoAccess,
        }
    }
}

/// What a publication means for the file of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Nothing.
    None,
    /// It is deleted.
    Erase(RecordingFile),
    /// It is recorded; `asked` by the publisher, who is told.
    Record {
        file: RecordingFile,
        mode: RecordMode,
        asked: bool,
    },
}

/// A recording that the server has not ended yet.
#[derive(Debug)]
pub(crate) struct Recording {
    client: ClientId,
    stream_id: u32,
    name: StreamName,
    /// The client is told of it.
    is_told: bool,
    /// The publisher has gone.
    is_over: bool,
    /// It is to be told that it has unpublished as well.
    tell_unpublished: bool,
}

impl Instance {
    /// What publishing a name in this way means for its file.
    ///
    /// # Errors
    ///
    /// Why it cannot be recorded, in words, where the client asks for it.
    pub(crate) fn plan(&self, how: How, name: &StreamName) -> Result<Plan, String> {
        let file = name.recording_file();
        let config = &self.config;
        match (how, config.record_live) {
            (How::Recorded(_), _) if !config.may_record => Err("Nothing is recorded here.".into()),
            (How::Recorded(mode), _) => {
                let file = file.map_err(|error| error.to_string())?;
                let asked = true;
                Ok(Plan::Record { file, mode, asked })
            }
            (How::Live, Some(mode)) if config.may_record => Ok(file.map_or(Plan::None, |file| {
                let asked = false;
                Plan::Record { file, mode, asked }
            })),
            (How::Live, _) if config.erase_recording => Ok(file.map_or(Plan::None, Plan::Erase)),
            (How::Live, _) => Ok(Plan::None),
        }
    }

    /// Orders the recording of a stream that begins to be published. Returns its number.
    pub(crate) fn start_recording(
        &mut self,
        (client, stream_id): (ClientId, u32),
        name: &StreamName,
        (file, mode): (RecordingFile, RecordMode),
        asked: bool,
    ) -> u64 {
        self.recordings_begun += 1;
        let recording = self.recordings_begun;
        let begun = Recording {
            client,
            stream_id,
            name: name.clone(),
            is_told: asked,
            is_over: false,
            tell_unpublished: false,
        };
        self.recordings.insert(recording, begun);
        self.effects.push_back(Effect::Record {
            recording,
            name: name.clone(),
            file,
            mode,
        });
        recording
    }

    /// The publisher has gone: the server finds that in the stream, and will say so.
    pub(crate) fn end_recording(&mut self, recording: u64) {
        if let Some(here) = self.recordings.get_mut(&recording) {
            here.is_over = true;
        }
    }

    /// Whether the client has yet to be told that its recording has stopped. Then it is told of
    /// the end of its publication after that.
    pub(crate) fn told_with_recording(
        &mut self,
        client: ClientId,
        stream_id: u32,
        name: &StreamName,
    ) -> bool {
        let ending = self.recordings.values_mut().find(|here| {
            let its = (here.client, here.stream_id, &here.name) == (client, stream_id, name);
            its && here.is_told && here.is_over
        });
        ending.is_some_and(|here| {
            here.tell_unpublished = true;
            true
        })
    }

    /// A stream of this number is a new one: nothing of what was before is told there.
    pub(crate) fn forget_recordings_of(&mut self, client: ClientId, stream_id: u32) {
        for here in self.recordings.values_mut() {
            if (here.client, here.stream_id) == (client, stream_id) {
                here.is_told = false;
            }
        }
    }

    pub(crate) fn on_recording_started(&mut self, recording: u64) {
        let Some(here) = self.recordings.get(&recording) else {
            return;
        };
        let text = format!("Recording {}.", here.name);
        self.tell_recording(recording, Code::RecordStart, text);
    }

    pub(crate) fn on_recording_stopped(&mut self, recording: u64) {
        let Some(here) = self.recordings.get(&recording) else {
            return;
        };
        let text = format!("Stopped recording {}.", here.name);
        self.tell_recording(recording, Code::RecordStop, text);
        self.conclude(recording);
    }

    pub(crate) fn on_recording_failed(&mut self, recording: u64, no_access: bool, why: String) {
        let code = if no_access {
            Code::RecordNoAccess
        } else {
            Code::RecordFailed
        };
        self.tell_recording(recording, code, why);
        self.conclude(recording);
    }

    fn tell_recording(&mut self, recording: u64, code: Code, text: String) {
        let Some(here) = self.recordings.get(&recording) else {
            return;
        };
        if here.is_told && self.clients.contains_key(&here.client) {
            let (client, stream_id, name) = (here.client, here.stream_id, here.name.clone());
            self.tell(client, stream_id, code, text, Some(name.as_str()));
        }
    }

    fn conclude(&mut self, recording: u64) {
        let Some(gone) = self.recordings.remove(&recording) else {
            return;
        };
        let is_told = gone.is_told && self.clients.contains_key(&gone.client);
        if gone.tell_unpublished && is_told {
            self.tell_unpublished(gone.client, gone.stream_id, &gone.name);
        }
    }
}
