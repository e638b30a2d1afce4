//! The task that runs the kernel: one input at a time, and everything it answers with.

use std::sync::Arc;
use std::time::Duration;

use engine::{ClientId, CloseReason};
use rooms::{
    Actor, Audit, Effect, Event, Input, Kernel, Leaving, NewRoom, Op, Output, Recipients, Refusal,
    UnixMillis, UserId,
};
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;
use xmlsocket::electroserver::SessionConfig;

use super::hashing::Hashing;
use super::keeping::Keeping;
use super::listeners::Listeners;
use super::mailbox::{Mailbox, Notice};
use super::plugins::{LoginAsked, PluginPost, Plugins};
use super::settings::Changed;
use super::words::Words;
use super::{Post, wall_clock};
use crate::metrics;

/// Posts that are taken before other tasks get their turn. Whoever is told something by several
/// of them sends it in one write. Measured with four messages under way in a room of 200: no
/// difference between 1 and 64.
const AT_ONCE: usize = 64;

/// The kernel and those it speaks to.
pub(super) struct Runner {
    pub(super) kernel: Kernel,
    words: Words,
    keeping: Keeping,
    hashing: Hashing,
    plugins: Plugins,
    mailboxes: FxHashMap<UserId, Arc<Mailbox>>,
    pub(super) listeners: Listeners,
    /// Zones that one script may watch.
    pub(super) script_zones: usize,
    /// Users that one script may speak for.
    pub(super) script_guests: usize,
    /// As whom a script's wish is being done.
    pub(super) asking: Option<Actor>,
    /// Why it was refused.
    pub(super) refused: Option<Refusal>,
    /// What the kernel asked and was answered at once.
    answers: Vec<Input>,
    due: Option<UnixMillis>,
}

impl Runner {
    pub(super) fn new(
        kernel: Kernel,
        dialect: Arc<SessionConfig>,
        keeping: Keeping,
        hashing: Hashing,
        (script_zones, script_guests): (usize, usize),
        plugins: Plugins,
    ) -> Self {
        Self {
            kernel,
            words: Words::new(dialect),
            keeping,
            hashing,
            plugins,
            mailboxes: FxHashMap::default(),
            listeners: Listeners::default(),
            script_zones,
            script_guests,
            asking: None,
            refused: None,
            answers: Vec::new(),
            due: None,
        }
    }

    /// Makes the first rooms, then runs until nobody can post any more.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Post>, first: Vec<NewRoom>) {
        let mut posts = Vec::with_capacity(AT_ONCE);
        for room in first {
            self.handle(made_by_server(room));
        }
        // Bans that were stored end by themselves.
        self.handle(Input::Timeout);
        loop {
            tokio::select! {
                count = inbox.recv_many(&mut posts, AT_ONCE) => {
                    if count == 0 {
                        return;
                    }
                    for post in posts.drain(..) {
                        self.take(post);
                    }
                }
                () = until(self.due) => self.handle(Input::Timeout),
                () = self.plugins.due() => {
                    self.plugins.write_off_stuck();
                    self.settle();
                }
            }
            metrics::rooms_are(self.kernel.user_count(), self.kernel.room_count());
            // A hall that always finds posts would never let go of its thread.
            tokio::task::consume_budget().await;
        }
    }

    fn take(&mut self, post: Post) {
        match post {
            Post::Enter {
                user,
                address,
                mailbox,
                admitted,
            } => {
                self.mailboxes.insert(user, mailbox);
                self.handle(Input::Connect { user, address });
                if self.mailboxes.contains_key(&user) {
                    // Whoever asked may be gone; it says so itself.
                    let _ = admitted.send(());
                }
            }
            Post::Listen { by, news } => self.listeners.add(by, news),
            Post::Ask { by, ask, answer } => {
                metrics::room_request();
                self.answer(by, *ask, &answer);
            }
            Post::Deaf { by } => self.forget_script(by),
            Post::Input(input) => {
                if let Input::Disconnect { user } = &input {
                    self.mailboxes.remove(user);
                }
                if matches!(input, Input::Op { .. }) {
                    metrics::room_request();
                }
                self.handle(input);
            }
            Post::Configure(changed) => self.configure(*changed),
            Post::Plugin(post) => {
                self.take_from_plugins(post);
                self.settle();
            }
        }
    }

    fn configure(&mut self, changed: Changed) {
        let (given, taken) = changed.accounts;
        self.plugins.keep_so_many(changed.kept_variables);
        self.handle(Input::Configure(Box::new(changed.kernel)));
        self.handle(Input::ConfigureAccounts { given, taken });
    }

    /// Something about plugins; what the kernel is to be told of it comes after.
    fn take_from_plugins(&mut self, post: PluginPost) {
        match post {
            PluginPost::Ask { user, ask } => self.plugins.asked(&self.kernel, user, ask),
            // Whoever asked may have been written off.
            PluginPost::Question { question, answer } => {
                let _ = answer.send(self.plugins.answer(&self.kernel, &question));
            }
            PluginPost::Find { from, name, answer } => {
                let _ = answer.send(self.plugins.find(from, &name));
            }
            PluginPost::Order { from, order } => {
                let input = self.plugins.carry_out(&self.kernel, from, order);
                self.answers.extend(input);
            }
            PluginPost::Decided { login, verdict } => {
                if let Some(decided) = self.plugins.decided(login, verdict) {
                    self.handle(decided.input);
                    if self.kernel.who(decided.user).is_some() {
                        self.plugins.keep_all(decided.user, decided.kept);
                    }
                }
            }
            PluginPost::LoginLate { login } => {
                let input = self.plugins.login_is_late(login);
                self.answers.extend(input);
            }
            PluginPost::Ended { id, why } => self.plugins.ended(id, &why),
            PluginPost::Reload => self.plugins.reload(),
            PluginPost::Stop { answer } => {
                let _ = answer.send(self.plugins.stop());
            }
        }
    }

    /// Tells the kernel what was asked and answered at once.
    fn settle(&mut self) {
        while let Some(input) = self.next_answer() {
            self.handle(input);
        }
    }

    fn next_answer(&mut self) -> Option<Input> {
        self.answers.pop().or_else(|| self.plugins.next_input())
    }

    pub(super) fn handle(&mut self, input: Input) {
        self.kernel.handle(wall_clock(), input);
        loop {
            match self.kernel.poll() {
                Output::Effect(effect) => self.effect(effect),
                Output::Timeout(due) => {
                    self.due = due;
                    // What follows is not what a script asked for.
                    self.asking = None;
                    self.plugins.after(&self.kernel);
                    let Some(answer) = self.next_answer() else {
                        return;
                    };
                    self.kernel.handle(wall_clock(), answer);
                }
            }
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Tell { to, event } => self.tell(&to, event),
            Effect::Close { user, reason } => {
                if let Some(mailbox) = self.mailboxes.remove(&user) {
                    mailbox.end(close_reason(reason));
                } else {
                    self.listeners.end_guest(user, Some(reason.as_str()));
                }
            }
            Effect::Verify {
                request,
                password,
                hash,
            } => self.hashing.verify(request, password, hash),
            Effect::Hash { request, password } => self.hashing.hash(request, password),
            Effect::AskLogin {
                request,
                user,
                address,
                name,
                password,
                variables,
            } => {
                let decided = self.plugins.ask_to_log_in(LoginAsked {
                    request,
                    user,
                    address,
                    name: name.to_string(),
                    password,
                    variables,
                });
                self.answers.extend(decided);
            }
            Effect::LoggedOut { user, name } => {
                self.plugins.logged_out(user, &name);
                tracing::info!(conn = %ClientId(user.0), client = ?name, "user logged out");
            }
            Effect::Persist(change) => self.keeping.keep(&change),
            Effect::RoomMade { room } => self.listeners.room_made(&room),
            Effect::RoomGone { room } => self.listeners.room_gone(&room),
            Effect::ServerRefused { why, .. } if self.asking == Some(Actor::Server) => {
                self.refused = Some(why);
            }
            Effect::ServerRefused { what, why } => {
                tracing::warn!(?what, %why, "the room kernel refused the server something");
            }
            Effect::Audit(audit) => log_audit(&audit),
        }
    }

    fn tell(&mut self, to: &Recipients, event: Event) {
        self.plugins.on_event(&event);
        let users = to.as_slice();
        self.listeners.hear(users, &event);
        if let (Recipients::One(user), Event::Refused { why, .. }) = (to, &event)
            && self.asking == Some(Actor::User(*user))
        {
            self.refused = Some(why.clone());
        }
        if users.is_empty() {
            return;
        }
        let told = self.words.told(&event);
        let notice = Arc::new(Notice { event, told });
        for user in users {
            if let Some(mailbox) = self.mailboxes.get(user) {
                mailbox.push(notice.clone());
            }
        }
        metrics::room_notices(users.len() as u64);
    }
}

fn made_by_server(room: NewRoom) -> Input {
    let op = Op::CreateRoom {
        room: Box::new(room),
        or_join: false,
        leaving: Leaving::None,
    };
    let by = Actor::Server;
    Input::Op { by, op }
}

/// Resolves at a time of the wall clock.
async fn until(due: Option<UnixMillis>) {
    let Some(due) = due else {
        return std::future::pending().await;
    };
    tokio::time::sleep(Duration::from_millis(due.since(wall_clock()))).await;
}

fn close_reason(reason: rooms::CloseReason) -> CloseReason {
    match reason {
        rooms::CloseReason::LoggedOut => CloseReason::LoggedOut,
        rooms::CloseReason::Banned => CloseReason::Banned,
        rooms::CloseReason::Flooded => CloseReason::Flooded,
        _ => CloseReason::Kicked,
    }
}

fn log_audit(audit: &Audit) {
    tracing::info!(
        by = audit.by.as_deref().unwrap_or("server"),
        action = ?audit.action, whom = ?audit.target, reason = ?audit.reason,
        "moderation"
    );
}
