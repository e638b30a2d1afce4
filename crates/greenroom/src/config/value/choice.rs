//! Keys that take one of a few words.

use configtext::choices;

choices! {
    /// How log lines are written.
    LogFormat, "`text` or `json`" {
        /// One line for people.
        Text = "text",
        /// One JSON object per line.
        Json = "json"
    }
}

choices! {
    /// What happens when a name is published that already has a publisher.
    PublishTakeover, "`reject`, `replace-if-stalled` or `replace`" {
        /// The second publisher is refused.
        Reject = "reject",
        /// The second publisher takes over when the first has stalled, and is refused otherwise.
        ReplaceIfStalled = "replace-if-stalled",
        /// The second publisher takes over.
        Replace = "replace"
    }
}

choices! {
    /// Which other policy files of this host count for movies.
    OtherPolicies, "`all`, `master-only` or `none`" {
        /// Those of every port.
        All = "all",
        /// That of port 843 only.
        MasterOnly = "master-only",
        /// None: no sockets at all.
        None = "none"
    }
}
