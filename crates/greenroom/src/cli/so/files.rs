//! The files that `greenroom so export` writes and `import` reads: `.sol`, as Flash Player keeps
//! local shared objects, and `.json`, the object of slots as `get` shows it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use amf::sol::{Sol, Version};
use amf::{Limits, Str, Value};
use anyhow::{Context as _, bail};
use serde_json::{Map, Value as Json};

use crate::amf_json::{from_json, to_json};

/// The largest file that is read or written.
const FILE_BYTES: usize = 256 << 20;

/// What a file may cost. It comes from whoever runs the command.
fn file_limits() -> Limits {
    Limits {
        elements: 4 << 20,
        output_bytes: FILE_BYTES,
        ..Limits::default()
    }
}

/// The forms a file can have.
enum Form {
    Sol,
    Json,
}

impl Form {
    fn of(file: &Path) -> anyhow::Result<Self> {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("sol") => Ok(Self::Sol),
            Some("json") => Ok(Self::Json),
            _ => bail!("{}: the ending is neither .sol nor .json", file.display()),
        }
    }
}

/// Writes slots to a new file.
pub(super) fn write(
    file: &Path,
    object: &str,
    slots: &Json,
    amf: Option<&str>,
) -> anyhow::Result<()> {
    let bytes = match Form::of(file)? {
        Form::Json => format!("{slots:#}\n").into_bytes(),
        Form::Sol => {
            let mut values = Vec::new();
            for (name, json) in slots.as_object().into_iter().flatten() {
                values.push((Str::from(name.as_str()), from_json(json)?));
            }
            let version = match amf {
                Some("0") => Version::Amf0,
                Some(_) => Version::Amf3,
                None => version_for(&values),
            };
            // Flash Player names the file and the object in it by the last part.
            let name = object.rsplit('/').next().unwrap_or(object).into();
            let sol = Sol {
                name,
                version,
                slots: values,
            };
            sol.encode(&file_limits())?
        }
    };
    let failed = || format!("cannot write {}", file.display());
    let new = OpenOptions::new().write(true).create_new(true).open(file);
    let mut new = new.with_context(failed)?;
    new.write_all(&bytes).with_context(failed)?;
    new.sync_all().with_context(failed)
}

/// AMF3 if a value has something that only AMF3 knows.
fn version_for(values: &[(Str, Value)]) -> Version {
    let limits = file_limits();
    let plain = |(_, value): &(Str, Value)| {
        let sol = |version| Sol {
            name: Str::EMPTY,
            version,
            slots: vec![(Str::EMPTY, value.clone())],
        };
        let bytes = sol(Version::Amf0).encode(&limits).ok();
        let read = bytes.and_then(|bytes| Sol::decode(&bytes, &limits).ok());
        let read = read.and_then(|sol| sol.slots.into_iter().next());
        read.is_some_and(|(_, read)| !holds_amf3(&read) && read == *value)
    };
    if values.iter().all(plain) {
        Version::Amf0
    } else {
        Version::Amf3
    }
}

/// Whether a value was written with a switch to AMF3 somewhere.
fn holds_amf3(value: &Value) -> bool {
    match value {
        Value::Amf3(_) => true,
        Value::StrictArray(items) => items.iter().any(holds_amf3),
        _ => value
            .props()
            .is_some_and(|props| props.iter().any(|(_, value)| holds_amf3(value))),
    }
}

/// The slots that a file holds.
pub(super) fn read(file: &Path) -> anyhow::Result<Map<String, Json>> {
    let form = Form::of(file)?;
    let failed = || format!("cannot read {}", file.display());
    if fs::metadata(file).with_context(failed)?.len() > FILE_BYTES as u64 {
        bail!("{} is longer than {FILE_BYTES} bytes", file.display());
    }
    let bytes = fs::read(file).with_context(failed)?;
    match form {
        Form::Json => serde_json::from_slice(&bytes).with_context(failed),
        Form::Sol => {
            let sol = Sol::decode(&bytes, &file_limits()).with_context(failed)?;
            let mut slots = Map::new();
            for (name, value) in sol.slots {
                slots.insert(name.as_str().to_owned(), to_json(&value)?);
            }
            Ok(slots)
        }
    }
}
