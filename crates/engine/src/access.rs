//! Access rules: whether a client may read or write a name.
//!
//! The rules are lists of paths, set by the script. Only operations that begin are checked:
//! what plays already goes on when the rules change.

use crate::client::ClientId;
use crate::config::AccessMatch;
use crate::instance::Instance;
use crate::name::StreamName;
use crate::scripting::AccessRules;

impl Instance {
    /// Replaces what the client may read and write from now on.
    pub(crate) fn set_access(&mut self, client: ClientId, rules: AccessRules) {
        if let Some(here) = self.clients.get_mut(&client) {
            here.access = rules;
        }
    }

    pub(crate) fn may_read(&self, client: ClientId, name: &str) -> bool {
        self.access(client, name, |rules| &rules.read)
    }

    pub(crate) fn may_write(&self, client: ClientId, name: &str) -> bool {
        self.access(client, name, |rules| &rules.write)
    }

    /// Whether the client may read the raw sound and picture of a stream.
    pub(crate) fn may_sample(&self, client: ClientId, name: &StreamName) -> (bool, bool) {
        let config = &self.config;
        let name = name.path();
        let everybody = |list: &str| covers(list, name, config.access_match);
        (
            everybody(&config.audio_samples)
                || self.access(client, name, |rules| &rules.audio_samples),
            everybody(&config.video_samples)
                || self.access(client, name, |rules| &rules.video_samples),
        )
    }

    fn access(
        &self,
        client: ClientId,
        name: &str,
        list: impl FnOnce(&AccessRules) -> &str,
    ) -> bool {
        let how = self.config.access_match;
        let client = self.clients.get(&client);
        client.is_some_and(|here| covers(list(&here.access), name, how))
    }
}

/// Whether a list of paths, separated by `;`, covers a name. `/` covers everything; slashes
/// around a path do not count.
fn covers(list: &str, name: &str, how: AccessMatch) -> bool {
    let name = name.trim_matches('/');
    list.split(';').map(str::trim).any(|entry| {
        if entry.is_empty() {
            return false;
        }
        let path = entry.trim_matches('/');
        match name.strip_prefix(path) {
            Some(rest) if how == AccessMatch::Component => {
                path.is_empty() || rest.is_empty() || rest.starts_with('/')
            }
            rest => rest.is_some(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cover_whole_parts_or_beginnings() {
        for (list, name, component, prefix) in [
            ("/", "cam", true, true),
            ("/", "a/b", true, true),
            ("", "cam", false, false),
            (";;", "cam", false, false),
            ("cam", "cam", true, true),
            ("/cam/", "cam/one", true, true),
            ("cam", "camera", false, true),
            ("x;cam", "cam/one", true, true),
            (" x ; /cam ", "cam", true, true),
            ("cam/one", "cam", false, false),
            ("Cam", "cam", false, false),
        ] {
            let found =
                [AccessMatch::Component, AccessMatch::Prefix].map(|how| covers(list, name, how));
            assert_eq!(found, [component, prefix], "{list:?} {name}");
        }
    }
}
