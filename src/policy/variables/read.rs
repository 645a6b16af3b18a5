//! From the text of a file to a policy, or to every mistake in it, each with its line.

use std::collections::BTreeMap;
use std::path::Path;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, Object, ObjectKey, ObjectValue, UnaryOperator};
use hcl_edit::structure::{Attribute, Structure};

use super::value::{Knob as _, Value};
use super::{ENVIRONMENT, Variable, all, check};
use crate::platform::Environment;
use crate::policy::knobs::Policy;

/// A name this alike to a variable's is taken for a slip of the pen, not for somebody else's variable.
const ALIKE: f64 = 0.8;

/// A policy that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyFile {
    /// The policy.
    pub policy: Policy,
    /// Names of the platform's other variables, passed over.
    pub ignored: Vec<String>,
    /// Where in the file each variable stands.
    pub origins: Origins,
}

/// Where the values of a policy come from. What is not in it has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins {
    /// The name that was given for the file.
    pub file: String,
    /// The line of each variable that it sets, counted from 1.
    pub lines: BTreeMap<&'static str, usize>,
}

impl Origins {
    /// Where a variable is set, as in `production.tfvars:3`; `None`: nowhere.
    pub fn of(&self, variable: &str) -> Option<String> {
        self.lines.get(variable).map(|line| format!("{}:{line}", self.file))
    }
}

/// A mistake in a file: `production.tfvars:3: ecs_cpu_target = -5: a target must be above 0`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct Mistake {
    /// The name that was given for the file.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The variable, its value and what is wrong; for an unknown variable the nearest one.
    pub what: String,
}

/// One assignment of a file.
struct Entry {
    name: String,
    value: Value,
    /// The value as written.
    source: String,
    line: usize,
}

/// Reads a file by the ending of its name: `.json` is JSON, any other a `.tfvars` file. A file that names no environment
/// is read for the one that was `asked` for; one that names another contradicts it, which is a mistake.
pub fn read(file: &str, text: &str, asked: Option<&Environment>) -> Result<PolicyFile, Vec<Mistake>> {
    let is_json = Path::new(file).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let entries = if is_json { json_entries(file, text)? } else { tfvars_entries(file, text)? };
    assemble(file, &entries, asked)
}

/// Reads a `.tfvars` file; a variable that is set twice is no such file. All mistakes are told at once, in the order of the file.
pub fn read_tfvars(file: &str, text: &str) -> Result<PolicyFile, Vec<Mistake>> {
    assemble(file, &tfvars_entries(file, text)?, None)
}

fn tfvars_entries(file: &str, text: &str) -> Result<Vec<Entry>, Vec<Mistake>> {
    let mistake = |line, what| Mistake { file: file.to_owned(), line, what };
    let body = hcl_edit::parser::parse_body(text).map_err(|error| {
        vec![mistake(error.location().line(), format!("not a variables file: {}", error.message()))]
    })?;
    let mut entries = Vec::new();
    for structure in &body {
        match structure {
            Structure::Attribute(attribute) => {
                let source = attribute.value.span().and_then(|span| text.get(span)).unwrap_or_default().trim();
                entries.push(Entry {
                    name: attribute.key.to_string().trim().to_owned(),
                    value: literal(&attribute.value, source),
                    source: source.to_owned(),
                    line: line_of(text, attribute.span().map_or(0, |span| span.start)),
                });
            }
            Structure::Block(block) => {
                let line = line_of(text, block.span().map_or(0, |span| span.start));
                let what = format!("a block `{}` has no place in a variables file", block.ident.as_str());
                return Err(vec![mistake(line, what)]);
            }
        }
    }
    Ok(entries)
}

/// Reads a `.tfvars.json` file. All mistakes are told at once, in the order of their names.
pub fn read_json(file: &str, text: &str) -> Result<PolicyFile, Vec<Mistake>> {
    assemble(file, &json_entries(file, text)?, None)
}

fn json_entries(file: &str, text: &str) -> Result<Vec<Entry>, Vec<Mistake>> {
    let mistake = |line, what| vec![Mistake { file: file.to_owned(), line, what }];
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|error| mistake(error.line(), format!("not a variables file: {error}")))?;
    let serde_json::Value::Object(object) = json else {
        return Err(mistake(1, "not a variables file: the outermost value must be an object".to_owned()));
    };
    let entries = object.into_iter().map(|(name, value)| {
        let line = line_of_key(text, &name);
        Entry { source: value.to_string(), value: from_json(value), name, line }
    });
    Ok(entries.collect())
}

/// Writes one value back into the text of a `.tfvars` file, comments and order kept; a variable that is not there is
/// added at the end.
pub fn write_back(file: &str, text: &str, variable: &Variable, policy: &Policy) -> Result<String, Mistake> {
    let mut body = hcl_edit::parser::parse_body(text).map_err(|error| Mistake {
        file: file.to_owned(),
        line: error.location().line(),
        what: format!("not a variables file: {}", error.message()),
    })?;
    let value = expression(&variable.get(policy));
    if let Some(mut attribute) = body.get_attribute_mut(variable.name) {
        let decor = hcl_edit::Decorate::decor(attribute.value_mut()).clone();
        *attribute.value_mut() = value;
        *hcl_edit::Decorate::decor_mut(attribute.value_mut()) = decor;
    } else {
        body.push(Attribute::new(hcl_edit::Ident::new(variable.name), value));
    }
    Ok(body.to_string())
}

fn assemble(file: &str, entries: &[Entry], asked: Option<&Environment>) -> Result<PolicyFile, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut refuse = |entry: &Entry, why: &str| {
        let what = format!("{} = {}: {why}", entry.name, entry.source);
        mistakes.push(Mistake { file: file.to_owned(), line: entry.line, what });
    };
    let environment = entries.iter().find(|entry| entry.name == ENVIRONMENT);
    let asked_for = || asked.cloned().unwrap_or(Environment::Production);
    let named = environment.map_or_else(|| Ok(asked_for()), |entry| Environment::read(&entry.value));
    let mut policy = Policy::of_spec(named.unwrap_or_else(|why| {
        if let Some(entry) = environment {
            refuse(entry, &why);
        }
        asked_for()
    }));
    if let (Some(entry), Some(asked)) = (environment, asked.filter(|asked| **asked != policy.environment)) {
        refuse(entry, &format!("contradicts the environment that was asked for, \"{asked}\""));
    }
    let mut given: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut ignored = Vec::new();
    for entry in entries {
        if let Some(variable) = all().find(|variable| variable.name == entry.name) {
            given.insert(variable.name, entry);
            if variable.name == ENVIRONMENT {
                continue;
            }
            if let Err(why) = (variable.set)(&mut policy, &entry.value) {
                refuse(entry, &why);
            }
            continue;
        }
        match nearest(&entry.name) {
            Some(near) => refuse(entry, &format!("unknown variable; the nearest is `{near}`")),
            None => ignored.push(entry.name.clone()),
        }
    }
    for fault in check::faults(&policy, |name| given.contains_key(name)) {
        if let Some(entry) = fault.variables.iter().find_map(|name| given.get(name)) {
            refuse(entry, &fault.why);
        }
    }
    mistakes.sort_by_key(|mistake| mistake.line);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let lines = given.iter().filter_map(|(name, entry)| {
        let variable = all().find(|variable| variable.name == *name)?;
        Some((variable.name, entry.line))
    });
    let origins = Origins { file: file.to_owned(), lines: lines.collect() };
    Ok(PolicyFile { policy, ignored, origins })
}

fn nearest(name: &str) -> Option<&'static str> {
    all()
        .map(|variable| (strsim::normalized_damerau_levenshtein(name, variable.name), variable.name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn literal(expression: &Expression, source: &str) -> Value {
    match expression {
        Expression::Null(_) => Value::Null,
        Expression::Number(number) => number.as_f64().map_or(Value::Other(source.to_owned()), Value::Number),
        Expression::String(text) => Value::Text(text.as_str().to_owned()),
        Expression::Bool(is) => Value::Bool(*is.value()),
        Expression::Object(object) => {
            let entries = object.iter().map(|(key, value)| {
                let name = match key {
                    ObjectKey::Ident(name) => name.as_str().to_owned(),
                    ObjectKey::Expression(Expression::String(name)) => name.as_str().to_owned(),
                    ObjectKey::Expression(_) => return None,
                };
                Some((name, literal(value.expr(), source)))
            });
            entries.collect::<Option<_>>().map_or_else(|| Value::Other(source.to_owned()), Value::Map)
        }
        Expression::Array(array) => Value::List(array.iter().map(|value| literal(value, source)).collect()),
        Expression::UnaryOp(op) if *op.operator.value() == UnaryOperator::Neg => match literal(&op.expr, source) {
            Value::Number(number) => Value::Number(-number),
            _ => Value::Other(source.to_owned()),
        },
        _ => Value::Other(source.to_owned()),
    }
}

fn expression(value: &Value) -> Expression {
    match value {
        Value::Bool(is) => Expression::from(*is),
        Value::Number(number) if number.fract() == 0.0 => Expression::from(*number as i64),
        Value::Number(number) => Expression::from(*number),
        Value::Text(text) => Expression::from(text.as_str()),
        Value::List(values) => Expression::from(values.iter().map(expression).collect::<Vec<_>>()),
        Value::Map(entries) => {
            let mut object = Object::new();
            for (name, value) in entries {
                object.insert(ObjectKey::from(Expression::from(name.as_str())), ObjectValue::new(expression(value)));
            }
            Expression::from(object)
        }
        Value::Null | Value::Other(_) => Expression::null(),
    }
}

fn from_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(is) => Value::Bool(is),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Other(number.to_string()), Value::Number),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(values) => Value::List(values.into_iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.into_iter().map(|(name, value)| (name, from_json(value))).collect())
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// The line of a key of a JSON object; the first, where a nested one has the same name.
fn line_of_key(text: &str, name: &str) -> usize {
    let quoted = serde_json::Value::from(name).to_string();
    let is_key = |(at, _): &(usize, &str)| text[at + quoted.len()..].trim_start().starts_with(':');
    text.match_indices(&quoted).find(is_key).map_or(1, |(at, _)| line_of(text, at))
}
