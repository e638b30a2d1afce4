//! What scripts can rely on, tested through the interface that the instance uses.

mod driver;

mod doors;
mod life;
mod remote_calls;
