//! Messages that want more than they are worth: refused, at once, for the right reason.

use std::time::{Duration, Instant};

use amf::amf0::AvmPlus;
use amf::{DecodeError, EncodeError, Limits, Object, Value, amf0, amf3};

use crate::{decode0, decode3};

/// Far more than any of these refusals takes, far less than what they prevent.
const AT_ONCE: Duration = Duration::from_secs(5);

fn at_once<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < AT_ONCE, "took {:?}", start.elapsed());
    result
}

fn depth_error(offset: usize) -> DecodeError {
    DecodeError::Limit {
        limit: "depth",
        max: 64,
        offset,
    }
}

#[test]
fn seventy_thousand_nested_arrays_end_at_the_limit() {
    let amf0 = b"\x0a\0\0\0\x01".repeat(70_000);
    assert_eq!(at_once(|| decode0(&amf0)), Err(depth_error(64 * 5 + 1)));
    let amf3 = b"\x09\x03\x01".repeat(70_000);
    assert_eq!(at_once(|| decode3(&amf3)), Err(depth_error(64 * 3 + 2)));
    let objects = b"\x03\0\x01a".repeat(70_000);
    assert_eq!(at_once(|| decode0(&objects)), Err(depth_error(64 * 4 + 1)));
}

#[test]
fn the_depth_counts_across_the_switch_to_amf3() {
    let nested = |levels: usize| {
        let amf0 = b"\x0a\0\0\0\x01".repeat(levels - 4);
        [&amf0[..], b"\x11", &b"\x09\x03\x01".repeat(4), b"\x01"].concat()
    };
    assert!(decode0(&nested(64)).is_ok());
    let error = decode0(&nested(65)).unwrap_err();
    assert!(
        matches!(error, DecodeError::Limit { limit: "depth", .. }),
        "{error}"
    );
}

#[test]
fn the_depth_limits_writing_too() {
    let nested = |levels: usize| (0..levels).fold(Value::Null, |value, _| Value::array([value]));
    let deep = Err(EncodeError::TooDeep { max: 64 });
    assert!(amf0::encode_all(&[nested(64)]).is_ok());
    assert_eq!(amf0::encode_all(&[nested(65)]), deep);
    assert!(amf3::encode_all(&[nested(64)]).is_ok());
    assert_eq!(amf3::encode_all(&[nested(65)]), deep);
}

#[test]
fn a_count_without_elements_allocates_nothing() {
    let cases: [(&[u8], bool); 7] = [
        (b"\x0a\xff\xff\xff\xff\x05\x05\x05", false),
        (b"\x09\xff\xff\xff\xff\x01\x01", true),
        (b"\x0d\xff\xff\xff\xff\x00\x01", true),
        (b"\x0f\xff\xff\xff\xff\x00\x01", true),
        (b"\x10\xff\xff\xff\xff\x00\x01", true),
        (b"\x11\xff\xff\xff\xff\x00\x01", true),
        (b"\x0a\xff\xff\xff\xf3\x01\x01", true),
    ];
    for (bytes, amf3) in cases {
        let read = at_once(|| if amf3 { decode3(bytes) } else { decode0(bytes) });
        assert!(
            matches!(read, Err(DecodeError::Count { .. })),
            "{bytes:02x?}: {read:?}"
        );
    }
}

#[test]
fn elements_are_counted_wherever_they_are() {
    let limits = Limits {
        elements: 4,
        ..Limits::default()
    };
    let exceeded = |bytes: &[u8], amf3: bool| {
        let read = if amf3 {
            amf3::decode_all(bytes, &limits)
        } else {
            amf0::decode_all(bytes, &limits)
        };
        match read {
            Ok(_) => false,
            Err(DecodeError::Limit {
                limit: "elements",
                max: 4,
                ..
            }) => true,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(!exceeded(b"\x05\x05\x05\x05", false));
    assert!(exceeded(b"\x05\x05\x05\x05\x05", false));
    assert!(!exceeded(b"\x0a\0\0\0\x03\x05\x05\x05", false));
    assert!(exceeded(b"\x0a\0\0\0\x04\x05\x05\x05\x05", false));
    assert!(exceeded(b"\x11\x09\x09\x01\x01\x01\x01\x01", false));
    assert!(exceeded(b"\x11\x05\x00\x01\x01\x01\x01", true));
    // One object of a class that declares four members.
    assert!(exceeded(
        b"\x0a\x43\x01\x03a\x03b\x03c\x03d\x01\x01\x01\x01",
        true
    ));
}

#[test]
fn the_default_takes_a_large_list_and_refuses_a_flood() {
    let list = |count: u32| {
        [
            &[0x0a][..],
            &count.to_be_bytes(),
            &vec![0x05; count as usize],
        ]
        .concat()
    };
    assert!(decode0(&list(65_535)).is_ok());
    assert!(decode0(&list(65_536)).is_err());
}

/// An AMF3 message in which each of `levels` arrays refers ten times to the one before.
fn reference_bomb(levels: u8) -> Vec<u8> {
    let mut bytes = vec![0x11, 0x09, (levels << 1) | 1, 0x01];
    bytes.extend(b"\x09\x01\x01");
    for level in 1..levels {
        bytes.extend(b"\x09\x15\x01");
        bytes.extend([0x09, level << 1].repeat(10));
    }
    bytes
}

#[test]
fn a_reference_bomb_is_small_as_long_as_nobody_walks_it() {
    let bytes = reference_bomb(11);
    let values = at_once(|| decode0(&bytes)).unwrap();
    assert_eq!(values[0].count_up_to(1_000_000), None);
    // Written with references, it stays what it was.
    let again = at_once(|| crate::encode0(&values, AvmPlus::Needed)).unwrap();
    assert_eq!(again, bytes);
    let amf0 = at_once(|| amf0::encode_all(&values)).unwrap();
    assert!(amf0.len() < 1_000, "{}", amf0.len());
    assert_eq!(at_once(|| decode0(&amf0)).unwrap().len(), 1);
    assert!(at_once(|| format!("{values:?}")).len() < 10_000);
}

#[test]
fn a_reference_bomb_without_references_hits_the_output_limit() {
    let values = decode0(&reference_bomb(11)).unwrap();
    let mut out = Vec::new();
    let mut encoder = amf0::Encoder::new(&mut out, &Limits::default()).references(false);
    let written = at_once(|| encoder.value(&values[0]));
    assert_eq!(written, Err(EncodeError::OutputTooLong { max: 1 << 20 }));
    assert!(out.is_empty());
}

#[test]
fn a_text_repeated_by_reference_hits_the_output_limit() {
    // AMF0 has no references to texts: 60 kB a thousand times.
    let text = "a".repeat(60_000);
    let value = Value::array(vec![Value::from(text); 1_000]);
    let amf3 = amf3::encode_all(std::slice::from_ref(&value)).unwrap();
    assert!(amf3.len() < 70_000);
    let values = decode3(&amf3).unwrap();
    let written = at_once(|| amf0::encode_all(&values));
    assert_eq!(written, Err(EncodeError::OutputTooLong { max: 1 << 20 }));
}

#[test]
fn a_long_member_name_repeated_by_class_hits_the_output_limit() {
    let name = "m".repeat(60_000);
    let object = || {
        Value::from(Object::with_traits(
            None,
            1,
            false,
            [(name.clone(), Value::Null)],
        ))
    };
    let value = Value::array((0..1_000).map(|_| object()));
    let amf3 = amf3::encode_all(std::slice::from_ref(&value)).unwrap();
    assert!(amf3.len() < 70_000);
    let written = at_once(|| amf0::encode_all(&decode3(&amf3).unwrap()));
    assert_eq!(written, Err(EncodeError::OutputTooLong { max: 1 << 20 }));
}

#[test]
fn many_classes_cost_no_more_than_their_bytes() {
    let object = |n: u32| Value::typed_object(format!("c{n}"), [("k", Value::Null)]);
    let value = Value::array((0..30_000).map(object));
    let bytes = at_once(|| amf3::encode_all(std::slice::from_ref(&value))).unwrap();
    assert_eq!(at_once(|| decode3(&bytes)).unwrap(), [value]);
}

#[test]
fn the_output_limit_counts_from_where_the_encoder_began() {
    let mut out = b"header".to_vec();
    let limits = Limits {
        output_bytes: 3,
        ..Limits::default()
    };
    let mut encoder = amf0::Encoder::new(&mut out, &limits);
    encoder.value(&Value::Null).unwrap();
    let full = Err(EncodeError::OutputTooLong { max: 3 });
    assert_eq!(encoder.value(&"ab".into()), full);
    assert_eq!(encoder.key("ab"), full);
    encoder.value(&Value::Boolean(true)).unwrap();
    assert_eq!(encoder.value(&Value::Null), full);
    assert_eq!(out, b"header\x05\x01\x01");
}

#[test]
fn names_that_do_not_fit_are_refused() {
    let long = "a".repeat(65_536);
    let too_long = |what| {
        Err(EncodeError::TooLong {
            what,
            len: 65_536,
            max: 65_535,
        })
    };
    let property = Value::object([(long.as_str(), Value::Null)]);
    assert_eq!(amf0::encode_all(&[property]), too_long("property name"));
    let class = Value::typed_object(long.as_str(), [("a", Value::Null)]);
    assert_eq!(amf0::encode_all(&[class]), too_long("class name"));
}

#[test]
fn text_must_be_utf8() {
    let cases: [(&[u8], bool, usize); 7] = [
        (b"\x02\0\x02\xff\xfe", false, 3),
        (b"\x0c\0\0\0\x01\x80", false, 5),
        (b"\x0f\0\0\0\x01\x80", false, 5),
        (b"\x03\0\x01\xc3\x05\0\0\x09", false, 3),
        (b"\x10\0\x01\xc3\0\0\x09", false, 3),
        (b"\x06\x03\xff", true, 2),
        (b"\x0b\x03\xff", true, 2),
    ];
    for (bytes, amf3, offset) in cases {
        let error = if amf3 { decode3(bytes) } else { decode0(bytes) }.unwrap_err();
        assert!(matches!(error, DecodeError::Utf8 { .. }), "{error}");
        assert_eq!(error.offset(), offset);
    }
}

#[test]
fn errors_say_what_and_where() {
    let error = decode0(b"\x05\x00\x01").unwrap_err();
    let expected = DecodeError::Truncated {
        what: "a number",
        offset: 2,
        needed: 8,
        left: 1,
    };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "AMF ends inside a number at byte 2: 8 bytes needed, 1 left"
    );
    let error = decode0(b"\x05\x07\x00\x03").unwrap_err();
    assert_eq!(
        error.to_string(),
        "AMF reference 3 to a table of 0 values, at byte 4"
    );
    let error = decode0(b"\x04").unwrap_err();
    assert_eq!(
        error.to_string(),
        "AMF0 has no marker 0x04 for a value, at byte 0"
    );
}
