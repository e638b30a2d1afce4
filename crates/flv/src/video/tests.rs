//! Headers byte by byte; the shared vectors are in `tests/vectors.rs` of the crate.

use super::{Codec, Command, FrameKind, Header, PacketKind, Track, parse, tracks};
use crate::{Error, FourCc, Multitrack, MultitrackMode};

#[test]
fn an_empty_message_is_not_an_error() {
    assert_eq!(parse(&[]), Ok(Header::EMPTY));
    assert!(!Header::EMPTY.is_key_frame());
    assert!(tracks(&[]).unwrap().is_none());
}

#[test]
fn a_codec_without_packet_type_has_its_media_behind_the_first_byte() {
    let header = parse(&[0x32, 0xaa]).unwrap();
    assert_eq!(
        (header.frame, header.codec),
        (FrameKind::Disposable, Codec::Sorenson)
    );
    assert_eq!((header.packet, header.body_offset), (PacketKind::Frames, 1));
    assert!(header.is_disposable() && !header.is_key_frame());
    assert!(parse(&[0x14]).unwrap().is_key_frame());
}

#[test]
fn a_sequence_header_is_no_key_frame_though_flagged_as_one() {
    let header = parse(&[0x17, 0, 0, 0, 0, 1]).unwrap();
    assert_eq!(header.frame, FrameKind::Key);
    assert!(header.is_sequence_header() && !header.is_key_frame());
    assert!(parse(&[0x17, 1, 0, 0, 0]).unwrap().is_key_frame());
    assert!(
        parse(&[0x90, b'a', b'v', b'0', b'1'])
            .unwrap()
            .is_sequence_header()
    );
}

#[test]
fn composition_time_is_signed() {
    let header = parse(&[0x27, 1, 0xff, 0xff, 0xde, 9]).unwrap();
    assert_eq!(header.composition_time, -34);
    assert_eq!(header.body_offset, 5);
}

#[test]
fn a_sequence_may_end_in_two_bytes_but_nothing_else_may() {
    assert_eq!(parse(&[0x17, 2]).unwrap().packet, PacketKind::SequenceEnd);
    for payload in [&[0x17][..], &[0x17, 0], &[0x17, 1, 0, 0], &[0x17, 2, 0]] {
        assert!(matches!(parse(payload), Err(Error::Truncated { .. })));
    }
}

#[test]
fn commands_are_read_in_every_form() {
    for (payload, command) in [
        (&[0x52, 0][..], Command::StartSeek),
        (&[0x57, 1], Command::EndSeek),
        (&[0x57, 1, 0, 0, 0, 0], Command::StartSeek),
        (&[0xd1, 1], Command::EndSeek),
        (&[0x54, 7], Command::Unknown(7)),
    ] {
        let header = parse(payload).unwrap();
        assert_eq!(header.packet, PacketKind::Command, "{payload:02x?}");
        assert_eq!(header.command, Some(command), "{payload:02x?}");
    }
    assert!(parse(&[0x52]).is_err());
}

#[test]
fn metadata_wins_over_the_command_bits() {
    let header = parse(b"\xd4hvc1\x02").unwrap();
    assert_eq!(header.packet, PacketKind::Metadata);
    assert_eq!(header.body_offset, 5);
}

#[test]
fn mod_ex_links_are_walked_and_unknown_ones_skipped() {
    // A link of type 5 with two bytes, then a time offset, then a key frame of AV1.
    let payload = b"\x97\x01\xaa\xbb\x57\x02\x00\x01\x02\x01av01\xee";
    let header = parse(payload).unwrap();
    assert_eq!(header.timestamp_offset_ns, 0x102);
    assert_eq!(header.codec, Codec::FourCc(FourCc::AV01));
    assert!(header.is_key_frame());
    assert_eq!(payload[header.body_offset..], [0xee]);
}

#[test]
fn a_long_mod_ex_link_has_its_size_in_sixteen_bits() {
    let mut payload = vec![0x97, 0xff, 0x01, 0x2b];
    payload.extend([0x55; 300]);
    payload.extend(b"\x13vp09\xee");
    let header = parse(&payload).unwrap();
    assert_eq!(header.packet, PacketKind::FramesNoCts);
    assert_eq!(header.body_offset, payload.len() - 1);
}

#[test]
fn a_cut_or_short_mod_ex_link_is_refused() {
    let cut = parse(&[0x97, 0x05, 0, 0]);
    assert!(matches!(cut, Err(Error::Truncated { offset: 2, .. })));
    let short = parse(b"\x97\x01\x00\x01\x01av01");
    let what = "ModEx timestamp offset";
    assert_eq!(short, Err(Error::Truncated { what, offset: 2 }));
}

#[test]
fn many_tracks_of_many_codecs_are_walked() {
    let mut payload = b"\x96\x21".to_vec();
    payload.extend(b"avc1\x00\x00\x00\x04\x00\x00\x28\xaa");
    payload.extend(b"vp09\x01\x00\x00\x02\xbb\xcc");
    let header = parse(&payload).unwrap();
    let mode = MultitrackMode::ManyTracksManyCodecs;
    assert_eq!(
        header.multitrack,
        Some(Multitrack {
            mode,
            first_track_id: 0
        })
    );
    assert!(header.is_key_frame());
    assert_eq!((header.composition_time, header.body_offset), (40, 13));
    let found: Vec<_> = tracks(&payload)
        .unwrap()
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let first = Track {
        id: 0,
        codec: Codec::FourCc(FourCc::AVC1),
        composition_time: 40,
        body_offset: 13,
        body: &[0xaa],
    };
    let second = Track {
        id: 1,
        codec: Codec::FourCc(FourCc::VP09),
        composition_time: 0,
        body_offset: 22,
        body: &[0xbb, 0xcc],
    };
    assert_eq!(found, [first, second]);
}

#[test]
fn a_cut_track_is_one_error_and_then_the_end() {
    let payload = b"\x96\x13av01\x00\x00\x00\x01\xaa\x01\x00\x00\x09\xbb";
    assert!(parse(payload).is_ok(), "the first track is whole");
    let mut found = tracks(payload).unwrap().unwrap();
    assert_eq!(found.next().unwrap().unwrap().body, [0xaa]);
    let what = "data of a track";
    assert_eq!(
        found.next(),
        Some(Err(Error::Truncated { what, offset: 15 }))
    );
    assert_eq!(found.next(), None);
}

#[test]
fn tracks_of_undefined_layout_are_refused() {
    let what = "multitrack type";
    assert_eq!(
        parse(b"\x96\x31av01\x00"),
        Err(Error::Unsupported {
            what,
            value: 3,
            offset: 1
        })
    );
    for nested in [b"\x96\x06av01\x00", b"\x96\x07av01\x00"] {
        assert!(matches!(parse(nested), Err(Error::Malformed { .. })));
    }
    assert!(matches!(
        parse(b"\x96\x01av01"),
        Err(Error::Truncated { .. })
    ));
}

#[test]
fn a_track_too_short_for_its_composition_time_says_where() {
    let payload = b"\x96\x11hvc1\x00\x00\x00\x02\x00\x00";
    let what = "composition time";
    assert_eq!(parse(payload), Err(Error::Truncated { what, offset: 10 }));
}

#[test]
fn codecs_have_names_people_know() {
    assert_eq!(Codec::from_id(2).name(), "Sorenson H.263");
    assert_eq!(Codec::from_id(7).name(), Codec::FourCc(FourCc::AVC1).name());
    assert_eq!(Codec::from_id(12).name(), "H.265");
    assert_eq!(Codec::from_id(9), Codec::Unknown(9));
}
