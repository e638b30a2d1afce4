// A chat in one frame, in ActionScript 1 for Flash Player 6: connect, log in, create or join a
// room, see who and which rooms are there, talk, and change rooms with a click.
//
// It speaks ElectroServer 3's protocol by itself and reads what comes as the class does: the first
// child of a document is the action, the second holds the parameters.
//
// One line is for typing. The first thing typed is the name to log in with; then "/room NAME" makes
// a room, "/to NAME TEXT" is private, and everything else is said to all. `host` and `port` come
// from the page. What the movie shows it traces too.

var socket = new XMLSocket();
var entered = "";
var known = false;
var wanted = "Lobby";
var rooms = new Array();
var users = new Array();
var shown = 0;

function field(name, depth, x, y, width, height) {
  _root.createTextField(name, depth, x, y, width, height);
  _root[name].border = true;
  _root[name].multiline = true;
  _root[name].wordWrap = true;
  _root[name].selectable = false;
}

function tell(line) {
  trace(line);
  _root.talk.text = _root.talk.text + line + "\n";
  _root.talk.scroll = _root.talk.maxscroll;
}

// Reading documents.

function child(node, name) {
  for (var i = 0; i < node.childNodes.length; i++) {
    if (node.childNodes[i].nodeName == name) return node.childNodes[i];
  }
  return null;
}

function textOf(node, name) {
  var found = child(node, name);
  if (found == null || found.firstChild == null) return "";
  return found.firstChild.nodeValue;
}

function namesIn(list) {
  var names = new Array();
  for (var i = 0; i < list.childNodes.length; i++) {
    names.push(textOf(list.childNodes[i], "Name"));
  }
  return names;
}

function without(names, name) {
  var rest = new Array();
  for (var i = 0; i < names.length; i++) {
    if (names[i] != name) rest.push(names[i]);
  }
  return rest;
}

// Asking.

function ask(action, parameters) {
  socket.send("<XmlDoc><Action>" + action + "</Action><Parameters>" + parameters + "</Parameters></XmlDoc>");
}

function create(name) {
  wanted = name;
  ask("CreateRoom", "<Zone><Name></Name><Room Updatable=\"true\" Hidden=\"false\" Numbered=\"false\" FloodingFilterEnabled=\"true\" UserVariablesEnabled=\"false\"><Name>" + name + "</Name><Password></Password><Description></Description><Capacity>-1</Capacity><RoomVariables/><Plugins /></Room></Zone>");
}

function join(name) {
  wanted = name;
  ask("JoinRoom", "<Zone><Name></Name><Room><Name>" + name + "</Name><Password></Password><Numbered>true</Numbered></Room></Zone>");
}

function typed(line) {
  if (!known) {
    ask("Login", "<Name>" + line + "</Name><Password></Password><UserVariables/>");
  } else if (line.substr(0, 6) == "/room ") {
    create(line.substr(6));
  } else if (line.substr(0, 4) == "/to ") {
    var rest = line.substr(4);
    var end = rest.indexOf(" ");
    ask("SendPrivateMessage", "<Users><User>" + rest.substr(0, end) + "</User></Users><Message><![CDATA[" + rest.substr(end + 1) + "]]></Message><Variables />");
  } else {
    ask("SendPublicMessage", "<Message><![CDATA[" + line + "]]></Message><Variables />");
  }
}

// Showing.

function showUsers() {
  trace("users " + users.join(","));
  _root.people.text = "Users\n" + users.join("\n");
}

function showRooms() {
  trace("rooms " + rooms.join(","));
  for (var i = 0; i < rooms.length; i++) {
    var button = _root.createEmptyMovieClip("room" + i, 100 + i);
    button._x = 280;
    button._y = 150 + 24 * i;
    button.beginFill(rooms[i] == entered ? 0xCCEECC : 0xDDDDEE, 100);
    button.moveTo(0, 0);
    button.lineTo(118, 0);
    button.lineTo(118, 22);
    button.lineTo(0, 22);
    button.lineTo(0, 0);
    button.endFill();
    button.createTextField("label", 1, 4, 1, 112, 20);
    button.label.selectable = false;
    button.label.text = rooms[i];
    button.place = rooms[i];
    button.onPress = function () {
      join(this.place);
    };
  }
  for (var old = rooms.length; old < shown; old++) _root["room" + old].removeMovieClip();
  shown = rooms.length;
}

// Hearing.

function onLogin(parameters) {
  known = textOf(parameters, "Result") == "Accepted";
  if (known) {
    tell("logged in");
    create(wanted);
  } else {
    tell("not logged in: " + textOf(parameters, "Reason"));
  }
}

function onJoin(parameters) {
  if (textOf(parameters, "Result") != "Success") {
    tell("not joined: " + textOf(parameters, "Reason"));
    return;
  }
  entered = wanted;
  users = namesIn(child(parameters, "Users"));
  tell("entered " + entered);
  Selection.setFocus("_root.line");
  showUsers();
  showRooms();
}

function onUserList(parameters) {
  var name = textOf(child(parameters, "User"), "Name");
  users = without(users, name);
  if (textOf(parameters, "MinorAction") == "UserJoined") users.push(name);
  showUsers();
}

function onRoomList(parameters) {
  var names = namesIn(child(child(parameters, "Zone"), "Rooms"));
  var change = textOf(parameters, "MinorAction");
  if (change == "") {
    rooms = names;
  } else {
    if (change != "ChangeRoomDetails") rooms = without(rooms, names[0]);
    if (change == "CreateRoom") rooms.push(names[0]);
  }
  showRooms();
}

socket.onXML = function (document) {
  var root = document.firstChild;
  var action = root.childNodes[0].firstChild.nodeValue;
  var parameters = root.childNodes[1];
  if (action == "ConnectionResponse") {
    tell(textOf(parameters, "Result") == "Accepted" ? "connected" : "refused: " + textOf(parameters, "Reason"));
  } else if (action == "LoginResponse") {
    onLogin(parameters);
  } else if (action == "CreateRoom") {
    // It is there already.
    join(wanted);
  } else if (action == "JoinRoom") {
    onJoin(parameters);
  } else if (action == "UpdateUserList") {
    onUserList(parameters);
  } else if (action == "RoomList" || action == "UpdateRoomList") {
    onRoomList(parameters);
  } else if (action == "SendPublicMessage") {
    tell(textOf(parameters, "User") + ": " + textOf(parameters, "Message"));
  } else if (action == "SendPrivateMessage") {
    tell(textOf(parameters, "User") + " to you: " + textOf(parameters, "Message"));
  }
};

socket.onConnect = function (open) {
  if (!open) tell("no connection");
};

socket.onClose = function () {
  tell("closed");
};

field("talk", 1, 0, 0, 278, 270);
field("people", 2, 280, 0, 118, 146);
field("line", 3, 0, 274, 398, 24);
_root.line.type = "input";
_root.line.selectable = true;
_root.line.multiline = false;
Selection.setFocus("_root.line");

var keys = new Object();
keys.onKeyDown = function () {
  if (Key.getCode() == 13 && _root.line.text != "") {
    var said = _root.line.text;
    _root.line.text = "";
    typed(said);
  }
};
Key.addListener(keys);

socket.connect(_root.host, Number(_root.port));
trace("begun");
