//! Applications, instances, clients and the stream directory, as a state machine without sockets.
