//! What scripts can rely on, tested through the interface that the instance uses.

mod driver;

mod containment;
mod doors;
mod file_class;
mod files;
mod life;
mod remote_calls;
mod values;
