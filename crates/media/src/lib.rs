//! The ring that publishers write and players read.
