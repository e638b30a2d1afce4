//! What comes of one message of the owner, or of a refusal: for everybody, for those who asked, and
//! for the script.

use std::collections::BTreeSet;
use std::sync::Arc;

use amf::{Str, Value};

use crate::directory::Hub;
use crate::item::Item;
use crate::object::Object;
use crate::output::{Output, SyncCode, SyncEntry};
use crate::remote::Asker;
use crate::user::UserId;

/// Gathered in the order in which it happened, and told together.
#[derive(Debug, Default)]
pub(super) struct Story {
    lines: Vec<Line>,
    pub(super) changed: bool,
    sync: Vec<SyncEntry>,
    /// Whether the owner has refused something.
    pub(super) refused: bool,
    /// The requests whose askers have been told so.
    pub(super) told: BTreeSet<u64>,
    /// Whether the owner said what cannot be understood without what was asked.
    pub(super) lost: bool,
}

/// One thing that happened.
#[derive(Debug)]
struct Line {
    /// Who is told `answers` instead.
    asker: Option<Asker>,
    all: Option<Arc<Item>>,
    answers: Vec<Arc<Item>>,
}

impl Line {
    /// What this client is told.
    fn told_to(&self, client: Asker) -> &[Arc<Item>] {
        if self.asker == Some(client) {
            &self.answers
        } else {
            self.all.as_slice()
        }
    }
}

impl Story {
    /// Everybody is told.
    pub(super) fn all(&mut self, item: Arc<Item>) {
        self.lines.push(Line {
            asker: None,
            all: Some(item),
            answers: Vec::new(),
        });
    }

    /// Who asked is told `answers`, all others `all`.
    pub(super) fn answer(&mut self, asker: Asker, all: Option<Arc<Item>>, answers: Vec<Arc<Item>>) {
        self.lines.push(Line {
            asker: Some(asker),
            all,
            answers,
        });
    }

    /// The script is told.
    pub(super) fn sync(&mut self, code: SyncCode, name: Option<&Str>, old: Option<Value>) {
        let name = name.cloned();
        self.sync.push(SyncEntry { code, name, old });
    }

    pub(super) fn has_sync(&self) -> bool {
        !self.sync.is_empty()
    }

    /// The clients that get answers.
    fn askers(&self) -> Vec<(UserId, Asker)> {
        let mut askers = Vec::new();
        for asker in self.lines.iter().filter_map(|line| line.asker) {
            if let Asker::Client { user, .. } = asker
                && !askers.contains(&(user, asker))
            {
                askers.push((user, asker));
            }
        }
        askers
    }
}

impl Object {
    /// Tells everybody what happened. Who asked is told at once, behind what it has not been told
    /// yet.
    pub(super) fn tell_story(&mut self, mut story: Story, hub: &mut Hub) {
        self.tell_script(&mut story, hub);
        let mut views = Vec::new();
        for (user, asker) in story.askers() {
            let subscriber = self.users.get(&user);
            if subscriber.is_some_and(|subscriber| subscriber.serial == asker.serial()) {
                let mut view = self.untold(user);
                let lines = story.lines.iter();
                view.extend(lines.flat_map(|line| line.told_to(asker)).cloned());
                views.push((user, view));
            }
        }
        let all = story.lines.into_iter().filter_map(|line| line.all);
        self.announce(all.collect(), story.changed, hub);
        for (user, view) in views {
            self.tell(user, view, hub);
        }
        self.settle(hub);
    }

    /// Tells the script what has happened so far.
    pub(super) fn tell_script(&self, story: &mut Story, hub: &mut Hub) {
        let entries = std::mem::take(&mut story.sync);
        if self.script && !entries.is_empty() {
            let object = self.id;
            hub.outputs.push_back(Output::Sync { object, entries });
        }
    }
}
