//! Any bytes as an MP3 file: the scan ends, finds the same however much it is handed, and a walk
//! finds every frame that it counted.
#![no_main]

use bytes::Bytes;
use flv::mp3::{Mp3File, Mp3Scanner, Mp3Walker};
use flv::{Error, Read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = scan(bytes, 1);
    assert_eq!(found, scan(bytes, bytes.len()));
    let Ok(found) = found else { return };
    let file = Bytes::copy_from_slice(bytes);
    let mut walker = Mp3Walker::from(&found, found.first_frame, 0);
    let (mut tags, mut looks) = (Vec::new(), 3 * bytes.len() + 10);
    while let Some(Read { position, bytes }) = walker.wants() {
        let from = file.len().min(position as usize);
        walker.read(&file.slice(from..file.len().min(from + bytes)), &mut tags);
        looks = looks.checked_sub(1).expect("the walk ends");
    }
    assert_eq!(tags.len() as u64, found.frames);
});

fn scan(file: &[u8], piece: usize) -> Result<Mp3File, Error> {
    let mut scanner = Mp3Scanner::new(file.len() as u64, 50);
    let mut looks = 3 * file.len() + 10;
    while let Some(Read { position, bytes }) = scanner.wants() {
        let from = file.len().min(position as usize);
        let to = (from + bytes.max(piece)).min(file.len());
        scanner.read(&file[from..to]);
        looks = looks.checked_sub(1).expect("the scan ends");
    }
    scanner.finish()
}
