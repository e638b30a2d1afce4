//! What a newcomer sees on the terminal: every address that works, and lines to copy.

use std::io::Write;
use std::net::SocketAddr;

/// Prints where the server is and how to use it, to standard output.
pub(crate) fn print(
    rtmp: SocketAddr,
    http: SocketAddr,
    xml: &[SocketAddr],
    applications: &[String],
) {
    let text = text(rtmp, http, xml, applications);
    // Nobody may be looking.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn text(rtmp: SocketAddr, http: SocketAddr, xml: &[SocketAddr], applications: &[String]) -> String {
    let web = format!("http://{}", reachable(http));
    let xml: Vec<_> = xml.iter().copied().map(reachable).collect();
    let mut lines = vec![
        format!("Greenroom {}", env!("CARGO_PKG_VERSION")),
        String::new(),
        format!("  Web page      {web}/"),
        format!("  Stream list   {web}/api/streams"),
        format!("  Health        {web}/healthz  {web}/readyz"),
        format!("  Metrics       {web}/metrics"),
        format!("  XML sockets   {}", xml.join("  ")),
    ];
    for app in applications {
        lines.push(format!("  Application   rtmp://{}/{app}", reachable(rtmp)));
    }
    let Some(app) = applications.first() else {
        lines.push("  There is no application yet: make a folder applications/live".into());
        return lines.join("\n") + "\n\n";
    };
    let stream = format!("rtmp://{}/{app}/test", reachable(rtmp));
    let flv = format!("{}/{app}/_definst_/test.flv", reachable(http));
    lines.extend([
        String::new(),
        "  Publish a test picture:".into(),
        format!(
            "    ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=440 \
             -c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60 \
             -c:a aac -f flv {stream}"
        ),
        format!(
            "  In OBS: server rtmp://{}/{app}, stream key test",
            reachable(rtmp)
        ),
        "  Watch it:".into(),
        format!("    ffplay -fflags nobuffer {stream}"),
        format!("    {web}/?play=/{app}/_definst_/test.flv"),
        format!("    http://{flv}  ws://{flv}"),
    ]);
    lines.join("\n") + "\n\n"
}

/// An address as one would type it: a listener on all addresses is reached as localhost.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_to_copy_name_real_ports_and_an_application() {
        let rtmp = "0.0.0.0:1935".parse().unwrap();
        let http = "127.0.0.1:8081".parse().unwrap();
        let xml = ["[::1]:9875", "0.0.0.0:9876"].map(|address| address.parse().unwrap());
        let shown = text(rtmp, http, &xml, &["live".into(), "vod".into()]);
        for expected in [
            "rtmp://localhost:1935/live\n",
            "XML sockets   [::1]:9875  localhost:9876\n",
            "rtmp://localhost:1935/vod\n",
            "-f flv rtmp://localhost:1935/live/test\n",
            "ffplay -fflags nobuffer rtmp://localhost:1935/live/test\n",
            "http://127.0.0.1:8081/?play=/live/_definst_/test.flv\n",
        ] {
            assert!(shown.contains(expected), "{expected} in {shown}");
        }
        assert!(text(rtmp, http, &xml, &[]).contains("no application yet"));
    }
}
