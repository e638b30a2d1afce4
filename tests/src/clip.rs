//! Clips to publish: made once with ffmpeg, small, every packet different from all others.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;

use crate::process::Program;

/// A clip by its codecs. All have 25 pictures a second and last [`SECONDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clip {
    /// H.264 with frames out of order, and AAC: what encoders send today.
    H264Aac,
    /// H.264 and MP3.
    H264Mp3,
    /// Sorenson Spark (H.263) and MP3: Flash Player 6 and 7.
    SorensonMp3,
    /// Sorenson Spark and Speex: Flash Player 10's microphone.
    SorensonSpeex,
    /// Screen video and Nellymoser: screen sharing with Flash Player 6's microphone.
    ScreenNellymoser,
}

/// How long every clip is.
pub const SECONDS: u32 = 8;

/// Pictures a second in every clip.
pub const PICTURES_PER_SECOND: u32 = 25;

/// From one key frame to the next, in pictures, in the H.264 and Sorenson clips.
pub const PICTURES_PER_GROUP: u32 = 50;

const MAKING_LIMIT: Duration = Duration::from_mins(1);

impl Clip {
    /// The clip's name, and ffmpeg's options that make its codecs.
    fn recipe(self) -> (&'static str, &'static [&'static str]) {
        const AAC: &str = "aac";
        match self {
            Self::H264Aac => (
                "h264-aac",
                &[
                    "-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-c:a", AAC, "-b:a",
                    "64k",
                ],
            ),
            Self::H264Mp3 => (
                "h264-mp3",
                &[
                    "-c:v",
                    "libx264",
                    "-preset",
                    "ultrafast",
                    "-c:a",
                    "libmp3lame",
                    "-ar",
                    "44100",
                ],
            ),
            Self::SorensonMp3 => (
                "sorenson-mp3",
                &["-c:v", "flv", "-c:a", "libmp3lame", "-ar", "22050"],
            ),
            Self::SorensonSpeex => (
                "sorenson-speex",
                &["-c:v", "flv", "-c:a", "libspeex", "-ar", "16000"],
            ),
            Self::ScreenNellymoser => (
                "screen-nellymoser",
                &["-c:v", "flashsv", "-c:a", "nellymoser", "-ar", "22050"],
            ),
        }
    }

    /// The clip's FLV file, made if it is not there yet.
    ///
    /// # Errors
    ///
    /// ffmpeg is missing or cannot make it.
    pub fn path(self) -> Result<PathBuf> {
        // One at a time: tests that run side by side ask for the same clips.
        static MAKING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, codecs) = self.recipe();
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/e2e-media"));
        let path = folder.join(format!("{name}.flv"));
        if path.is_file() {
            return Ok(path);
        }
        fs::create_dir_all(&folder)?;
        let part = folder.join(format!("{name}-{}.part", std::process::id()));
        let mut ffmpeg = Program::start(
            Command::new("ffmpeg")
                .args([
                    "-nostdin",
                    "-hide_banner",
                    "-loglevel",
                    "error",
                    "-y",
                    "-f",
                    "lavfi",
                    "-i",
                ])
                .arg(self.picture())
                .args([
                    "-f",
                    "lavfi",
                    "-i",
                    "anoisesrc=color=pink:amplitude=0.3:seed=7",
                ])
                .args([
                    "-t",
                    &SECONDS.to_string(),
                    "-ac",
                    "1",
                    "-g",
                    &PICTURES_PER_GROUP.to_string(),
                ])
                .args(codecs)
                // With an index of key frames ffmpeg can start the file again from its beginning,
                // whichever of its streams comes first.
                .args(["-flvflags", "add_keyframe_index", "-f", "flv"])
                .arg(&part),
        )?;
        ffmpeg.succeed(MAKING_LIMIT)?;
        fs::rename(part, &path)?;
        Ok(path)
    }

    /// A test picture with noise that is the same in every run, so that no two packets are
    /// alike. Screen video is lossless: there the picture's own clock has to do.
    fn picture(self) -> String {
        let noise = match self {
            Self::ScreenNellymoser => "null",
            _ => "noise=alls=8:allf=t:all_seed=7",
        };
        format!("testsrc2=size=320x180:rate={PICTURES_PER_SECOND},{noise}")
    }
}
