//! However many services an account has, all of them are listed and described: the sizes at which pages turn.

use scaledeck::drill::scenario::Scenario;
use scaledeck::live::Command;

use crate::scene::Scene;

fn services(count: usize) -> Scenario {
    let text = format!("name = \"many\"\nsummary = \"x\"\nservices = {count}\n[[users]]\nat = 0\nusers = 100\n");
    Scenario::from_toml(&text, "many.toml").unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_service_is_listed_and_described_at_every_size() {
    for count in [0, 1, 10, 11, 100, 101, 1_000] {
        let mut scene = Scene::of(&services(count));
        let view = scene
            .until("the list", |view| view.platform.listed.as_ref().is_some_and(|listed| listed.len() == count))
            .await;
        let listed = view.platform.listed.clone().unwrap();
        scene.ask(Command::Look { visible: listed.iter().take(40).cloned().collect(), open: None }).await;
        let began = scene.clock.now();
        let view = scene.until("all of them", |view| view.platform.services.len() == count).await;
        assert!(listed.iter().all(|id| view.platform.services.contains_key(id)));
        let took = scene.clock.now().duration_since(began);
        assert!(took < jiff::SignedDuration::from_secs(90), "{count} services took {took}");
        assert_eq!(view.platform.targets.len().min(count), view.platform.targets.len(), "limits of services of ours");
    }
}
