//! Any bytes as a script file. The pre-pass takes or refuses them, moves no line, and finds its
//! way back from every column of its output.
#![no_main]

use libfuzzer_sys::fuzz_target;
use script::prepass::prepare;
use script::source::{SourceError, SourceLimits};

fuzz_target!(|bytes: &[u8]| {
    let limits = SourceLimits {
        nesting: 50,
        notes: 20,
        ..SourceLimits::default()
    };
    let script = match prepare("main.asc", bytes, &limits) {
        Ok(script) => script,
        Err(SourceError::Syntax(error)) => {
            assert!(error.line > 0 && error.column > 0, "{error}");
            let length = error.source_line.chars().count();
            assert!(error.column as usize <= length + 1, "{error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let lines = script.original().matches('\n').count();
    assert_eq!(script.text().matches('\n').count(), lines);
    assert!(script.notes().len() <= 20);
    for (number, text) in (1..).zip(script.text().split('\n')) {
        let original = script.original_line(number).expect("the same lines");
        if number > 20 {
            break;
        }
        for column in (1..=text.len() as u32).step_by(7) {
            let found = script.original_column(number, column) as usize;
            assert!(found >= 1 && found <= original.chars().count() + 1);
        }
    }
});
