//! What scripts can rely on, tested through the interface that the instance uses.

mod driver;

mod doors;
mod life;
mod netservices;
mod recordset;
mod remote_calls;
mod remoting;
mod remoting_limits;
