//! What lines of the bill are picked and grouped by.

use std::borrow::Cow;

use super::invalid;
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::money::Line;

/// Deeper than anybody nests.
const MAX_DEPTH: usize = 8;
/// Groups that can be asked for at once.
const MOST_GROUPS: usize = 2;

/// Something that every line has a value of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attribute {
    Service,
    UsageType,
    Region,
    LinkedAccount,
    RecordType,
    Tag(String),
}

impl Attribute {
    fn dimension(key: &str) -> Result<Self, Refusal> {
        Ok(match key {
            "SERVICE" => Self::Service,
            "USAGE_TYPE" => Self::UsageType,
            "REGION" => Self::Region,
            "LINKED_ACCOUNT" => Self::LinkedAccount,
            "RECORD_TYPE" => Self::RecordType,
            other => return Err(invalid(format!("The drill's Cost Explorer has no dimension {other}."))),
        })
    }

    /// The `GroupBy` of a request.
    pub fn read_groups(input: &Value) -> Result<Vec<Self>, Refusal> {
        let groups = input.items("GroupBy")?;
        if groups.len() > MOST_GROUPS {
            return Err(invalid(format!("Up to {MOST_GROUPS} group definitions are supported, not {}", groups.len())));
        }
        let read = |group: &Value| {
            let key = group.required_text("Key")?;
            match group.text("Type")? {
                Some("DIMENSION") | None => Self::dimension(key),
                Some("TAG") => Ok(Self::Tag(key.to_owned())),
                Some(other) => Err(invalid(format!("The drill's Cost Explorer groups by no {other}."))),
            }
        };
        groups.iter().map(read).collect()
    }

    /// Its `GroupDefinition`.
    pub fn definition(&self) -> Value {
        let (kind, key) = match self {
            Self::Service => ("DIMENSION", "SERVICE"),
            Self::UsageType => ("DIMENSION", "USAGE_TYPE"),
            Self::Region => ("DIMENSION", "REGION"),
            Self::LinkedAccount => ("DIMENSION", "LINKED_ACCOUNT"),
            Self::RecordType => ("DIMENSION", "RECORD_TYPE"),
            Self::Tag(key) => ("TAG", key.as_str()),
        };
        Value::map([("Type", kind.into()), ("Key", key.to_owned().into())])
    }

    /// A line's value, as a group's key. A tag's is `Key$value`, and ends with the `$` where the line has none.
    pub fn value(&self, world: &World, line: Line) -> Cow<'static, str> {
        let price = line.price();
        match self {
            Self::Service => price.service.into(),
            Self::UsageType => price.usage_type.into(),
            Self::Region => match line {
                Line::EdgeRequests | Line::EdgeBytes | Line::HostedZone => "global".into(),
                _ => world.identity().region.into(),
            },
            Self::LinkedAccount => world.identity().account.into(),
            Self::RecordType => "Usage".into(),
            Self::Tag(key) => format!("{key}${}", tag(key, line).unwrap_or_default()).into(),
        }
    }
}

/// What is tagged, and how: everything that runs, and no call.
fn tag(key: &str, line: Line) -> Option<&'static str> {
    match (key, line) {
        (_, Line::Metrics | Line::CostExplorer) => None,
        ("Environment", _) => Some("production"),
        ("Application", _) => Some("solosuccess"),
        _ => None,
    }
}

/// Which lines a question is about: Cost Explorer's `Expression`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    All,
    Is(Attribute, Vec<String>),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
}

impl Filter {
    /// The `Filter` of a request.
    pub fn read(expression: Option<&Value>) -> Result<Self, Refusal> {
        expression.map_or(Ok(Self::All), |expression| Self::expression(expression, 0))
    }

    fn expression(expression: &Value, depth: usize) -> Result<Self, Refusal> {
        let mut names = expression.names();
        let (Some(name), None, true) = (names.next(), names.next(), depth < MAX_DEPTH) else {
            return Err(invalid("Expression should have exactly one of Or, And, Not, Dimensions and Tags"));
        };
        let inner = expression.get(name).unwrap_or(&Value::Null);
        let several = |field: &'static str| -> Result<Vec<Self>, Refusal> {
            let items = expression.items(field)?;
            if items.len() < 2 {
                return Err(invalid(format!("{field} needs at least two expressions")));
            }
            items.iter().map(|item| Self::expression(item, depth + 1)).collect()
        };
        match name {
            "And" => Ok(Self::And(several("And")?)),
            "Or" => Ok(Self::Or(several("Or")?)),
            "Not" => Ok(Self::Not(Box::new(Self::expression(inner, depth + 1)?))),
            "Dimensions" | "Tags" => {
                let key = inner.required_text("Key")?;
                let attribute =
                    if name == "Tags" { Attribute::Tag(key.to_owned()) } else { Attribute::dimension(key)? };
                let values: Vec<String> = inner.texts("Values")?.into_iter().map(str::to_owned).collect();
                if values.is_empty() {
                    return Err(invalid(format!("Values of {key} is empty")));
                }
                if let Some(other) = inner.texts("MatchOptions")?.into_iter().find(|option| *option != "EQUALS") {
                    return Err(invalid(format!("The drill's Cost Explorer matches by EQUALS only, not by {other}.")));
                }
                Ok(Self::Is(attribute, values))
            }
            other => Err(invalid(format!("The drill's Cost Explorer filters by no {other}."))),
        }
    }

    /// Whether a line is among those.
    pub fn passes(&self, world: &World, line: Line) -> bool {
        match self {
            Self::All => true,
            Self::And(all) => all.iter().all(|one| one.passes(world, line)),
            Self::Or(any) => any.iter().any(|one| one.passes(world, line)),
            Self::Not(one) => !one.passes(world, line),
            Self::Is(attribute, values) => {
                let own = attribute.value(world, line);
                // A group's key carries the tag's key, a filter's value does not.
                let own = match attribute {
                    Attribute::Tag(_) => own.split_once('$').map_or("", |(_, value)| value),
                    _ => own.as_ref(),
                };
                values.iter().any(|value| value == own)
            }
        }
    }
}
