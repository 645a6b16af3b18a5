//! Time is handed in: at the speed of life, at sixty times it and headless the same world is lived.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use scaledeck::aws::{Access, Transport, TransportFault};
use scaledeck::clock::Clock;
use scaledeck::drill::scenario::Scenario;
use scaledeck::drill::{self, Drill};
use scaledeck::live::{self, Command, Settings};
use scaledeck::platform::Environment;
use scaledeck::policy::Policy;

use crate::scene::service;
use crate::story::somebody_sets;

/// The second in which the change is made, and the last one that is lived, after the start.
const CHANGED: i64 = 1;
const LAST: i64 = 3;

/// Lives a few seconds of a drill at a speed, with the whole loop reading it: two writes in one second of its time. What
/// comes back is the drill's trace, and how often it was asked.
async fn lived(speed: f64) -> (u64, u64) {
    let start = drill::DEFAULT_START;
    let after = |seconds| start + SignedDuration::from_secs(seconds);
    let clock = Clock::paced(start, speed);
    let drill = Drill::new(&Scenario::builtin("spike").unwrap(), 7, start);
    // Nobody's question may carry the world past the second that is waited for.
    let limit = Arc::new(AtomicI64::new(after(CHANGED).as_second()));
    let transport = {
        let (drill, clock, limit) = (drill.clone(), clock.clone(), Arc::clone(&limit));
        Transport::new(move |request| {
            let (drill, clock, limit) = (drill.clone(), clock.clone(), Arc::clone(&limit));
            async move {
                let now = || clock.now().min(Timestamp::from_second(limit.load(Ordering::SeqCst)).unwrap());
                drill.answer(request, now).await.map_err(|dropped| TransportFault::new(dropped.to_string()))
            }
        })
    };
    let journal = tempfile::tempdir().unwrap();
    let settings = Settings {
        budget: None,
        origins: std::sync::Arc::default(),
        policy: Arc::new(Policy::of_spec(Environment::Production)),
        environment: Environment::Production,
        read_only: None,
        journal: journal.path().to_owned(),
        clusters: Vec::new(),
        spending: live::Spending::default(),
    };
    let access = Access { transport: Some(transport), ..Access::default() };
    let mut handle = live::start(access, clock.clone(), settings);
    handle.views.wait_for(|view| view.platform.services.contains_key(&service())).await.unwrap();
    handle.commands.send(Command::Look { visible: vec![service()], open: Some(service()) }).await.unwrap();
    clock.sleep_until(after(CHANGED)).await;
    somebody_sets(&drill, after(CHANGED), 6).await;
    somebody_sets(&drill, after(CHANGED), 5).await;
    limit.store(after(LAST).as_second(), Ordering::SeqCst);
    clock.sleep_until(after(LAST)).await;
    let request = http::Request::get("http://drill/_drill/state").body(bytes::Bytes::new()).unwrap();
    let state = drill.answer(request, || after(LAST)).await.unwrap();
    let state: serde_json::Value = serde_json::from_slice(state.body()).unwrap();
    assert_eq!(state["time"], after(LAST).to_string());
    (drill.trace_hash(), state["answers"].as_u64().unwrap())
}

#[test]
fn the_same_world_at_every_speed() {
    let real = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let headless = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let at = |runtime: tokio::runtime::Runtime, speed| {
        let lived = runtime.block_on(async { tokio::time::timeout(Duration::from_mins(1), lived(speed)).await });
        runtime.shutdown_background();
        lived.unwrap()
    };
    let (life, asked_in_life) = at(real(), 1.0);
    let (fast, asked_fast) = at(real(), 60.0);
    let (paused, _) = at(headless, 1.0);
    assert_eq!((fast, paused), (life, life));
    assert!(asked_in_life > 2 && asked_fast > 2, "the loop has hardly asked: {asked_in_life}, {asked_fast}");
}
