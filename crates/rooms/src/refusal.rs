//! Reasons why something asked for is not done.

use std::sync::Arc;

use thiserror::Error;

/// Why something is refused. Its text is for users; [`as_str`](Self::as_str) is for logs and
/// dialects.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say it")]
pub enum Refusal {
    #[error("You are not logged in.")]
    NotLoggedIn,
    #[error("You are logged in already.")]
    LoggedInAlready,
    #[error("An earlier request is still being worked on.")]
    Busy,
    #[error("The name must have at least {0} characters.")]
    NameTooShort(usize),
    #[error("The name may have at most {0} characters.")]
    NameTooLong(usize),
    #[error("The name has characters that are not allowed.")]
    NameCharacters,
    #[error("The name is not allowed.")]
    NameReserved,
    #[error("The name is in use.")]
    NameInUse,
    #[error("The name or the password is wrong.")]
    BadLogin,
    #[error("{0}")]
    Denied(Arc<str>),
    #[error("You are banned.")]
    Banned,
    #[error("There is no such room.")]
    NoSuchRoom,
    #[error("There is no such zone.")]
    NoSuchZone,
    #[error("There is no such user.")]
    NoSuchUser,
    #[error("There is no such variable.")]
    NoSuchVariable,
    #[error("There is no such ban.")]
    NoSuchBan,
    #[error("There is no such account.")]
    NoSuchAccount,
    #[error("There is a room of that name already.")]
    RoomExists,
    #[error("The room is full.")]
    RoomFull,
    #[error("The password of the room is wrong.")]
    BadRoomPassword,
    #[error("You are in the room already.")]
    InRoomAlready,
    #[error("You are not in the room.")]
    NotInRoom,
    #[error("More users are in the room than that.")]
    CapacityTooLow,
    #[error("You may not do that.")]
    NotAllowed,
    #[error("The variable is locked.")]
    VariableLocked,
    #[error("The message has words that are not allowed.")]
    BadWords,
    #[error("There may be no more of it ({0}).")]
    Limit(&'static str),
    #[error("It is too long ({0}).")]
    TooLong(&'static str),
    #[error("Only the server can do that.")]
    ServerOnly,
    #[error("Only a user can do that.")]
    UsersOnly,
}

impl Refusal {
    /// The reason as one word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "not_logged_in",
            Self::LoggedInAlready => "logged_in_already",
            Self::Busy => "busy",
            Self::NameTooShort(_) => "name_too_short",
            Self::NameTooLong(_) => "name_too_long",
            Self::NameCharacters => "name_characters",
            Self::NameReserved => "name_reserved",
            Self::NameInUse => "name_in_use",
            Self::BadLogin => "bad_login",
            Self::Denied(_) => "denied",
            Self::Banned => "banned",
            Self::NoSuchRoom => "no_such_room",
            Self::NoSuchZone => "no_such_zone",
            Self::NoSuchUser => "no_such_user",
            Self::NoSuchVariable => "no_such_variable",
            Self::NoSuchBan => "no_such_ban",
            Self::NoSuchAccount => "no_such_account",
            Self::RoomExists => "room_exists",
            Self::RoomFull => "room_full",
            Self::BadRoomPassword => "bad_room_password",
            Self::InRoomAlready => "in_room_already",
            Self::NotInRoom => "not_in_room",
            Self::CapacityTooLow => "capacity_too_low",
            Self::NotAllowed => "not_allowed",
            Self::VariableLocked => "variable_locked",
            Self::BadWords => "bad_words",
            Self::Limit(_) => "limit",
            Self::TooLong(_) => "too_long",
            Self::ServerOnly => "server_only",
            Self::UsersOnly => "users_only",
        }
    }
}
