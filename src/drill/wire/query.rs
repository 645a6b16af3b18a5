//! awsQuery: a form in, XML out. Lists are `Field.member.N`, or `Field.<Member>.N` where the model names the members as
//! RDS's does; instants are ISO 8601.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::value::Value;

/// Deeper than any request of the models.
const MAX_DEPTH: usize = 16;

/// A form as a tree. `Action` and `Version` are fields like the others.
pub fn read(body: &[u8]) -> Result<Value, String> {
    let mut root = Node::default();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = unescape(halves.next().unwrap_or_default())?;
        let value = unescape(halves.next().unwrap_or_default())?;
        if name.split('.').count() > MAX_DEPTH {
            return Err(format!("{name} is nested too deep"));
        }
        let node = name.split('.').fold(&mut root, |node, part| node.children.entry(part.to_owned()).or_default());
        node.text = Some(value);
    }
    Ok(Value::Map(root.fields()))
}

/// A piece of a form or of a query string, as it was before it was escaped.
pub(super) fn unescape(raw: &[u8]) -> Result<String, String> {
    let spaced: Vec<u8> = raw.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().map(Cow::into_owned).map_err(|_| "the form is not UTF-8".into())
}

#[derive(Default)]
struct Node {
    text: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn value(mut self) -> Value {
        if let Some(members) = self.children.remove("member") {
            return members.list();
        }
        if !self.children.is_empty() && self.children.keys().all(|name| name.parse::<u64>().is_ok()) {
            return self.list();
        }
        match self.text {
            Some(text) if self.children.is_empty() => Value::from(text),
            _ => Value::Map(self.fields()),
        }
    }

    /// The children that are called by a number, in the numbers' order.
    fn list(self) -> Value {
        let numbered = |(index, node): (String, Node)| Some((index.parse::<u64>().ok()?, node));
        let mut items: Vec<(u64, Node)> = self.children.into_iter().filter_map(numbered).collect();
        items.sort_by_key(|(index, _)| *index);
        Value::List(items.into_iter().map(|(_, node)| node.value()).collect())
    }

    fn fields(self) -> Vec<(Cow<'static, str>, Value)> {
        self.children.into_iter().map(|(name, node)| (Cow::Owned(name), node.value())).collect()
    }
}

/// The answer to `operation`: its result in the wrappers AWS puts around it.
pub fn write(operation: &str, namespace: &str, request_id: &str, result: &Value) -> Vec<u8> {
    document(&format!("{operation}Response"), namespace, |xml| {
        element(xml, &format!("{operation}Result"), result)?;
        element(xml, "ResponseMetadata", &Value::map([("RequestId", request_id.to_owned().into())]))
    })
}

/// A refusal, likewise.
pub fn write_error(namespace: &str, request_id: &str, sender: bool, code: &str, message: &str) -> Vec<u8> {
    let error = Value::map([
        ("Type", if sender { "Sender" } else { "Receiver" }.into()),
        ("Code", code.to_owned().into()),
        ("Message", message.to_owned().into()),
    ]);
    document("ErrorResponse", namespace, |xml| {
        element(xml, "Error", &error)?;
        element(xml, "RequestId", &request_id.to_owned().into())
    })
}

pub(super) type Xml = Writer<Vec<u8>>;

/// A document of one root element.
pub(super) fn document(root: &str, namespace: &str, body: impl FnOnce(&mut Xml) -> std::io::Result<()>) -> Vec<u8> {
    let mut xml = Writer::new(Vec::new());
    let whole = |xml: &mut Xml| {
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        xml.write_event(Event::Start(BytesStart::new(root).with_attributes([("xmlns", namespace)])))?;
        body(xml)?;
        xml.write_event(Event::End(BytesEnd::new(root)))
    };
    // A vector never refuses a byte.
    let _: std::io::Result<()> = whole(&mut xml);
    xml.into_inner()
}

/// An element with a value in it; nothing for none.
pub(super) fn element(xml: &mut Xml, name: &str, value: &Value) -> std::io::Result<()> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::List(items) => {
            return wrapped(xml, name, |xml| items.iter().try_for_each(|item| element(xml, "member", item)));
        }
        Value::Map(fields) => {
            return wrapped(xml, name, |xml| fields.iter().try_for_each(|(name, value)| element(xml, name, value)));
        }
        Value::Pairs(pairs) => {
            let entry = |xml: &mut Xml, key: &str, value: &Value| {
                wrapped(xml, "entry", |xml| {
                    element(xml, "key", &key.to_owned().into())?;
                    element(xml, "value", value)
                })
            };
            return wrapped(xml, name, |xml| pairs.iter().try_for_each(|(key, value)| entry(xml, key, value)));
        }
        Value::Text(text) => Cow::Borrowed(text.as_ref()),
        Value::Bool(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        Value::Int(number) => Cow::Owned(number.to_string()),
        Value::Float(number) => Cow::Owned(number.to_string()),
        Value::Time(at) => Cow::Owned(at.to_string()),
    };
    wrapped(xml, name, |xml| xml.write_event(Event::Text(BytesText::new(&text))))
}

fn wrapped(xml: &mut Xml, name: &str, body: impl FnOnce(&mut Xml) -> std::io::Result<()>) -> std::io::Result<()> {
    xml.write_event(Event::Start(BytesStart::new(name)))?;
    body(xml)?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_a_tree() {
        let form = b"Action=X&Names.member.2=b&Names.member.10=c+d&Names.member.1=a%2Fa&A.B=1&Empty=";
        let value = read(form).unwrap();
        assert_eq!(value.text("Action").unwrap(), Some("X"));
        assert_eq!(value.texts("Names").unwrap(), ["a/a", "b", "c d"]);
        assert_eq!(value.get("A").unwrap().int("B"), Ok(Some(1)));
        assert!(value.items("Empty").unwrap().is_empty());
    }

    #[test]
    fn structures_in_lists() {
        let value = read(b"D.member.1.Name=N&D.member.1.Value=V").unwrap();
        let first = &value.items("D").unwrap()[0];
        assert_eq!((first.text("Name").unwrap(), first.text("Value").unwrap()), (Some("N"), Some("V")));
    }

    #[test]
    fn members_that_the_model_names() {
        let form =
            b"Filters.Filter.1.Name=db-instance-id&Filters.Filter.1.Values.Value.2=b&Filters.Filter.1.Values.Value.1=a";
        let value = read(form).unwrap();
        let filters = value.members("Filters", "Filter").unwrap();
        assert_eq!(filters.len(), 1);
        assert_eq!(filters[0].text("Name").unwrap(), Some("db-instance-id"));
        let values: Vec<_> = filters[0].members("Values", "Value").unwrap().iter().map(|one| one.as_text()).collect();
        assert_eq!(values, [Some("a"), Some("b")]);
        assert!(value.members("Tags", "Tag").unwrap().is_empty());
    }

    #[test]
    fn broken_forms_are_refused() {
        assert!(read(b"a=%ff").is_err());
        assert!(read("a.".repeat(1000).as_bytes()).unwrap_err().contains("too deep"));
    }

    #[test]
    fn an_answer_is_wrapped_and_escaped() {
        let value = Value::map([("Names", Value::list(["<a>", "b&c"])), ("None", Value::List(vec![]))]);
        insta::assert_snapshot!(
            String::from_utf8(write("List", "urn:x", "id-1", &value)).unwrap(),
            @r#"<?xml version="1.0" encoding="UTF-8"?><ListResponse xmlns="urn:x"><ListResult><Names><member>&lt;a&gt;</member><member>b&amp;c</member></Names><None></None></ListResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ListResponse>"#
        );
    }

    #[test]
    fn the_names_of_a_map_are_text() {
        let pairs = Value::Pairs(vec![("p95".into(), 1.5.into())]);
        let answer = String::from_utf8(write("X", "urn:x", "id", &Value::map([("S", pairs)]))).unwrap();
        assert!(answer.contains("<S><entry><key>p95</key><value>1.5</value></entry></S>"), "{answer}");
    }

    #[test]
    fn a_refusal_is_wrapped() {
        insta::assert_snapshot!(
            String::from_utf8(write_error("urn:x", "id-1", true, "Throttling", "Rate exceeded")).unwrap(),
            @r#"<?xml version="1.0" encoding="UTF-8"?><ErrorResponse xmlns="urn:x"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>id-1</RequestId></ErrorResponse>"#
        );
    }
}
