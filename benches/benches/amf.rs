//! Reading and writing AMF: what every connection does, what every stream does, and a large
//! answer to a remote call.

use amf::amf0::AvmPlus;
use amf::{Limits, Value, amf0, amf3};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// The messages that are measured.
const MESSAGES: [&str; 3] = ["connect", "on_meta_data", "object_list"];

fn message(name: &str) -> Vec<Value> {
    match name {
        "connect" => connect(),
        "on_meta_data" => on_meta_data(),
        _ => vec!["_result".into(), 2.into(), Value::Null, object_list(1_000)],
    }
}

/// What a Flash Player sends first.
fn connect() -> Vec<Value> {
    let arguments = Value::object([
        ("app", "chat/lobby".into()),
        ("flashVer", "WIN 10,0,32,18".into()),
        ("swfUrl", "http://www.example.com/chat/client.swf".into()),
        ("tcUrl", "rtmp://rtmp.example.com/chat/lobby".into()),
        ("fpad", false.into()),
        ("capabilities", 239.into()),
        ("audioCodecs", 3575.into()),
        ("videoCodecs", 252.into()),
        ("videoFunction", 1.into()),
        ("pageUrl", "http://www.example.com/chat/".into()),
        ("objectEncoding", 0.into()),
    ]);
    vec!["connect".into(), 1.into(), arguments, "alice".into()]
}

/// What an encoder says about its stream.
fn on_meta_data() -> Vec<Value> {
    let data = Value::ecma_array([
        ("duration", 0.into()),
        ("width", 1_280.into()),
        ("height", 720.into()),
        ("videodatarate", 2_500.into()),
        ("framerate", 30.into()),
        ("videocodecid", 7.into()),
        ("audiodatarate", 160.into()),
        ("audiosamplerate", 48_000.into()),
        ("audiosamplesize", 16.into()),
        ("stereo", true.into()),
        ("audiocodecid", 10.into()),
        (
            "encoder",
            "obs-output module (libobs version 30.0.0)".into(),
        ),
        ("fileSize", 0.into()),
    ]);
    vec!["@setDataFrame".into(), "onMetaData".into(), data]
}

/// Rows of a table, as a script returns them.
fn object_list(rows: u32) -> Value {
    Value::array((0..rows).map(|row| {
        Value::object([
            ("id", row.into()),
            ("name", format!("user {row}").into()),
            ("room", "lobby".into()),
            ("online", (row % 2 == 0).into()),
            (
                "last",
                amf::Date::from_millis(1.7e12 + f64::from(row)).into(),
            ),
        ])
    }))
}

#[divan::bench(args = MESSAGES)]
fn amf0_decode(bencher: Bencher<'_, '_>, name: &str) {
    let limits = Limits::default();
    let bytes = amf0::encode_all(&message(name)).expect("a small message");
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench(|| amf0::decode_all(black_box(&bytes), &limits));
}

/// Letting go of what was read.
#[divan::bench(args = MESSAGES)]
fn drop_values(bencher: Bencher<'_, '_>, name: &str) {
    let limits = Limits::default();
    let bytes = amf0::encode_all(&message(name)).expect("a small message");
    bencher
        .with_inputs(|| amf0::decode_all(&bytes, &limits))
        .bench_values(drop);
}

#[divan::bench(args = MESSAGES)]
fn amf0_encode(bencher: Bencher<'_, '_>, name: &str) {
    let values = message(name);
    let len = amf0::encode_all(&values).expect("a small message").len();
    bencher
        .counter(BytesCount::new(len))
        .bench(|| amf0::encode_all(black_box(&values)));
}

#[divan::bench(args = MESSAGES)]
fn amf3_decode(bencher: Bencher<'_, '_>, name: &str) {
    let limits = Limits::default();
    let bytes = amf3::encode_all(&message(name)).expect("a small message");
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench(|| amf3::decode_all(black_box(&bytes), &limits));
}

#[divan::bench(args = MESSAGES)]
fn amf3_encode(bencher: Bencher<'_, '_>, name: &str) {
    let values = message(name);
    let len = amf3::encode_all(&values).expect("a small message").len();
    bencher
        .counter(BytesCount::new(len))
        .bench(|| amf3::encode_all(black_box(&values)));
}

/// The same list for a client with AMF3: one AMF0 message with one switched value.
#[divan::bench]
fn amf0_encode_switched_list(bencher: Bencher<'_, '_>) {
    let values = message("object_list");
    let limits = Limits::default();
    bencher.bench(|| {
        let mut out = Vec::new();
        let mut encoder = amf0::Encoder::new(&mut out, &limits).avm_plus(AvmPlus::Objects);
        black_box(&values)
            .iter()
            .try_for_each(|value| encoder.value(value))
            .map(|()| out)
    });
}

/// A value that many receivers hold, as when one message goes to a whole room.
#[divan::bench]
fn amf0_encode_shared_list(bencher: Bencher<'_, '_>) {
    let list = object_list(1_000);
    let held: Vec<Value> = list.as_array().map(<[Value]>::to_vec).unwrap_or_default();
    let values = [list];
    bencher.bench(|| amf0::encode_all(black_box(&values)));
    drop(held);
}
