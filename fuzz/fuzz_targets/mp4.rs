//! Any bytes as an MP4 file: the scan ends within its limits, and so does a walk over what it
//! found.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use flv::Read;
use flv::mp4::Mp4Walker;
use libfuzzer_sys::fuzz_target;
use mp4::{Mp4Limits, Mp4Scanner};

const SAMPLES: usize = 10_000;

fuzz_target!(|bytes: &[u8]| {
    let file = Bytes::copy_from_slice(bytes);
    let piece = |Read { position, bytes }: Read| {
        let from = file.len().min(position as usize);
        file.slice(from..file.len().min(from.saturating_add(bytes)))
    };
    let limits = Mp4Limits {
        samples: SAMPLES,
        ..Mp4Limits::default()
    };
    let mut scanner = Mp4Scanner::new(bytes.len() as u64, limits);
    while let Some(read) = scanner.wants() {
        if scanner.read(&piece(read)).is_err() {
            return;
        }
    }
    let Ok(found) = scanner.finish() else { return };
    let mut walker = Mp4Walker::from(&Arc::new(found), 0, 1 << 20);
    let mut tags = Vec::new();
    while let Some(read) = walker.wants() {
        if walker.read(&piece(read), &mut tags).is_err() {
            break;
        }
        assert!(tags.len() <= 2 * SAMPLES + 2);
    }
});
