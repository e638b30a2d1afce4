//! The kernel from outside: what each rule does, and what holds whatever happens.

mod belief;
mod chat;
mod history;
mod lists;
mod logins;
mod moderation;
mod places;

mod scripts;
mod store;
mod variables;
mod world;
