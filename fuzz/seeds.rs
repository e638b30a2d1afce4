//! Fills `corpus/<target>/` from the test vectors and samples: `cargo run --example seeds`.
//!
//! A target is added by one line in [`SEEDS`], or in [`FILES`] when its seeds are whole files.

use std::fs;
use std::path::Path;

use testkit::{hex, vectors};

/// The vector files of a target, and the keys of the list and of the bytes in it.
const SEEDS: &[(&str, &str, &str, &str)] = &[
    ("amf0", "amf0.json", "vectors", "hex"),
    ("amf0", "amf0-malformed.json", "vectors", "hex"),
    ("amf3", "amf3.json", "vectors", "hex"),
    ("amf3", "amf3-malformed.json", "vectors", "hex"),
    ("amf_packet", "amf-packet.json", "vectors", "hex"),
    ("flv", "flv.json", "vectors", "hex"),
    ("flv_scan", "flv.json", "vectors", "hex"),
    ("chunk_reader", "chunk-stream.json", "vectors", "hex"),
    ("chunk_reader", "message.json", "vectors", "hex"),
    (
        "chunk_reader",
        "client-captures.json",
        "captures",
        "raw_after_handshake_hex",
    ),
    ("handshake", "handshake.json", "vectors", "hex"),
    ("session", "chunk-stream.json", "vectors", "hex"),
    (
        "session",
        "client-captures.json",
        "captures",
        "raw_after_handshake_hex",
    ),
    ("shared_object", "shared-object.json", "vectors", "hex"),
    ("sol", "sol.json", "vectors", "hex"),
];

/// The folder of a target's seeds, from this package.
const FILES: [(&str, &str); 7] = [
    ("application_xml", "../crates/appconfig/src/tests/files"),
    ("dialect", "../crates/xmlsocket/tests/samples"),
    ("electroserver", "../crates/xmlsocket/tests/samples"),
    ("framer", "../crates/xmlsocket/tests/samples"),
    ("mp4", "../crates/mp4/tests/samples"),
    ("mp3", "../crates/flv/tests/mp3"),
    ("prepass", "../crates/script/tests/samples"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"));
    for (target, file, list, bytes) in SEEDS {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        let whole = vectors::load(file);
        let vectors = whole[list]
            .as_array()
            .ok_or(format!("{file} has no list {list}"))?;
        for vector in vectors {
            let (Some(id), Some(text)) = (vector["id"].as_str(), vector[bytes].as_str()) else {
                continue;
            };
            let name = id.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
            fs::write(folder.join(name), hex::decode(text)?)?;
        }
    }
    for (target, from) in FILES {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(from))? {
            let file = file?;
            fs::copy(file.path(), folder.join(file.file_name()))?;
        }
    }
    Ok(())
}
