//! Real programs that publish.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::process::Program;

/// How long an encoder may take from its start to being accepted.
const ACCEPTED_LIMIT: Duration = Duration::from_secs(20);

/// ffmpeg, quiet about itself.
pub fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-nostats"]);
    command
}

/// ffmpeg publishing a clip once, at its own speed, packets unchanged.
pub fn ffmpeg_once(clip: &Path, url: &str) -> Command {
    let mut command = ffmpeg();
    command
        .arg("-re")
        .arg("-i")
        .arg(clip)
        .args(["-c", "copy", "-f", "flv", url]);
    command
}

/// ffmpeg publishing a clip again and again.
pub fn ffmpeg_forever(clip: &Path, url: &str) -> Command {
    let mut command = ffmpeg();
    command.args(["-re", "-stream_loop", "-1", "-i"]).arg(clip);
    command.args(["-c", "copy", "-f", "flv", url]);
    command
}

/// gst-launch publishing a test picture and sound, through its own RTMP client. Eight seconds,
/// also written to a file on the way.
pub fn gstreamer(url: &str, file: &Path) -> Command {
    let mut command = Command::new("gst-launch-1.0");
    command.args(
        "flvmux streamable=true name=mux ! tee name=both \
         both. ! queue ! rtmp2sink name=sink both. ! queue ! filesink name=file \
         videotestsrc is-live=true num-buffers=200 pattern=snow \
         ! video/x-raw,width=320,height=180,framerate=25/1 \
         ! x264enc tune=zerolatency key-int-max=25 speed-preset=ultrafast ! queue ! mux. \
         audiotestsrc is-live=true num-buffers=344 wave=pink-noise \
         ! audio/x-raw,rate=44100,channels=1 ! voaacenc bitrate=64000 ! aacparse ! queue ! mux."
            .split_whitespace()
            .map(|word| match word {
                "name=sink" => format!("location={url}"),
                "name=file" => format!("location={}", file.display()),
                word => word.to_owned(),
            }),
    );
    command
}

/// Starts ffmpeg and waits until the server has accepted what it publishes.
///
/// # Errors
///
/// It is refused, or not answered in time.
pub fn start_ffmpeg(command: &mut Command) -> Result<Program> {
    let mut program = Program::start(command)?;
    // Printed once its output is open, which for RTMP is after the answer to `publish`.
    program.wait_for_output("Output #0", ACCEPTED_LIMIT)?;
    Ok(program)
}
