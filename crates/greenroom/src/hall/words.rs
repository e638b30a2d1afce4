//! What the kernel tells, written once for all who are told it.

use std::collections::VecDeque;
use std::sync::Arc;

use rooms::{Event, RoomInfo};
use xmlsocket::electroserver::{SessionConfig, Told};

/// Lists of rooms that are kept as they were written: those of so many zones that are joined in
/// turn.
const LISTS: usize = 8;

/// Writes events in the words of the dialect.
pub(super) struct Words {
    dialect: Arc<SessionConfig>,
    /// The lists written last. All who come in between two changes of a list are told the same.
    lists: VecDeque<List>,
}

struct List {
    /// Kept, so that no other list can be at its place.
    rooms: Arc<[Arc<RoomInfo>]>,
    zone_users: u32,
    told: Option<Told>,
}

impl Words {
    pub(super) fn new(dialect: Arc<SessionConfig>) -> Self {
        Self {
            dialect,
            lists: VecDeque::new(),
        }
    }

    /// The event in the dialect; nothing when it has no words for it.
    pub(super) fn told(&mut self, event: &Event) -> Option<Told> {
        let Event::RoomList {
            rooms, zone_users, ..
        } = event
        else {
            return Told::new(event, &self.dialect);
        };
        let mut lists = self.lists.iter();
        let same = lists.find(|list| {
            !rooms.is_empty() && Arc::ptr_eq(&list.rooms, rooms) && list.zone_users == *zone_users
        });
        if let Some(list) = same {
            return list.told.clone();
        }
        let told = Told::new(event, &self.dialect);
        self.lists.truncate(LISTS - 1);
        self.lists.push_front(List {
            rooms: rooms.clone(),
            zone_users: *zone_users,
            told: told.clone(),
        });
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::made::lobby;

    fn list(zone: &str, rooms: &Arc<[Arc<RoomInfo>]>, zone_users: u32) -> Event {
        Event::RoomList {
            zone: zone.into(),
            zone_users,
            rooms: rooms.clone(),
        }
    }

    fn rooms(zone: &str) -> Arc<[Arc<RoomInfo>]> {
        [lobby(1, zone, 0)].into()
    }

    #[test]
    fn a_list_is_written_once_for_all_who_are_told_it() {
        let mut words = Words::new(Arc::default());
        let zones: Vec<_> = ["Main", "Games"].map(|zone| (zone, rooms(zone))).into();
        let mut firsts = Vec::new();
        for _ in 0..3 {
            for (zone, rooms) in &zones {
                firsts.push(words.told(&list(zone, rooms, 2)).unwrap());
            }
        }
        for (turn, told) in firsts.iter().enumerate() {
            assert!(told.is_same(&firsts[turn % 2]), "{turn}");
        }
        assert!(!firsts[0].is_same(&firsts[1]));
    }

    #[test]
    fn a_list_that_is_another_is_written_anew() {
        let mut words = Words::new(Arc::default());
        let lobby = rooms("Main");
        let first = words.told(&list("Main", &lobby, 2)).unwrap();
        for event in [list("Main", &lobby, 3), list("Main", &rooms("Main"), 2)] {
            assert!(!words.told(&event).unwrap().is_same(&first));
        }
        let empty = Arc::default();
        let [one, other] = ["Main", "Games"].map(|zone| words.told(&list(zone, &empty, 1)));
        assert!(!one.unwrap().is_same(&other.unwrap()), "of two zones");
        for number in 0..LISTS {
            words.told(&list(&format!("zone{number}"), &rooms("Main"), 1));
        }
        assert_eq!(words.lists.len(), LISTS);
    }
}
