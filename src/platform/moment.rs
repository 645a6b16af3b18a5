//! How a time stands in the schema of a snapshot. Absent on purpose: a time of its own; times are `jiff`'s.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Stands for a `jiff::Timestamp` where a schema is made: a text as RFC 3339 has it.
pub struct Moment;

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time as RFC 3339 has it, as in `2026-03-10T14:05:00Z`.",
            "type": "string",
            "format": "date-time"
        })
    }
}
