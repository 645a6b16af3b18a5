//! What goes wrong on purpose: which faults are on, for which calls, since when and until when. Data only; `api` acts it
//! out. Scenarios schedule faults, and `/_drill/faults` sets them by hand.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::wire::{Service, Value};

/// A way for a call to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No answer for this long – on tokio's clock, as the caller's time-outs are – and then the true one.
    Hang(Duration),
    /// "Rate exceeded".
    Throttle,
    /// The caller's role does not allow it.
    Deny,
    /// The caller's session is over.
    Expire,
    /// An answer that is not one: a proxy's page with status 200.
    Garble,
    /// The connection breaks without an answer, and nothing was done.
    Drop,
    /// It is done, and the answer is lost: for this long nothing comes – on tokio's clock – and then the connection
    /// breaks.
    Lose(Duration),
}

impl Fault {
    /// As `/_drill/faults` and scenarios write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hang(_) => "hang",
            Self::Throttle => "throttle",
            Self::Deny => "deny",
            Self::Expire => "expire",
            Self::Garble => "garble",
            Self::Drop => "drop",
            Self::Lose(_) => "lose",
        }
    }
}

/// A fault with its reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What happens.
    pub fault: Fault,
    /// To which service's calls; `None`: to every service's.
    pub service: Option<Service>,
    /// To which operation's calls; `None`: to every one.
    pub operation: Option<String>,
    /// From then on, in the drill's time.
    pub from: Timestamp,
    /// Until then, exclusively; `None`: until it is taken back.
    pub until: Option<Timestamp>,
}

impl Rule {
    fn meets(&self, service: Option<Service>, operation: &str, now: Timestamp) -> bool {
        self.from <= now
            && self.until.is_none_or(|until| now < until)
            && self.service.is_none_or(|own| service == Some(own))
            && self.operation.as_deref().is_none_or(|own| own == operation)
    }

    /// Reads what `POST /_drill/faults` carries, to begin `now`. `seconds` is how long a hang hangs, or an answer is
    /// lost, `for` how many
    /// seconds of the drill's time the fault stays. The error is a sentence that names the offending value.
    pub fn read(body: &Value, now: Timestamp) -> Result<Self, String> {
        let said = |problem: super::wire::Malformed| problem.to_string();
        let name = body.required_text("fault").map_err(said)?;
        let fault = match name {
            "hang" => Fault::Hang(span(body, 10)?),
            "lose" => Fault::Lose(span(body, 0)?),
            "throttle" => Fault::Throttle,
            "deny" => Fault::Deny,
            "expire" => Fault::Expire,
            "garble" => Fault::Garble,
            "drop" => Fault::Drop,
            other => {
                return Err(format!(
                    "no fault {other:?}; there are hang, throttle, deny, expire, garble, drop and lose"
                ));
            }
        };
        let service = match body.text("service").map_err(said)? {
            None => None,
            Some(name) => Some(service(name)?),
        };
        let until = match body.int("for").map_err(said)? {
            None => None,
            Some(seconds) => Some(
                now.checked_add(SignedDuration::from_secs(seconds.max(0)))
                    .map_err(|_| format!("for: {seconds} seconds is too long"))?,
            ),
        };
        let operation = body.text("operation").map_err(said)?.map(str::to_owned);
        Ok(Self { fault, service, operation, from: now, until })
    }

    /// The same, written.
    pub fn describe(&self) -> Value {
        let hang = match self.fault {
            Fault::Hang(span) | Fault::Lose(span) => Some(span.as_secs_f64()),
            _ => None,
        };
        Value::map([
            ("fault", self.fault.name().into()),
            ("seconds", hang.into()),
            ("service", self.service.map(Service::iam).into()),
            ("operation", self.operation.clone().into()),
            ("from", self.from.to_string().into()),
            ("until", self.until.map(|until| until.to_string()).into()),
        ])
    }
}

/// How long a fault that takes its time takes.
fn span(body: &Value, default: i64) -> Result<Duration, String> {
    let seconds = body.int("seconds").map_err(|problem| problem.to_string())?.unwrap_or(default);
    let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds <= 3600);
    seconds.map(Duration::from_secs).ok_or_else(|| "seconds must be between 0 and 3600".to_owned())
}

/// A service by its IAM prefix, or by the short name people use for it.
fn service(name: &str) -> Result<Service, String> {
    match name {
        "autoscaling" => Ok(Service::Autoscaling),
        "elb" | "elbv2" => Ok(Service::Elb),
        _ => Service::named(name).ok_or_else(|| {
            let known: Vec<_> = Service::ALL.into_iter().map(Service::iam).collect();
            format!("no service {name:?}; there are {}", known.join(", "))
        }),
    }
}

/// The faults there are, past and to come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Rule>);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, rule: Rule) {
        self.0.push(rule);
    }

    /// Takes all of them back, those to come too.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What meets a call: the rule that was added last.
    pub fn meeting(&self, service: Option<Service>, operation: &str, now: Timestamp) -> Option<Fault> {
        self.0.iter().rev().find(|rule| rule.meets(service, operation, now)).map(|rule| rule.fault)
    }

    /// All of them, in the order they were added.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }
}

/// The connection breaks, and no answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the drill breaks this connection on purpose")]
pub struct Dropped;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn rule(fault: Fault, service: Option<Service>, operation: Option<&str>) -> Rule {
        Rule { fault, service, operation: operation.map(str::to_owned), from: at(10), until: Some(at(20)) }
    }

    #[test]
    fn a_rule_meets_its_service_operation_and_time() {
        let mut faults = Faults::default();
        faults.add(rule(Fault::Deny, Some(Service::Ecs), Some("UpdateService")));
        let ecs = Some(Service::Ecs);
        let cases = [
            (ecs, "UpdateService", 9, None),
            (ecs, "UpdateService", 10, Some(Fault::Deny)),
            (ecs, "UpdateService", 19, Some(Fault::Deny)),
            (ecs, "UpdateService", 20, None),
            (ecs, "ListServices", 10, None),
            (Some(Service::Sts), "UpdateService", 10, None),
            (None, "UpdateService", 10, None),
        ];
        for (service, operation, second, expected) in cases {
            assert_eq!(faults.meeting(service, operation, at(second)), expected, "{operation} at {second}");
        }
    }

    #[test]
    fn the_last_added_wins_and_clear_takes_all_back() {
        let mut faults = Faults::default();
        faults.add(rule(Fault::Throttle, None, None));
        faults.add(rule(Fault::Expire, None, None));
        assert_eq!(faults.meeting(None, "X", at(10)), Some(Fault::Expire));
        faults.clear();
        assert_eq!(faults.meeting(None, "X", at(10)), None);
    }

    #[test]
    fn rules_are_read_and_mistakes_named() {
        let read = |json: &str| Rule::read(&serde_json::from_str(json).unwrap(), at(100));
        let hang = read(r#"{"fault":"hang","seconds":3,"service":"elb","operation":"DescribeTargetHealth","for":60}"#);
        let hang = hang.unwrap();
        assert_eq!(hang.fault, Fault::Hang(Duration::from_secs(3)));
        assert_eq!((hang.service, hang.until), (Some(Service::Elb), Some(at(160))));
        let cases = [
            ("{}", "fault is required"),
            (r#"{"fault":"melt"}"#, "no fault \"melt\""),
            (r#"{"fault":"deny","service":"s3"}"#, "no service \"s3\""),
            (r#"{"fault":"hang","seconds":-1}"#, "seconds must be between"),
            (r#"{"fault":"hang","seconds":"x"}"#, "seconds must be an integer"),
        ];
        for (json, sentence) in cases {
            assert!(read(json).unwrap_err().contains(sentence), "{json}");
        }
    }
}
