//! Smithy RPC v2 CBOR: the path names the operation, the body is a CBOR map, instants are tag 1.

use std::borrow::Cow;
use std::convert::Infallible;

use jiff::Timestamp;
use minicbor::data::{IanaTag, Tag, Type};
use minicbor::{Decoder, Encoder, decode, encode};

use super::value::{Value, epoch_seconds};

/// Deeper than any request of the models; a bound against bodies made of opening brackets.
const MAX_DEPTH: u32 = 64;

/// Reads a request body; an empty one is the empty structure.
pub fn read(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Map(Vec::new()));
    }
    match item(&mut Decoder::new(body), 0).map_err(|error| error.to_string())? {
        value @ Value::Map(_) => Ok(value),
        _ => Err("a CBOR map was expected".into()),
    }
}

/// The bytes of a value.
pub fn write(value: &Value) -> Vec<u8> {
    let mut to = Encoder::new(Vec::new());
    // A vector never refuses a byte.
    let _: Result<(), encode::Error<Infallible>> = put(&mut to, value);
    to.into_writer()
}

fn put(to: &mut Encoder<Vec<u8>>, value: &Value) -> Result<(), encode::Error<Infallible>> {
    match value {
        Value::Null => to.null()?.ok(),
        Value::Bool(truth) => to.bool(*truth)?.ok(),
        Value::Int(number) => to.i64(*number)?.ok(),
        Value::Float(number) => to.f64(*number)?.ok(),
        Value::Text(text) => to.str(text)?.ok(),
        Value::Time(at) => {
            let to = to.tag(IanaTag::Timestamp)?;
            if at.subsec_nanosecond() == 0 { to.i64(at.as_second())?.ok() } else { to.f64(epoch_seconds(*at))?.ok() }
        }
        Value::List(items) => {
            to.array(items.len() as u64)?;
            items.iter().try_for_each(|item| put(to, item))
        }
        Value::Map(fields) | Value::Pairs(fields) => {
            to.map(fields.len() as u64)?;
            fields.iter().try_for_each(|(name, value)| {
                to.str(name)?;
                put(to, value)
            })
        }
    }
}

fn item(from: &mut Decoder, depth: u32) -> Result<Value, decode::Error> {
    if depth > MAX_DEPTH {
        return Err(decode::Error::message("nested too deep"));
    }
    Ok(match from.datatype()? {
        Type::Null | Type::Undefined => {
            from.skip()?;
            Value::Null
        }
        Type::Bool => Value::Bool(from.bool()?),
        Type::F16 | Type::F32 | Type::F64 => Value::Float(float(from)?),
        Type::String | Type::StringIndef => Value::Text(Cow::Owned(text(from)?)),
        Type::Tag => {
            let tag = from.tag()?;
            let value = item(from, depth + 1)?;
            if tag == Tag::from(IanaTag::Timestamp) { instant(&value)? } else { value }
        }
        Type::Array | Type::ArrayIndef => {
            let mut left = from.array()?;
            let mut items = Vec::new();
            while more(from, &mut left)? {
                items.push(item(from, depth + 1)?);
            }
            Value::List(items)
        }
        Type::Map | Type::MapIndef => {
            let mut left = from.map()?;
            let mut fields = Vec::new();
            while more(from, &mut left)? {
                let name = text(from)?;
                fields.push((Cow::Owned(name), item(from, depth + 1)?));
            }
            Value::Map(fields)
        }
        _ => Value::Int(from.i64()?),
    })
}

/// Whether a list or map goes on: by its count, or until the break.
fn more(from: &mut Decoder, left: &mut Option<u64>) -> Result<bool, decode::Error> {
    if let Some(left) = left {
        let more = *left > 0;
        *left = left.saturating_sub(1);
        Ok(more)
    } else if from.datatype()? == Type::Break {
        from.skip()?;
        Ok(false)
    } else {
        Ok(true)
    }
}

fn text(from: &mut Decoder) -> Result<String, decode::Error> {
    if from.datatype()? == Type::StringIndef { from.str_iter()?.collect() } else { from.str().map(str::to_owned) }
}

/// Half floats are left out: no encoder of these clients makes one, and the decoder for them is a feature away.
fn float(from: &mut Decoder) -> Result<f64, decode::Error> {
    match from.datatype()? {
        Type::F32 => from.f32().map(f64::from),
        _ => from.f64(),
    }
}

fn instant(value: &Value) -> Result<Value, decode::Error> {
    let millis = match value {
        Value::Int(seconds) => seconds.checked_mul(1000),
        Value::Float(seconds) if seconds.abs() < 9e12 => Some((seconds * 1e3).round() as i64),
        _ => None,
    };
    millis
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .map(Value::Time)
        .ok_or_else(|| decode::Error::message("a timestamp out of range"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (-1e12..1e12_f64).prop_map(Value::Float),
            ".{0,12}".prop_map(Value::from),
            (-2_000_000_000_000..4_000_000_000_000_i64)
                .prop_map(|millis| Value::Time(Timestamp::from_millisecond(millis).unwrap())),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::vec(("[a-zA-Z]{1,8}".prop_map(Cow::Owned), inner), 0..6).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any_value()) {
            let outer = Value::map([("v", value.clone())]);
            prop_assert_eq!(read(&write(&outer)).unwrap(), outer);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn indefinite_lengths_are_read() {
        // {_ "a": [_ 1, 2], (_ "b", "c"): 1("2026-01-01T08:00:00Z")}
        let mut to = Encoder::new(Vec::new());
        to.begin_map().unwrap().str("a").unwrap().begin_array().unwrap().u8(1).unwrap().u8(2).unwrap().end().unwrap();
        to.begin_str().unwrap().str("b").unwrap().str("c").unwrap().end().unwrap();
        to.tag(IanaTag::Timestamp).unwrap().u32(1_767_254_400).unwrap().end().unwrap();
        let value = read(&to.into_writer()).unwrap();
        assert_eq!(value.get("a"), Some(&Value::list([1_i64, 2])));
        assert_eq!(value.time("bc").unwrap().unwrap().to_string(), "2026-01-01T08:00:00Z");
    }

    #[test]
    fn a_body_of_opening_brackets_is_refused() {
        assert!(read(&vec![0x81; 100_000]).unwrap_err().contains("too deep"));
    }
}
