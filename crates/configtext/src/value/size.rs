//! Numbers of bytes with a unit.

/// Reads a number with an optional unit: `65536`, `64KiB`, `4 MiB`, `2MB`.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

/// A number of bytes as people write it: `4MiB`, `2500000`.
pub fn format_size(bytes: u64) -> String {
    for (scale, unit) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= scale && bytes.is_multiple_of(scale) {
            return format!("{}{unit}", bytes / scale);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_with_and_without_units() {
        let cases = [
            ("0", Some(0)),
            ("65536", Some(65_536)),
            ("64KiB", Some(65_536)),
            ("64kib", Some(65_536)),
            (" 4 MiB ", Some(4_194_304)),
            ("2MB", Some(2_000_000)),
            ("1GiB", Some(1_073_741_824)),
            ("12B", Some(12)),
            ("", None),
            ("MiB", None),
            ("4M", None),
            ("-1", None),
            ("1.5MiB", None),
            ("99999999999999999999", None),
            ("18446744073709551615KiB", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_size(text), bytes, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let cases = [
            (0, "0"),
            (1000, "1000"),
            (1024, "1KiB"),
            (4_194_304, "4MiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(format_size(bytes), text);
            assert_eq!(parse_size(text), Some(bytes));
        }
    }
}
