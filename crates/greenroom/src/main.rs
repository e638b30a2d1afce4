//! The Greenroom server.
fn main() {}
