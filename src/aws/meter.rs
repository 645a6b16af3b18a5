//! What the polling costs: calls and throttled answers of the last minute, and metrics and pages in dollars.
//!
//! Counted where requests leave, below the SDK's retries: a throttle that a retry hid still shows here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::{SignedDuration, Timestamp};

use super::pace::Call;
use crate::clock::Clock;

/// `CloudWatch`'s list price of one metric requested through `GetMetricData`, in US dollars.
pub const DOLLARS_PER_METRIC: f64 = 0.01 / 1_000.0;

/// How far back the meter looks, in seconds of the clock.
const WINDOW_S: i64 = 60;

/// Calls of one kind in the last minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Requests that left, retries included.
    pub made: u32,
    /// Answers that asked for less.
    pub throttled: u32,
}

/// What the meter shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeterReading {
    /// By kind of call, in the last minute.
    pub calls: BTreeMap<Call, Calls>,
    /// Metrics requested in the last minute.
    pub metrics_per_minute: u64,
    /// Metrics requested since the start.
    pub metrics_total: u64,
    /// What single calls have cost since the start, in US dollars: pages of Cost Explorer, a cent each.
    pub pages_dollars: f64,
}

impl MeterReading {
    /// Requests in the last minute.
    pub fn calls_per_minute(&self) -> u32 {
        self.calls.values().map(|calls| calls.made).sum()
    }

    /// Throttled answers in the last minute.
    pub fn throttled(&self) -> u32 {
        self.calls.values().map(|calls| calls.throttled).sum()
    }

    /// US dollars an hour for metrics, if the next hour is like the last minute. Pages of Cost Explorer come every six
    /// hours and stand in the total.
    pub fn dollars_per_hour(&self) -> f64 {
        self.metrics_per_minute as f64 * 60.0 * DOLLARS_PER_METRIC
    }

    /// US dollars since the start: metrics, and pages of Cost Explorer.
    pub fn dollars_total(&self) -> f64 {
        self.metrics_total as f64 * DOLLARS_PER_METRIC + self.pages_dollars
    }
}

/// The meter. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    clock: Clock,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    events: VecDeque<(Timestamp, Event)>,
    metrics_total: u64,
    pages_dollars: f64,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Made(Call),
    Throttled(Call),
    Metrics(u64),
}

impl Meter {
    pub fn new(clock: Clock) -> Self {
        Self { clock, seen: Arc::default() }
    }

    /// Counts metrics requested.
    pub fn metrics(&self, count: usize) {
        self.note(Event::Metrics(count as u64));
    }

    fn note(&self, event: Event) {
        let now = self.clock.now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        match event {
            Event::Metrics(count) => seen.metrics_total += count,
            Event::Made(call) => seen.pages_dollars += call.dollars(),
            Event::Throttled(_) => {}
        }
        seen.events.push_back((now, event));
    }

    pub fn read(&self) -> MeterReading {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(self.clock.now());
        let mut reading = MeterReading {
            metrics_total: seen.metrics_total,
            pages_dollars: seen.pages_dollars,
            ..MeterReading::default()
        };
        for (_, event) in &seen.events {
            match *event {
                Event::Made(call) => reading.calls.entry(call).or_default().made += 1,
                Event::Throttled(call) => reading.calls.entry(call).or_default().throttled += 1,
                Event::Metrics(count) => reading.metrics_per_minute += count,
            }
        }
        reading
    }
}

impl Seen {
    fn forget(&mut self, now: Timestamp) {
        let horizon = now.checked_sub(SignedDuration::from_secs(WINDOW_S)).unwrap_or(Timestamp::MIN);
        while self.events.front().is_some_and(|(at, _)| *at <= horizon) {
            self.events.pop_front();
        }
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = call_of(config) {
            self.note(Event::Made(call));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = call_of(config).filter(|_| context.response().is_some_and(asks_for_less)) {
            self.note(Event::Throttled(call));
        }
        Ok(())
    }
}

fn call_of(config: &ConfigBag) -> Option<Call> {
    config.load::<Metadata>().and_then(|metadata| Call::of_operation(metadata.name()))
}

/// Whether a response is a throttle, in any of the protocols: all of them put the code's word into a small error body.
fn asks_for_less(response: &HttpResponse) -> bool {
    let status = response.status().as_u16();
    let said =
        |word: &[u8]| response.body().bytes().is_some_and(|body| body.windows(word.len()).any(|part| part == word));
    status == 429 || (status >= 400 && (said(b"Throttl") || said(b"RequestLimitExceeded")))
}
