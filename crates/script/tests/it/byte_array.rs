//! `ByteArray`: what is written is read, at the right place and in the right order.

use amf::{Value, amf0, amf3};
use proptest::prelude::*;
use script::ScriptConfig;

use crate::driver::{Driver, evaluator};

/// A script whose client can hand in bytes and take some.
const ECHO: &str = "Client.prototype.keep = function (value) { kept = value; return value; };
    Client.prototype.give = function () { return b; };
    function hex(b) {
        for (var i = 0, s = ''; i < b.length; i++) s += (b[i] < 16 ? '0' : '') + b[i].toString(16);
        return s;
    }
    b = new ByteArray();";

#[test]
fn numbers_are_written_in_either_order() {
    evaluator(ECHO).check(&[
        ("[b.length, b.position, b.bytesAvailable, b.endian, b.objectEncoding]", "0,0,0,bigEndian,3"),
        ("(b.writeByte(-1), b.writeShort(258), b.writeInt(-2), b.writeUnsignedInt(4294967294), hex(b))", "ff0102fffffffefffffffe"),
        ("(b.endian = 'littleEndian', b.writeShort(258), b.writeBoolean(true), b.writeFloat(1.5), b.writeDouble(-2), hex(b).substr(22))", "0201010000c03f00000000000000c0"),
        ("[b.length, b.position, b.bytesAvailable]", "26,26,0"),
        ("(b.endian = 'bigEndian', b.position = 0, [b.readByte(), b.readShort(), b.readInt(), b.readUnsignedInt()])", "-1,258,-2,4294967294"),
        ("(b.endian = 'littleEndian', [b.readUnsignedShort(), b.readBoolean(), b.readFloat(), b.readDouble()])", "258,true,1.5,-2"),
        ("(b.position = 0, [b.readUnsignedByte(), b.bytesAvailable])", "255,25"),
    ]);
}

#[test]
fn text_is_written_with_and_without_its_length() {
    let mut driver = evaluator(ECHO);
    driver.check(&[
        ("(b.writeUTF('äé'), b.writeUTFBytes('🎉'), hex(b))", "0004c3a4c3a9f09f8e89"),
        ("(b.position = 0, [b.readUTF(), b.readUTFBytes(4), b.position])", "äé,🎉,10"),
        ("(b.clear(), b.writeMultiByte('ä€', 'iso-8859-1'), b.writeMultiByte('ä', 'UTF-8'), hex(b))", "e43fc3a4"),
        ("(b.position = 0, [b.readMultiByte(2, 'iso-8859-1'), b.readMultiByte(2, 'utf-8')])", "ä?,ä"),
        ("(b.length = 1, b.toString() == '\\ufffd')", "true"),
        ("(b.clear(), b.writeUTF(Array(65536).join('a')), b.length)", "65537"),
    ]);
    for refused in [
        "b.writeUTF(Array(65537).join('a'))",
        "b.writeMultiByte('a', 'big5')",
        "b.endian = 'none'",
    ] {
        assert!(driver.thrown(refused).contains("Error"), "{refused}");
    }
}

#[test]
fn bytes_have_numbers() {
    evaluator(ECHO).check(&[
        ("(b[3] = 256 + 7, [b.length, b[3], b[0], b[4], b[-1], b['01'], b.position])", "4,7,0,,,,0"),
        ("(b.length = 2, b.length = 6, hex(b))", "000000000000"),
        ("(b.position = 4, b.writeByte(9), b.position = 5, b.length = 3, b.position)", "3"),
        ("(b.name = 'mine', b.name + b[0])", "mine0"),
        ("(s = '', (function () { for (var i in b) s += i })(), s)", "name"),
        ("(c = new ByteArray(), c.writeUTFBytes('abcdef'), b.clear(), b.writeBytes(c, 2, 3), b + '')", "cde"),
        ("(b.writeBytes(c, 5), c.position = 1, c.readBytes(b, 6, 2), b[6] + hex(b))", "986364656600006263"),
    ]);
}

#[test]
fn reading_past_the_end_is_an_error() {
    let mut driver = evaluator(ECHO);
    driver.check(&[("(b.writeShort(1), b.position = 1, b.bytesAvailable)", "1")]);
    for read in [
        "b.readShort()",
        "b.readInt()",
        "b.readDouble()",
        "b.readUTFBytes(2)",
        "b.readUTFBytes(1e300)",
        "b.readUTF()",
        "b.readBytes(new ByteArray(), 0, 2)",
        "b.position = 2; b.readByte()",
        "b.position = 1e15; b.readByte()",
        "b.position = 2; b.readObject()",
    ] {
        let thrown = driver.thrown(read);
        assert_eq!(thrown, "EOFError: End of file was encountered.", "{read}");
        driver.check(&[("(b.position = 1, b.bytesAvailable)", "1")]);
    }
    driver.check(&[("b.readBoolean() && b.position", "2")]);
}

#[test]
fn an_array_has_a_largest_length() {
    let config = ScriptConfig {
        byte_array_bytes: 100,
        ..ScriptConfig::default()
    };
    let main =
        format!("{ECHO} Client.prototype.evaluate = function (t) {{ return (0, eval)(t); }};");
    let (mut driver, _) = Driver::limited(&main, config);
    driver.connect(1, &[]);
    for write in [
        "b.length = 101",
        "b.length = Infinity",
        "b[100] = 1",
        "b[4294967294] = 1",
        "b.position = 97; b.writeInt(1)",
        "b.position = 1e300; b.writeByte(1)",
        "b.writeUTFBytes(Array(102).join('a'))",
        "b.writeObject(Array(200).join('a'))",
        "c = new ByteArray(); c.writeByte(1); c.position = 0; c.readBytes(b, 100, 1)",
    ] {
        let thrown = driver.thrown(write);
        let named = thrown.contains("byte_array_bytes") || thrown.contains("writeObject: ");
        assert!(
            thrown.starts_with("RangeError") && named,
            "{write}: {thrown}"
        );
        driver.check(&[("(b.position = 0, b.length)", "0")]);
    }
    driver.check(&[("(b.length = 100, b[99] = 1, b.length)", "100")]);
    driver.check(&[("(b.writeBytes(b), b.length)", "100")]);
}

#[test]
fn bytes_are_packed_and_unpacked() {
    let mut driver = evaluator(ECHO);
    driver.check(&[
        (
            "(b.writeUTFBytes(Array(1001).join('abc')), b.length)",
            "3000",
        ),
        (
            "(b.compress(), b.length < 100 && b.position == b.length)",
            "true",
        ),
        // The head of zlib.
        ("(b[0] * 256 + b[1]) % 31", "0"),
        ("(b.uncompress(), b.length + ',' + b.position)", "3000,0"),
        ("b.readUTFBytes(6)", "abcabc"),
        (
            "(b.compress('deflate'), b.uncompress('deflate'), b.toString().length)",
            "3000",
        ),
        (
            "(c = new ByteArray(), c.compress(), c.uncompress(), c.length)",
            "0",
        ),
    ]);
    // What zlib itself has made of `hello`.
    driver.result(
        1,
        "keep",
        &[Value::byte_array(
            b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15",
        )],
    );
    driver.check(&[("(kept.uncompress(), kept.toString())", "hello")]);
    assert_eq!(
        driver.thrown("kept.uncompress()"),
        "IOError: There was an error decompressing the data."
    );
    driver.check(&[("kept.toString()", "hello")]);
    let unknown = driver.thrown("kept.compress('lzma')");
    assert_eq!(unknown, "TypeError: the algorithm is zlib or deflate");
}

#[test]
fn what_is_unpacked_has_a_largest_length() {
    let config = ScriptConfig {
        byte_array_bytes: 100,
        ..ScriptConfig::default()
    };
    let main =
        format!("{ECHO} Client.prototype.evaluate = function (t) {{ return (0, eval)(t); }};");
    let (mut driver, _) = Driver::limited(&main, config);
    driver.connect(1, &[]);
    driver.eval("b.length = 100; b.compress(); packed = b.length");
    driver.check(&[("(b.uncompress(), b.length)", "100")]);
    // A thousand zeros.
    let bomb = b"\x78\x9c\x63\x60\x18\x05\xa3\x60\x14\x0c\x77\x00\x00\x03\xe8\x00\x01";
    driver.result(1, "keep", &[Value::byte_array(bomb)]);
    assert_eq!(
        driver.thrown("kept.uncompress()"),
        "RangeError: a ByteArray of more than 100 bytes (limit byte_array_bytes)"
    );
    driver.check(&[("kept.length", "17")]);
}

#[test]
fn values_of_the_wire_are_byte_arrays() {
    let mut driver = evaluator(ECHO);
    let sent = Value::byte_array(b"\x00\xFFabc");
    assert_eq!(driver.result(1, "keep", std::slice::from_ref(&sent)), sent);
    driver.check(&[
        ("kept instanceof ByteArray", "true"),
        (
            "[kept.length, kept.position, kept[1], kept.readShort()]",
            "5,0,255,255",
        ),
        ("(b.writeUTFBytes('xyz'), b.length = 2, b)", "xy"),
    ]);
    assert_eq!(driver.result(1, "give", &[]), Value::byte_array(b"xy"));
    assert_eq!(
        driver.eval("new Uint8Array([1, 2])"),
        Value::byte_array(b"\x01\x02")
    );
}

#[test]
fn values_are_written_as_amf() {
    let mut driver = evaluator(ECHO);
    driver.eval("o = {a: [1, 'x', null], d: new Date(5)}; b.writeObject(o); b.writeObject('x'); 0");
    let given = driver.result(1, "give", &[]);
    let Value::ByteArray(bytes) = &given else {
        panic!("no bytes");
    };
    let values = amf3::decode_all(bytes, &amf::Limits::default()).expect("AMF3");
    assert_eq!(values.len(), 2);
    driver.check(&[
        ("(b.position = 0, uneval(b.readObject()) === uneval(o))", "true"),
        ("[b.readObject(), b.bytesAvailable]", "x,0"),
        ("(b.clear(), b.objectEncoding = 0, b.writeObject(o), b.position = 0, uneval(b.readObject()) === uneval(o))", "true"),
    ]);
    let given = driver.result(1, "give", &[]);
    let Value::ByteArray(bytes) = &given else {
        panic!("no bytes");
    };
    assert_eq!(
        amf0::decode_all(bytes, &amf::Limits::default())
            .map(|values| values.len())
            .ok(),
        Some(1)
    );
}

#[test]
fn hostile_amf_is_refused() {
    let mut driver = evaluator(ECHO);
    // Arrays inside each other, then lengths without bytes.
    let nested: Vec<u8> = [0x09, 0x03, 0x01].repeat(1_000);
    for bytes in [
        &nested[..],
        b"\x06\x7f",
        b"\x0c\xff\xff\xff\xff",
        b"\x09\xff\xff\xff\xff\x01",
        b"\x0a\x07\x03x",
        b"\x7f",
    ] {
        driver.result(1, "keep", &[Value::byte_array(bytes)]);
        let thrown = driver.thrown("kept.readObject()");
        assert!(thrown.starts_with("RangeError: readObject: "), "{thrown}");
        driver.check(&[("kept.position", "0")]);
    }
    let thrown = driver.thrown("o = {}; for (i = 0; i < 100; i++) o = {o: o}; b.writeObject(o)");
    assert!(thrown.contains("argument_depth"), "{thrown}");
    driver.check(&[("b.length", "0")]);
}

fn step() -> impl Strategy<Value = (&'static str, &'static str, String)> {
    prop_oneof![
        any::<i8>().prop_map(|number| ("writeByte", "readByte", number.to_string())),
        any::<u8>().prop_map(|number| ("writeByte", "readUnsignedByte", number.to_string())),
        any::<i16>().prop_map(|number| ("writeShort", "readShort", number.to_string())),
        any::<u16>().prop_map(|number| ("writeShort", "readUnsignedShort", number.to_string())),
        any::<i32>().prop_map(|number| ("writeInt", "readInt", number.to_string())),
        any::<u32>().prop_map(|number| ("writeUnsignedInt", "readUnsignedInt", number.to_string())),
        any::<f64>().prop_map(|number| ("writeDouble", "readDouble", script_number(number))),
        any::<f32>().prop_map(|number| ("writeFloat", "readFloat", script_number(number.into()))),
        any::<bool>().prop_map(|truth| ("writeBoolean", "readBoolean", truth.to_string())),
        "[^\\p{C}\\\\'\u{2028}\u{2029}]{0,12}".prop_map(|text| (
            "writeUTF",
            "readUTF",
            format!("'{text}'")
        )),
        "[a-z]{0,4}".prop_map(|text| ("writeObject", "readObject", format!("'{text}'"))),
    ]
}

fn script_number(number: f64) -> String {
    if number.is_finite() {
        format!("{number:e}")
    } else if number.is_nan() {
        "NaN".into()
    } else {
        format!("{}Infinity", if number > 0.0 { "" } else { "-" })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_is_read(steps in proptest::collection::vec((step(), any::<bool>()), 1..30)) {
        let mut driver = evaluator(ECHO);
        for ((write, _, value), little) in &steps {
            let endian = if *little { "littleEndian" } else { "bigEndian" };
            driver.eval(&format!("b.endian = '{endian}'; b.{write}({value}); 0"));
        }
        driver.eval("b.position = 0");
        for ((_, read, value), little) in &steps {
            let endian = if *little { "littleEndian" } else { "bigEndian" };
            let same = driver.eval(&format!("b.endian = '{endian}'; Object.is(b.{read}(), {value})"));
            prop_assert_eq!(same, Value::from(true), "{} {}", read, value);
        }
        prop_assert_eq!(driver.eval("b.bytesAvailable"), Value::from(0));
    }

    #[test]
    fn any_bytes_are_read_as_something_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut driver = evaluator(ECHO);
        driver.result(1, "keep", &[Value::byte_array(&bytes)]);
        let fine = driver.try_eval(
            "try { kept.objectEncoding = kept[0] % 2 * 3; kept.readObject(); kept.position <= kept.length } \
             catch (e) { e instanceof Error && kept.position == 0 }",
        );
        prop_assert_eq!(fine, Value::from(true));
    }
}
