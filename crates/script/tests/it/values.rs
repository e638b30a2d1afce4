//! What becomes of a value on its way to the script and back.

use std::sync::Arc;

use amf::{
    Date, Dictionary, EcmaArray, ExternalBody, Externalizable, Object, ObjectVector, Reference,
    Value, Vector,
};
use engine::scripting::{CallOutcome, ScriptEffect};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, failed, problems, returned};

const ECHO: &str = "Client.prototype.echo = function (value) { return value; };";

fn echo() -> Driver {
    let mut driver = Driver::new(ECHO);
    driver.connect(1, &[]);
    driver
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,6}",
        "\\PC{0,8}",
        Just("__proto__".to_owned()),
        Just("__resolve".to_owned()),
        Just("length".to_owned()),
        Just("constructor".to_owned()),
        Just("a\0b".to_owned()),
    ]
}

/// Names of properties. The engine puts those that are numbers first.
fn name() -> impl Strategy<Value = String> {
    text().prop_filter("a number", |name| name.parse::<u32>().is_err())
}

/// What comes back of a value. An array of the script has its own length, so that an element of
/// that name does not come back.
fn kept(value: &Value) -> Value {
    match value {
        Value::EcmaArray(array) => {
            let props = array.props().iter().filter(|(name, _)| &**name != "length");
            let props: Vec<_> = props
                .map(|(name, value)| (name.clone(), kept(value)))
                .collect();
            if props.is_empty() {
                return Value::array([]);
            }
            Value::EcmaArray(Arc::new(EcmaArray::new(props)))
        }
        Value::StrictArray(items) => Value::array(items.iter().map(kept).collect::<Vec<_>>()),
        Value::Object(object) => {
            let props = object.props().iter();
            Value::object(props.map(|(name, value)| (name.clone(), kept(value))))
        }
        Value::Dictionary(dictionary) => {
            let entries = dictionary.entries().iter();
            let entries = entries.map(|(key, value)| (key.clone(), kept(value)));
            Value::Dictionary(Arc::new(Dictionary::new(false, entries)))
        }
        other => other.clone(),
    }
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<f64>().prop_map(Value::Number),
        any::<i32>().prop_map(|number| Value::Number(number.into())),
        text().prop_map(|text| Value::String(text.into())),
        (-8.0e15..8.0e15f64).prop_map(|ms| Value::Date(Date::from_millis(ms.trunc()))),
        vec(any::<u8>(), 0..20).prop_map(|bytes| Value::byte_array(&bytes)),
        vec(any::<i32>(), 0..4).prop_map(|items| Value::VectorInt(Arc::new(Vector::new(items)))),
        vec(any::<u32>(), 0..4).prop_map(|items| Value::VectorUint(Arc::new(Vector::new(items)))),
        vec(any::<f64>(), 0..4).prop_map(|items| Value::VectorNumber(Arc::new(Vector::new(items)))),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::array),
            btree_map(name(), inner.clone(), 0..6).prop_map(Value::object),
            btree_map(name(), inner.clone(), 1..6).prop_map(Value::ecma_array),
            vec(inner, 0..3).prop_map(|values| {
                let keys = (0..).map(|key: i32| Value::from(f64::from(key)));
                Value::Dictionary(Arc::new(Dictionary::new(false, keys.zip(values))))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_value_comes_back_as_it_went(values in vec(value(), 1..8)) {
        let mut driver = echo();
        for value in values {
            prop_assert_eq!(driver.result(1, "echo", std::slice::from_ref(&value)), kept(&value));
        }
    }
}

#[test]
fn an_array_of_the_wire_does_not_choose_its_length() {
    let mut driver = Driver::new(
        "Client.prototype.look = function (a) { return a.length + ' ' + a.x + ' ' + a; };
        application.registerClass('Array', Array);",
    );
    driver.connect(1, &[]);
    let named = |name: &str| [(name.to_owned(), Value::from(7)), ("x".into(), 5.into())];
    let mut look = |value| driver.call(1, "look", &[value]);
    let array = Value::ecma_array(named("length"));
    assert_eq!(look(array), [returned(1, "0 5 ")]);
    let array = Value::ecma_array(named("3"));
    assert_eq!(look(array), [returned(1, "4 5 ,,,7")]);
    for name in ["100000", "4294967294"] {
        let instance = Object::typed("Array", named(name));
        for array in [
            Value::ecma_array(named(name)),
            Value::Object(Arc::new(instance)),
        ] {
            let effects = look(array);
            let refused =
                "A value is refused: more than 100000 values at once (limit argument_elements).";
            assert_eq!(problems(&effects), [refused], "{name}");
            let answer = failed(1, "Failed to execute method (look).");
            assert_eq!(effects.last(), Some(&answer), "{name}");
        }
    }
    let instance = Object::typed("Array", named("length"));
    assert_eq!(
        look(Value::Object(Arc::new(instance))),
        [returned(1, "0 5 ")]
    );
    // No index: the name of an element like any other.
    let array = Value::ecma_array(named("4294967295"));
    assert_eq!(look(array), [returned(1, "0 5 ")]);
}

#[test]
fn the_kinds_of_the_wire_are_the_kinds_of_the_script() {
    let mut driver = Driver::new(
        "Client.prototype.kind = function (x) {
            return Object.prototype.toString.call(x) + typeof x + ' ' + String(x);
        };",
    );
    driver.connect(1, &[]);
    let mut kind = |value: Value| driver.result(1, "kind", &[value]);
    assert_eq!(kind(Value::Integer(-3)), "[object Number]number -3".into());
    assert_eq!(
        kind(Value::Unsupported),
        "[object Undefined]undefined undefined".into()
    );
    assert_eq!(
        kind(Value::Xml("<a/>".into())),
        "[object String]string <a/>".into()
    );
    assert_eq!(
        kind(Value::XmlDocument("<a/>".into())),
        "[object String]string <a/>".into()
    );
    assert_eq!(
        kind(Value::from(2).in_amf3()),
        "[object Number]number 2".into()
    );
    let vector = ObjectVector::new(true, "T", [1.into(), 2.into()]);
    assert_eq!(
        kind(Value::VectorObject(Arc::new(vector))),
        "[object Array]object 1,2".into()
    );
    let body = ExternalBody::Value(Value::array([1.into(), "x".into()]));
    let collection = Externalizable::new("flex.messaging.io.ArrayCollection", body);
    assert_eq!(
        kind(Value::Externalizable(Arc::new(collection))),
        "[object Array]object 1,x".into()
    );
    let mixed = EcmaArray::with_dense([("a", Value::from(3))], [1.into()]);
    assert_eq!(
        kind(Value::EcmaArray(Arc::new(mixed))),
        "[object Array]object 1".into()
    );
    let date = Value::Date(Date::from_millis(f64::NAN));
    assert_eq!(kind(date), "[object Date]object Invalid Date".into());
}

#[test]
fn what_only_its_class_can_read_is_refused() {
    let opaque = Externalizable::new("com.Secret", ExternalBody::Opaque([1u8].as_slice().into()));
    let mut driver = echo();
    let effects = driver.call(1, "echo", &[Value::Externalizable(Arc::new(opaque))]);
    assert_eq!(
        problems(&effects),
        [
            "A value is refused: an object of class com.Secret writes its own body, which a script cannot read."
        ]
    );
    assert_eq!(
        effects.last(),
        Some(&failed(1, "Failed to execute method (echo)."))
    );
}

#[test]
fn the_script_makes_arrays_of_every_kind() {
    let mut driver = evaluator("");
    let undefined = Value::Undefined;
    for (source, expected) in [
        (
            "[1, , 3]",
            Value::array([1.into(), undefined.clone(), 3.into()]),
        ),
        (
            "[1, function () {}, 3]",
            Value::array([1.into(), undefined, 3.into()]),
        ),
        (
            "var a = []; a[100000] = 1; a",
            Value::ecma_array([("100000", Value::from(1))]),
        ),
        (
            "var a = [7]; a.x = 8; a",
            Value::ecma_array([("0", Value::from(7)), ("x", 8.into())]),
        ),
        ("new Array()", Value::array([])),
        ("new Array(3)", Value::ecma_array::<&str>([])),
        (
            "[new Number(1), new String('s'), new Boolean(false)]",
            Value::array([1.into(), "s".into(), false.into()]),
        ),
    ] {
        assert_eq!(driver.eval(source), expected, "{source}");
    }
}

#[test]
fn functions_stay_at_home() {
    let mut driver = evaluator("");
    let a = Value::object([("a", Value::from(1)), ("u", Value::Undefined)]);
    assert_eq!(
        driver.eval("({ f: function () {}, a: 1, u: undefined, s: Symbol('x') })"),
        a
    );
    assert_eq!(driver.eval("eval"), Value::Undefined);
    let inherited = "function P() { this.own = 1; } P.prototype.x = 2; new P()";
    assert_eq!(
        driver.eval(inherited),
        Value::object([("own", 1)].map(|(n, v)| (n, Value::from(v))))
    );
}

#[test]
fn broken_characters_are_mended() {
    assert_eq!(
        evaluator("").eval("'a' + String.fromCharCode(0xD800) + 'b'"),
        "a\u{FFFD}b".into()
    );
}

#[test]
fn cycles_stay_cycles() {
    let mut driver = evaluator(ECHO);
    let own = Value::object([("me", Value::Reference(Reference::Enclosing(0)))]);
    assert_eq!(driver.eval("var o = {}; o.me = o; o"), own);
    assert_eq!(driver.result(1, "echo", std::slice::from_ref(&own)), own);
    let nested = Value::object([(
        "list",
        Value::array([
            Value::Reference(Reference::Enclosing(1)),
            Value::Reference(Reference::Enclosing(0)),
        ]),
    )]);
    assert_eq!(
        driver.eval("var o = { list: [] }; o.list.push(o, o.list); o"),
        nested
    );
    assert_eq!(
        driver.result(1, "echo", std::slice::from_ref(&nested)),
        nested
    );
    let effects = driver.call(1, "echo", &[Value::Reference(Reference::Enclosing(0))]);
    assert_eq!(
        problems(&effects),
        ["A value is refused: a reference that leads nowhere."]
    );
}

#[test]
fn what_is_one_object_stays_one_object() {
    let mut driver = evaluator("Client.prototype.same = function (a, b) { return a.x === b; };");
    let shared = Value::object([("a", Value::from(1))]);
    let holder = Value::object([("x", shared.clone())]);
    assert_eq!(driver.result(1, "same", &[holder, shared]), true.into());
    let twice = driver.eval("var o = {}; [o, o]");
    let items = twice.as_array().expect("an array");
    let (first, second) = (items[0].as_object(), items[1].as_object());
    assert!(Arc::ptr_eq(
        first.expect("an object"),
        second.expect("an object")
    ));
}

#[test]
fn a_registered_class_makes_its_objects() {
    let mut driver = evaluator(
        "function Card(name) {
            this.made = arguments.length;
            this.log = 'new ' + this.name;
        }
        Card.prototype.onInitialize = function () { this.log += ', init ' + this.name; };
        Card.prototype.show = function () { return this.log; };
        application.registerClass('com.cards.Card', Card);
        Client.prototype.show = function (card) { return card.show ? card.show() : typeof card.show; };",
    );
    let card = |class: &str| Value::typed_object(class, [("name", Value::from("ace"))]);
    assert_eq!(
        driver.result(1, "show", &[card("com.cards.Card")]),
        "new undefined, init ace".into()
    );
    assert_eq!(
        driver.result(1, "show", &[card("Object")]),
        "undefined".into()
    );
    assert_eq!(
        driver.result(1, "show", &[card("eval")]),
        "undefined".into()
    );
    let sent = Value::typed_object(
        "com.cards.Card",
        [("made", Value::from(0)), ("log", "new undefined".into())],
    );
    assert_eq!(driver.eval("new Card()"), sent);
    driver.eval("application.registerClass('com.cards.Card', null)");
    assert_eq!(
        driver.result(1, "show", &[card("com.cards.Card")]),
        "undefined".into()
    );
    assert_eq!(
        driver
            .eval("new Card()")
            .as_object()
            .and_then(|o| o.class().cloned()),
        None
    );
}

#[test]
fn a_derived_class_needs_its_own_constructor_property() {
    let mut driver = evaluator(
        "function Base() {} function Derived() { this.d = 1; }
        Derived.prototype = new Base();
        application.registerClass('Base', Base);
        application.registerClass('Derived', Derived);",
    );
    let class = |value: Value| {
        value
            .as_object()
            .and_then(|o| o.class().map(ToString::to_string))
    };
    assert_eq!(class(driver.eval("new Derived()")).as_deref(), Some("Base"));
    assert_eq!(
        class(driver.eval("Derived.prototype.constructor = Derived; new Derived()")).as_deref(),
        Some("Derived")
    );
}

#[test]
fn the_wire_does_not_choose_a_prototype() {
    let mut driver = evaluator(
        "function C() {} application.registerClass('C', C);
        Client.prototype.check = function (o) { return o instanceof C || o.evil === undefined; };",
    );
    let evil = Value::object([("evil", Value::from(1))]);
    let object = Value::Object(Arc::new(Object::typed("C", [("__proto__", evil.clone())])));
    assert_eq!(driver.result(1, "check", &[object]), true.into());
    assert_eq!(
        driver.result(1, "check", &[Value::object([("__proto__", evil)])]),
        true.into()
    );
    assert_eq!(driver.eval("({}).evil"), Value::Undefined);
}

#[test]
fn too_much_at_once_is_refused_by_the_name_of_the_limit() {
    let config = ScriptConfig {
        argument_elements: 100,
        argument_depth: 10,
        ..ScriptConfig::default()
    };
    let (mut driver, _) = Driver::limited(
        &format!(
            "{ECHO} Client.prototype.many = function () {{ return new Array(101).join().split(','); }};
            Client.prototype.deep = function () {{ var o = {{}}; for (var i = 0; i < 20; i++) o = {{ o: o }}; return o; }};
            Client.prototype.sparse = function () {{ var a = []; for (var i = 0; i < 4e5; i += 1) a[i] = 1; return a; }};"
        ),
        config,
    );
    driver.connect(1, &[]);
    let fits = Value::array(vec![Value::Null; 99]);
    assert_eq!(driver.result(1, "echo", std::slice::from_ref(&fits)), fits);
    let many = "more than 100 values at once (limit argument_elements)";
    let deep = "values nested more than 10 deep (limit argument_depth)";
    let wide = Value::array(vec![Value::Null; 100]);
    let mut nested = Value::Null;
    for _ in 0..11 {
        nested = Value::array([nested]);
    }
    for (value, limit) in [(wide, many), (nested, deep)] {
        let effects = driver.call(1, "echo", &[value]);
        assert_eq!(
            problems(&effects),
            [format!("A value is refused: {limit}.")]
        );
        assert_eq!(
            effects.last(),
            Some(&failed(1, "Failed to execute method (echo)."))
        );
    }
    for (method, limit) in [("many", many), ("deep", deep), ("sparse", many)] {
        let effects = driver.call(1, method, &[]);
        assert_eq!(problems(&effects), [format!("RangeError: {limit}")]);
        let refused = format!("Failed to execute method ({method}).");
        assert_eq!(effects.last(), Some(&failed(1, &refused)));
    }
}

#[test]
fn a_hundred_thousand_elements_pass_or_are_refused() {
    let mut driver = echo();
    let fits = Value::array(vec![Value::Null; 99_999]);
    let effects = driver.call(1, "echo", std::slice::from_ref(&fits));
    let [
        ScriptEffect::Return {
            outcome: CallOutcome::Result(value),
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("no result");
    };
    assert_eq!(value.as_array().map(<[_]>::len), Some(99_999));
    let effects = driver.call(1, "echo", &[Value::array(vec![Value::Null; 100_000])]);
    assert_eq!(problems(&effects).len(), 1);
}
