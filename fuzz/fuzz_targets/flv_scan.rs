//! Any bytes as a file that is scanned and repaired: the scan ends, finds the same however much it
//! is handed, and the repaired file needs no repair.
#![no_main]

use flv::{Error, Read, Repair, ScanLimits, Scanned, Scanner};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = scan(bytes, 1);
    assert_eq!(found, scan(bytes, bytes.len()));
    let Ok(found) = found else { return };
    assert!(found.totals.file_bytes + found.cut_bytes == bytes.len() as u64);
    let (recording, repair) = found.repair(10);
    let file = repaired(bytes, repair);
    assert_eq!(recording.totals.file_bytes, file.len() as u64);
    let again = scan(&file, 100).expect("a repaired file is a file");
    assert_eq!(again.cut_bytes, 0);
});

fn scan(file: &[u8], piece: usize) -> Result<Scanned, Error> {
    let mut scanner = Scanner::new(file.len() as u64, ScanLimits::default());
    // Every look gets on by a tag at least, and may begin anew once.
    let mut looks = 2 * file.len() + 10;
    while let Some(Read { position, bytes }) = scanner.wants() {
        let from = position as usize;
        let to = (from + bytes.max(piece)).min(file.len());
        scanner.read(&file[from..to])?;
        looks = looks.checked_sub(1).expect("the scan ends");
    }
    scanner.finish()
}

fn repaired(file: &[u8], repair: Option<Repair>) -> Vec<u8> {
    match repair {
        None => file.to_vec(),
        Some(Repair::InPlace {
            file_bytes,
            patches,
        }) => {
            let mut file = file[..file_bytes as usize].to_vec();
            for patch in patches {
                let at = patch.position as usize;
                file[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
            }
            file
        }
        Some(Repair::Anew { mut start, rest }) => {
            start.extend(&file[rest.start as usize..rest.end as usize]);
            start
        }
    }
}
