//! awsJson: `X-Amz-Target` names the operation, the body is a JSON structure, instants are seconds since the epoch.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::value::{Value, epoch_seconds};

/// Reads a request body; an empty one is the empty structure.
pub fn read(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Map(Vec::new()));
    }
    match serde_json::from_slice(body).map_err(|error| error.to_string())? {
        value @ Value::Map(_) => Ok(value),
        _ => Err("a JSON object was expected".into()),
    }
}

/// The bytes of a value.
pub fn write(value: &Value) -> Vec<u8> {
    // Structures have text keys and finite numbers become null at worst: serde_json has no way to fail here.
    serde_json::to_vec(value).unwrap_or_default()
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(truth) => to.serialize_bool(*truth),
            Self::Int(number) => to.serialize_i64(*number),
            Self::Float(number) => to.serialize_f64(*number),
            Self::Text(text) => to.serialize_str(text),
            Self::Time(at) => to.serialize_f64(epoch_seconds(*at)),
            Self::List(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Map(fields) | Self::Pairs(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some((name, value)) = fields.next_entry::<String, Value>()? {
            map.push((Cow::Owned(name), value));
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_and_written_field_by_field() {
        let read = read(br#"{"cluster":"c","services":["a","b"],"n":3,"x":1.5,"y":null,"z":{}}"#).unwrap();
        assert_eq!(read.texts("services").unwrap(), ["a", "b"]);
        assert_eq!(write(&read), br#"{"cluster":"c","services":["a","b"],"n":3,"x":1.5,"y":null,"z":{}}"#);
    }

    #[test]
    fn instants_are_numbers_with_milliseconds() {
        let at = "2026-01-01T08:00:00.25Z".parse::<jiff::Timestamp>().unwrap();
        assert_eq!(write(&Value::map([("t", at.into())])), br#"{"t":1767254400.25}"#);
    }

    #[test]
    fn what_is_no_object_is_malformed() {
        for body in ["[]", "{", "\"x\"", "{\"a\":}"] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(read(b""), Ok(Value::Map(vec![])));
        assert!(read("[".repeat(100_000).as_bytes()).is_err(), "depth is bounded");
    }
}
