//! One service of AWS in trouble: it is named, the others go on, and it recovers by itself.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use scaledeck::live::View;
use scaledeck::platform::{Source, SourceState};

use super::scene::Scene;

async fn faults(scene: &Scene, method: Method, body: &Value) {
    let request = http::Request::builder()
        .method(method)
        .uri("http://drill/_drill/faults")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let response = scene.drill.answer(request, || scene.clock.now()).await.unwrap();
    assert_eq!(response.status(), 200, "{response:?}");
}

fn state(view: &View, source: Source) -> SourceState {
    view.platform.sources.get(&source).map_or(SourceState::Waiting, |health| health.state.clone())
}

#[tokio::test(start_paused = true)]
async fn a_database_service_in_trouble_is_named_and_the_rest_goes_on() {
    let mut scene = Scene::open("calm");
    scene.arrive().await;
    scene.until("databases", |view| state(view, Source::Databases) == SourceState::Live).await;
    for (fault, is) in [
        (
            "deny",
            (|state| matches!(state, SourceState::Denied { action } if action == "rds:DescribeDBInstances"))
                as fn(&SourceState) -> bool,
        ),
        ("throttle", |state| matches!(state, SourceState::Throttled { .. })),
        ("garble", |state| matches!(state, SourceState::Faulty { .. })),
        ("drop", |state| matches!(state, SourceState::Network { .. })),
        ("hang", |state| matches!(state, SourceState::TimedOut { .. })),
    ] {
        faults(&scene, Method::POST, &json!({ "fault": fault, "service": "rds", "seconds": 600 })).await;
        let view = scene.until(fault, |view| is(&state(view, Source::Databases))).await;
        let known = view.platform.databases.len();
        assert!(known > 0, "{fault}: what is known stays");
        let at = view.at;
        let learnt = |view: &View, source| view.platform.sources[&source].learnt.is_some_and(|learnt| learnt > at);
        let view =
            scene.until("the others", |view| learnt(view, Source::Services) && learnt(view, Source::Metrics)).await;
        assert!(!learnt(&view, Source::Databases) && view.platform.databases.len() == known, "{fault}");
        faults(&scene, Method::DELETE, &Value::Null).await;
        scene.until("its end", |view| state(view, Source::Databases) == SourceState::Live).await;
    }
}
