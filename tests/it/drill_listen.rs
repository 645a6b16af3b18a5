//! The drill over a socket, as other clients meet it.

use std::net::SocketAddr;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use scaledeck::clock::Clock;
use scaledeck::drill::scenario::Scenario;
use scaledeck::drill::{DEFAULT_START, Drill, listen};
use tokio::sync::oneshot;

/// Serves a drill on the clock until the sender is dropped.
async fn serve(address: &str, scenario: &str, clock: Clock) -> (SocketAddr, oneshot::Sender<()>) {
    let drill = Drill::new(&Scenario::builtin(scenario).unwrap(), 7, clock.now());
    let listener = listen::bind(address.parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = move |request| {
        let (drill, clock) = (drill.clone(), clock.clone());
        async move { drill.answer(request, || clock.now()).await }
    };
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(listen::serve(listener, answer, async {
        let _ = stopped.await;
    }));
    (address, stop)
}

#[tokio::test]
async fn the_sdk_over_a_socket() {
    let (address, _stop) = serve("127.0.0.1:0", "calm", Clock::paced(DEFAULT_START, 1.0)).await;
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(Credentials::new(
            "DRILLDRILLDRILLDRIL",
            "drill",
            None,
            None,
            "test",
        )))
        .endpoint_url(format!("http://{address}"))
        .build();
    let clusters = aws_sdk_ecs::Client::new(&config).list_clusters().send().await.unwrap();
    assert_eq!(clusters.cluster_arns().len(), 1);
    let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some("123456789012"));
    let alarms = aws_sdk_cloudwatch::Client::new(&config).describe_alarms().send().await.unwrap();
    assert_eq!(alarms.metric_alarms().len(), 12);
}

/// Not a test of anything by itself: `DRILL_LISTEN=127.0.0.1:8900 cargo test -- --ignored for_clients_tried_by_hand`
/// serves `spike` from the wall's now until standard input closes.
#[tokio::test]
#[ignore = "serves until standard input closes"]
async fn for_clients_tried_by_hand() {
    let address = std::env::var("DRILL_LISTEN").unwrap_or_else(|_| "127.0.0.1:8900".to_owned());
    let clock = Clock::paced(Clock::system().now(), 1.0);
    let (address, _stop) = serve(&address, "spike", clock).await;
    println!("listening on http://{address}");
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await.unwrap().unwrap();
}
