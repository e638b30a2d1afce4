//! Real programs that play, and write what they get to a file.

use std::path::Path;
use std::process::Command;

use crate::publishers::ffmpeg;

/// ffmpeg, for a number of seconds of media; packets unchanged.
pub fn ffmpeg_for(seconds: u32, url: &str, file: &Path) -> Command {
    let mut command = ffmpeg();
    command
        .args([
            "-y",
            "-i",
            url,
            "-t",
            &seconds.to_string(),
            "-c",
            "copy",
            "-f",
            "flv",
        ])
        .arg(file);
    command
}

/// rtmpdump, until the stream ends.
pub fn rtmpdump(url: &str, file: &Path) -> Command {
    let mut command = Command::new("rtmpdump");
    command
        .args(["--live", "--timeout", "10", "--rtmp", url, "--flv"])
        .arg(file);
    command
}

/// gst-launch with its own RTMP client, until it is interrupted.
pub fn gstreamer(url: &str, file: &Path) -> Command {
    let mut command = Command::new("gst-launch-1.0");
    command.args([
        "-e",
        "rtmp2src",
        &format!("location={url}"),
        "!",
        "filesink",
    ]);
    command.arg(format!("location={}", file.display()));
    command
}
