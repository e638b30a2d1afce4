//! The limits that keep objects from costing more than they are worth.

/// What the objects of one instance may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects in memory, of both kinds. Default 10,000.
    pub objects: usize,
    /// Persistent objects, stored ones included, whether somebody uses them or not. Default 100,000.
    pub stored_objects: usize,
    /// Bytes of an object's name. Default 255.
    pub name_bytes: usize,
    /// Slots of an object. Default 10,000.
    pub slots: usize,
    /// Bytes of a slot's name. Default 255.
    pub slot_name_bytes: usize,
    /// Bytes of a slot's value, as it is stored or sent, whichever is more; and of the arguments of
    /// one `send`. What is sent repeats texts and shared parts. Default 65,536.
    pub slot_bytes: usize,
    /// Bytes of all slots of an object, names included, counted in the same way. Default 4 MiB. Who
    /// begins to use an object gets all of it in one message, which can have no more than 16 MiB.
    pub object_bytes: usize,
    /// Clients that use an object. Default 10,000.
    pub subscribers: usize,
    /// Slots remembered as deleted, for each object; beyond that the oldest are forgotten, and
    /// clients that are older still get everything anew. Default 10,000.
    pub deletion_records: usize,
    /// Events of clients held while a script has an object locked. Default 10,000.
    pub held_requests: usize,
    /// Bytes of names and values in them, as they would be sent. Default 8 MiB.
    pub held_bytes: usize,
    /// Changes and calls that wait for the owner of a proxy's object to take or to answer them.
    /// Default 1,000.
    pub proxy_requests: usize,
    /// Announcements of one object that may be gathered before they are sent, window or not; and
    /// calls that a script may make under one lock of an object. Default 4,096.
    pub batch_items: usize,
    /// Bytes that may wait for one client; see [`Backlog`](crate::Backlog). Default 8 MiB.
    pub backlog_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            objects: 10_000,
            stored_objects: 100_000,
            name_bytes: 255,
            slots: 10_000,
            slot_name_bytes: 255,
            slot_bytes: 65_536,
            object_bytes: 4 << 20,
            subscribers: 10_000,
            deletion_records: 10_000,
            held_requests: 10_000,
            held_bytes: 8 << 20,
            proxy_requests: 1_000,
            batch_items: 4_096,
            backlog_bytes: 8 << 20,
        }
    }
}
