//! Scripts in the manner of their time, from the first line to the last.

use script::prepass::{Prepared, prepare};
use script::source::SourceLimits;

use crate::engine::{run_all, run_prepared};

/// Ends of lines as Windows has them, and statements without their semicolons.
const CHAT: &[u8] = include_bytes!("../samples/chat.asc");

/// Ends of lines as the old Macintosh had them, in Latin-1.
const POLL: &[u8] = include_bytes!("../samples/poll.asc");

fn sample(bytes: &[u8]) -> Prepared {
    prepare("main.asc", bytes, &SourceLimits::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_chat_room_runs() {
    let use_it = "MAX_USERS = 100
        var room = new Room, answers = []
        for each (var name in ['ann', 'bob', 'cid', 'dan'])
            answers.push(tryEnter(room, name, name == 'bob'))
        answers + '/' + users[1].label + '/' + users[0].lastSeen + '/' + room.count + ',' + lastSeen";
    let result = run_all(&[sample(CHAT).original(), use_it]);
    // `with` finds no `lastSeen` in the user, so that it becomes a global variable.
    assert_eq!(result, "in,in,in,full/*bob/undefined/4,511");
}

#[test]
fn a_poll_runs() {
    let script = sample(POLL);
    let before = "var application = {};";
    let use_it = "application.onAppStart();
        [tell('ann', 'oui'), tell('', 'non'), tell('bob', 'peut-être'), tell('cid', 'si'),
         application.minutes, application.last]";
    assert_eq!(
        run_prepared(&[before, script.text(), use_it]),
        "100%,50%,33%,Poll.Unknown:si,oui=1;non=1;peut-être=1;,peut-être"
    );
}

#[test]
fn their_lines_stay_where_they_were() {
    let changed = [
        (CHAT, &[2_usize, 8, 13, 21, 23, 25][..]),
        (POLL, &[14, 15, 19, 26, 32, 33, 38, 43, 44]),
    ];
    for (bytes, lines) in changed {
        let script = sample(bytes);
        let pairs = script.original().lines().zip(script.text().lines());
        let different = (1..).zip(pairs).filter(|(_, (a, b))| a != b);
        let different: Vec<usize> = different.map(|(line, _)| line).collect();
        assert_eq!(different, lines, "{}", script.text());
        assert_eq!(
            script.original().lines().count(),
            script.text().lines().count()
        );
    }
}
