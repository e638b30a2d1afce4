//! Plays recordings over RTMP, each player from a place of its own, and prints one JSON report:
//! what the server costs, and how late messages come.
//!
//! A player's clock starts with its first message. A message is due `buffer` before its time on
//! that clock: a server that keeps the player's buffer full sends it then or earlier. What comes
//! later than its time altogether would be missed by a player that has no buffer left.

use benchkit::flv::{self, Kind};
use benchkit::hist::Hist;
use benchkit::net::{raise_nofile, Conn, ReadOutcome};
use benchkit::now_ns;
use benchkit::poll::{Poller, Ready};
use benchkit::proc::{self, Window};
use benchkit::rtmp::chunk::Message;
use benchkit::rtmp::session::{Role, Session, Stage, Target};
use benchkit::rtmp::{MSG_AGGREGATE, MSG_AUDIO, MSG_VIDEO};
use benchkit::timefmt::{round3, secs};
use clap::Parser;
use serde_json::json;
use std::net::SocketAddr;

#[derive(Parser, Clone)]
#[command(about = "RTMP load of recordings: N players at different places of M files")]
struct Args {
    /// Server address.
    #[arg(long, default_value = "127.0.0.1:1935")]
    addr: SocketAddr,
    #[arg(long, default_value = "vod")]
    app: String,
    /// Streams are called by this and a number from 0.
    #[arg(long, default_value = "clip")]
    stream: String,
    /// What follows the number in a stream's name.
    #[arg(long, default_value = "")]
    suffix: String,
    /// Files.
    #[arg(long, default_value_t = 20)]
    files: usize,
    /// Players in all.
    #[arg(long, default_value_t = 500)]
    players: usize,
    /// Players start at places up to this one, in ms.
    #[arg(long, default_value_t = 30_000)]
    places_ms: u32,
    /// What players ask the server to keep ahead, in ms.
    #[arg(long, default_value_t = 1_000)]
    buffer_ms: u32,
    /// Players started per second.
    #[arg(long, default_value_t = 100.0)]
    ramp: f64,
    /// Seconds to settle before measuring.
    #[arg(long, default_value_t = 3.0)]
    warm: f64,
    /// Seconds measured.
    #[arg(long, default_value_t = 10.0)]
    secs: f64,
    /// Server process to account (with its children); may be repeated.
    #[arg(long)]
    pid: Vec<i32>,
    /// Core for this program.
    #[arg(long)]
    core: Option<usize>,
    /// Scheduling priority for this program (negative is more).
    #[arg(long, allow_hyphen_values = true)]
    nice: Option<i32>,
}

struct Player {
    conn: Conn,
    sess: Session,
    open_ns: u64,
    clock: Option<Clock>,
    first_ms: Option<u64>,
    lost: Option<String>,
}

/// When the first message came, and its time.
#[derive(Clone, Copy)]
struct Clock {
    started_ns: u64,
    ts: u32,
}

impl Clock {
    /// How much later than its time a message comes; negative when it comes before.
    fn late_ns(self, now: u64, ts: u32) -> i64 {
        let passed = (now - self.started_ns) as i64;
        let media = i64::from(ts.wrapping_sub(self.ts) as i32) * 1_000_000;
        passed - media
    }
}

#[derive(Default)]
struct Seen {
    late: Hist,
    messages: u64,
    missed: u64,
}

struct Bench {
    a: Args,
    poller: Poller,
    players: Vec<Player>,
    buf: Vec<u8>,
    ready: Vec<Ready>,
    seen: Seen,
}

/// A codec's header, which is no part of the time line.
fn is_config(m: &Message) -> bool {
    m.ty != MSG_AGGREGATE
        && matches!(
            flv::kind(m.ty, m.head),
            Kind::AudioConfig | Kind::VideoConfig | Kind::Other
        )
}

impl Bench {
    fn open_player(&mut self) -> std::io::Result<()> {
        let i = self.players.len();
        let a = &self.a;
        let target = Target {
            app: a.app.clone(),
            stream: format!("{}{}{}", a.stream, i % a.files, a.suffix),
            tc_url: format!("rtmp://{}/{}", a.addr, a.app),
        };
        // Spread over the places, and not in step with the files.
        let start_ms = (i as u32).wrapping_mul(7_919) % a.places_ms.max(1);
        let role = Role::PlayFrom {
            start_ms,
            buffer_ms: a.buffer_ms,
        };
        let mut sess = Session::new(role, target, 4096);
        let open_ns = now_ns();
        let mut conn = Conn::open(a.addr, i as u64, &self.poller, None)?;
        conn.send(&std::mem::take(&mut sess.out), &self.poller);
        self.players.push(Player {
            conn,
            sess,
            open_ns,
            clock: None,
            first_ms: None,
            lost: None,
        });
        Ok(())
    }

    fn turn(&mut self, until: u64) -> std::io::Result<()> {
        let mut ready = std::mem::take(&mut self.ready);
        self.poller
            .wait(until.saturating_sub(now_ns()), &mut ready)?;
        for r in &ready {
            self.handle(*r);
        }
        self.ready = ready;
        Ok(())
    }

    fn handle(&mut self, r: Ready) {
        let p = &mut self.players[r.token as usize];
        if p.conn.closed {
            return;
        }
        if r.writable {
            p.conn.flush(&self.poller);
        }
        if !r.readable {
            return;
        }
        match p.conn.read(&mut self.buf) {
            ReadOutcome::Data(n) => {
                let now = now_ns();
                let (clock, first_ms, open_ns) = (&mut p.clock, &mut p.first_ms, p.open_ns);
                let (seen, ahead) = (&mut self.seen, i64::from(self.a.buffer_ms) * 1_000_000);
                p.sess.feed(&self.buf[..n], &mut |m| {
                    if !matches!(m.ty, MSG_AUDIO | MSG_VIDEO | MSG_AGGREGATE) || is_config(m) {
                        return;
                    }
                    first_ms.get_or_insert((now - open_ns) / 1_000_000);
                    let clock = clock.get_or_insert(Clock {
                        started_ns: now,
                        ts: m.ts,
                    });
                    let late = clock.late_ns(now, m.ts);
                    seen.messages += 1;
                    seen.missed += u64::from(late > 0);
                    seen.late.add((late + ahead).max(0) as u64);
                });
                if !p.sess.out.is_empty() {
                    let out = std::mem::take(&mut p.sess.out);
                    p.conn.send(&out, &self.poller);
                }
                if p.sess.stage == Stage::Failed {
                    p.lost = p.sess.failure.clone();
                    p.conn.shutdown(&self.poller);
                }
            }
            ReadOutcome::WouldBlock => {}
            ReadOutcome::Closed(e) => {
                p.lost = Some(e.map_or("closed by server".into(), |e| e.to_string()));
                p.conn.forget(&self.poller);
            }
        }
    }

    fn run_for(&mut self, seconds: f64) -> std::io::Result<()> {
        let end = now_ns() + (seconds * 1e9) as u64;
        while now_ns() < end {
            self.turn(end)?;
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.players.iter().map(|p| p.conn.bytes_in).sum()
    }
}

fn main() -> std::io::Result<()> {
    let a = Args::parse();
    if let Some(c) = a.core {
        proc::pin_to(c);
    }
    if let Some(n) = a.nice {
        proc::set_nice(n);
    }
    if a.players as u64 + 64 > raise_nofile() {
        return Err(std::io::Error::other("the open-file limit is too low"));
    }
    let mut b = Bench {
        poller: Poller::new()?,
        players: Vec::with_capacity(a.players),
        buf: vec![0; 256 << 10],
        ready: Vec::new(),
        seen: Seen::default(),
        a: a.clone(),
    };
    let ramp_start = now_ns();
    for i in 0..a.players {
        let at = ramp_start + (i as f64 * 1e9 / a.ramp) as u64;
        while now_ns() < at {
            b.turn(at)?;
        }
        b.open_player()?;
    }
    b.run_for(a.warm)?;
    b.seen = Seen::default();
    let bytes = b.bytes();
    let window = Window::open(&a.pid);
    b.run_for(a.secs)?;
    let w = window.close();
    let bytes = b.bytes() - bytes;
    let seen = std::mem::take(&mut b.seen);
    let playing = b.players.iter().filter(|p| p.clock.is_some()).count();
    let lost: Vec<_> = b.players.iter().filter_map(|p| p.lost.clone()).collect();
    let mut first = Hist::default();
    for ms in b.players.iter().filter_map(|p| p.first_ms) {
        first.add(ms * 1_000_000);
    }
    let report = json!({
        "tool": "vod-load",
        "setup": {
            "addr": a.addr.to_string(), "players": a.players, "files": a.files, "places_ms": a.places_ms,
            "buffer_ms": a.buffer_ms, "ramp_per_s": a.ramp, "core": a.core,
        },
        "window": w.json,
        "start": { "first_media_ms": first.report_ms() },
        "delivery": {
            "bytes": bytes,
            "mbit_per_s_per_player": round3(bytes as f64 * 8.0 / 1e6 / w.wall_s / a.players.max(1) as f64),
            "messages": seen.messages,
            "late_ms": seen.late.report_ms(),
            "missed": seen.missed,
        },
        "cost": { "server_cpu_s_per_gb": round3(w.server_cpu_s / (bytes as f64 / 1e9).max(1e-9)) },
        "faults": {
            "total": lost.len() + a.players - playing,
            "not_playing": a.players - playing,
            "lost_connections": lost.len(),
            "reasons": lost.into_iter().take(3).collect::<Vec<_>>(),
        },
        "elapsed_s": secs(now_ns()),
    });
    println!("{}", serde_json::to_string_pretty(&report)?);
    for p in &mut b.players {
        p.conn.shutdown(&b.poller);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_late_by_the_players_own_clock() {
        let clock = Clock {
            started_ns: 1_000_000_000,
            ts: 5_000,
        };
        assert_eq!(clock.late_ns(1_000_000_000, 5_000), 0);
        assert_eq!(clock.late_ns(1_000_000_000, 6_000), -1_000_000_000);
        assert_eq!(clock.late_ns(3_500_000_000, 6_000), 1_500_000_000);
    }
}
