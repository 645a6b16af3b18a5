//! restXml: method and path name the operation, query string, headers and an XML body carry its input, XML answers.
//! Instants are ISO 8601. Deliberately absent: what the models call a list – a repeated element is a repeated field, and
//! [`Value::members`] reads it.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Method, Request, header};
use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

use super::Service;
use super::query;
use super::value::{Name, Value};

/// Deeper than any request of the models.
const MAX_DEPTH: usize = 32;

/// The fields of a structure.
type Fields = Vec<(Name, Value)>;

/// What an operation looks like on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    service: Service,
    method: &'static str,
    /// The path below the service's version, without a slash at its end; `{Name}` takes one segment.
    path: &'static str,
    /// The operation's name in the model.
    pub operation: &'static str,
    /// The answer's root element.
    root: &'static str,
    /// The answer's HTTP status.
    pub status: u16,
    /// Fields of the answer that are headers instead of elements: the field, and the header.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Route {
    const fn get(service: Service, path: &'static str, operation: &'static str, root: &'static str) -> Self {
        Self { service, method: "GET", path, operation, root, status: 200, headers: &[] }
    }

    const fn post(service: Service, path: &'static str, operation: &'static str, root: &'static str) -> Self {
        Self { method: "POST", ..Self::get(service, path, operation, root) }
    }

    /// The labels that a path below the service's version has, if it is this route's.
    fn labels(&self, path: &str) -> Option<Fields> {
        let (mut own, mut given) = (self.path.split('/'), path.split('/'));
        let mut labels = Vec::new();
        loop {
            match (own.next(), given.next()) {
                (None, None) => return Some(labels),
                (Some(own), Some(given)) => match own.strip_prefix('{').and_then(|own| own.strip_suffix('}')) {
                    Some(_) if given.is_empty() => return None,
                    Some(label) => {
                        let text = percent_decode_str(given).decode_utf8().ok()?.into_owned();
                        labels.push((Cow::Borrowed(label), text.into()));
                    }
                    None if own == given => {}
                    None => return None,
                },
                _ => return None,
            }
        }
    }
}

/// Every operation that is answered over restXml. Of two that fit, the first counts.
static ROUTES: &[Route] = &[
    Route::get(Service::Route53, "hostedzonesbyname", "ListHostedZonesByName", "ListHostedZonesByNameResponse"),
    Route::get(Service::Route53, "hostedzone", "ListHostedZones", "ListHostedZonesResponse"),
    Route::get(Service::Route53, "hostedzone/{Id}", "GetHostedZone", "GetHostedZoneResponse"),
    Route::get(Service::Route53, "hostedzone/{Id}/rrset", "ListResourceRecordSets", "ListResourceRecordSetsResponse"),
    Route::post(
        Service::Route53,
        "hostedzone/{Id}/rrset",
        "ChangeResourceRecordSets",
        "ChangeResourceRecordSetsResponse",
    ),
    Route::get(Service::Route53, "change/{Id}", "GetChange", "GetChangeResponse"),
    Route::get(Service::Cloudfront, "distribution", "ListDistributions", "DistributionList"),
    Route {
        headers: &[("ETag", "etag")],
        ..Route::get(Service::Cloudfront, "distribution/{Id}", "GetDistribution", "Distribution")
    },
    Route {
        headers: &[("ETag", "etag")],
        ..Route::get(Service::Cloudfront, "distribution/{Id}/config", "GetDistributionConfig", "DistributionConfig")
    },
    Route::get(
        Service::Cloudfront,
        "distributions/{DistributionId}/monitoring-subscription",
        "GetMonitoringSubscription",
        "MonitoringSubscription",
    ),
    Route::get(Service::Cloudfront, "tagging", "ListTagsForResource", "Tags"),
];

/// The service whose path this is, and what is below its version.
pub(super) fn service(path: &str) -> Option<(Service, &str)> {
    let (version, rest) = path.strip_prefix('/')?.split_once('/')?;
    let service = Service::ALL.into_iter().find(|service| service.path_version() == Some(version))?;
    Some((service, rest.trim_end_matches('/')))
}

/// The route of a request, and the labels of its path.
pub(super) fn route(service: Service, method: &Method, path: &str) -> Option<(&'static Route, Fields)> {
    let mut own = ROUTES.iter().filter(|route| route.service == service && route.method == method.as_str());
    own.find_map(|route| Some((route, route.labels(path)?)))
}

/// The input: the path's labels; the query string, by its own names; `IfMatch`, where there is such a header; and the
/// body. A body called `…Request` is the input itself, any other is the field of its name.
pub(super) fn read(request: &Request<Bytes>, mut fields: Fields) -> Result<Value, String> {
    for pair in request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.push((Cow::Owned(query::unescape(name.as_bytes())?), Value::from(query::unescape(value.as_bytes())?)));
    }
    if let Some(tag) = request.headers().get(header::IF_MATCH) {
        let tag = tag.to_str().map_err(|_| "If-Match is not text")?;
        fields.push((Cow::Borrowed("IfMatch"), tag.to_owned().into()));
    }
    if !request.body().is_empty() {
        let (root, body) = document(request.body())?;
        match body {
            Value::Map(members) if root.ends_with("Request") => fields.extend(members),
            body => fields.push((Cow::Owned(root), body)),
        }
    }
    Ok(Value::Map(fields))
}

/// The name of a document's root, and what it holds: elements with elements in them are structures, others text.
fn document(body: &[u8]) -> Result<(String, Value), String> {
    struct Open {
        name: String,
        text: String,
        fields: Fields,
    }
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let closes = match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                if open.len() == MAX_DEPTH {
                    return Err("the body is nested too deep".into());
                }
                let name = tag.local_name().as_ref().to_owned();
                open.push(Open { name, text: String::new(), fields: Vec::new() });
                matches!(event, Event::Empty(_))
            }
            Event::End(_) => true,
            Event::Text(text) => {
                if let Some(open) = open.last_mut() {
                    open.text.push_str(&text.xml10_content());
                }
                false
            }
            Event::CData(text) => {
                if let Some(open) = open.last_mut() {
                    open.text.push_str(&text.xml10_content());
                }
                false
            }
            Event::GeneralRef(name) => {
                let written = format!("&{};", name.xml10_content());
                if let Some(open) = open.last_mut() {
                    open.text.push_str(&unescape(&written).map_err(|error| error.to_string())?);
                }
                false
            }
            Event::Eof => break,
            _ => false,
        };
        if closes && let Some(done) = open.pop() {
            let value = if done.fields.is_empty() { Value::from(done.text) } else { Value::Map(done.fields) };
            match open.last_mut() {
                Some(parent) => parent.fields.push((Cow::Owned(done.name), value)),
                None => root = root.or(Some((done.name, value))),
            }
        }
    }
    if open.is_empty() {
        root.ok_or_else(|| "the body has no element".into())
    } else {
        Err("the body breaks off".into())
    }
}

/// The answer to an operation; fields that are headers are left out of it.
pub(super) fn write(route: &Route, namespace: &str, answer: &Value) -> Vec<u8> {
    query::document(route.root, namespace, |xml| match answer {
        Value::Map(fields) => {
            let is_header = |name: &str| route.headers.iter().any(|(field, _)| *field == name);
            let elements = fields.iter().filter(|(name, _)| !is_header(name));
            elements.into_iter().try_for_each(|(name, value)| query::element(xml, name, value))
        }
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn input(method: &str, uri: &str, body: &'static str) -> (Option<&'static str>, Result<Value, String>) {
        let request = Request::builder().method(method).uri(uri).body(Bytes::from_static(body.as_bytes())).unwrap();
        let (service, rest) = service(request.uri().path()).unwrap();
        match route(service, request.method(), rest) {
            Some((route, labels)) => (Some(route.operation), read(&request, labels)),
            None => (None, Ok(Value::Null)),
        }
    }

    #[test]
    fn method_and_path_name_the_operation() {
        for (method, path, operation) in [
            ("GET", "/2013-04-01/hostedzonesbyname", Some("ListHostedZonesByName")),
            ("GET", "/2013-04-01/hostedzone", Some("ListHostedZones")),
            ("GET", "/2013-04-01/hostedzone/Z1", Some("GetHostedZone")),
            ("GET", "/2013-04-01/hostedzone/Z1/rrset", Some("ListResourceRecordSets")),
            ("POST", "/2013-04-01/hostedzone/Z1/rrset/", Some("ChangeResourceRecordSets")),
            ("GET", "/2013-04-01/change/C1", Some("GetChange")),
            ("DELETE", "/2013-04-01/hostedzone/Z1", None),
            ("GET", "/2013-04-01/hostedzone//rrset", None),
            ("GET", "/2013-04-01/hostedzone/a/b/c", None),
        ] {
            assert_eq!(input(method, path, "").0, operation, "{method} {path}");
        }
        assert_eq!(service("/2013-04-02/hostedzone"), None);
        assert_eq!(service("/"), None);
    }

    #[test]
    fn labels_query_and_body_are_one_input() {
        let body = r#"<?xml version="1.0"?><ChangeResourceRecordSetsRequest xmlns="urn:x"><ChangeBatch>
            <Comment>a &amp; &#98;<![CDATA[ <c>]]></Comment><Changes><Change><Action>UPSERT</Action></Change>
            <Change><Action>DELETE</Action></Change></Changes><Empty/></ChangeBatch></ChangeResourceRecordSetsRequest>"#;
        let input = input("POST", "/2013-04-01/hostedzone/%2Fhostedzone%2FZ1/rrset?name=a%2Eb&dry", body).1.unwrap();
        assert_eq!(input.text("Id").unwrap(), Some("/hostedzone/Z1"));
        assert_eq!(input.text("name").unwrap(), Some("a.b"));
        assert_eq!(input.text("dry").unwrap(), Some(""));
        let batch = input.get("ChangeBatch").unwrap();
        assert_eq!(batch.text("Comment").unwrap(), Some("a & b <c>"));
        assert_eq!(batch.text("Empty").unwrap(), Some(""));
        let actions: Vec<_> =
            batch.members("Changes", "Change").unwrap().iter().map(|one| one.text("Action").unwrap()).collect();
        assert_eq!(actions, [Some("UPSERT"), Some("DELETE")]);
    }

    #[test]
    fn broken_bodies_are_refused() {
        let deep = "<a>".repeat(100).leak();
        for (body, problem) in [("<a><b></a>", ""), ("<a>", "breaks off"), ("x", "no element"), (deep, "too deep")] {
            let said = input("POST", "/2013-04-01/hostedzone/Z1/rrset", body).1.unwrap_err();
            assert!(said.contains(problem), "{body}: {said}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = document(&bytes);
        }
    }

    #[test]
    fn an_answer_repeats_its_members_and_leaves_out_its_headers() {
        let mut route = Route::get(Service::Route53, "x", "X", "XResponse");
        route.headers = &[("ETag", "etag")];
        let zones = Value::list_of("Zone", [Value::map([("Id", "<1>".into())]), Value::map([("Id", "2".into())])]);
        let answer = Value::map([("Zones", zones), ("ETag", "E1".into()), ("None", Value::list_of("Zone", []))]);
        insta::assert_snapshot!(
            String::from_utf8(write(&route, "urn:x", &answer)).unwrap(),
            @r#"<?xml version="1.0" encoding="UTF-8"?><XResponse xmlns="urn:x"><Zones><Zone><Id>&lt;1&gt;</Id></Zone><Zone><Id>2</Id></Zone></Zones><None></None></XResponse>"#
        );
    }
}
