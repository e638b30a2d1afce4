//! Whole streams: metadata, sequence headers, then sound and pictures in the order of their
//! time, for ever.

use super::{Audio, FrameKind, Kind, Message, PictureMaker, SoundMaker, Video, on_meta_data};
use crate::Random;

/// What a [`Stream`] is made of. Start from [`Settings::default`] and change what matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The video codec, or no video. Default: H.264.
    pub video: Option<Video>,
    /// The audio codec, or no audio. Default: AAC.
    pub audio: Option<Audio>,
    /// Whether the first message is `onMetaData`. Default: yes.
    pub metadata: bool,
    /// Picture width in pixels. Default: 320.
    pub width: u32,
    /// Picture height in pixels. Default: 240.
    pub height: u32,
    /// Frames in a second. Default: 25.
    pub fps: u32,
    /// Frames from one key frame to the next. Default: 50.
    pub gop_frames: u32,
    /// Every how many frames one is disposable; 0 for none. Default: 0.
    pub disposable_every: u32,
    /// Presentation time less decoding time, in milliseconds. Default: 0.
    pub composition_time_ms: i32,
    /// Typical payload of a key frame, in bytes; each differs by up to a quarter. Default: 8000.
    pub key_bytes: usize,
    /// Typical payload of any other frame, in bytes. Default: 1500.
    pub inter_bytes: usize,
    /// Typical payload of a frame of sound, in bytes. Default: 300.
    pub audio_bytes: usize,
    /// Time of the first message, in milliseconds. Default: 0.
    pub start_ms: u32,
    /// What the sizes and the filler derive from. Default: 1.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            video: Some(Video::H264),
            audio: Some(Audio::Aac),
            metadata: true,
            width: 320,
            height: 240,
            fps: 25,
            gop_frames: 50,
            disposable_every: 0,
            composition_time_ms: 0,
            key_bytes: 8000,
            inter_bytes: 1500,
            audio_bytes: 300,
            start_ms: 0,
            seed: 1,
        }
    }
}

impl Settings {
    /// The default settings with other codecs.
    #[must_use]
    pub fn of(video: Option<Video>, audio: Option<Audio>) -> Self {
        Self {
            video,
            audio,
            ..Self::default()
        }
    }
}

/// The messages of an endless stream, in order; made by [`Stream::new`].
#[derive(Debug, Clone)]
pub struct Stream {
    settings: Settings,
    /// Headers not handed out yet, the last one first.
    headers: Vec<Message>,
    pictures: Option<PictureMaker>,
    picture_count: u64,
    sounds: Option<SoundMaker>,
    sound_count: u64,
    random: Random,
}

impl Stream {
    /// The stream that `settings` describe, from its start. A rate or length of 0 counts as 1.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let pictures = settings.video.map(|codec| {
            PictureMaker::new(codec, settings.width, settings.height, settings.seed)
                .with_composition_time_ms(settings.composition_time_ms)
        });
        let sounds = settings
            .audio
            .map(|codec| SoundMaker::new(codec, settings.seed.wrapping_add(1)));
        let mut stream = Self {
            headers: Vec::new(),
            pictures,
            picture_count: 0,
            sounds,
            sound_count: 0,
            random: Random::new(settings.seed.wrapping_add(2)),
            settings,
        };
        stream.headers = stream.make_headers();
        stream
    }

    fn make_headers(&self) -> Vec<Message> {
        let sound = self.sounds.as_ref().and_then(SoundMaker::header);
        let picture = self.pictures.as_ref().and_then(PictureMaker::header);
        let metadata = self.settings.metadata.then(|| self.metadata());
        let kinds = [Kind::Audio, Kind::Video, Kind::Data];
        kinds
            .into_iter()
            .zip([sound, picture, metadata])
            .filter_map(|(kind, payload)| Some(self.message(kind, 0, payload?)))
            .collect()
    }

    fn metadata(&self) -> Vec<u8> {
        let settings = &self.settings;
        let mut properties = Vec::new();
        if self.pictures.is_some() {
            properties.push(("width", f64::from(settings.width)));
            properties.push(("height", f64::from(settings.height)));
            properties.push(("framerate", f64::from(settings.fps)));
        }
        if let Some(codec) = settings.audio {
            properties.push(("audiosamplerate", codec.timing().1 as f64));
        }
        on_meta_data(&properties, false)
    }

    fn message(&self, kind: Kind, after_ms: u64, payload: Vec<u8>) -> Message {
        Message {
            kind,
            // Wraps, as the time of a long stream does.
            timestamp_ms: self.settings.start_ms.wrapping_add(after_ms as u32),
            payload,
        }
    }

    fn next_picture_ms(&self) -> Option<u64> {
        let fps = u64::from(self.settings.fps.max(1));
        self.pictures
            .is_some()
            .then_some(self.picture_count * 1000 / fps)
    }

    fn next_sound_ms(&self) -> Option<u64> {
        let (samples, rate) = self.settings.audio?.timing();
        Some(self.sound_count * samples * 1000 / rate)
    }

    fn next_picture(&mut self, at_ms: u64) -> Option<Message> {
        let settings = &self.settings;
        let in_gop = self.picture_count % u64::from(settings.gop_frames.max(1));
        let kind = match u64::from(settings.disposable_every) {
            _ if in_gop == 0 => FrameKind::Key,
            every if every > 0 && in_gop.is_multiple_of(every) => FrameKind::Disposable,
            _ => FrameKind::Inter,
        };
        let typical = match kind {
            FrameKind::Key => settings.key_bytes,
            FrameKind::Inter | FrameKind::Disposable => settings.inter_bytes,
        };
        let bytes = self.random.size_near(typical);
        let payload = self.pictures.as_mut()?.frame(kind, bytes);
        self.picture_count += 1;
        Some(self.message(Kind::Video, at_ms, payload))
    }

    fn next_sound(&mut self, at_ms: u64) -> Option<Message> {
        let bytes = self.random.size_near(self.settings.audio_bytes);
        let payload = self.sounds.as_mut()?.frame(bytes);
        self.sound_count += 1;
        Some(self.message(Kind::Audio, at_ms, payload))
    }
}

impl Iterator for Stream {
    type Item = Message;

    /// The next message; `None` only for a stream of neither sound nor pictures.
    fn next(&mut self) -> Option<Message> {
        if let Some(header) = self.headers.pop() {
            return Some(header);
        }
        match (self.next_picture_ms(), self.next_sound_ms()) {
            (Some(picture), Some(sound)) if sound < picture => self.next_sound(sound),
            (Some(picture), _) => self.next_picture(picture),
            (None, Some(sound)) => self.next_sound(sound),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, Stream};
    use crate::media::{Audio, Kind, MarkKind, Message, Video};

    fn kinds(messages: &[Message]) -> Vec<MarkKind> {
        let marks = messages.iter().filter_map(Message::mark);
        marks.map(|mark| mark.kind).collect()
    }

    #[test]
    fn headers_come_first_and_the_rest_in_order_of_time() {
        let made: Vec<_> = Stream::new(Settings::default()).take(500).collect();
        let first: Vec<_> = made[..4].iter().map(|message| message.kind).collect();
        assert_eq!(first, [Kind::Data, Kind::Video, Kind::Audio, Kind::Video]);
        assert!(made.is_sorted_by_key(|message| message.timestamp_ms));
        assert!(made[..3].iter().all(|message| message.mark().is_none()));
        assert!(made[3..].iter().all(|message| message.mark().is_some()));
    }

    #[test]
    fn key_and_disposable_frames_come_as_often_as_asked() {
        use MarkKind::{Disposable, Inter, Key};
        let settings = Settings {
            gop_frames: 5,
            disposable_every: 2,
            ..Settings::of(Some(Video::Sorenson), None)
        };
        let made: Vec<_> = Stream::new(settings).skip(1).take(7).collect();
        assert_eq!(
            kinds(&made),
            [Key, Inter, Disposable, Inter, Disposable, Key, Inter]
        );
        assert_eq!(made[6].timestamp_ms, 240);
    }

    #[test]
    fn the_same_settings_make_the_same_stream_and_another_seed_another() {
        let make = |seed| -> Vec<_> {
            let settings = Settings {
                seed,
                ..Settings::default()
            };
            Stream::new(settings).take(50).collect()
        };
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }

    #[test]
    fn time_wraps() {
        let settings = Settings {
            start_ms: u32::MAX,
            metadata: false,
            ..Settings::of(None, Some(Audio::Opus))
        };
        let times: Vec<_> = Stream::new(settings)
            .take(3)
            .map(|m| m.timestamp_ms)
            .collect();
        assert_eq!(times, [u32::MAX, u32::MAX, 19]);
    }
}
