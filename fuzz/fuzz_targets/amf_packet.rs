//! Any bytes as a Flash Remoting packet. What can be read can be written and read again.
#![no_main]

use amf::packet::Packet;
use amf::{EncodeError, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(packet) = Packet::decode(bytes, &limits) else {
        return;
    };
    match packet.encode(&limits) {
        Ok(again) => {
            let read = Packet::decode(&again, &limits).expect("our own output is readable");
            assert_eq!(read.messages.len(), packet.messages.len());
            assert_eq!(read.headers.len(), packet.headers.len());
        }
        Err(EncodeError::DanglingReference | EncodeError::OutputTooLong { .. }) => {}
        Err(error) => panic!("{packet:?}: {error}"),
    }
});
