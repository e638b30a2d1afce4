//! What a request says of the part of a file it wants and of what it has already (RFC 9110
//! sections 13 and 14), and dates as HTTP writes them.

use axum::http::{HeaderMap, HeaderName, header};

/// What of a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// So many bytes from a place on.
    Stretch { position: u64, bytes: u64 },
    /// Nothing that it has.
    Nothing,
    /// Nothing: the client has it.
    Known,
}

/// A file of so many bytes, with its version and when it was changed.
pub(super) struct Version<'a> {
    pub(super) bytes: u64,
    pub(super) tag: &'a str,
    pub(super) date: &'a str,
}

/// Reads the headers. A part is given only of the version that it was asked of; of more than one
/// range the whole is given, as is allowed.
pub(super) fn wanted(headers: &HeaderMap, version: &Version<'_>) -> Wanted {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let has = match text(header::IF_NONE_MATCH) {
        Some(tags) => tags.split(',').any(|tag| {
            let tag = tag.trim();
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == version.tag
        }),
        None => text(header::IF_MODIFIED_SINCE) == Some(version.date),
    };
    if has {
        return Wanted::Known;
    }
    let is_same = text(header::IF_RANGE)
        .is_none_or(|condition| condition == version.tag || condition == version.date);
    let range = text(header::RANGE).filter(|_| is_same);
    range.map_or(Wanted::Whole, |range| stretch(range, version.bytes))
}

/// One range in bytes. What is none is passed over (RFC 9110 §14.2).
fn stretch(range: &str, whole: u64) -> Wanted {
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::Whole;
    };
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // One that is too large is past every file's end.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (position, end) = match (number(first), number(last)) {
        (Some(first), None) if last.is_empty() => (first, whole),
        (Some(first), Some(last)) if first <= last => (first, whole.min(last.saturating_add(1))),
        (None, Some(last)) if first.is_empty() => (whole.saturating_sub(last), whole),
        _ => return Wanted::Whole,
    };
    if position >= end {
        return Wanted::Nothing;
    }
    let bytes = end - position;
    Wanted::Stretch { position, bytes }
}

/// A time in seconds of the Unix epoch as HTTP writes it (RFC 9110 §5.6.7).
pub(super) fn date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb",
    ];
    // Years are counted from March, so that the day that some do not have is their last.
    const DAYS_TO_MARCH_OF_YEAR_0: u64 = 719_468;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let since = days + DAYS_TO_MARCH_OF_YEAR_0;
    let (era, day) = (since / DAYS_OF_400_YEARS, since % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on have 153 days in five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + u64::from(month >= 10);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let (weekday, month) = (DAYS[(days % 7) as usize], MONTHS[month as usize]);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_given_and_all_else_is_the_whole() {
        let part = |position, bytes| Wanted::Stretch { position, bytes };
        for (range, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=10-", part(10, 90)),
            ("bytes=10-19", part(10, 10)),
            ("bytes=10-1000", part(10, 90)),
            ("bytes=-7", part(93, 7)),
            ("bytes=-1000", part(0, 100)),
            ("bytes=99-99999999999999999999999", part(99, 1)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=9-8", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=1-+2", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
        ] {
            assert_eq!(stretch(range, 100), expected, "{range}");
        }
        assert_eq!(stretch("bytes=0-", 0), Wanted::Nothing);
    }

    #[test]
    fn conditions_are_about_the_version() {
        let version = Version {
            bytes: 100,
            tag: "\"a\"",
            date: "Thu, 01 Jan 1970 00:00:00 GMT",
        };
        let asks = |headers: &[(HeaderName, &'static str)]| {
            let values = headers.iter().cloned();
            let values = values.map(|(name, value)| (name, value.parse().expect("a value")));
            wanted(&values.collect(), &version)
        };
        let (range, part) = (
            (header::RANGE, "bytes=0-9"),
            Wanted::Stretch {
                position: 0,
                bytes: 10,
            },
        );
        assert_eq!(asks(std::slice::from_ref(&range)), part);
        for (condition, expected) in [
            ((header::IF_RANGE, "\"a\""), part),
            ((header::IF_RANGE, "\"b\""), Wanted::Whole),
            ((header::IF_RANGE, version.date), part),
            ((header::IF_NONE_MATCH, "\"b\", W/\"a\""), Wanted::Known),
            ((header::IF_NONE_MATCH, "*"), Wanted::Known),
            ((header::IF_NONE_MATCH, "\"b\""), part),
            ((header::IF_MODIFIED_SINCE, version.date), Wanted::Known),
        ] {
            let asked = asks(&[range.clone(), condition.clone()]);
            assert_eq!(asked, expected, "{condition:?}");
        }
    }

    #[test]
    fn dates_are_written_as_http_writes_them() {
        for (seconds, written) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_709_251_200, "Fri, 01 Mar 2024 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(date(seconds), written);
        }
    }
}
