//! Any text as a packet, from a client or from the server. What is read is not longer than what was
//! sent, and what we write for the server is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xmlsocket::electroserver::{ClientPacket, ServerPacket};
use xmlsocket::lenient::{Content, Document, Element};
use xmlsocket::{Charset, Limits};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(text) = Charset::default().decode(bytes) else {
        return;
    };
    for content in [Content::Text, Content::Elements, Content::Led("Name")] {
        let read = Document::new(&text).and_then(|document| document.read(|_| content, &limits));
        if let Ok(root) = read {
            let (elements, length) = weigh(&root);
            assert!(elements <= limits.elements && length <= text.len());
        }
    }
    if let Ok(packet) = ClientPacket::decode(&text, &limits) {
        // It may break, since nothing is escaped; it may not panic.
        let _ = ClientPacket::decode(&packet.encode(), &limits);
    }
    if let Ok(Some(packet)) = ServerPacket::decode(&text, &limits) {
        let written = packet.encode();
        let generous = Limits {
            elements: usize::MAX,
            ..limits
        };
        let read = ServerPacket::decode(&written, &generous).expect("what we wrote");
        assert_eq!(read.expect("what we wrote").encode(), written);
    }
});

/// Elements, and bytes of names, values and texts.
fn weigh(element: &Element<'_>) -> (usize, usize) {
    let values = element.attributes.iter();
    let values: usize = values.map(|(key, value)| key.len() + value.len()).sum();
    let own = (1, element.name.len() + element.text.len() + values);
    let children = element.children.iter().map(weigh);
    children.fold(own, |sum, child| (sum.0 + child.0, sum.1 + child.1))
}
