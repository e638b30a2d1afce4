//! What the worst message may cost in memory. Each is read by a process of its own, whose peak
//! tells; an allocator does not give back what an earlier one needed.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::process::Command;

use amf::{Limits, Value, amf0, amf3};

/// What [`Limits::elements`] says of one element, in bytes.
const ELEMENT_BYTES_MAX: usize = 300;

/// Says which case this process is for.
const CASE: &str = "AMF_MEMORY_CASE";

type Read = fn(&[u8], &Limits) -> Result<Vec<Value>, amf::DecodeError>;

/// The most memory this process has had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: usize = line
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kib * 1024
}

fn list0(count: usize, item: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x0a];
    bytes.extend((count as u32).to_be_bytes());
    bytes.extend(item.repeat(count));
    bytes
}

/// An AMF3 array of `count` times `item`.
fn list3(count: usize, item: &[u8]) -> Vec<u8> {
    let head = (count as u32) << 1 | 1;
    let seven = |shift: u32| (head >> shift) as u8 & 0x7f;
    let mut bytes = vec![0x09, seven(14) | 0x80, seven(7) | 0x80, seven(0), 1];
    bytes.extend(item.repeat(count));
    bytes
}

/// Messages of as many elements as are allowed, and how they are read.
fn cases() -> [(&'static str, Read, Vec<u8>); 10] {
    let all = Limits::default().elements as usize - 1;
    let amf0 = |name, count, item: &[u8]| (name, amf0::decode_all as Read, list0(count, item));
    let amf3 = |name, count, item: &[u8]| (name, amf3::decode_all as Read, list3(count, item));
    [
        amf0("nulls", all, b"\x05"),
        amf0("texts", all, b"\x02\0\x01a"),
        amf0("objects", all, b"\x03\0\0\x09"),
        amf0("typed objects", all, b"\x10\0\x01a\0\0\x09"),
        amf0("arrays with names", all, b"\x08\0\0\0\0\0\0\x09"),
        amf0(
            "objects of one property",
            all / 2,
            b"\x03\0\x01a\x05\0\0\x09",
        ),
        amf3("objects of unnamed classes", all, b"\x0a\x0b\x01\x01"),
        amf3("objects of named classes", all, b"\x0a\x0b\x03a\x01"),
        amf3("objects of one member", all / 3, b"\x0a\x13\x03a\x03b\x01"),
        amf3(
            "wrapped values",
            all / 2,
            b"\x0a\x07\x43flex.messaging.io.ArrayCollection\x01",
        ),
    ]
}

#[test]
fn an_element_costs_no_more_than_is_said() {
    if let Ok(case) = std::env::var(CASE) {
        return measure(case.parse().unwrap());
    }
    for case in 0..cases().len() {
        let output = Command::new(std::env::current_exe().unwrap())
            .env(CASE, case.to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
}

fn measure(case: usize) {
    let (name, read, bytes) = &cases()[case];
    let limits = Limits::default();
    let before = peak();
    let values = read(bytes, &limits).unwrap();
    let each = (peak() - before) / limits.elements as usize;
    assert!(each <= ELEMENT_BYTES_MAX, "{name}: {each} bytes");
    drop(values);
}
