//! The tables of the file and their schema.

use redb::{Table, TableDefinition, TableError, WriteTransaction};

/// The schema that this version writes, and the newest that it reads.
pub const SCHEMA: u64 = 1;

/// The entry of [`META`] that holds the schema.
pub(super) const SCHEMA_KEY: &str = "schema";

/// Virtual host, application, instance.
type InstanceColumns = (&'static str, &'static str, &'static str);
/// An instance, a kind and an object's name.
pub(super) type ObjectColumns = (&'static str, &'static str, &'static str, u8, &'static str);
/// An object and a slot's name.
pub(super) type SlotColumns = (
    &'static str,
    &'static str,
    &'static str,
    u8,
    &'static str,
    &'static str,
);
/// A version, the version before which deletions may be forgotten, and how many versions they
/// are kept.
pub(super) type HeadRecord = (u32, u32, Option<u32>);
/// The version of the last change, and the value.
pub(super) type SlotRecord = (u32, &'static [u8]);

/// What is true of the whole file.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// The epoch of an instance's owner; not there while it is 0.
const EPOCHS: TableDefinition<'_, InstanceColumns, u64> = TableDefinition::new("epochs");
/// One entry per object.
pub(super) const HEADS: TableDefinition<'_, ObjectColumns, HeadRecord> =
    TableDefinition::new("objects");
/// One entry per slot.
pub(super) const SLOTS: TableDefinition<'_, SlotColumns, SlotRecord> =
    TableDefinition::new("slots");
/// One entry per slot that was deleted: the version at which it was.
pub(super) const DELETIONS: TableDefinition<'_, SlotColumns, u32> =
    TableDefinition::new("deletions");

/// The tables, open for writing.
pub(super) struct Tables<'t> {
    pub(super) epochs: Table<'t, InstanceColumns, u64>,
    pub(super) heads: Table<'t, ObjectColumns, HeadRecord>,
    pub(super) slots: Table<'t, SlotColumns, SlotRecord>,
    pub(super) deletions: Table<'t, SlotColumns, u32>,
}

impl<'t> Tables<'t> {
    /// Opens the tables, and makes those that are missing.
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            epochs: transaction.open_table(EPOCHS)?,
            heads: transaction.open_table(HEADS)?,
            slots: transaction.open_table(SLOTS)?,
            deletions: transaction.open_table(DELETIONS)?,
        })
    }
}
