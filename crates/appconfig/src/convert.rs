//! What the text of a tag means as the value of a key.
//!
//! The old files count in seconds and kilobytes, and write -1 for "no limit"; keys do not. A
//! conversion that gives nothing leaves the key as it is.

use configtext::{Given, Unit};

use crate::keys::ApplicationConfig;
use crate::xml::Element;

/// How a tag becomes a value: nothing when the tag is empty.
pub(crate) type Convert = fn(&Element) -> Result<Option<Given>, String>;

type Converted = Result<Option<Given>, String>;

/// Reads the text, if there is any.
fn some_text(tag: &Element, read: impl FnOnce(&str) -> Result<Given, String>) -> Converted {
    match tag.text.as_str() {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

fn read_flag(text: &str) -> Result<Given, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(Given::Flag(true)),
        "false" | "no" | "0" => Ok(Given::Flag(false)),
        _ => Err("must be true or false".to_owned()),
    }
}

fn read_number(text: &str) -> Result<i64, String> {
    text.parse()
        .map_err(|_| "must be a whole number".to_owned())
}

/// A number of this many of the key's units.
fn scaled(tag: &Element, scale: i64) -> Converted {
    some_text(tag, |text| {
        Ok(Given::Integer(read_number(text)?.saturating_mul(scale)))
    })
}

/// The same where a negative number is no limit.
fn scaled_limit(tag: &Element, scale: i64) -> Converted {
    some_text(tag, |text| match read_number(text)? {
        number if number < 0 => Ok(Given::Text("unlimited".to_owned())),
        number => Ok(Given::Integer(number.saturating_mul(scale))),
    })
}

fn list(text: &str, separator: char) -> Given {
    let entries = text
        .split(separator)
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    Given::List(entries.map(|entry| Given::Text(entry.to_owned())).collect())
}

pub(crate) fn flag(tag: &Element) -> Converted {
    some_text(tag, read_flag)
}

pub(crate) fn number(tag: &Element) -> Converted {
    scaled(tag, 1)
}

pub(crate) fn seconds(tag: &Element) -> Converted {
    scaled(tag, 1_000)
}

pub(crate) fn kilobytes(tag: &Element) -> Converted {
    scaled(tag, 1_024)
}

pub(crate) fn limit(tag: &Element) -> Converted {
    scaled_limit(tag, 1)
}

pub(crate) fn limit_seconds(tag: &Element) -> Converted {
    scaled_limit(tag, 1_000)
}

pub(crate) fn limit_kilobytes(tag: &Element) -> Converted {
    scaled_limit(tag, 1_024)
}

/// A limit that we always have: -1 leaves it as it is.
pub(crate) fn number_if_any(tag: &Element) -> Converted {
    let number = scaled(tag, 1)?;
    Ok(number.filter(|number| !matches!(number, Given::Integer(..=-1))))
}

/// Seconds, where what is not positive means the default.
pub(crate) fn idle_time(tag: &Element) -> Converted {
    let default = ApplicationConfig::default().application.idle_timeout_ms;
    let given = scaled(tag, 1_000)?;
    Ok(given.map(|given| match given {
        Given::Integer(..=0) => Given::Integer(i64::try_from(default).unwrap_or(i64::MAX)),
        other => other,
    }))
}

pub(crate) fn path(tag: &Element) -> Converted {
    some_text(tag, |text| Ok(Given::Text(text.to_owned())))
}

pub(crate) fn paths(tag: &Element) -> Converted {
    some_text(tag, |text| Ok(list(text, ';')))
}

/// Names of methods, which may be none: the tag alone says that nothing is allowed.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is a `Convert` like the others"
)]
pub(crate) fn methods(tag: &Element) -> Converted {
    Ok(Some(list(&tag.text, ',')))
}

/// `name;path`, with the client's virtual key as the attribute `key`.
pub(crate) fn directory(tag: &Element) -> Converted {
    some_text(tag, |text| {
        let key = tag.attribute("key").filter(|key| !key.is_empty());
        let key = key.map_or_else(String::new, |key| format!(";{key}"));
        Ok(Given::List(vec![Given::Text(format!("{text}{key}"))]))
    })
}

pub(crate) fn encoding(tag: &Element) -> Converted {
    some_text(tag, |text| match text.to_ascii_lowercase().as_str() {
        "amf0" | "0" => Ok(Given::Text("amf0".to_owned())),
        "amf3" | "3" => Ok(Given::Text("amf3".to_owned())),
        _ => Err("must be AMF0 or AMF3".to_owned()),
    })
}

pub(crate) fn metadata(tag: &Element) -> Converted {
    some_text(tag, |text| {
        let word = match text.to_ascii_lowercase().as_str() {
            "true" => "play-and-seek",
            "false" => "play",
            "once" => "position",
            _ => return Err("must be true, false or once".to_owned()),
        };
        Ok(Given::Text(word.to_owned()))
    })
}

/// The attribute that switches a tag on: `enable` in some, `enabled` in others.
pub(crate) fn enabled(tag: &Element) -> Converted {
    let value = tag.attribute("enabled").or_else(|| tag.attribute("enable"));
    value
        .filter(|value| !value.is_empty())
        .map(read_flag)
        .transpose()
}

/// Whether a tag is switched on.
pub(crate) fn is_enabled(tag: &Element) -> bool {
    matches!(enabled(tag), Ok(Some(Given::Flag(true))))
}

/// The folders in the text, where the tag is switched on; none where it is not.
pub(crate) fn sample_folders(tag: &Element) -> Converted {
    match enabled(tag)? {
        Some(Given::Flag(true)) => Ok(Some(list(&tag.text, ';'))),
        _ => Ok(Some(Given::List(Vec::new()))),
    }
}

/// A size or duration of the frames kept since the last key frame; 0 keeps none.
pub(crate) fn kept_frames(tag: &Element) -> Converted {
    let number = scaled(tag, 1)?;
    Ok((number == Some(Given::Integer(0))).then_some(Given::Flag(false)))
}

/// How often redirections are followed: `Max`, or never when `Allow` says no.
pub(crate) fn redirects(tag: &Element) -> Converted {
    let allowed = tag.child("Allow").map(flag).transpose()?.flatten();
    match (allowed, tag.child("Max")) {
        (Some(Given::Flag(false)), _) => Ok(Some(Given::Integer(0))),
        (_, Some(max)) => number(max),
        (_, None) => Ok(None),
    }
}

/// A text that its key refuses, as the number nearest to it that the key takes.
pub(crate) fn nearest_in_range(
    given: &Given,
    unit: Unit,
    range: Option<&std::ops::RangeInclusive<u64>>,
) -> Option<(i64, u64)> {
    let (Given::Integer(number), Some(range)) = (given, range) else {
        return None;
    };
    let nearest = u64::try_from(*number)
        .unwrap_or(0)
        .clamp(*range.start(), *range.end());
    let is_itself = given.integer(unit) == Ok(nearest);
    (!is_itself).then_some((*number, nearest))
}
