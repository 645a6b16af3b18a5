//! The plain values between an operation and the bytes: what a request carried, and what an answer says, without a
//! protocol. Operations read and build these; the protocols beside this file turn them into bytes and back.

use std::borrow::Cow;

use jiff::Timestamp;

/// A name in a structure: the model's own, or one a client sent.
pub type Name = Cow<'static, str>;

/// A value of any of the protocols.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Absent. [`Value::map`] drops fields that are.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number that may have a fraction. The CBOR of a whole `Float` is still a float, as typed clients insist.
    Float(f64),
    /// Text. Everything scalar in an awsQuery form arrives as this.
    Text(Cow<'static, str>),
    /// An instant.
    Time(Timestamp),
    /// A list.
    List(Vec<Value>),
    /// A structure, fields in the order they were given.
    Map(Vec<(Name, Value)>),
    /// A map of the model, whose names are data: XML writes those as text. Requests never read as this.
    Pairs(Vec<(Name, Value)>),
}

/// A field of a request that is missing or is not what the model says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A required field is not there.
    #[error("{0} is required")]
    Missing(&'static str),
    /// A field is there and is of the wrong kind.
    #[error("{field} must be {wanted}")]
    Kind {
        /// The field.
        field: &'static str,
        /// What it should be, with its article.
        wanted: &'static str,
    },
}

impl Value {
    /// A structure of the fields that are not [`Value::Null`].
    pub fn map<const N: usize>(fields: [(&'static str, Value); N]) -> Self {
        Self::Map(
            fields
                .into_iter()
                .filter(|(_, value)| *value != Self::Null)
                .map(|(name, value)| (Cow::Borrowed(name), value))
                .collect(),
        )
    }

    /// A list of whatever becomes a value.
    pub fn list<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// A list whose members XML calls by a name of their own instead of `member`.
    pub fn list_of(member: &'static str, items: impl IntoIterator<Item = Value>) -> Self {
        Self::Map(items.into_iter().map(|item| (Cow::Borrowed(member), item)).collect())
    }

    /// The field, if this is a structure that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Map(fields) => {
                fields.iter().find(|(known, value)| known == name && *value != Self::Null).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The names of the fields that are there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = match self {
            Self::Map(fields) => fields.as_slice(),
            _ => &[],
        };
        fields.iter().filter(|(_, value)| *value != Self::Null).map(|(name, _)| name.as_ref())
    }

    /// The text of a field.
    pub fn text(&self, field: &'static str) -> Result<Option<&str>, Malformed> {
        self.get(field).map(|value| value.as_text().ok_or(Malformed::Kind { field, wanted: "a string" })).transpose()
    }

    /// The text of a field that has to be there.
    pub fn required_text(&self, field: &'static str) -> Result<&str, Malformed> {
        self.text(field)?.ok_or(Malformed::Missing(field))
    }

    /// The whole number in a field.
    pub fn int(&self, field: &'static str) -> Result<Option<i64>, Malformed> {
        self.get(field)
            .map(|value| match value {
                Self::Int(number) => Ok(*number),
                Self::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Ok(*number as i64),
                Self::Text(text) => text.parse().map_err(|_| ()),
                _ => Err(()),
            })
            .transpose()
            .map_err(|()| Malformed::Kind { field, wanted: "an integer" })
    }

    /// The truth in a field.
    pub fn bool(&self, field: &'static str) -> Result<Option<bool>, Malformed> {
        self.get(field)
            .map(|value| match value {
                Self::Bool(truth) => Ok(*truth),
                Self::Text(text) => text.parse().map_err(|_| ()),
                _ => Err(()),
            })
            .transpose()
            .map_err(|()| Malformed::Kind { field, wanted: "a boolean" })
    }

    /// The instant in a field: tagged, ISO 8601, or seconds since the epoch.
    pub fn time(&self, field: &'static str) -> Result<Option<Timestamp>, Malformed> {
        self.get(field)
            .map(|value| match value {
                Self::Time(at) => Ok(*at),
                Self::Int(seconds) => Timestamp::from_second(*seconds).map_err(|_| ()),
                Self::Float(seconds) => from_seconds(*seconds).ok_or(()),
                Self::Text(text) => text.parse().or_else(|_| text.parse::<f64>().ok().and_then(from_seconds).ok_or(())),
                _ => Err(()),
            })
            .transpose()
            .map_err(|()| Malformed::Kind { field, wanted: "a timestamp" })
    }

    /// The items of a field; none if it is absent or an empty form field.
    pub fn items(&self, field: &'static str) -> Result<&[Value], Malformed> {
        match self.get(field) {
            None => Ok(&[]),
            Some(Self::List(items)) => Ok(items),
            Some(Self::Text(text)) if text.is_empty() => Ok(&[]),
            Some(_) => Err(Malformed::Kind { field, wanted: "a list" }),
        }
    }

    /// The texts in a field; none if it is absent.
    pub fn texts(&self, field: &'static str) -> Result<Vec<&str>, Malformed> {
        self.items(field)?
            .iter()
            .map(|item| item.as_text().ok_or(Malformed::Kind { field, wanted: "a list of strings" }))
            .collect()
    }

    /// The members of a list whose members have a name, as `Filters.Filter.1` in a form or `<Changes><Change/></Changes>`
    /// in XML; none if it is absent or empty.
    pub fn members(&self, field: &'static str, member: &str) -> Result<Vec<&Value>, Malformed> {
        match self.get(field) {
            None => Ok(Vec::new()),
            Some(Self::List(items)) => Ok(items.iter().collect()),
            Some(Self::Text(text)) if text.trim().is_empty() => Ok(Vec::new()),
            Some(Self::Map(fields)) => {
                let named = fields.iter().filter(|(name, _)| name == member).map(|(_, value)| value);
                Ok(named
                    .flat_map(|value| {
                        if let Self::List(items) = value { items.as_slice() } else { std::slice::from_ref(value) }
                    })
                    .collect())
            }
            Some(_) => Err(Malformed::Kind { field, wanted: "a list" }),
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Milliseconds are what the protocols keep.
fn from_seconds(seconds: f64) -> Option<Timestamp> {
    let millis = seconds * 1e3;
    (millis.is_finite() && millis.abs() < 9e15).then(|| Timestamp::from_millisecond(millis.round() as i64).ok())?
}

/// Seconds since the epoch, to the millisecond.
pub(super) fn epoch_seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1e3
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(items)
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_fields_are_dropped_and_read_as_none() {
        let value = Value::map([("a", None::<u32>.into()), ("b", 1_u32.into())]);
        assert_eq!(value.names().collect::<Vec<_>>(), ["b"]);
        assert_eq!(value.int("a"), Ok(None));
        assert_eq!(value.required_text("a"), Err(Malformed::Missing("a")));
    }

    #[test]
    fn scalars_are_read_from_what_each_protocol_sends() {
        let form = Value::map([("n", "60".into()), ("t", "2026-01-01T08:00:00Z".into()), ("b", "true".into())]);
        let typed = Value::map([("n", 60_u32.into()), ("t", 1_767_254_400.0.into()), ("b", true.into())]);
        for value in [form, typed] {
            assert_eq!(value.int("n"), Ok(Some(60)));
            assert_eq!(value.time("t").unwrap().unwrap().as_second(), 1_767_254_400);
            assert_eq!(value.bool("b"), Ok(Some(true)));
        }
    }

    #[test]
    fn a_wrong_kind_names_the_field() {
        let value = Value::map([("n", "soon".into()), ("l", 1_u32.into())]);
        assert_eq!(value.int("n").unwrap_err().to_string(), "n must be an integer");
        assert_eq!(value.items("l").unwrap_err().to_string(), "l must be a list");
        assert_eq!(value.time("n").unwrap_err().to_string(), "n must be a timestamp");
    }
}
