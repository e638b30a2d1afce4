//! Damaged input: no panic, and whatever still reads can be written and read again.

use amf::amf0::AvmPlus;
use amf::packet::Packet;
use amf::{EncodeError, Limits, UnknownExternalizable, Value, amf0, amf3};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::{hex, vectors};

use crate::{config, encode0};

/// The bytes of every vector of a file.
fn bytes_of(file: &str) -> Vec<Vec<u8>> {
    let whole = vectors::load(file);
    let list = whole["vectors"].as_array().unwrap();
    let bytes: Vec<_> = list
        .iter()
        .filter_map(|v| v["hex"].as_str())
        .map(|text| hex::decode(text).unwrap())
        .collect();
    assert!(!bytes.is_empty());
    bytes
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Amf0,
    Amf3,
    Packet,
}

/// Reads `bytes` and, if that works, writes and reads what came out.
fn survive(format: Format, bytes: &[u8]) {
    for unknown_externalizable in [
        UnknownExternalizable::Refuse,
        UnknownExternalizable::KeepRest,
    ] {
        let limits = Limits {
            elements: 5_000,
            unknown_externalizable,
            ..Limits::default()
        };
        match format {
            Format::Amf0 => {
                if let Ok(values) = amf0::decode_all(bytes, &limits) {
                    let again = encode0(&values, AvmPlus::Needed);
                    reads_the_same(&values, again, |bytes| {
                        amf0::decode_all(bytes, &limits).unwrap()
                    });
                    // Every conversion must work, or say why not.
                    let _ = encode0(&values, AvmPlus::Never);
                    let _ = encode0(&values, AvmPlus::Objects);
                    let _ = amf3::encode_all(&values);
                }
            }
            Format::Amf3 => {
                if let Ok(values) = amf3::decode_all(bytes, &limits) {
                    let again = amf3::encode_all(&values);
                    reads_the_same(&values, again, |bytes| {
                        amf3::decode_all(bytes, &limits).unwrap()
                    });
                    let _ = encode0(&values, AvmPlus::Never);
                }
            }
            Format::Packet => {
                if let Ok(packet) = Packet::decode(bytes, &limits) {
                    let again = packet.encode(&limits).unwrap();
                    assert!(Packet::decode(&again, &limits).is_ok());
                }
            }
        }
    }
}

fn reads_the_same(
    values: &[Value],
    again: Result<Vec<u8>, EncodeError>,
    decode: impl Fn(&[u8]) -> Vec<Value>,
) {
    match again {
        Ok(bytes) => assert_eq!(decode(&bytes), values),
        // A second AMF3 value of a message may have referred into a cycle of the first.
        Err(EncodeError::DanglingReference) => {}
        Err(error) => panic!("{values:?}: {error}"),
    }
}

fn corpus() -> Vec<(Format, Vec<u8>)> {
    let files = [
        ("amf0.json", Format::Amf0),
        ("amf0-malformed.json", Format::Amf0),
        ("amf3.json", Format::Amf3),
        ("amf3-malformed.json", Format::Amf3),
        ("amf-packet.json", Format::Packet),
    ];
    files
        .into_iter()
        .flat_map(|(file, format)| bytes_of(file).into_iter().map(move |bytes| (format, bytes)))
        .collect()
}

#[test]
fn every_vector_cut_anywhere() {
    for (format, bytes) in corpus() {
        for len in 0..bytes.len() {
            survive(format, &bytes[..len]);
        }
    }
}

#[test]
fn every_vector_with_any_byte_changed() {
    for (format, mut bytes) in corpus() {
        for at in 0..bytes.len() {
            let good = bytes[at];
            for change in [0x01, 0x02, 0x04, 0x08, 0x10, 0x80, 0xff] {
                bytes[at] = good ^ change;
                survive(format, &bytes);
            }
            bytes[at] = good;
        }
    }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn two_vectors_spliced(
        first in any::<prop::sample::Index>(),
        second in any::<prop::sample::Index>(),
        cuts in any::<[prop::sample::Index; 3]>(),
        patch in vec(any::<u8>(), 0..3),
    ) {
        let corpus = corpus_once();
        let ((format, a), (_, b)) = (first.get(corpus), second.get(corpus));
        let head = &a[..cuts[0].index(a.len() + 1)];
        let from = cuts[1].index(b.len() + 1);
        let to = from + cuts[2].index(b.len() - from + 1);
        survive(*format, &[head, &patch, &b[from..to], &a[head.len()..]].concat());
    }

    #[test]
    fn arbitrary_bytes(bytes in vec(prop_oneof![0_u8..0x13, any::<u8>()], 0..200)) {
        for format in [Format::Amf0, Format::Amf3, Format::Packet] {
            survive(format, &bytes);
        }
    }
}

fn corpus_once() -> &'static [(Format, Vec<u8>)] {
    static CORPUS: std::sync::LazyLock<Vec<(Format, Vec<u8>)>> = std::sync::LazyLock::new(corpus);
    &CORPUS
}
