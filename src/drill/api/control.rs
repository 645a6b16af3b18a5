//! What is no part of AWS: `/_drill/`, over plain JSON, for tests, debriefs and people who want to break things.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use jiff::Timestamp;

use crate::drill::State;
use crate::drill::faults::Rule;
use crate::drill::wire::Value;
use crate::drill::world::money::Line;

/// Where these routes are.
pub(super) const PREFIX: &str = "/_drill/";

const DAY: i64 = 86_400;

/// Answers a request under [`PREFIX`].
pub(super) fn answer(state: &mut State, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
    let route = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    let (status, value) = match (request.method(), route) {
        (&Method::GET, "state") => (StatusCode::OK, state_value(state)),
        (&Method::GET, "log") => (StatusCode::OK, log(state)),
        (&Method::GET, "ledger") => (StatusCode::OK, ledger(state)),
        (&Method::GET, "faults") => (StatusCode::OK, faults(state)),
        (&Method::POST, "faults") => match add_fault(state, request.body(), now) {
            Ok(()) => (StatusCode::OK, faults(state)),
            Err(sentence) => (StatusCode::BAD_REQUEST, error(sentence)),
        },
        (&Method::DELETE, "faults") => {
            state.faults.clear();
            (StatusCode::OK, faults(state))
        }
        (_, "state" | "log" | "ledger" | "faults") => {
            (StatusCode::METHOD_NOT_ALLOWED, error(format!("{} is not for {route}", request.method())))
        }
        _ => (
            StatusCode::NOT_FOUND,
            error(format!("no route {PREFIX}{route}; there are {PREFIX}state, log, ledger and faults")),
        ),
    };
    let mut response = Response::new(Bytes::from(serde_json::to_vec(&value).unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn state_value(state: &State) -> Value {
    let world = &state.world;
    Value::map([
        ("scenario", world.scenario().name.clone().into()),
        ("started", world.start().to_string().into()),
        ("time", world.now().to_string().into()),
        ("trace", format!("{:016x}", world.trace_hash()).into()),
        ("users", (world.users().round() as i64).into()),
        ("answers", (state.answers as i64).into()),
    ])
}

fn log(state: &State) -> Value {
    let writes = state
        .world
        .writes()
        .iter()
        .map(|write| Value::map([("at", write.at.to_string().into()), ("what", write.what.clone().into())]));
    Value::map([("writes", Value::list(writes))])
}

/// What was spent since the UTC midnight, by now and as Cost Explorer knows it, and what an hour costs if it is like the
/// last second, by line of the bill.
fn ledger(state: &State) -> Value {
    let world = &state.world;
    let midnight = world.now().as_second().div_euclid(DAY) * DAY;
    let (today, known, rate) = (world.spent_on(midnight), world.known_on(midnight), world.run_rate());
    let line = |line: Line| {
        let price = line.price();
        Value::map([
            ("service", price.service.into()),
            ("usage_type", price.usage_type.into()),
            ("quantity", today.quantity(line).into()),
            ("unit", price.unit.into()),
            ("usd_per_unit", price.dollars.into()),
            ("usd", today.cost(line).into()),
            ("usd_known", known.cost(line).into()),
            ("usd_per_hour", rate.cost(line).into()),
        ])
    };
    Value::map([
        ("refreshed", world.refreshed().to_string().into()),
        ("usd", today.total().into()),
        ("usd_known", known.total().into()),
        ("usd_per_hour", rate.total().into()),
        ("lines", Value::list(Line::ALL.map(line))),
    ])
}

fn faults(state: &State) -> Value {
    Value::map([("faults", Value::list(state.faults.rules().iter().map(Rule::describe)))])
}

fn add_fault(state: &mut State, body: &[u8], now: Timestamp) -> Result<(), String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    state.faults.add(Rule::read(&body, now)?);
    Ok(())
}

fn error(sentence: String) -> Value {
    Value::map([("error", sentence.into())])
}
