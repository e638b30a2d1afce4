//! Writing what a movie sends, as its class writes it: every text as it is, nothing escaped.

use std::fmt::Write as _;

use crate::electroserver::{
    ClientPacket, CreateRoom, JoinRoom, Plugin, RoomDetail, RoomVariable, Variable,
};

impl ClientPacket {
    /// The text of the packet, without its zero byte. For tools and tests that stand in for a
    /// movie: like the class it escapes nothing, so a name may break the packet.
    pub fn encode(&self) -> String {
        if let Self::Unknown { packet, .. } = self {
            return packet.clone();
        }
        let (action, parameters) = (self.action(), self.parameters());
        format!("<XmlDoc><Action>{action}</Action><Parameters>{parameters}</Parameters></XmlDoc>")
    }

    /// The packet's name on the wire.
    pub fn action(&self) -> &str {
        match self {
            Self::Login { .. } => "Login",
            Self::AdminLogin { .. } => "AdminLogin",
            Self::LoadConfiguration => "LoadConfiguration",
            Self::CreateRoom(_) => "CreateRoom",
            Self::JoinRoom(_) => "JoinRoom",
            Self::SendPublicMessage { .. } => "SendPublicMessage",
            Self::SendPrivateMessage { .. } => "SendPrivateMessage",
            Self::CreateRoomVariable(_) => "CreateRoomVariable",
            Self::UpdateRoomVariable { .. } => "UpdateRoomVariable",
            Self::DeleteRoomVariable { .. } => "DeleteRoomVariable",
            Self::CreateUserVariable(_) | Self::UpdateUserVariable(_) => "UpdateUserVariable",
            Self::DeleteUserVariable { .. } => "DeleteUserVariable",
            Self::ChangeRoomDetails(_) => "ChangeRoomDetails",
            Self::Kick { .. } | Self::Ban { .. } => "ModeratorCommand",
            Self::ExecutePlugin { .. } => "ExecutePlugin",
            Self::GetRoomsInZone { .. } => "GetRoomsInZone",
            Self::GetLoggedInUserCount => "GetLoggedInUserCount",
            Self::GetServerTime => "GetServerTime",
            Self::AddBuddy { .. } => "AddBuddy",
            Self::RemoveBuddy { .. } => "RemoveBuddy",
            Self::GetBuddyList => "GetBuddyList",
            Self::GetAllZones => "GetAllZones",
            Self::GetUserLocation { .. } => "GetUserLocation",
            Self::GetUsersInRoom { .. } => "GetUsersInRoom",
            Self::LogOut => "LogOut",
            Self::Unknown { action, .. } => action,
        }
    }

    // tidy: allow long: one flat table of packets
    fn parameters(&self) -> String {
        match self {
            Self::Login {
                name,
                password,
                variables,
            } => {
                let list = list("UserVariables", "/", variables, |v| {
                    let data = cdata("Data", &v.value);
                    format!("<UserVariable><Name>{}</Name>{data}</UserVariable>", v.name)
                });
                format!("<Name>{name}</Name><Password>{password}</Password>{list}")
            }
            Self::AdminLogin { name, password } => {
                format!("<Name>{name}</Name><Password>{password}</Password>")
            }
            Self::CreateRoom(room) => create_room(room),
            Self::JoinRoom(join) => join_room(join),
            Self::SendPublicMessage { message, variables } => {
                cdata("Message", message) + &data_variables(variables)
            }
            Self::SendPrivateMessage {
                users,
                message,
                variables,
            } => {
                let mut out = "<Users>".to_owned();
                for user in users {
                    // Writing to a string does not fail.
                    let _ = write!(out, "<User>{user}</User>");
                }
                out + "</Users>" + &cdata("Message", message) + &data_variables(variables)
            }
            Self::CreateRoomVariable(v) => room_variable(v, " "),
            Self::UpdateRoomVariable {
                name,
                value,
                locked,
            } => {
                let data = cdata("Data", value);
                format!(
                    "<RoomVariable Locked=\"{locked}\" ><Name>{name}</Name>{data}</RoomVariable>"
                )
            }
            Self::DeleteRoomVariable { name } => {
                format!("<RoomVariable ><Name>{name}</Name></RoomVariable>")
            }
            Self::CreateUserVariable(v) => user_variable("Create", v),
            Self::UpdateUserVariable(v) => user_variable("Update", v),
            Self::DeleteUserVariable { name } => {
                format!("<UserVariable><Name>{name}</Name></UserVariable>")
            }
            Self::ChangeRoomDetails(detail) => room_detail(detail),
            Self::Kick { user, reason } => moderation("Kick", user, reason),
            Self::Ban {
                user,
                reason,
                expires,
            } => moderation("Ban", user, reason) + &format!("<Expires>{expires}</Expires>"),
            Self::ExecutePlugin {
                plugin,
                method,
                variables,
            } => {
                let variables = value_variables(variables);
                format!("<Plugin>{plugin}</Plugin><Method>{method}</Method>{variables}")
            }
            Self::GetRoomsInZone { zone } => format!("<Zone>{}</Zone>", or_empty(zone.as_ref())),
            Self::AddBuddy { name }
            | Self::RemoveBuddy { name }
            | Self::GetUserLocation { name } => format!("<Name>{name}</Name>"),
            Self::GetUsersInRoom { zone, room } => {
                format!(
                    "<Zone>{}</Zone><Room>{room}</Room>",
                    or_empty(zone.as_ref())
                )
            }
            Self::LoadConfiguration
            | Self::GetLoggedInUserCount
            | Self::GetServerTime
            | Self::GetBuddyList
            | Self::GetAllZones
            | Self::LogOut
            | Self::Unknown { .. } => String::new(),
        }
    }
}

fn or_empty(text: Option<&String>) -> &str {
    text.map_or("", String::as_str)
}

fn cdata(tag: &str, text: &str) -> String {
    format!("<{tag}><![CDATA[{text}]]></{tag}>")
}

/// A list; an empty one is its own end tag, which the class writes with a space here and without
/// one there.
fn list<T>(tag: &str, empty: &str, items: &[T], write: impl Fn(&T) -> String) -> String {
    if items.is_empty() {
        return format!("<{tag}{empty}>");
    }
    let items: String = items.iter().map(write).collect();
    format!("<{tag}>{items}</{tag}>")
}

fn data_variables(variables: &[Variable]) -> String {
    list("Variables", " /", variables, |v| {
        let data = cdata("Data", &v.value);
        format!("<Variable><Name>{}</Name>{data}</Variable>", v.name)
    })
}

fn value_variables(variables: &[Variable]) -> String {
    list("Variables", " /", variables, |v| {
        let (name, value) = (&v.name, &v.value);
        format!("<Variable><Name>{name}</Name><Value>{value}</Value></Variable>")
    })
}

/// `space` is what stands before the end of the tag.
fn room_variable(variable: &RoomVariable, space: &str) -> String {
    let RoomVariable {
        name,
        value,
        persistent,
        locked,
    } = variable;
    let data = cdata("Data", value);
    format!(
        "<RoomVariable Persistent=\"{persistent}\" Locked=\"{locked}\"{space}>\
         <Name>{name}</Name>{data}</RoomVariable>"
    )
}

fn user_variable(minor: &str, variable: &Variable) -> String {
    let (name, value) = (&variable.name, &variable.value);
    format!("<MinorAction>{minor}</MinorAction><Name>{name}</Name><Data>{value}</Data>")
}

fn moderation(minor: &str, user: &str, reason: &str) -> String {
    format!(
        "<MinorAction>{minor}</MinorAction><UserName>{user}</UserName><Reason>{reason}</Reason>"
    )
}

fn create_room(room: &CreateRoom) -> String {
    let mut out = format!("<Zone><Name>{}</Name><Room", or_empty(room.zone.as_ref()));
    for (name, value) in [
        ("Updatable", room.updatable),
        ("Hidden", room.hidden),
        ("Numbered", room.numbered),
        ("FloodingFilterEnabled", room.flood_filter),
        ("UserVariablesEnabled", room.user_variables),
    ] {
        // Writing to a string does not fail.
        let _ = write!(out, " {name}=\"{value}\"");
    }
    let _ = write!(
        out,
        "><Name>{}</Name><Password>{}</Password>{}<Capacity>{}</Capacity>",
        room.name,
        room.password,
        cdata("Description", &room.description),
        capacity(room.capacity),
    );
    out += &list("RoomVariables", "/", &room.variables, |v| {
        room_variable(v, "")
    });
    out += &list("Plugins", " /", &room.plugins, |plugin: &Plugin| {
        let variables = value_variables(&plugin.variables);
        format!("<Plugin><Name>{}</Name>{variables}</Plugin>", plugin.name)
    });
    out + "</Room></Zone>"
}

fn join_room(join: &JoinRoom) -> String {
    let JoinRoom {
        zone,
        room,
        password,
        numbered,
    } = join;
    let zone = or_empty(zone.as_ref());
    format!(
        "<Zone><Name>{zone}</Name><Room><Name>{room}</Name><Password>{password}</Password>\
         <Numbered>{numbered}</Numbered></Room></Zone>"
    )
}

fn capacity(capacity: Option<u32>) -> String {
    capacity.map_or_else(|| "-1".to_owned(), |most| most.to_string())
}

fn room_detail(detail: &RoomDetail) -> String {
    let (minor, value) = match detail {
        RoomDetail::Description(text) => ("ChangeDescription", cdata("Description", text)),
        RoomDetail::Updatable(yes) => ("ChangeUpdatable", format!("<Updatable>{yes}</Updatable>")),
        RoomDetail::Hidden(yes) => ("ChangeVisibility", format!("<Hidden>{yes}</Hidden>")),
        // The misspelling of the class, as Flash Player 6 and before show it.
        RoomDetail::Capacity(most) => ("ChangeCapacity", format!("<>{}</>", capacity(*most))),
        RoomDetail::Password(password) => (
            "ChangePasswordProtected",
            format!(
                "<IsProtected>{}</IsProtected><Password>{}</Password>",
                password.is_some(),
                or_empty(password.as_ref())
            ),
        ),
    };
    format!("<MinorAction>{minor}</MinorAction>{value}")
}
