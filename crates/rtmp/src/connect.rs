//! What a client says about itself in `connect`, read and written.

use amf::{Str, Value};
use thiserror::Error as ThisError;

use crate::message::{Command, Encoding};
use crate::url::{ConnectUrl, Target, UrlError};

/// Bits of the `capsEx` property (Enhanced RTMP v2, "Enhancing `NetConnection` connect").
pub mod caps_ex {
    /// The client obeys `NetConnection.Connect.ReconnectRequest`.
    pub const RECONNECT: u32 = 1;
    /// It knows several tracks in one stream.
    pub const MULTITRACK: u32 = 2;
    /// It knows packet modifiers.
    pub const MOD_EX: u32 = 4;
    /// It knows nanosecond offsets.
    pub const TIMESTAMP_NANO_OFFSET: u32 = 8;
}

/// Bits of the values in the codec maps (Enhanced RTMP v2).
pub mod codec_flags {
    /// The client can decode the codec.
    pub const DECODE: u32 = 1;
    /// It can encode it.
    pub const ENCODE: u32 = 2;
    /// It can pass it on.
    pub const FORWARD: u32 = 4;
}

/// The entry of a codec list or map that stands for all codecs (Enhanced RTMP v2).
const ANY_CODEC: &str = "*";

/// The command `connect` (RTMP 1.0 §7.2.1.1; the codec maps are Enhanced RTMP v2).
///
/// What a client did not send is `None`, empty or zero. Text properties that are there but are
/// no text, as Flash Player sends `pageUrl` undefined, count as absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConnectInfo {
    /// The transaction number, to be repeated in the answer.
    pub transaction: f64,
    /// `app`: the application and its instance, perhaps with a query.
    pub app: Option<Str>,
    /// `tcUrl`: the whole URL.
    pub tc_url: Option<Str>,
    /// `flashVer`: the client's name and version.
    pub flash_ver: Option<Str>,
    /// `swfUrl`: where the movie came from.
    pub swf_url: Option<Str>,
    /// `pageUrl`: the page it is in.
    pub page_url: Option<Str>,
    /// `type`: `"nonprivate"`, from encoders.
    pub kind: Option<Str>,
    /// `fpad`: whether a proxy is used.
    pub fpad: Option<bool>,
    /// `capabilities`: undocumented bits.
    pub capabilities: Option<f64>,
    /// `audioCodecs`: bits of RTMP 1.0 §7.2.1.1.
    pub audio_codecs: Option<f64>,
    /// `videoCodecs`: bits of RTMP 1.0 §7.2.1.1.
    pub video_codecs: Option<f64>,
    /// `videoFunction`: 1 if the client can seek within frames.
    pub video_function: Option<f64>,
    /// `objectEncoding`: `None` if it was not sent, which means AMF0.
    pub object_encoding: Option<Encoding>,
    /// `fourCcList`: the codecs the client knows, in version 1 of Enhanced RTMP.
    pub four_cc_list: Vec<Str>,
    /// `audioFourCcInfoMap`: codecs and their [`codec_flags`].
    pub audio_four_cc_info: Vec<(Str, u32)>,
    /// `videoFourCcInfoMap`: codecs and their [`codec_flags`].
    pub video_four_cc_info: Vec<(Str, u32)>,
    /// `capsEx`: bits in [`mod@caps_ex`].
    pub caps_ex: u32,
    /// Every other property, in order.
    pub other: Vec<(Str, Value)>,
    /// What the client passes to the application.
    pub user_args: Vec<Value>,
}

/// Why a command is no usable `connect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ConnectError {
    /// It is another command.
    #[error("the command is not connect")]
    OtherCommand,
    /// It has no command object, so it does not say where to connect to.
    #[error("connect has no command object")]
    NoObject,
}

impl ConnectInfo {
    /// Reads the command. Of repeated properties the last one counts.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub fn from_command(command: &Command) -> Result<Self, ConnectError> {
        if command.name != "connect" {
            return Err(ConnectError::OtherCommand);
        }
        let props = command.object.props().ok_or(ConnectError::NoObject)?;
        let mut info = Self {
            transaction: command.transaction,
            user_args: command.args.clone(),
            ..Self::default()
        };
        for (name, value) in props {
            info.set(name, value);
        }
        Ok(info)
    }

    fn set(&mut self, name: &Str, value: &Value) {
        let text = || value.as_text().cloned();
        match name.as_str() {
            "app" => self.app = text(),
            "tcUrl" => self.tc_url = text(),
            "flashVer" => self.flash_ver = text(),
            "swfUrl" => self.swf_url = text(),
            "pageUrl" => self.page_url = text(),
            "type" => self.kind = text(),
            "fpad" => self.fpad = value.as_bool(),
            "capabilities" => self.capabilities = value.as_f64(),
            "audioCodecs" => self.audio_codecs = value.as_f64(),
            "videoCodecs" => self.video_codecs = value.as_f64(),
            "videoFunction" => self.video_function = value.as_f64(),
            "objectEncoding" => self.object_encoding = value.as_f64().map(encoding_from),
            "fourCcList" => self.four_cc_list = texts(value),
            "audioFourCcInfoMap" => self.audio_four_cc_info = flags(value),
            "videoFourCcInfoMap" => self.video_four_cc_info = flags(value),
            "capsEx" => self.caps_ex = value.as_f64().map_or(0, |bits| bits as u32),
            _ => self.other.push((name.clone(), value.clone())),
        }
    }

    /// Writes the command, for a client. It is always in AMF0.
    pub fn to_command(&self) -> Command {
        let mut props: Vec<(Str, Value)> = Vec::new();
        let mut put = |name: &'static str, value: Option<Value>| {
            props.extend(value.map(|value| (Str::from_static(name), value)));
        };
        put("app", self.app.as_ref().map(Into::into));
        put("type", self.kind.as_ref().map(Into::into));
        put("flashVer", self.flash_ver.as_ref().map(Into::into));
        put("swfUrl", self.swf_url.as_ref().map(Into::into));
        put("tcUrl", self.tc_url.as_ref().map(Into::into));
        put("fpad", self.fpad.map(Into::into));
        put("capabilities", self.capabilities.map(Into::into));
        put("audioCodecs", self.audio_codecs.map(Into::into));
        put("videoCodecs", self.video_codecs.map(Into::into));
        put("videoFunction", self.video_function.map(Into::into));
        put("pageUrl", self.page_url.as_ref().map(Into::into));
        put(
            "objectEncoding",
            self.object_encoding
                .map(|encoding| encoding_to(encoding).into()),
        );
        put("fourCcList", list_value(&self.four_cc_list));
        put("audioFourCcInfoMap", flags_value(&self.audio_four_cc_info));
        put("videoFourCcInfoMap", flags_value(&self.video_four_cc_info));
        put("capsEx", (self.caps_ex != 0).then(|| self.caps_ex.into()));
        props.extend(self.other.iter().cloned());
        Command::new(
            Str::from_static("connect"),
            self.transaction,
            self.user_args.clone(),
        )
        .with_object(Value::object(props))
    }

    /// The form in which to write to this client.
    pub fn encoding(&self) -> Encoding {
        self.object_encoding.unwrap_or_default()
    }

    /// Where the client wants to go.
    ///
    /// `app` decides: it is what players fill with the path, and what encoders let people
    /// change. `tcUrl` is asked only if `app` is absent or empty, and for the query, if `app`
    /// has none.
    ///
    /// # Errors
    ///
    /// [`UrlError`], also when neither property is there.
    pub fn target(&self) -> Result<Target, UrlError> {
        let from_url = self
            .url()
            .ok_or(UrlError::NoApp)
            .flatten()
            .map(|url| url.target);
        let Some(app) = self.app.as_ref().filter(|app| !app.is_empty()) else {
            return from_url;
        };
        let mut target = Target::parse(app)?;
        if target.query.is_none() {
            target.query = from_url.ok().and_then(|target| target.query);
        }
        Ok(target)
    }

    /// `tcUrl`, taken apart, if it was sent.
    pub fn url(&self) -> Option<Result<ConnectUrl, UrlError>> {
        self.tc_url.as_ref().map(|url| ConnectUrl::parse(url))
    }

    /// Whether the client says that it decodes the video codec `four_cc` of Enhanced RTMP.
    pub fn decodes_video(&self, four_cc: &str) -> bool {
        self.lists(four_cc) || decodes(&self.video_four_cc_info, four_cc)
    }

    /// Whether the client says that it decodes the audio codec `four_cc` of Enhanced RTMP.
    pub fn decodes_audio(&self, four_cc: &str) -> bool {
        self.lists(four_cc) || decodes(&self.audio_four_cc_info, four_cc)
    }

    fn lists(&self, four_cc: &str) -> bool {
        self.four_cc_list
            .iter()
            .any(|entry| *entry == four_cc || *entry == ANY_CODEC)
    }
}

fn decodes(map: &[(Str, u32)], four_cc: &str) -> bool {
    map.iter().any(|(entry, flags)| {
        flags & codec_flags::DECODE != 0 && (*entry == four_cc || *entry == ANY_CODEC)
    })
}

/// 3 is AMF3; everything else a client may claim is AMF0.
fn encoding_from(number: f64) -> Encoding {
    if (number - 3.0).abs() < f64::EPSILON {
        Encoding::Amf3
    } else {
        Encoding::Amf0
    }
}

const fn encoding_to(encoding: Encoding) -> f64 {
    match encoding {
        Encoding::Amf0 => 0.0,
        Encoding::Amf3 => 3.0,
    }
}

/// The texts of an array, also of one whose elements came with numbers for names.
fn texts(value: &Value) -> Vec<Str> {
    let named = value
        .props()
        .unwrap_or_default()
        .iter()
        .map(|(_, item)| item);
    let items = value.as_array().unwrap_or_default().iter().chain(named);
    items.filter_map(|item| item.as_text().cloned()).collect()
}

fn flags(value: &Value) -> Vec<(Str, u32)> {
    let props = value.props().unwrap_or_default();
    props
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.as_f64()? as u32)))
        .collect()
}

fn list_value(list: &[Str]) -> Option<Value> {
    (!list.is_empty()).then(|| Value::array(list.iter().map(Value::from)))
}

fn flags_value(map: &[(Str, u32)]) -> Option<Value> {
    let props = map
        .iter()
        .map(|(name, flags)| (name.clone(), Value::from(*flags)));
    (!map.is_empty()).then(|| Value::object(props))
}

#[cfg(test)]
mod tests {
    use super::{ConnectError, ConnectInfo, caps_ex};
    use crate::message::{Command, Encoding};
    use amf::Value;

    fn connect(props: Vec<(&str, Value)>) -> ConnectInfo {
        let command =
            Command::new("connect", 1.0, vec!["user".into()]).with_object(Value::object(props));
        ConnectInfo::from_command(&command).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let info = ConnectInfo {
            transaction: 1.0,
            app: Some("live".into()),
            tc_url: Some("rtmp://h/live".into()),
            flash_ver: Some("LNX 9,0,124,2".into()),
            fpad: Some(false),
            audio_codecs: Some(4071.0),
            object_encoding: Some(Encoding::Amf3),
            four_cc_list: vec!["hvc1".into()],
            video_four_cc_info: vec![("av01".into(), 3)],
            caps_ex: caps_ex::RECONNECT,
            other: vec![("supportsGoAway".into(), true.into())],
            user_args: vec![7.into()],
            ..ConnectInfo::default()
        };
        assert_eq!(ConnectInfo::from_command(&info.to_command()), Ok(info));
    }

    #[test]
    fn app_decides_and_the_url_fills_in() {
        for (app, url, expected) in [
            (
                Some("live/room"),
                "rtmp://h/other?q",
                ("live", "room", Some("q")),
            ),
            (
                Some("live?a"),
                "rtmp://h/other?q",
                ("live", "_definst_", Some("a")),
            ),
            (Some(""), "rtmp://h/other/x", ("other", "x", None)),
            (None, "rtmp://h/other", ("other", "_definst_", None)),
            (Some("live"), "nonsense", ("live", "_definst_", None)),
        ] {
            let mut props = vec![("tcUrl", url.into())];
            props.extend(app.map(|app| ("app", app.into())));
            let target = connect(props).target().unwrap();
            let found = (&*target.app, &*target.instance, target.query.as_deref());
            assert_eq!(found, expected, "{app:?} {url}");
        }
        assert!(connect(vec![]).target().is_err());
    }

    #[test]
    fn properties_of_the_wrong_type_count_as_absent() {
        let info = connect(vec![
            ("pageUrl", Value::Undefined),
            ("audioCodecs", "x".into()),
        ]);
        assert_eq!((info.page_url, info.audio_codecs), (None, None));
        let nothing = Command::new("connect", 1.0, vec![]);
        assert_eq!(
            ConnectInfo::from_command(&nothing),
            Err(ConnectError::NoObject)
        );
    }

    #[test]
    fn codecs_are_listed_or_mapped() {
        let map = Value::object([("vp09", 2.into()), ("*", 5.into())]);
        let info = connect(vec![("videoFourCcInfoMap", map)]);
        assert!(info.decodes_video("av01"));
        assert!(!info.decodes_audio("Opus"));
        for list in [
            Value::array(["av01".into()]),
            Value::ecma_array([("0", "av01".into())]),
        ] {
            let info = connect(vec![("fourCcList", list)]);
            assert!(info.decodes_video("av01") && !info.decodes_video("hvc1"));
        }
    }
}
