//! Behaviour of the crate as its users see it: round trips, references, conversions, limits.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]
#![expect(
    clippy::cloned_ref_to_slice_refs,
    reason = "lists of one are easier to read"
)]

mod arbitrary;
mod conversions;
mod deep;
mod differential;
mod limits;
mod mutations;
mod references;
mod round_trip;
mod sol;

use amf::{DecodeError, EncodeError, Limits, Value, amf0, amf3};
use proptest::test_runner::{Config, RngSeed};

/// The same cases in every run: a failure is a failure for everybody.
fn config(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(0x0a3f),
        failure_persistence: None,
        ..Config::default()
    }
}

fn decode0(bytes: &[u8]) -> Result<Vec<Value>, DecodeError> {
    amf0::decode_all(bytes, &Limits::default())
}

fn decode3(bytes: &[u8]) -> Result<Vec<Value>, DecodeError> {
    amf3::decode_all(bytes, &Limits::default())
}

fn encode0(values: &[Value], avm_plus: amf0::AvmPlus) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    let mut encoder = amf0::Encoder::new(&mut out, &Limits::default()).avm_plus(avm_plus);
    values.iter().try_for_each(|value| encoder.value(value))?;
    Ok(out)
}

/// Writes and reads `values` in AMF0 with switches to AMF3 where they are marked or needed.
fn through_amf0(values: &[Value]) -> Vec<Value> {
    decode0(&encode0(values, amf0::AvmPlus::Needed).unwrap()).unwrap()
}

/// Writes and reads `values` in AMF3.
fn through_amf3(values: &[Value]) -> Vec<Value> {
    decode3(&amf3::encode_all(values).unwrap()).unwrap()
}
