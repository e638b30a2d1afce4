//! The wire vectors of AMF0, AMF3, Flash Remoting packets and local shared objects, each a test case
//! of its own name.
//!
//! A good vector must decode to what it says and read the same once written again. Those of this
//! repository must also be written byte for byte, unless they are listed in [`NOT_CANONICAL`]. A
//! bad one must be refused.

mod expected;

use std::process::ExitCode;

use amf::packet::Packet;
use amf::sol::Sol;
use amf::{DecodeError, EncodeError, Limits, UnknownExternalizable, Value, amf0, amf3};
use serde_json::Value as Json;
use testkit::{hex, vectors};

/// Good vectors that this crate writes in another way, and why. One that is written byte for
/// byte after all fails its test.
const NOT_CANONICAL: [(&str, &str); 7] = [
    ("spec-bool-nonzero", "true is written as 1"),
    (
        "spec-longstring-short",
        "a long string is written only when the text is long",
    ),
    (
        "spec-avmplus-two-values-share-tables",
        "no references from one AMF3 value to another",
    ),
    (
        "amf3-ref-date",
        "dates have no identity: a resolved reference is written in full",
    ),
    (
        "flashlso-AS2-half-life-2-flash",
        "what two slots share is repeated",
    ),
    (
        "flashlso-AS3-Demo",
        "an anonymous class that was declared twice is declared once",
    ),
    (
        "flashlso-oppDetailPrefs",
        "a class of Flex is declared without the mark that it is dynamic too",
    ),
];

/// One of the two formats, as the test needs it.
#[derive(Clone, Copy)]
struct Format {
    /// The file of its good vectors.
    file: &'static str,
    /// Reads with references resolved, or kept as they are.
    decode: fn(&[u8], keep: bool) -> Result<Vec<Value>, DecodeError>,
    encode: fn(&[Value]) -> Result<Vec<u8>, EncodeError>,
}

const AMF0: Format = Format {
    file: "amf0.json",
    decode: |bytes, keep| {
        let mut decoder = amf0::Decoder::new(bytes, &Limits::default());
        if keep {
            decoder = decoder.keep_references();
        }
        std::iter::from_fn(|| decoder.value().transpose()).collect()
    },
    encode: |values| {
        let mut out = Vec::new();
        let mut encoder =
            amf0::Encoder::new(&mut out, &Limits::default()).avm_plus(amf0::AvmPlus::Needed);
        values.iter().try_for_each(|value| encoder.value(value))?;
        Ok(out)
    },
};

const AMF3: Format = Format {
    file: "amf3.json",
    decode: |bytes, keep| {
        let mut decoder = amf3::Decoder::new(bytes, &Limits::default());
        if keep {
            decoder = decoder.keep_references();
        }
        std::iter::from_fn(|| decoder.value().transpose()).collect()
    },
    encode: amf3::encode_all,
};

const PACKETS: &str = "amf-packet.json";
const SOLS: &str = "sol.json";

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let mut trials = Vec::new();
    trials.extend(vectors::trials(AMF0.file, "vectors", |v| good(v, AMF0)));
    trials.extend(vectors::trials(AMF3.file, "vectors", |v| good(v, AMF3)));
    trials.extend(vectors::trials("amf0-malformed.json", "vectors", |v| {
        bad(v, AMF0)
    }));
    trials.extend(vectors::trials("amf3-malformed.json", "vectors", |v| {
        bad(v, AMF3)
    }));
    trials.extend(vectors::trials(PACKETS, "vectors", good_packet));
    trials.extend(vectors::trials(SOLS, "vectors", |v| {
        if v["ok"] == true {
            good_sol(v)
        } else {
            bad_sol(v)
        }
    }));
    libtest_mimic::run(&args, trials).exit_code()
}

fn good(vector: &Json, format: Format) -> Result<(), String> {
    let bytes = bytes_of(vector)?;
    let kept = (format.decode)(&bytes, true).map_err(|e| e.to_string())?;
    let list = vector["values"].as_array().ok_or("no values")?;
    expected::all(list, &kept)?;
    let resolved = (format.decode)(&bytes, false).map_err(|e| e.to_string())?;
    let same_bytes = written_again(&bytes, &kept, true, format)?
        & written_again(&bytes, &resolved, false, format)?;
    judge(format.file, vector, same_bytes, || {
        let kept = (format.encode)(&kept).map(|b| hex::encode(&b));
        let resolved = (format.encode)(&resolved).map(|b| hex::encode(&b));
        format!("{kept:?} or\n{resolved:?}")
    })
}

/// Whether a vector may be written as it was, or otherwise.
fn judge(
    file: &str,
    vector: &Json,
    same_bytes: bool,
    again: impl Fn() -> String,
) -> Result<(), String> {
    let id = vector["id"].as_str().unwrap_or_default();
    if !vectors::is_ours(file, "vectors", id) {
        return Ok(());
    }
    let excuse = NOT_CANONICAL.iter().find(|(listed, _)| *listed == id);
    match (same_bytes, excuse) {
        (true, None) | (false, Some(_)) => Ok(()),
        (true, Some(_)) => Err("is written byte for byte, though listed in NOT_CANONICAL".into()),
        (false, None) => Err(format!("is written as\n{}", again())),
    }
}

/// Whether `values` are written as `bytes`; when they are not, they must still read the same.
fn written_again(
    bytes: &[u8],
    values: &[Value],
    keep: bool,
    format: Format,
) -> Result<bool, String> {
    let again = (format.encode)(values).map_err(|e| e.to_string())?;
    let read = (format.decode)(&again, keep).map_err(|e| e.to_string())?;
    if again != bytes && read != values {
        return Err(format!("reads {values:?}, but once written reads {read:?}"));
    }
    Ok(again == bytes)
}

fn good_packet(vector: &Json) -> Result<(), String> {
    let bytes = bytes_of(vector)?;
    let packet = Packet::decode(&bytes, &Limits::default()).map_err(|e| e.to_string())?;
    expected::packet(&vector["value"], &packet)?;
    let again = packet
        .encode(&Limits::default())
        .map_err(|e| e.to_string())?;
    let read = Packet::decode(&again, &Limits::default()).map_err(|e| e.to_string())?;
    if read != packet {
        return Err(format!("reads {packet:?}, but once written reads {read:?}"));
    }
    judge(PACKETS, vector, again == bytes, || hex::encode(&again))
}

fn good_sol(vector: &Json) -> Result<(), String> {
    let bytes = bytes_of(vector)?;
    let sol = Sol::decode(&bytes, &Limits::default()).map_err(|e| e.to_string())?;
    expected::sol(&vector["value"], &sol)?;
    let again = sol.encode(&Limits::default()).map_err(|e| e.to_string())?;
    let read = Sol::decode(&again, &Limits::default()).map_err(|e| e.to_string())?;
    if read != sol {
        return Err(format!("reads {sol:?}, but once written reads {read:?}"));
    }
    judge(SOLS, vector, again == bytes, || hex::encode(&again))
}

fn bad_sol(vector: &Json) -> Result<(), String> {
    match Sol::decode(&bytes_of(vector)?, &Limits::default()) {
        Err(_) => Ok(()),
        Ok(sol) => Err(format!("gave {sol:?}")),
    }
}

fn bad(vector: &Json, format: Format) -> Result<(), String> {
    let bytes = bytes_of(vector)?;
    let error = match (
        (format.decode)(&bytes, true),
        (format.decode)(&bytes, false),
    ) {
        (Err(a), Err(b)) if a == b => a,
        (kept, resolved) => return Err(format!("gave {kept:?} and {resolved:?}")),
    };
    match vector["policy"].as_str() {
        None => Ok(()),
        Some("unknown-externalizable") => {
            let limits = Limits {
                unknown_externalizable: UnknownExternalizable::KeepRest,
                ..Limits::default()
            };
            // The object is inside an array, so even then its end cannot be told.
            let lenient = amf3::decode_all(&bytes, &limits);
            match (&error, lenient) {
                (DecodeError::UnknownExternalizable { .. }, Err(again)) if error == again => Ok(()),
                (_, lenient) => Err(format!("{error} or {lenient:?}")),
            }
        }
        Some("depth-limit") => match error {
            DecodeError::Limit {
                limit: "depth",
                max: 64,
                ..
            } => Ok(()),
            error => Err(error.to_string()),
        },
        Some(policy) => Err(format!("no such policy: {policy}")),
    }
}

fn bytes_of(vector: &Json) -> Result<Vec<u8>, String> {
    if let Some(text) = vector["hex"].as_str() {
        return hex::decode(text);
    }
    let text = |key: &str| vector[key].as_str().ok_or(format!("no {key}"));
    let count = vector["fill_count"].as_u64().ok_or("no fill_count")?;
    Ok([
        hex::decode(text("hex_prefix")?)?,
        hex::decode(text("fill")?)?.repeat(count as usize),
    ]
    .concat())
}
