//! The pre-pass, shown by what the engine makes of its output.

#[path = "it/behaviour.rs"]
mod behaviour;
#[path = "it/engine.rs"]
mod engine;
#[path = "it/findings.rs"]
mod findings;
#[path = "it/properties.rs"]
mod properties;
#[path = "it/samples.rs"]
mod samples;
