//! Values of variables, and how each kind of knob reads and shows itself as one.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use crate::platform::{CacheId, DatabaseId, Environment, TaskCount};
use crate::policy::schedule::Zone;

/// A literal value. What a file may hold beyond these – expressions – is kept as its source text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Names with their values.
    Map(BTreeMap<String, Value>),
    /// Something else, as written.
    Other(String),
}

impl fmt::Display for Value {
    /// As it is written in a `.tfvars` file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(is) => write!(f, "{is}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Map(entries) if entries.is_empty() => f.write_str("{}"),
            Self::Map(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(name, value)| format!("{} = {value}", quoted(name))).collect();
                write!(f, "{{ {} }}", entries.join(", "))
            }
            Self::List(values) => {
                let values: Vec<_> = values.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
            Self::Other(source) => f.write_str(source),
        }
    }
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}

/// A knob's type: how it is read from a value and shown as one. Errors are what was expected, as in "a whole number".
pub(super) trait Knob: Sized {
    fn read(value: &Value) -> Result<Self, String>;
    fn show(&self) -> Value;
}

impl Knob for u32 {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Number(n) if n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(n) => Ok(*n as u32),
            Value::Number(n) if *n < 0.0 => Err("must not be negative".to_owned()),
            _ => Err("must be a whole number".to_owned()),
        }
    }

    fn show(&self) -> Value {
        Value::Number(f64::from(*self))
    }
}

impl Knob for bool {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(is) => Ok(*is),
            _ => Err("must be true or false".to_owned()),
        }
    }

    fn show(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Knob for u8 {
    fn read(value: &Value) -> Result<Self, String> {
        let hour = u32::read(value)?;
        u8::try_from(hour)
            .ok()
            .filter(|hour| *hour <= 24)
            .ok_or_else(|| "must be an hour of the day, 0 to 24".to_owned())
    }

    fn show(&self) -> Value {
        Value::Number(f64::from(*self))
    }
}

impl Knob for f64 {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Number(n) if n.is_finite() => Ok(*n),
            _ => Err("must be a number".to_owned()),
        }
    }

    fn show(&self) -> Value {
        Value::Number(*self)
    }
}

impl Knob for TaskCount {
    fn read(value: &Value) -> Result<Self, String> {
        u32::read(value).map(Self)
    }

    fn show(&self) -> Value {
        self.0.show()
    }
}

impl Knob for Option<TaskCount> {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => TaskCount::read(value).map(Some).map_err(|expected| format!("{expected}, or null")),
        }
    }

    fn show(&self) -> Value {
        self.map_or(Value::Null, |count| count.show())
    }
}

impl Knob for String {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) if !text.trim().is_empty() => Ok(text.clone()),
            _ => Err("must be a string that is not empty".to_owned()),
        }
    }

    fn show(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Knob for Option<f64> {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => f64::read(value).map(Some).map_err(|expected| format!("{expected}, or null")),
        }
    }

    fn show(&self) -> Value {
        self.map_or(Value::Null, Value::Number)
    }
}

macro_rules! ids {
    ($($id:ident),*) => {
        $(impl Knob for Vec<$id> {
            fn read(value: &Value) -> Result<Self, String> {
                let expected = || "must be a list of names".to_owned();
                let Value::List(names) = value else { return Err(expected()) };
                names.iter().map(|name| String::read(name).map($id::new).map_err(|_| expected())).collect()
            }

            fn show(&self) -> Value {
                Value::List(self.iter().map(|id| Value::Text(id.to_string())).collect())
            }
        })*
    };
}

ids!(DatabaseId, CacheId);

impl Knob for BTreeMap<DatabaseId, u32> {
    fn read(value: &Value) -> Result<Self, String> {
        let expected = || "must be a map of whole numbers above 0, as in { \"db-1\" = 400 }".to_owned();
        let Value::Map(entries) = value else { return Err(expected()) };
        let entry = |(name, value): (&String, &Value)| match u32::read(value) {
            Ok(max) if max > 0 => Ok((DatabaseId::new(name), max)),
            _ => Err(expected()),
        };
        entries.iter().map(entry).collect()
    }

    fn show(&self) -> Value {
        Value::Map(self.iter().map(|(id, max)| (id.to_string(), max.show())).collect())
    }
}

impl Knob for Environment {
    fn read(value: &Value) -> Result<Self, String> {
        String::read(value).map(|label| Self::from_label(&label))
    }

    fn show(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl Knob for Zone {
    fn read(value: &Value) -> Result<Self, String> {
        Self::named(&String::read(value)?).map_err(|_| "must be a zone of the IANA database, as in \"UTC\"".to_owned())
    }

    fn show(&self) -> Value {
        Value::Text(self.name().to_owned())
    }
}

impl Knob for Vec<Date> {
    fn read(value: &Value) -> Result<Self, String> {
        let expected = || "must be a list of dates, as in [\"2026-12-25\"]".to_owned();
        let Value::List(days) = value else { return Err(expected()) };
        let day = |day: &Value| match day {
            Value::Text(day) => day.parse().map_err(|_| expected()),
            _ => Err(expected()),
        };
        days.iter().map(day).collect()
    }

    fn show(&self) -> Value {
        Value::List(self.iter().map(|day| Value::Text(day.to_string())).collect())
    }
}
