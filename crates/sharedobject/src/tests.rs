//! Tests of the directory as a whole: clients, a script and a store around it.

mod administer;
mod answers;
mod batches;
mod limits;
mod locks;
mod proxies;
mod random;
mod resync;
mod saving;
mod slow;
mod world;
