//! Cost Explorer's expressions: which lines of the bill a request is about.

use crate::drill::wire::{Refusal, Value};
use crate::drill::world::Identity;
use crate::drill::world::money::Line;

/// Deeper than any expression that is meant.
const DEEPEST: usize = 8;

/// What a line has in a dimension.
pub(super) fn value(line: Line, dimension: &str, identity: &Identity) -> &'static str {
    match dimension {
        "SERVICE" => line.price().service,
        "USAGE_TYPE" => line.price().usage_type,
        "LINKED_ACCOUNT" => identity.account,
        // What is not in a region is billed as global.
        _ => match line {
            Line::EdgeRequests | Line::EdgeBytes | Line::HostedZone => "global",
            _ => identity.region,
        },
    }
}

/// The lines that an expression lets through.
pub(super) fn lines(filter: &Value, identity: &Identity) -> Result<Vec<Line>, Refusal> {
    let mut kept = Vec::new();
    for line in Line::ALL {
        if holds(filter, line, identity, 0)? {
            kept.push(line);
        }
    }
    Ok(kept)
}

fn holds(filter: &Value, line: Line, identity: &Identity, depth: usize) -> Result<bool, Refusal> {
    let invalid = |message: String| Refusal::new("ValidationException", message);
    if depth == DEEPEST {
        return Err(invalid("The expression is nested too deep.".to_owned()));
    }
    let each = |field: &'static str| -> Result<Vec<bool>, Refusal> {
        filter.items(field)?.iter().map(|one| holds(one, line, identity, depth + 1)).collect()
    };
    let mut names = filter.names();
    let (name, more) = (names.next().map(str::to_owned), names.next().is_some());
    match name.as_deref() {
        _ if more => Err(invalid("Expression: There can only be one root operator for each expression.".to_owned())),
        Some("And") => Ok(each("And")?.into_iter().all(|one| one)),
        Some("Or") => Ok(each("Or")?.into_iter().any(|one| one)),
        Some("Not") => match filter.get("Not") {
            Some(inner) => Ok(!holds(inner, line, identity, depth + 1)?),
            None => Ok(true),
        },
        Some("Dimensions") => {
            let Some(dimension) = filter.get("Dimensions") else { return Ok(true) };
            let key = dimension.required_text("Key")?;
            if !super::KEYS.contains(&key) {
                return Err(invalid(format!("The drill filters by no dimension {key}.")));
            }
            let own = value(line, key, identity);
            Ok(dimension.texts("Values")?.contains(&own))
        }
        Some(other) => Err(invalid(format!("The drill filters by no {other}."))),
        None => Err(invalid("The expression is empty.".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::world::IDENTITY;

    fn dimension(key: &'static str, values: &[&'static str]) -> Value {
        let values = Value::list(values.iter().map(|value| Value::from(*value)));
        Value::map([("Dimensions", Value::map([("Key", key.into()), ("Values", values)]))])
    }

    #[test]
    fn expressions_choose_lines() {
        let all = |filter: &Value| lines(filter, &IDENTITY).unwrap().len();
        let rds = || dimension("SERVICE", &["Amazon Relational Database Service"]);
        assert_eq!(all(&rds()), 4);
        assert_eq!(all(&dimension("REGION", &["global"])), 3);
        assert_eq!(all(&dimension("LINKED_ACCOUNT", &["123456789012"])), Line::COUNT);
        assert_eq!(all(&dimension("LINKED_ACCOUNT", &["1"])), 0);
        let not = Value::map([("Not", rds())]);
        assert_eq!(all(&not), Line::COUNT - 4);
        let both = Value::map([("And", Value::list([rds(), not.clone()]))]);
        assert_eq!(all(&both), 0);
        let either = Value::map([("Or", Value::list([rds(), not]))]);
        assert_eq!(all(&either), Line::COUNT);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let two = Value::map([("And", Value::list([dimension("SERVICE", &[])])), ("Not", dimension("SERVICE", &[]))]);
        for filter in [Value::map([]), dimension("AZ", &["a"]), Value::map([("Tags", Value::map([]))]), two] {
            assert_eq!(lines(&filter, &IDENTITY).unwrap_err().code, "ValidationException", "{filter:?}");
        }
        let mut deep = dimension("SERVICE", &[]);
        for _ in 0..20 {
            deep = Value::map([("Not", deep)]);
        }
        assert!(lines(&deep, &IDENTITY).unwrap_err().message.contains("too deep"));
    }
}
