//! Reading what a movie sent.

use crate::electroserver::tree::{self, defined, flag, name_of, text};
use crate::electroserver::{ClientPacket, CreateRoom, JoinRoom, Plugin, RoomDetail};
use crate::error::Error;
use crate::lenient::{Content, Document, Element};
use crate::limits::Limits;

impl ClientPacket {
    /// Reads the text of one frame.
    ///
    /// # Errors
    ///
    /// When it is no packet, or passes the limits. An action that is not known is no error.
    pub fn decode(packet: &str, limits: &Limits) -> Result<Self, Error> {
        let document = Document::new(packet)?;
        let action = tree::action(&document, limits)?;
        let unknown = |action: String| Self::Unknown {
            action,
            packet: packet.to_owned(),
        };
        let Some(read) = reader(&action.to_ascii_lowercase()) else {
            return Ok(unknown(action));
        };
        let parameters = tree::parameters(&document, Content::Text, limits)?;
        Ok(read(&parameters).unwrap_or_else(|| {
            let minor = text(&parameters, "MinorAction");
            unknown(format!("{action} {}", minor.trim()))
        }))
    }
}

/// Reads the parameters of one action. Nothing when the minor action is not known.
type Read = fn(&Element<'_>) -> Option<ClientPacket>;

// tidy: allow long: one flat table of names
fn reader(action: &str) -> Option<Read> {
    Some(match action {
        "login" => |p| {
            Some(ClientPacket::Login {
                name: text(p, "Name"),
                password: text(p, "Password"),
                variables: tree::variables(p, "UserVariables"),
            })
        },
        "adminlogin" => |p| {
            Some(ClientPacket::AdminLogin {
                name: text(p, "Name"),
                password: text(p, "Password"),
            })
        },
        "loadconfiguration" => |_| Some(ClientPacket::LoadConfiguration),
        "createroom" => |p| Some(ClientPacket::CreateRoom(Box::new(create_room(p)))),
        "joinroom" => |p| Some(ClientPacket::JoinRoom(join_room(p))),
        "sendpublicmessage" => |p| {
            Some(ClientPacket::SendPublicMessage {
                message: text(p, "Message"),
                variables: tree::variables(p, "Variables"),
            })
        },
        "sendprivatemessage" => |p| {
            Some(ClientPacket::SendPrivateMessage {
                users: recipients(p),
                message: text(p, "Message"),
                variables: tree::variables(p, "Variables"),
            })
        },
        "createroomvariable" => |p| {
            let variable = tree::room_variable(structure(p, "RoomVariable"));
            Some(ClientPacket::CreateRoomVariable(variable))
        },
        "updateroomvariable" => |p| {
            let variable = tree::room_variable(structure(p, "RoomVariable"));
            Some(ClientPacket::UpdateRoomVariable {
                name: variable.name,
                value: variable.value,
                locked: variable.locked,
            })
        },
        "deleteroomvariable" => |p| {
            let name = text(structure(p, "RoomVariable"), "Name");
            Some(ClientPacket::DeleteRoomVariable { name })
        },
        "updateuservariable" => user_variable,
        "deleteuservariable" => |p| {
            let name = text(structure(p, "UserVariable"), "Name");
            Some(ClientPacket::DeleteUserVariable { name })
        },
        "changeroomdetails" => |p| Some(ClientPacket::ChangeRoomDetails(detail(p)?)),
        "moderatorcommand" => moderation,
        "executeplugin" => |p| {
            Some(ClientPacket::ExecutePlugin {
                plugin: name_of(p, "Plugin"),
                method: text(p, "Method"),
                variables: tree::variables(p, "Variables"),
            })
        },
        "getroomsinzone" => |p| {
            let zone = defined(name_of(p, "Zone"));
            Some(ClientPacket::GetRoomsInZone { zone })
        },
        "getloggedinusercount" => |_| Some(ClientPacket::GetLoggedInUserCount),
        "getservertime" => |_| Some(ClientPacket::GetServerTime),
        "addbuddy" => |p| Some(ClientPacket::AddBuddy { name: who(p) }),
        "removebuddy" => |p| Some(ClientPacket::RemoveBuddy { name: who(p) }),
        "getbuddylist" => |_| Some(ClientPacket::GetBuddyList),
        "getallzones" | "getzones" => |_| Some(ClientPacket::GetAllZones),
        "getuserlocation" => |p| Some(ClientPacket::GetUserLocation { name: who(p) }),
        "getusersinroom" => |p| {
            let (zone, room) = zone_and_room(p);
            Some(ClientPacket::GetUsersInRoom { zone, room })
        },
        "logout" => |_| Some(ClientPacket::LogOut),
        _ => return None,
    })
}

fn create_room(parameters: &Element<'_>) -> CreateRoom {
    let zone = structure(parameters, "Zone");
    let room = structure(zone, "Room");
    let attribute = |name, default| flag(room.attribute(name), default);
    let plugin = |item: &Element<'_>| Plugin {
        name: text(item, "Name"),
        variables: tree::variables(item, "Variables"),
    };
    CreateRoom {
        zone: defined(text(zone, "Name")),
        name: text(room, "Name"),
        password: defined(text(room, "Password")).unwrap_or_default(),
        description: text(room, "Description"),
        capacity: tree::capacity(&text(room, "Capacity")),
        updatable: attribute("Updatable", true),
        hidden: attribute("Hidden", false),
        numbered: attribute("Numbered", false),
        flood_filter: attribute("FloodingFilterEnabled", true),
        user_variables: attribute("UserVariablesEnabled", false),
        variables: tree::room_variables(room),
        plugins: tree::items(room, "Plugins").iter().map(plugin).collect(),
    }
}

fn join_room(parameters: &Element<'_>) -> JoinRoom {
    let zone = structure(parameters, "Zone");
    let room = structure(zone, "Room");
    JoinRoom {
        zone: defined(text(zone, "Name")),
        room: text(room, "Name"),
        password: defined(text(room, "Password")).unwrap_or_default(),
        numbered: flag(Some(&text(room, "Numbered")), true),
    }
}

/// A child that holds others. What is missing is looked for one level up, so that a packet whose
/// fields stand loose is understood as well.
fn structure<'e, 'a>(element: &'e Element<'a>, name: &str) -> &'e Element<'a> {
    element.child(name).unwrap_or(element)
}

fn recipients(parameters: &Element<'_>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let names = tree::items(parameters, "Users").iter();
    names
        .map(|user| user.text.to_string())
        .filter(|name| !name.is_empty() && seen.insert(name.clone()))
        .collect()
}

/// The minor action in lower case.
fn minor_action(parameters: &Element<'_>) -> String {
    text(parameters, "MinorAction").trim().to_ascii_lowercase()
}

fn user_variable(parameters: &Element<'_>) -> Option<ClientPacket> {
    let variable = tree::variable(parameters);
    match &*minor_action(parameters) {
        "create" => Some(ClientPacket::CreateUserVariable(variable)),
        "update" => Some(ClientPacket::UpdateUserVariable(variable)),
        _ => None,
    }
}

fn moderation(parameters: &Element<'_>) -> Option<ClientPacket> {
    let (user, reason) = (text(parameters, "UserName"), text(parameters, "Reason"));
    match &*minor_action(parameters) {
        "kick" => Some(ClientPacket::Kick { user, reason }),
        "ban" => Some(ClientPacket::Ban {
            user,
            reason,
            expires: text(parameters, "Expires").trim().parse().unwrap_or(-1),
        }),
        _ => None,
    }
}

fn detail(parameters: &Element<'_>) -> Option<RoomDetail> {
    // The minor action says what it is. Of the capacity the element has no name, or a wrong one.
    let is_value = |child: &&Element<'_>| !child.name.eq_ignore_ascii_case("MinorAction");
    let last = || parameters.children.iter().rfind(is_value);
    let value = |name| {
        let child = parameters.child(name).or_else(last);
        child
            .map(|child| child.text.to_string())
            .unwrap_or_default()
    };
    Some(match &*minor_action(parameters) {
        "changedescription" => RoomDetail::Description(value("Description")),
        "changeupdatable" => RoomDetail::Updatable(flag(Some(&value("Updatable")), true)),
        "changevisibility" => RoomDetail::Hidden(flag(Some(&value("Hidden")), false)),
        "changecapacity" => RoomDetail::Capacity(tree::capacity(&value("Capacity"))),
        "changepasswordprotected" => RoomDetail::Password(password(parameters)),
        _ => return None,
    })
}

/// The flag decides, because without a password the class may write `undefined` for one. But a
/// password that is a number it takes for none and sends all the same.
fn password(parameters: &Element<'_>) -> Option<String> {
    let password = defined(text(parameters, "Password"))?;
    let is_number = password.trim().parse::<f64>().is_ok();
    let is_protected = flag(Some(&text(parameters, "IsProtected")), true);
    (is_protected || is_number).then_some(password)
}

/// The user a packet is about, for those whose form nobody knows.
fn who(parameters: &Element<'_>) -> String {
    let known = ["Name", "User", "UserName"];
    let child = known.iter().find_map(|name| parameters.child(name));
    let child = child.or_else(|| parameters.children.first());
    child
        .map(|child| child.text.to_string())
        .unwrap_or_default()
}

fn zone_and_room(parameters: &Element<'_>) -> (Option<String>, String) {
    let outer = if parameters.child("Room").is_some() {
        parameters
    } else {
        structure(parameters, "Zone")
    };
    (defined(name_of(parameters, "Zone")), name_of(outer, "Room"))
}
