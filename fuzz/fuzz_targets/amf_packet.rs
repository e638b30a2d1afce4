//! Any bytes as a Flash Remoting packet. What can be read can be written and reads the same again.
#![no_main]

use amf::packet::Packet;
use amf::{EncodeError, Limits, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(packet) = Packet::decode(bytes, &limits) else {
        return;
    };
    match packet.encode(&limits) {
        Ok(again) => {
            let read = Packet::decode(&again, &limits).expect("our own output is readable");
            same(&packet, &read);
        }
        Err(EncodeError::DanglingReference | EncodeError::OutputTooLong { .. }) => {}
        Err(error) => panic!("{packet:?}: {error}"),
    }
});

/// A declared length becomes the real one; everything else stays.
fn same(written: &Packet, read: &Packet) {
    assert_eq!(read.version, written.version);
    let headers = |packet: &Packet| -> Vec<_> {
        let headers = packet.headers.iter();
        headers
            .map(|h| (h.name.clone(), h.must_understand, h.length.is_some()))
            .collect()
    };
    assert_eq!(headers(read), headers(written));
    let messages = |packet: &Packet| -> Vec<_> {
        let messages = packet.messages.iter();
        messages
            .map(|m| (m.target.clone(), m.response.clone(), m.length.is_some()))
            .collect()
    };
    assert_eq!(messages(read), messages(written));
    for (written, read) in values(written).zip(values(read)) {
        // Comparing gives up on values that are enormous when walked.
        if written.count_up_to(100_000).is_some() {
            assert_eq!(read, written);
        }
    }
}

fn values(packet: &Packet) -> impl Iterator<Item = &Value> {
    let headers = packet.headers.iter().map(|header| &header.value);
    headers.chain(packet.messages.iter().map(|message| &message.value))
}
