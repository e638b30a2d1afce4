//! Lower-case hexadecimal text, the notation every vector file uses for bytes.

use std::fmt::Write as _;

/// Reads `text` as pairs of hexadecimal digits of either case. Spaces and line ends between
/// pairs are skipped, so a test may lay out a long literal in columns.
///
/// # Errors
///
/// Says which character is not a hexadecimal digit, or that the number of digits is odd.
pub fn decode(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for (at, c) in text
        .char_indices()
        .filter(|(_, c)| !c.is_ascii_whitespace())
    {
        let digit = c
            .to_digit(16)
            .ok_or_else(|| format!("'{c}' at {at} is not a hex digit"))?;
        high = match high {
            None => Some(digit),
            Some(first) => {
                bytes.push((first * 16 + digit) as u8);
                None
            }
        };
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err("an odd number of hex digits".to_owned()),
    }
}

/// Writes `bytes` as lower-case hexadecimal text without separators.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn every_byte_survives() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&bytes)), Ok(bytes));
    }

    #[test]
    fn space_is_skipped_and_both_cases_are_read() {
        assert_eq!(decode("00 fF\n1 0"), Ok(vec![0x00, 0xff, 0x10]));
    }

    #[test]
    fn bad_text_is_refused() {
        assert!(decode("0g").is_err());
        assert!(decode("000").is_err());
    }
}
