#!/usr/bin/env python3
"""Runs a suite of load tests against several servers, one after the other in
every round (so slow changes of the machine hit all alike), keeps each report
and prints medians.

  baseline.py video  [--rounds 3] [--only nginx-rtmp,srs] [--sizes 50,200,500]
  baseline.py rooms  ...            baseline.py idle ...
  baseline.py table DIR             (medians of reports kept earlier)
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "target/release"
CLIP = os.environ.get("CLIP", str(ROOT / "media/live720p30.flv"))
VIDEO = {"greenroom": 17034, "nginx-rtmp": 17035, "srs": 17036, "srs-lowlat": 17037, "xiu": 17038, "node-media-server": 17039}
ROOMS = {  # name: (port, profile)
    "nats": (17042, "nats"), "ngircd": (17043, "irc"), "inspircd": (17044, "irc"),
    "prosody": (17045, "xmpp-muc"), "ejabberd": (17046, "xmpp-muc"), "ws-node": (17047, "ws-json"),
    "socketio": (17048, "socketio"), "colyseus": (17050, "colyseus"), "nulxml-node": (17051, "xml-nul"),
}
COMMON = ["--core", os.environ.get("LOAD_CORE", "1"), "--nice", "-15"]


def peer(name):
    out = subprocess.run([ROOT / "peers/start.sh", name], capture_output=True, text=True, timeout=60)
    if out.returncode:
        raise RuntimeError(f"{name}: {out.stderr.strip()}")
    time.sleep(0.5)
    return out.stdout.split()[-1]


def run(name, cmd, keep, limit):
    pid = peer(name)
    try:
        out = subprocess.run([str(c) for c in cmd] + ["--pid", pid] + COMMON, capture_output=True, text=True, timeout=limit)
        if out.stderr.strip():
            print("   ", out.stderr.strip().splitlines()[-1][:200], flush=True)
        d = json.loads(out.stdout)
        keep.parent.mkdir(parents=True, exist_ok=True)
        keep.write_text(json.dumps(d, indent=1))
        return d
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as e:
        print(f"    {name}: no report ({type(e).__name__})", flush=True)
    finally:
        subprocess.run([ROOT / "peers/stop.sh", name])


def cases(suite, a):
    """(case name, peer, command, limit) for one round."""
    only = a.only.split(",") if a.only else None
    if suite == "video":
        for n in [int(x) for x in (a.sizes or "50,200,500").split(",")]:
            for p, port in VIDEO.items():
                if not only or p in only:
                    yield f"n{n}", p, [BIN / "rtmp-load", "--addr", f"127.0.0.1:{port}", "--file", CLIP, "--players", n,
                                       "--secs", a.secs, "--warm", 2, "--joiners", 4, "--label", p], 90
    if suite == "smallrooms":
        # Many small video rooms: 20 publishers with 10 players each.
        for p, port in VIDEO.items():
            if not only or p in only:
                yield "s20x10", p, [BIN / "rtmp-load", "--addr", f"127.0.0.1:{port}", "--file", CLIP, "--players", 200,
                                    "--streams", 20, "--secs", a.secs, "--warm", 2, "--joiners", 0, "--label", p], 90
    if suite == "stalled":
        for p, port in VIDEO.items():
            if not only or p in only:
                yield "n100stalled20", p, [BIN / "rtmp-load", "--addr", f"127.0.0.1:{port}", "--file", CLIP, "--players", 100,
                                           "--stalled", 20, "--secs", 30, "--warm", 2, "--joiners", 0, "--label", p], 90
    if suite in ("rooms", "bigroom", "manyrooms"):
        shapes = {
            "rooms": [("1x200rate50", ["--members", 200, "--rate", 50]), ("1x200max", ["--members", 200, "--window", 4])],
            "bigroom": [("1x1000rate10", ["--members", 1000, "--rate", 10]), ("1x1000max", ["--members", 1000, "--window", 2])],
            "manyrooms": [("100x10rate10", ["--rooms", 100, "--members", 10, "--rate", 10]),
                          ("100x10max", ["--rooms", 100, "--members", 10, "--window", 1])],
        }[suite]
        for case, extra in shapes:
            for p, (port, prof) in ROOMS.items():
                if (not only or p in only) and not (p == "colyseus" and suite == "manyrooms"):
                    yield case, p, [BIN / "room-load", "--addr", f"127.0.0.1:{port}", "--profile", ROOT / f"profiles/{prof}.toml",
                                    "--secs", a.secs, "--setup-limit", 90, "--inflight", 200, "--label", p] + extra, 240
    if suite == "idle":
        for p, (port, prof) in ROOMS.items():
            if not only or p in only:
                yield "idle5000", p, [BIN / "room-load", "--addr", f"127.0.0.1:{port}", "--profile", ROOT / f"profiles/{prof}.toml",
                                      "--members", 0, "--idle", 5000, "--idle-secs", 10, "--inflight", 500, "--secs", 0.1, "--setup-limit", 120, "--label", p], 240


def pick(d, path):
    for k in path.split("."):
        d = d.get(k) if isinstance(d, dict) else None
    return d


COLUMNS = {
    "rtmp-load": [("cpu%", "window.server_cpu_pct"), ("user_s", "window.server_user_s"), ("sys_s", "window.server_system_s"), ("s/GB", "cost.server_cpu_s_per_gb"), ("us/msg", "cost.server_us_per_message"),
                  ("Mbit/s", "delivery.mbit_per_s"), ("p50ms", "delivery.latency_ms.p50"), ("p99ms", "delivery.latency_ms.p99"),
                  ("max", "delivery.latency_ms.max"), ("ttff50", "late_join.first_key_frame_ms.p50"),
                  ("ramp50", "start.first_key_frame_ms.p50"), ("rampmax", "start.first_key_frame_ms.max"),
                  ("rss0MB", "window.server_rss_start_mb"), ("rssMB", "window.server_rss_mb"), ("peakMB", "window.server_peak_rss_mb"), ("missing", "faults.missing"),
                  ("overdue", "faults.overdue_at_end"), ("lost", "faults.lost_connections"), ("cli%", "window.client_cpu_pct"),
                  ("foreign", "window.foreign_cpu_s")],
    "room-load": [("msg/s", "delivery.messages_per_s"), ("deliv/s", "delivery.deliveries_per_s"), ("cpu%", "window.server_cpu_pct"),
                  ("user_s", "window.server_user_s"), ("sys_s", "window.server_system_s"), ("s/M", "cost.server_cpu_s_per_million_deliveries"), ("p50ms", "delivery.latency_ms.p50"),
                  ("p99ms", "delivery.latency_ms.p99"), ("last50", "delivery.last_member_latency_ms.p50"),
                  ("login/s", "login.per_s"), ("login_ms", "login.server_cpu_ms_each"), ("joinCPUs", "join.server_cpu_s"),
                  ("rssMB", "window.server_rss_mb"), ("kB/conn", "idle.rss_kb_per_connection"),
                  ("idle%", "idle.watched.server_cpu_pct"), ("B/del", "delivery.bytes_per_delivery"),
                  ("faults", "faults.total"), ("cli%", "window.client_cpu_pct"), ("foreign", "window.foreign_cpu_s")],
}


def table(folder):
    groups = {}
    for f in sorted(pathlib.Path(folder).glob("*.json")):
        case, p, _ = f.stem.split("--")
        groups.setdefault(case, {}).setdefault(p, []).append(json.loads(f.read_text()))
    for case, peers in groups.items():
        tool = next(iter(peers.values()))[0]["tool"]
        cols = COLUMNS[tool]
        print(f"\n{case}\n{'peer':18s} n " + " ".join(f"{c[0]:>9s}" for c in cols))
        for p, runs in peers.items():
            cells = []
            for _, path in cols:
                v = [x for x in (pick(d, path) for d in runs) if isinstance(x, (int, float))]
                cells.append(f"{statistics.median(v):9.2f}" if v else "        -")
            print(f"{p:18s} {len(runs)} " + " ".join(cells))


def main():
    ap = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    ap.add_argument("suite")
    ap.add_argument("folder", nargs="?")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--secs", type=float, default=8)
    ap.add_argument("--only")
    ap.add_argument("--sizes")
    ap.add_argument("--out", default=str(ROOT / "results/tmp"))
    a = ap.parse_args()
    if a.suite == "table":
        return table(a.folder)
    try:  # priority counts per session where the kernel groups tasks so
        open("/proc/self/autogroup", "w").write("-15")
    except OSError:
        pass
    out = pathlib.Path(a.out) / a.suite
    for r in range(a.rounds):
        for case, p, cmd, limit in cases(a.suite, a):
            try:
                d = run(p, cmd, out / f"{case}--{p}--{r}.json", limit)
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                print("   ", e, flush=True)
                continue
            if d:
                row = " ".join(f"{n}={pick(d, path)}" for n, path in COLUMNS[d["tool"]])
                print(f"{r} {case} {p}: {row}", flush=True)
    table(out)


if __name__ == "__main__":
    main()
