//! The shared vectors: whole FLV files, and the audio and video messages among the RTMP ones.

use std::process::ExitCode;

use flv::{Item, Limits, Metadata, Reader, Tag, TagKind, audio, video};
use libtest_mimic::{Arguments, Trial};
use serde_json::{Value, json};
use testkit::{hex, vectors};

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let mut trials = vectors::trials("flv.json", "vectors", check_file);
    trials.extend(media_messages());
    libtest_mimic::run(&args, trials).exit_code()
}

/// The vectors of `message.json` that expect something of audio or video. There must be
/// some, so that a change of the file's form cannot empty the test.
fn media_messages() -> Vec<Trial> {
    let wanted = |vector: &Value| vector.get("audio").or(vector.get("video")).is_some();
    let all = vectors::load("message.json");
    let count = all["vectors"]
        .as_array()
        .map_or(0, |list| list.iter().filter(|v| wanted(v)).count());
    let mut trials = vec![Trial::test("message::count", move || match count {
        0 => Err("no vector expects audio or video".into()),
        _ => Ok(()),
    })];
    let ids: Vec<_> = all["vectors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(wanted)
        .collect();
    let cases = vectors::trials("message.json", "vectors", check_message);
    if cases.len() != ids.len() {
        // The file could not be read; the one case there fails and says why.
        return cases;
    }
    trials.extend(
        cases
            .into_iter()
            .zip(ids)
            .filter_map(|(trial, wanted)| wanted.then_some(trial)),
    );
    trials
}

fn check_message(vector: &Value) -> Result<(), String> {
    let payload = hex::decode(text(&vector["message"]["payload"])?)?;
    check_audio(&payload, vector.get("audio"))?;
    check_video(&payload, vector.get("video"))
}

fn check_file(vector: &Value) -> Result<(), String> {
    let bytes = hex::decode(text(&vector["hex"])?)?;
    let whole = read(&bytes, bytes.len());
    for step in [1, 2, 7, 64] {
        same(&read(&bytes, step), &whole, &format!("cut every {step}"))?;
    }
    match whole {
        Err(problem) if vector["ok"] == false => expect_problem(&problem, vector),
        Err(problem) => Err(problem),
        Ok(_) if vector["ok"] == false => Err("read, but is malformed".to_owned()),
        Ok(items) => check_items(&items, &vector["value"]),
    }
}

fn expect_problem(problem: &str, vector: &Value) -> Result<(), String> {
    match (text(&vector["why"])?.contains("PreviousTagSize"), problem) {
        (true, problem) if !problem.contains("back pointer") => Err(problem.to_owned()),
        _ => Ok(()),
    }
}

/// All items of a file handed over `step` bytes at a time, or the first thing wrong with it.
fn read(bytes: &[u8], step: usize) -> Result<Vec<Item>, String> {
    let mut reader = Reader::new(Limits::default());
    let mut items = Vec::new();
    for part in bytes.chunks(step) {
        reader.push(part);
        while let Some(item) = reader.poll().map_err(|e| e.to_string())? {
            if let Item::WrongBackPointer { offset, .. } = item {
                return Err(format!("wrong back pointer at {offset}"));
            }
            items.push(item);
        }
    }
    reader.finish().map_err(|e| e.to_string())?;
    Ok(items)
}

fn check_items(items: &[Item], expected: &Value) -> Result<(), String> {
    let Some((Item::FileHeader(header), items)) = items.split_first() else {
        return Err(format!("no file header first but {items:?}"));
    };
    same(&json!(header.version), &expected["version"], "version")?;
    same(&json!(header.has_audio), &expected["audio"], "audio flag")?;
    same(&json!(header.has_video), &expected["video"], "video flag")?;
    same(
        &json!(header.size_bytes),
        &expected["header_size"],
        "header size",
    )?;
    let wanted = expected["tags"].as_array().ok_or("no list of tags")?;
    same(&items.len(), &wanted.len(), "number of tags")?;
    for (item, wanted) in items.iter().zip(wanted) {
        let Item::Tag(tag) = item else {
            return Err(format!("no tag but {item:?}"));
        };
        check_tag(tag, wanted)?;
    }
    Ok(())
}

fn check_tag(tag: &Tag, expected: &Value) -> Result<(), String> {
    same(&json!(tag.kind.id()), &expected["type"], "type")?;
    same(&json!(tag.filtered), &expected["filter"], "filter bit")?;
    same(&json!(tag.payload.len()), &expected["size"], "size")?;
    same(&json!(tag.timestamp_ms), &expected["ts"], "time")?;
    same(&json!(tag.stream_id), &expected["stream_id"], "stream id")?;
    let carries = |key| expected.get(key).is_some();
    same(&carries("audio"), &(tag.kind == TagKind::Audio), "kind")?;
    same(&carries("video"), &(tag.kind == TagKind::Video), "kind")?;
    check_script(tag, expected.get("script"))?;
    check_audio(&tag.payload, expected.get("audio"))?;
    check_video(&tag.payload, expected.get("video"))
}

/// The values of a script tag, as far as [`Metadata`] reads them: the `amf` crate has vectors of
/// its own.
fn check_script(tag: &Tag, expected: Option<&Value>) -> Result<(), String> {
    let Some(expected) = expected else {
        return same(&(tag.kind == TagKind::Script), &false, "script");
    };
    let values = amf::amf0::decode_all(&tag.payload, &amf::Limits::default());
    let values = values.map_err(|e| e.to_string())?;
    let name = values.first().and_then(amf::Value::as_str);
    same(&json!(name), &expected[0]["v"], "name of the handler")?;
    let found = Metadata::of(&values);
    if name != Some("onMetaData") {
        return same(&found, &None, "metadata");
    }
    let found = found.ok_or("no metadata")?;
    let wanted = |name: &str| {
        let props = expected[1]["props"].as_array()?;
        props.iter().find(|prop| prop[0] == name)?[1].get("v")
    };
    let number = |name: &str| wanted(name).and_then(Value::as_f64);
    same(&found.duration_s, &number("duration"), "duration")?;
    same(&found.frame_rate, &number("framerate"), "frame rate")?;
    same(&found.width.map(f64::from), &number("width"), "width")?;
    same(&found.height.map(f64::from), &number("height"), "height")?;
    let codec = number("videocodecid").map(|id| video::Codec::from_id(id as u8));
    same(&found.video_codec, &codec, "video codec")?;
    let encoder = wanted("encoder").and_then(Value::as_str);
    same(&found.encoder.as_deref(), &encoder, "encoder")
}

fn check_audio(payload: &[u8], expected: Option<&Value>) -> Result<(), String> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let header = audio::parse(payload).map_err(|e| e.to_string())?;
    same(
        &json!(header.enhanced),
        &or_false(&expected["ex"]),
        "enhanced",
    )?;
    if header.enhanced {
        same(
            &json!(audio_packet(header.packet)),
            &expected["packet_type"],
            "packet type",
        )?;
        let audio::Codec::FourCc(fourcc) = header.codec else {
            return Err(format!("no FourCC but {:?}", header.codec));
        };
        return same(
            &json!(fourcc.to_string()),
            &expected["fourcc_or_next"],
            "codec",
        );
    }
    let format = expected["format"].as_u64().ok_or("no format")?;
    same(&header.codec, &audio::Codec::from_id(format as u8), "codec")?;
    same(&json!(header.rate), &expected["rate"], "rate")?;
    same(&json!(header.size16), &expected["size16"], "size16")?;
    same(&json!(header.stereo), &expected["stereo"], "stereo")?;
    if let Some(kind) = expected.get("aac_type").and_then(Value::as_u64) {
        same(&u64::from(audio_packet(header.packet)), &kind, "AAC type")?;
        same(&header.body_offset, &2, "start of the media")?;
    }
    Ok(())
}

fn check_video(payload: &[u8], expected: Option<&Value>) -> Result<(), String> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let header = video::parse(payload).map_err(|e| e.to_string())?;
    same(&json!(header.enhanced), &expected["ex"], "enhanced")?;
    let frame = expected.get("frame").or(expected.get("frame_type"));
    same(
        &json!(frame_number(header.frame)),
        frame.ok_or("no frame")?,
        "frame kind",
    )?;
    if header.enhanced {
        return check_enhanced_video(&header, expected);
    }
    let codec = expected["codec"].as_u64().ok_or("no codec")?;
    same(&header.codec, &video::Codec::from_id(codec as u8), "codec")?;
    if let Some(kind) = expected.get("avc_type").and_then(Value::as_u64) {
        same(&u64::from(video_packet(header.packet)), &kind, "AVC type")?;
        same(
            &json!(header.composition_time),
            &expected["cts"],
            "composition time",
        )?;
    }
    Ok(())
}

fn check_enhanced_video(header: &video::Header, expected: &Value) -> Result<(), String> {
    if expected["packet_type"] == 6 {
        // The vector names the four bytes behind the first one, whatever they are; here they
        // are the multitrack byte and the start of "vp09".
        same(&header.multitrack.is_some(), &true, "multitrack")?;
        let vp9 = video::Codec::FourCc(flv::FourCc::VP09);
        return same(&header.codec, &vp9, "codec of the track");
    }
    same(
        &json!(video_packet(header.packet)),
        &expected["packet_type"],
        "packet type",
    )?;
    let video::Codec::FourCc(fourcc) = header.codec else {
        return Err(format!("no FourCC but {:?}", header.codec));
    };
    let wanted = expected.get("fourcc").or(expected.get("fourcc_or_next"));
    same(
        &json!(fourcc.to_string()),
        wanted.ok_or("no codec")?,
        "codec",
    )
}

fn audio_packet(packet: audio::PacketKind) -> u8 {
    match packet {
        audio::PacketKind::SequenceStart => 0,
        audio::PacketKind::Frames => 1,
        audio::PacketKind::SequenceEnd => 2,
        audio::PacketKind::MultichannelConfig => 4,
        audio::PacketKind::Unknown(other) => other,
        audio::PacketKind::Empty => u8::MAX,
    }
}

fn video_packet(packet: video::PacketKind) -> u8 {
    match packet {
        video::PacketKind::SequenceStart => 0,
        video::PacketKind::Frames => 1,
        video::PacketKind::SequenceEnd => 2,
        video::PacketKind::FramesNoCts => 3,
        video::PacketKind::Metadata => 4,
        video::PacketKind::Mpeg2TsStart => 5,
        video::PacketKind::Unknown(other) => other,
        video::PacketKind::Empty | video::PacketKind::Command => u8::MAX,
    }
}

fn frame_number(frame: video::FrameKind) -> u8 {
    match frame {
        video::FrameKind::Key => 1,
        video::FrameKind::Inter => 2,
        video::FrameKind::Disposable => 3,
        video::FrameKind::GeneratedKey => 4,
        video::FrameKind::Command => 5,
        video::FrameKind::Reserved(other) => other,
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("no text but {value}"))
}

fn or_false(value: &Value) -> Value {
    match value {
        Value::Null => Value::Bool(false),
        other => other.clone(),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T, what: &str) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, wanted {wanted:?}"))
}
