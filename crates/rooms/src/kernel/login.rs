//! How a visitor becomes a user: the name, the password or the login handler, and being told.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Kernel, Pending};
use crate::effect::{CloseReason, Effect};
use crate::event::{Event, Who};
use crate::flood::Flood;
use crate::id::{RequestId, UserId};
use crate::name::{check_login, is_plain, key};
use crate::op::{Actor, LoginDecision, Op, OpKind, Secret};
use crate::refusal::Refusal;
use crate::store::{BanTarget, Network, Role};
use crate::user::{User, Visitor};
use crate::value::Pairs;

/// The longest name a login handler may choose, in bytes.
const HANDLER_NAME_BYTES_MAX: usize = 128;

/// What is told to those whose ban comes of guessing.
const GUESSED: &str = "Too many wrong passwords.";

/// A login that is being decided about. Its name is taken meanwhile.
pub(super) struct Login {
    user: UserId,
    name: Arc<str>,
    key: Arc<str>,
    variables: Pairs,
    /// The hash that the password is compared with, if it is.
    hash: Option<Arc<str>>,
}

/// What is known of whoever is let in.
struct Standing {
    known: bool,
    role: Role,
    /// What a login handler wants to tell.
    told: Pairs,
}

impl Kernel {
    pub(super) fn on_connect(&mut self, user: UserId, address: IpAddr) {
        if self.bans.on_address(address).is_some() {
            let reason = CloseReason::Banned;
            self.effects.push_back(Effect::Close { user, reason });
            return;
        }
        let login = None;
        self.visitors.insert(user, Visitor { address, login });
    }

    pub(super) fn on_visitor(&mut self, user: UserId, op: Op) -> Result<(), Refusal> {
        match op {
            Op::Login {
                name,
                password,
                variables,
                admin,
            } => self.log_in(user, &name, password, variables, admin),
            Op::Logout => {
                self.remove_visitor(user);
                let reason = CloseReason::LoggedOut;
                self.effects.push_back(Effect::Close { user, reason });
                Ok(())
            }
            _ => Err(Refusal::NotLoggedIn),
        }
    }

    fn log_in(
        &mut self,
        user: UserId,
        name: &Arc<str>,
        password: Secret,
        variables: Pairs,
        admin: bool,
    ) -> Result<(), Refusal> {
        if self
            .visitors
            .get(&user)
            .is_none_or(|visitor| visitor.login.is_some())
        {
            return Err(Refusal::Busy);
        }
        if password.0.len() > self.config.limits.password_bytes {
            return Err(Refusal::TooLong("password_bytes"));
        }
        self.check_pairs(&variables)?;
        let name = self.login_name(name, admin)?;
        let key = key(&name);
        if self.bans.on_name(&key).is_some() {
            return Err(Refusal::Banned);
        }
        if self.names.contains_key(&key) {
            return Err(Refusal::NameInUse);
        }
        if self.names.len() >= self.config.limits.users {
            return Err(Refusal::Limit("users"));
        }
        let login = Login {
            user,
            name,
            key,
            variables,
            hash: None,
        };
        self.decide(login, password, admin)
    }

    /// The name somebody is to have who asks for this one.
    fn login_name(&mut self, name: &Arc<str>, admin: bool) -> Result<Arc<str>, Refusal> {
        if self.accounts.contains_key(&key(name)) {
            return Ok(name.clone());
        }
        if name.is_empty() && !admin && self.config.login.guest_prefix.is_some() {
            return Ok(self.guest_name());
        }
        check_login(name, &self.config.login)?;
        if self.words.forbids_name(name) {
            return Err(Refusal::NameReserved);
        }
        Ok(name.clone())
    }

    /// The next guest's name that is free. Ends, because only so many names can be taken.
    fn guest_name(&mut self) -> Arc<str> {
        loop {
            self.last_guest += 1;
            let prefix = self
                .config
                .login
                .guest_prefix
                .as_deref()
                .unwrap_or_default();
            let name = format!("{prefix}{}", self.last_guest);
            let key = key(&name);
            let taken = self.names.contains_key(&key) || self.accounts.contains_key(&key);
            if !taken && self.bans.on_name(&key).is_none() {
                return name.into();
            }
        }
    }

    /// Lets a login in, or asks those who know.
    fn decide(&mut self, mut login: Login, password: Secret, admin: bool) -> Result<(), Refusal> {
        if self.config.login.handler && !admin {
            self.ask_handler(login, password);
            return Ok(());
        }
        let account = self.accounts.get(&login.key);
        if admin && account.is_none_or(|account| account.role < Role::Administrator) {
            return Err(Refusal::BadLogin);
        }
        if let Some(account) = account {
            let hash = account.hash.clone();
            login.name = account.name.clone();
            login.hash = Some(hash.clone());
            let request = self.wait_for_login(login);
            self.effects.push_back(Effect::Verify {
                request,
                password,
                hash,
            });
            return Ok(());
        }
        if self.config.login.accounts_only {
            return Err(Refusal::BadLogin);
        }
        let guest = Standing {
            known: false,
            role: Role::User,
            told: Pairs::default(),
        };
        self.let_in(login, guest)
    }

    fn ask_handler(&mut self, login: Login, password: Secret) {
        let Some(visitor) = self.visitors.get(&login.user) else {
            return;
        };
        let (user, address) = (login.user, visitor.address);
        let (name, variables) = (login.name.clone(), login.variables.clone());
        let request = self.wait_for_login(login);
        self.effects.push_back(Effect::AskLogin {
            request,
            user,
            address,
            name,
            password,
            variables,
        });
    }

    fn wait_for_login(&mut self, login: Login) -> RequestId {
        let user = login.user;
        self.names.insert(login.key.clone(), user);
        let request = self.next_request(Pending::Login(login));
        if let Some(visitor) = self.visitors.get_mut(&user) {
            visitor.login = Some(request);
        }
        request
    }

    /// Takes a login up again. `None` if whoever asked has gone.
    pub(super) fn resume_login(&mut self, request: RequestId) -> Option<Login> {
        let Some(Pending::Login(_)) = self.pending.get(&request) else {
            return None;
        };
        let Some(Pending::Login(login)) = self.pending.remove(&request) else {
            return None;
        };
        self.names.remove(&login.key);
        self.visitors.get_mut(&login.user)?.login = None;
        Some(login)
    }

    /// A password was looked at: somebody's own, or a room's.
    pub(super) fn on_verified(&mut self, request: RequestId, ok: bool) {
        let Some(login) = self.resume_login(request) else {
            self.on_knock_verified(request, ok);
            return;
        };
        let user = login.user;
        let account = self.accounts.get(&login.key);
        // The account may have changed meanwhile.
        let account = account.filter(|account| ok && Some(&account.hash) == login.hash.as_ref());
        let done = match account.map(|account| account.role) {
            Some(role) => {
                let standing = Standing {
                    known: true,
                    role,
                    told: Pairs::default(),
                };
                self.let_in(login, standing)
            }
            None => Err(Refusal::BadLogin),
        };
        if let Err(why) = done {
            self.refuse(Actor::User(user), OpKind::Login, why);
        }
        if !ok {
            self.on_wrong_password(user);
        }
    }

    fn on_wrong_password(&mut self, user: UserId) {
        let rules = &self.config.login;
        let Some(visitor) = self.visitors.get(&user) else {
            return;
        };
        let target = BanTarget::Network(Network::of_user(visitor.address));
        let (within, max) = (
            rules.wrong_passwords_within_ms,
            self.config.limits.flood_records,
        );
        let before = self.guessers.record(self.now, &target, within, max);
        if rules.wrong_passwords.is_some_and(|most| before >= most) {
            self.guessers.forget(&target);
            let until = self.now.after(rules.wrong_passwords_ban_ms);
            // With a list full of bans that never end there is no room for one more.
            let _ = self.put_ban(Actor::Server, target, &GUESSED.into(), Some(until));
        }
    }

    pub(super) fn on_decided(&mut self, request: RequestId, decision: LoginDecision) {
        let Some(mut login) = self.resume_login(request) else {
            return;
        };
        let user = login.user;
        let done = match decision {
            LoginDecision::Deny { reason } => Err(Refusal::Denied(reason)),
            LoginDecision::Accept {
                name,
                known,
                role,
                variables,
            } => {
                let standing = Standing {
                    known,
                    role,
                    told: variables,
                };
                self.rename(&mut login, name)
                    .and_then(|()| self.let_in(login, standing))
            }
        };
        if let Err(why) = done {
            self.refuse(Actor::User(user), OpKind::Login, why);
        }
    }

    /// Lets in somebody for whom the server speaks.
    pub(super) fn admit(
        &mut self,
        by: Actor,
        user: UserId,
        address: IpAddr,
        name: Arc<str>,
    ) -> Result<(), Refusal> {
        by.need_server()?;
        let key = key(&name);
        if self.bans.on_address(address).is_some() || self.bans.on_name(&key).is_some() {
            return Err(Refusal::Banned);
        }
        if self.accounts.contains_key(&key) || self.words.forbids_name(&name) {
            return Err(Refusal::NameReserved);
        }
        check_login(&name, &self.config.login)?;
        if self.names.contains_key(&key) {
            return Err(Refusal::NameInUse);
        }
        if self.names.len() >= self.config.limits.users {
            return Err(Refusal::Limit("users"));
        }
        let login = None;
        self.visitors.insert(user, Visitor { address, login });
        let login = Login {
            user,
            name,
            key,
            variables: Pairs::default(),
            hash: None,
        };
        let standing = Standing {
            known: false,
            role: Role::User,
            told: Pairs::default(),
        };
        self.let_in(login, standing)
    }

    fn rename(&self, login: &mut Login, name: Option<Arc<str>>) -> Result<(), Refusal> {
        let Some(name) = name else { return Ok(()) };
        if !is_plain(&name) || name.len() > HANDLER_NAME_BYTES_MAX {
            return Err(Refusal::NameCharacters);
        }
        login.key = key(&name);
        login.name = name;
        if self.names.contains_key(&login.key) {
            return Err(Refusal::NameInUse);
        }
        Ok(())
    }

    /// Makes a user of a visitor whose name is free.
    fn let_in(&mut self, login: Login, standing: Standing) -> Result<(), Refusal> {
        let Login {
            user,
            name,
            key,
            variables,
            ..
        } = login;
        // It may have come to be banned while the login was decided about.
        if self.bans.on_name(&key).is_some() {
            return Err(Refusal::Banned);
        }
        let Some(visitor) = self.visitors.remove(&user) else {
            return Ok(());
        };
        let Standing { known, role, told } = standing;
        let you = Arc::new(Who { id: user, name });
        self.names.insert(key.clone(), user);
        let state = User {
            who: you.clone(),
            key: key.clone(),
            address: visitor.address,
            role,
            known,
            variables,
            rooms: Vec::new(),
            owns: Vec::new(),
            flood: Flood::default(),
            buddies: self.load_buddies(&key, user, known),
            joining: None,
        };
        self.users.insert(user, state);
        let variables = told;
        self.tell(
            user,
            Event::LoggedIn {
                you: you.clone(),
                role,
                variables,
            },
        );
        self.tell_fans(&key, Event::BuddyOnline { who: you });
        Ok(())
    }
}
