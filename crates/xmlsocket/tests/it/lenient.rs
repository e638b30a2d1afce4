//! Any text at all, given to the readers.

use proptest::prelude::*;
use xmlsocket::Limits;
use xmlsocket::electroserver::{ClientPacket, ServerPacket, Variable};
use xmlsocket::lenient::{Content, Document, Element};

use crate::any;

/// Elements, and bytes of names, values and texts.
fn weigh(element: &Element<'_>) -> (usize, usize) {
    let attributes = element.attributes.iter();
    let own = element.name.len()
        + element.text.len()
        + attributes
            .map(|(key, value)| key.len() + value.len())
            .sum::<usize>();
    element
        .children
        .iter()
        .map(weigh)
        .fold((1, own), |(elements, bytes), (e, b)| {
            (elements + e, bytes + b)
        })
}

/// Pieces of packets in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<XmlDoc>"),
        Just("<Action>"),
        Just("Login"),
        Just("</Action>"),
        Just("JoinRoom"),
        Just("<Parameters>"),
        Just("<Zone>"),
        Just("<Room a='1' b>"),
        Just("<Name>"),
        Just("</Name>"),
        Just("</Zone>"),
        Just("</Parameters>"),
        Just("</XmlDoc>"),
        Just("<"),
        Just("<Users/>"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("<!--"),
        Just("-->"),
        Just("<!D"),
        Just("&lt;"),
        Just("&x;"),
        Just(">"),
        Just("/"),
        Just("\""),
        Just("é"),
        Just("<>"),
        Just("</>"),
        Just(" "),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_read_is_longer_than_what_was_sent(text in soup(), kind in 0..3_u8) {
        let limits = Limits { elements: 6, depth: 3, ..Limits::default() };
        let content = [Content::Text, Content::Elements, Content::Led("Name")][usize::from(kind)];
        if let Ok(element) = Document::new(&text).and_then(|it| it.read(|_| content, &limits)) {
            let (elements, bytes) = weigh(&element);
            prop_assert!(elements <= 6);
            prop_assert!(bytes <= text.len());
        }
        let _ = ClientPacket::decode(&text, &limits);
        let _ = ServerPacket::decode(&text, &limits);
    }

    /// Until the text holds the end of its own element, or an entity, which are read.
    #[test]
    fn unescaped_texts_come_through(text in "[a-z<>&\"' \\]/!\\[é7]{0,12}", name in "[a-c<>& é]{1,6}") {
        let login = ClientPacket::Login {
            name: name.clone(),
            password: text.clone(),
            variables: vec![Variable { name: name.clone(), value: text.clone() }],
        };
        let again = ClientPacket::decode(&login.encode(), &Limits::default());
        prop_assert_eq!(again.as_ref(), Ok(&login));
        let said = ClientPacket::SendPrivateMessage {
            users: vec![name],
            message: text,
            variables: vec![],
        };
        let again = ClientPacket::decode(&said.encode(), &Limits::default());
        prop_assert_eq!(again, Ok(said));
    }

    #[test]
    fn what_the_server_writes_is_read_again(packet in any::server_packet()) {
        let text = packet.encode();
        let read = ServerPacket::decode(&text, &Limits::default()).unwrap().unwrap();
        // What XML cannot hold is gone at the first writing, and nothing at the second.
        prop_assert_eq!(read.encode(), text);
        prop_assert_eq!(read.action(), packet.action());
    }
}
