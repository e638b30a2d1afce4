//! Putting users out, and keeping them out.

use std::sync::Arc;

use super::Kernel;
use crate::effect::{AuditAction, CloseReason, Effect};
use crate::event::{Event, LeaveReason};
use crate::id::{BanId, UnixMillis, UserId};
use crate::op::{Actor, RoomRef};
use crate::refusal::Refusal;
use crate::store::{Ban, BanTarget, Change, Network, Role};

/// What is told to those who are put out for what they sent.
const FLOODED: &str = "Too many messages.";

impl Kernel {
    pub(super) fn kick(
        &mut self,
        by: Actor,
        name: &str,
        room: Option<&RoomRef>,
        reason: &Arc<str>,
    ) -> Result<(), Refusal> {
        let reason = self.cut_reason(reason);
        match room {
            Some(room) => self.kick_from_room(by, name, room, reason),
            None => self.kick_out(by, name, reason),
        }
    }

    fn kick_out(&mut self, by: Actor, name: &str, reason: Arc<str>) -> Result<(), Refusal> {
        self.need_role(by, Role::Moderator)?;
        let user = self.named(name)?;
        self.need_rank(by, user)?;
        self.audit(by, AuditAction::Kick, name.into(), &reason);
        let kicked = Event::Kicked {
            room: None,
            by: self.name_of(by),
            reason,
        };
        self.tell(user, kicked);
        self.remove_user(user, Some(CloseReason::Kicked));
        Ok(())
    }

    /// A room's owner and moderators may put out those who are neither.
    fn kick_from_room(
        &mut self,
        by: Actor,
        name: &str,
        room: &RoomRef,
        reason: Arc<str>,
    ) -> Result<(), Refusal> {
        let id = self.resolve(room)?;
        let user = self.named(name)?;
        if !self.rooms_of(user).contains(&id) {
            return Err(Refusal::NotInRoom);
        }
        let runs = matches!(by, Actor::User(by) if self.runs_room(by, id));
        let equal = self.runs_room(user, id) || self.role_of(Actor::User(user)) > Role::User;
        if !runs || equal {
            self.need_role(by, Role::Moderator)?;
            self.need_rank(by, user)?;
        }
        self.audit(by, AuditAction::KickFromRoom, name.into(), &reason);
        let kicked = Event::Kicked {
            room: Some(id),
            by: self.name_of(by),
            reason,
        };
        self.tell(user, kicked);
        self.exit(user, id, LeaveReason::Kicked, true);
        Ok(())
    }

    /// Nobody puts out those who may do as much.
    fn need_rank(&self, by: Actor, user: UserId) -> Result<(), Refusal> {
        match by {
            Actor::Server => Ok(()),
            Actor::User(_) if self.role_of(by) > self.role_of(Actor::User(user)) => Ok(()),
            Actor::User(_) => Err(Refusal::NotAllowed),
        }
    }

    pub(super) fn ban_user(
        &mut self,
        by: Actor,
        name: &str,
        reason: &Arc<str>,
        until: Option<UnixMillis>,
    ) -> Result<(), Refusal> {
        self.need_role(by, Role::Moderator)?;
        let user = self.named(name)?;
        let targets = self.targets_of(user);
        for target in &targets {
            self.need_all_ranks(by, target)?;
        }
        // Without either in the configuration the user itself is still put out.
        if targets.is_empty() {
            return self.kick_out(by, name, self.cut_reason(reason));
        }
        for target in targets {
            self.put_ban(by, target, reason, until)?;
        }
        Ok(())
    }

    pub(super) fn ban(
        &mut self,
        by: Actor,
        target: BanTarget,
        reason: &Arc<str>,
        until: Option<UnixMillis>,
    ) -> Result<(), Refusal> {
        self.need_role(by, Role::Moderator)?;
        self.need_all_ranks(by, &target)?;
        self.put_ban(by, target, reason, until)
    }

    /// Nobody bans itself, nor anybody who may do as much.
    fn need_all_ranks(&self, by: Actor, target: &BanTarget) -> Result<(), Refusal> {
        let met = self
            .users
            .iter()
            .filter(|(_, user)| target.meets(&user.key, user.address));
        for (user, _) in met {
            self.need_rank(by, *user)?;
        }
        Ok(())
    }

    /// What a ban of a user bans.
    fn targets_of(&self, user: UserId) -> Vec<BanTarget> {
        let Some(user) = self.users.get(&user) else {
            return Vec::new();
        };
        let by = self.config.ban_by;
        let name = by.name.then(|| BanTarget::Name(user.who.name.clone()));
        let network = Network::of_user(user.address);
        let address = by.address.then_some(BanTarget::Network(network));
        name.into_iter().chain(address).collect()
    }

    /// Makes a ban, or replaces the one of the same target, and closes all whom it meets.
    pub(super) fn put_ban(
        &mut self,
        by: Actor,
        target: BanTarget,
        reason: &Arc<str>,
        until: Option<UnixMillis>,
    ) -> Result<(), Refusal> {
        match self.bans.of(&target) {
            Some(old) => self.drop_ban(old),
            None if self.bans.len() >= self.config.limits.bans => {
                let (_, first) = self.bans.first_end().ok_or(Refusal::Limit("bans"))?;
                self.drop_ban(first);
            }
            None => {}
        }
        self.last_ban += 1;
        let id = BanId(self.last_ban);
        let ban = Ban {
            id,
            target,
            reason: self.cut_reason(reason),
            by: self.name_of(by),
            until,
        };
        self.audit(
            by,
            AuditAction::Ban(id),
            ban.target.to_string().into(),
            &ban.reason,
        );
        self.bans.insert(ban.clone());
        self.enforce(&ban);
        self.persist(Change::PutBan(ban));
        Ok(())
    }

    /// Closes all who are here and meet a ban.
    fn enforce(&mut self, ban: &Ban) {
        let met = self
            .users
            .iter()
            .filter(|(_, user)| ban.target.meets(&user.key, user.address));
        let mut users: Vec<_> = met.map(|(id, _)| *id).collect();
        users.sort_unstable();
        let banned = Event::Banned {
            by: ban.by.clone(),
            reason: ban.reason.clone(),
            until: ban.until,
        };
        self.tell_all(users.as_slice().into(), banned);
        for user in users {
            self.remove_user(user, Some(CloseReason::Banned));
        }
        let BanTarget::Network(network) = ban.target else {
            return;
        };
        let met = self
            .visitors
            .iter()
            .filter(|(_, visitor)| network.contains(visitor.address));
        let mut visitors: Vec<_> = met.map(|(id, _)| *id).collect();
        visitors.sort_unstable();
        for user in visitors {
            self.remove_visitor(user);
            let reason = CloseReason::Banned;
            self.effects.push_back(Effect::Close { user, reason });
        }
    }

    pub(super) fn unban(&mut self, by: Actor, id: BanId) -> Result<(), Refusal> {
        self.need_role(by, Role::Moderator)?;
        let ban = self.bans.remove(id).ok_or(Refusal::NoSuchBan)?;
        self.persist(Change::RemoveBan(id));
        let target = ban.target.to_string().into();
        self.audit(by, AuditAction::Unban(id), target, &ban.reason);
        Ok(())
    }

    fn drop_ban(&mut self, id: BanId) {
        if self.bans.remove(id).is_some() {
            self.persist(Change::RemoveBan(id));
        }
    }

    /// Lifts the bans whose time is over.
    pub(super) fn end_bans(&mut self) {
        while let Some((end, id)) = self.bans.first_end() {
            if end > self.now {
                break;
            }
            // The ban is there, and the server may.
            let _ = self.unban(Actor::Server, id);
        }
    }

    /// Puts out somebody who sent too much, and bans it if that has happened too often.
    pub(super) fn kick_flooder(&mut self, user: UserId) {
        let Some(name) = self.who(user).map(|who| who.name.clone()) else {
            return;
        };
        let reason: Arc<str> = FLOODED.into();
        let targets = self.targets_of(user);
        let rules = &self.config.flood;
        let (within, max) = (rules.kicks_within_ms, self.config.limits.flood_records);
        let (most, until) = (rules.kicks_before_ban, self.now.after(rules.ban_ms));
        self.audit(Actor::Server, AuditAction::FloodKick, name, &reason);
        let mut banned = Vec::new();
        for target in targets {
            let before = self.flooders.record(self.now, &target, within, max);
            if most.is_some_and(|most| before >= most) {
                self.flooders.forget(&target);
                banned.push(target);
            }
        }
        if banned.is_empty() {
            let kicked = Event::Kicked {
                room: None,
                by: None,
                reason: reason.clone(),
            };
            self.tell(user, kicked);
        }
        for target in banned {
            // With a list full of bans that never end there is no room for one more.
            let _ = self.put_ban(Actor::Server, target, &reason, Some(until));
        }
        self.remove_user(user, Some(CloseReason::Flooded));
    }

    /// A reason, cut at the limit between two characters.
    pub(super) fn cut_reason(&self, reason: &Arc<str>) -> Arc<str> {
        let most = self.config.limits.reason_bytes;
        if reason.len() <= most {
            return reason.clone();
        }
        reason[..reason.floor_char_boundary(most)].into()
    }
}
