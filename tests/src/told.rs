//! What a client is told, compared field by field: names, their order and values.

use amf::Value;
use anyhow::{Result, ensure};

/// What one property has to be.
#[derive(Debug, Clone)]
pub enum Field {
    /// This value.
    Is(Value),
    /// A text with this in it.
    Has(&'static str),
    /// Any text but the empty one.
    SomeText,
    /// Any number from this one on.
    From(f64),
    /// An object with exactly these properties.
    Object(Vec<(&'static str, Field)>),
}

/// This value and no other.
pub fn is(value: impl Into<Value>) -> Field {
    Field::Is(value.into())
}

/// Whether the value is an object, or an array with named elements, with exactly these
/// properties in this order.
///
/// # Errors
///
/// It is not; the error names the first property that differs and shows everything.
pub fn same(value: &Value, expected: &[(&'static str, Field)]) -> Result<()> {
    compare(value, expected, true)
}

/// As [`same`], in any order.
///
/// # Errors
///
/// As those of [`same`].
pub fn same_in_any_order(value: &Value, expected: &[(&'static str, Field)]) -> Result<()> {
    compare(value, expected, false)
}

fn compare(value: &Value, expected: &[(&'static str, Field)], ordered: bool) -> Result<()> {
    let props = value.props().unwrap_or_default();
    let mut names: Vec<&str> = props.iter().map(|(name, _)| &**name).collect();
    let mut wanted: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
    if !ordered {
        names.sort_unstable();
        wanted.sort_unstable();
    }
    ensure!(
        names == wanted,
        "properties {names:?} instead of {wanted:?}: {value:?}"
    );
    let nothing = Value::Undefined;
    for (name, field) in expected {
        let found = value.get(name).unwrap_or(&nothing);
        ensure!(
            fits(found, field, ordered),
            "{name} is {found:?} instead of {field:?}"
        );
    }
    Ok(())
}

fn fits(found: &Value, field: &Field, ordered: bool) -> bool {
    match field {
        Field::Is(value) => found == value,
        Field::Has(part) => found.as_str().is_some_and(|text| text.contains(part)),
        Field::SomeText => found.as_str().is_some_and(|text| !text.is_empty()),
        Field::From(least) => found.as_f64().is_some_and(|number| number >= *least),
        Field::Object(expected) => compare(found, expected, ordered).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        Value::object([("code", "a.b".into()), ("n", 3.into())])
    }

    #[test]
    fn names_order_and_values_are_compared() {
        let right = [("code", is("a.b")), ("n", is(3))];
        assert!(same(&sample(), &right).is_ok());
        assert!(same(&sample(), &right[..1]).is_err());
        let turned = [("n", Field::From(3.0)), ("code", Field::Has("."))];
        assert!(same(&sample(), &turned).is_err());
        assert!(same_in_any_order(&sample(), &turned).is_ok());
        for wrong in [is(4), Field::From(4.0), Field::Has("3"), Field::SomeText] {
            assert!(
                same(
                    &sample(),
                    &[("code", Field::SomeText), ("n", wrong.clone())]
                )
                .is_err(),
                "{wrong:?}"
            );
        }
        assert!(same(&Value::Null, &right).is_err());
    }
}
