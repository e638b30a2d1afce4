//! Scripts in the manner of their time, from the first line to the last.

use crate::engine::{prepared, run_all};

/// A chat room with line ends, reserved words and unfinished statements as they were common.
const CHAT: &str = "\
<!-- chat room, version 1.2 -->\r
const MAX_USERS = 3\r
var users = new Array()\r
function User(name, private) {\r
  this.name = name\r
  this.private = private\r
}\r
User.prototype.label getter = function () {\r
  return (this.private ? '*' : '') + this.name\r
}\r
Room = function () { this.history = {}; this.count = 0 }\r
Room.prototype.enter = function (user) {\r
  if (users.length >= MAX_USERS) throw { code: 'Room.Full', user: user.name }\r
  users[users.length] = user\r
  for (i = 0; i < users.length; i++)\r
    with (users[i]) lastSeen = 0777\r
}\r
function tryEnter(room, name, hidden) {\r
  try {\r
    room.enter(new User(name, hidden))\r
  } catch (e if e.code == 'Room.Full') {\r
    return 'full'\r
  } catch (e) {\r
    return 'error ' + e\r
  } finally {\r
    room.count++\r
  }\r
  return 'in'\r
}\r
";

#[test]
fn a_chat_room_runs() {
    let use_it = "MAX_USERS = 100\n\
        var room = new Room, answers = []\n\
        for each (var name in ['ann', 'bob', 'cid', 'dan'])\n  answers.push(tryEnter(room, name, name == 'bob'))\n\
        answers + '/' + users[1].label + '/' + users[0].lastSeen + '/' + room.count + seen(users)\n\
        function seen(users) { var n = 0; for each (var u in users) n += u.lastSeen / 511 / 1; return n }";
    let result = run_all(&[CHAT, use_it]);
    // `with` finds no `lastSeen` in the user, so that it becomes a global variable.
    assert_eq!(result, "in,in,in,full/*bob/undefined/4NaN");
}

#[test]
fn its_lines_stay_where_they_were() {
    let script = prepared(CHAT);
    let changed: Vec<_> = script.text().lines().collect();
    for (index, line) in CHAT.lines().enumerate() {
        let number = u32::try_from(index + 1).unwrap();
        assert_eq!(script.original_line(number), Some(line));
        let first = line.split_whitespace().next().unwrap_or_default();
        if !matches!(first, "const" | "User.prototype.label" | "}" | "<!--") {
            assert_eq!(changed[index], line);
        }
    }
}
