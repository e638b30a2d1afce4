//! From the chunk stream's messages to typed ones and back.

use bytes::Bytes;

use super::{Body, Command, Data, Message, UserControl, control, type_id};
use crate::chunk::{RawMessage, csid};
use crate::error::Error;
use crate::limits::Limits;
use crate::shared_object;

impl Message {
    /// Reads the body of `raw` by its type. Types nobody knows become [`Body::Unknown`].
    ///
    /// # Errors
    ///
    /// When the body does not fit its type; offsets count from the start of the body.
    pub fn decode(raw: &RawMessage, limits: &Limits) -> Result<Self, Error> {
        let payload = &raw.payload;
        let body = match raw.type_id {
            type_id::SET_CHUNK_SIZE
            | type_id::ABORT
            | type_id::ACKNOWLEDGEMENT
            | type_id::WINDOW_ACK_SIZE
            | type_id::SET_PEER_BANDWIDTH => control::decode(raw.type_id, payload)?,
            type_id::USER_CONTROL => Body::UserControl(UserControl::decode(payload)?),
            type_id::AUDIO => Body::Audio(payload.clone()),
            type_id::VIDEO => Body::Video(payload.clone()),
            type_id::DATA_AMF0 | type_id::DATA_AMF3 => {
                Body::Data(Data::decode(raw.type_id, payload, limits)?)
            }
            type_id::SHARED_OBJECT_AMF0 | type_id::SHARED_OBJECT_AMF3 => Body::SharedObject(
                shared_object::Message::decode(raw.type_id, payload, limits)?,
            ),
            type_id::COMMAND_AMF0 | type_id::COMMAND_AMF3 => {
                Body::Command(Command::decode(raw.type_id, payload, limits)?)
            }
            type_id::AGGREGATE => Body::Aggregate(payload.clone()),
            type_id => Body::Unknown {
                type_id,
                payload: payload.clone(),
            },
        };
        Ok(Self {
            stream_id: raw.stream_id,
            timestamp: raw.timestamp,
            body,
        })
    }

    /// Writes the body within AMF's default limits; see [`Self::encode_within`].
    ///
    /// # Errors
    ///
    /// [`Error::Unsendable`] when AMF cannot write a value.
    pub fn encode(&self) -> Result<RawMessage, Error> {
        self.encode_within(&amf::Limits::default())
    }

    /// Writes the body and picks the chunk stream ([`csid::of`]).
    ///
    /// # Errors
    ///
    /// [`Error::Unsendable`] when AMF cannot write a value, or not within `limits`.
    pub fn encode_within(&self, limits: &amf::Limits) -> Result<RawMessage, Error> {
        let type_id = self.body.type_id();
        let payload = self
            .body
            .encode(limits)
            .map_err(|source| Error::Unsendable { type_id, source })?;
        Ok(RawMessage {
            csid: csid::of(type_id, self.stream_id),
            timestamp: self.timestamp,
            type_id,
            stream_id: self.stream_id,
            payload,
        })
    }
}

impl Body {
    fn encode(&self, limits: &amf::Limits) -> Result<Bytes, amf::EncodeError> {
        Ok(match self {
            Self::SetChunkSize(number)
            | Self::Abort(number)
            | Self::Acknowledgement(number)
            | Self::WindowAckSize(number) => control::encode(*number),
            Self::SetPeerBandwidth { bytes, limit } => control::encode_bandwidth(*bytes, *limit),
            Self::UserControl(event) => event.encode(),
            Self::Audio(payload)
            | Self::Video(payload)
            | Self::Aggregate(payload)
            | Self::Unknown { payload, .. } => payload.clone(),
            Self::Data(data) => data.encode(limits)?,
            Self::SharedObject(message) => message.encode_within(limits)?,
            Self::Command(command) => command.encode(limits)?,
        })
    }
}
