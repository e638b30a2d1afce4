//! The colours of enhanced video: what a metadata message says about the pictures after it.

use amf::{Limits, Value, amf0};

use crate::Error;

/// The `colorInfo` of Enhanced RTMP v2, section "Metadata Frame". What the publisher left out is
/// `None`; all of it, when it takes back what it said before.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ColorInfo {
    /// `bitDepth`: bits of a sample.
    pub bit_depth: Option<f64>,
    /// `colorPrimaries`, as ISO/IEC 23091-4 numbers them.
    pub primaries: Option<f64>,
    /// `transferCharacteristics`, as ISO/IEC 23091-4 numbers them; 16 and 18 are the HDR ones.
    pub transfer: Option<f64>,
    /// `matrixCoefficients`, as ISO/IEC 23091-4 numbers them.
    pub matrix: Option<f64>,
    /// `maxFall`: brightest average of a frame, in candela a square metre.
    pub max_frame_average_light: Option<f64>,
    /// `maxCLL`: brightest pixel, in candela a square metre.
    pub max_content_light: Option<f64>,
    /// The screen the pictures were graded on.
    pub mastering_display: Option<MasteringDisplay>,
}

/// The `hdrMdcv` of [`ColorInfo`]: a screen's primaries in CIE 1931 coordinates, and how dark
/// and bright it gets, in candela a square metre. Absent numbers are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MasteringDisplay {
    /// `redX` and `redY`.
    pub red: [f64; 2],
    /// `greenX` and `greenY`.
    pub green: [f64; 2],
    /// `blueX` and `blueY`.
    pub blue: [f64; 2],
    /// `whitePointX` and `whitePointY`.
    pub white: [f64; 2],
    /// `minLuminance`.
    pub min_luminance: f64,
    /// `maxLuminance`.
    pub max_luminance: f64,
}

impl ColorInfo {
    /// Reads the body of a [`crate::video::PacketKind::Metadata`] message: names and values in
    /// AMF0, of which `colorInfo` is the only name defined. `None` when it is not among them.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] where the body is no AMF0 within the default limits.
    pub fn parse(body: &[u8]) -> Result<Option<Self>, Error> {
        let values = amf0::decode_all(body, &Limits::default()).map_err(|_| Error::Malformed {
            what: "video metadata",
            offset: 0,
        })?;
        let pair = values
            .chunks_exact(2)
            .find(|pair| pair[0].as_str() == Some("colorInfo"));
        Ok(pair.map(|pair| Self::of(&pair[1])))
    }

    fn of(info: &Value) -> Self {
        let number = |group: &str, name: &str| info.get(group)?.get(name)?.as_f64();
        Self {
            bit_depth: number("colorConfig", "bitDepth"),
            primaries: number("colorConfig", "colorPrimaries"),
            transfer: number("colorConfig", "transferCharacteristics"),
            matrix: number("colorConfig", "matrixCoefficients"),
            max_frame_average_light: number("hdrCll", "maxFall"),
            max_content_light: number("hdrCll", "maxCLL"),
            mastering_display: info.get("hdrMdcv").map(MasteringDisplay::of),
        }
    }
}

impl MasteringDisplay {
    fn of(display: &Value) -> Self {
        let number = |name| display.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        Self {
            red: [number("redX"), number("redY")],
            green: [number("greenX"), number("greenY")],
            blue: [number("blueX"), number("blueY")],
            white: [number("whitePointX"), number("whitePointY")],
            min_luminance: number("minLuminance"),
            max_luminance: number("maxLuminance"),
        }
    }
}

#[cfg(test)]
mod tests {
    use amf::{Value, amf0};

    use super::{ColorInfo, MasteringDisplay};
    use crate::Error;

    fn parse(values: &[Value]) -> Result<Option<ColorInfo>, Error> {
        ColorInfo::parse(&amf0::encode_all(values).unwrap())
    }

    #[test]
    fn all_groups_are_read() {
        let config = Value::object([("bitDepth", 10.0.into()), ("colorPrimaries", 9.0.into())]);
        let light = Value::object([("maxFall", 400.0.into()), ("maxCLL", 1000.0.into())]);
        let display = Value::object([("redX", 0.68.into()), ("maxLuminance", 4000.0.into())]);
        let info = Value::object([
            ("colorConfig", config),
            ("hdrCll", light),
            ("hdrMdcv", display),
        ]);
        let wanted = ColorInfo {
            bit_depth: Some(10.0),
            primaries: Some(9.0),
            max_frame_average_light: Some(400.0),
            max_content_light: Some(1000.0),
            mastering_display: Some(MasteringDisplay {
                red: [0.68, 0.0],
                max_luminance: 4000.0,
                ..MasteringDisplay::default()
            }),
            ..ColorInfo::default()
        };
        assert_eq!(parse(&["colorInfo".into(), info]), Ok(Some(wanted)));
    }

    #[test]
    fn undefined_takes_all_back_and_other_names_are_passed_over() {
        let taken_back = Ok(Some(ColorInfo::default()));
        let other = ["later".into(), Value::Null];
        assert_eq!(parse(&["colorInfo".into(), Value::Undefined]), taken_back);
        assert_eq!(parse(&other), Ok(None));
        let [name, value] = other;
        let both = [name, value, "colorInfo".into(), Value::Undefined];
        assert_eq!(parse(&both), taken_back);
        assert!(ColorInfo::parse(&[2, 0, 9]).is_err());
    }
}
