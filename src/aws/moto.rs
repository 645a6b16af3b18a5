//! By hand, against another implementation of AWS: `moto_server -H 127.0.0.1 -p 5555`, then
//! `AWS_ENDPOINT_URL=http://127.0.0.1:5555 AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
//! cargo test --lib aws::moto -- --ignored --nocapture`, with a service `moto/api` in it.

use super::access::{Access, connect};
use super::failure::Failure;
use super::planner::Planner;
use crate::change::{Outcome, Step};
use crate::clock::Clock;
use crate::platform::{MetricId, MetricKey, ServiceId, ServiceName, TaskCount};

#[tokio::test]
#[ignore = "needs a moto server"]
async fn a_service_is_discovered_read_and_changed() {
    let clock = Clock::system();
    let access = Access::default();
    access.check().unwrap();
    let (reader, writer) = connect(&access, &clock).await.unwrap();
    reader.identity().await.unwrap();
    let id = ServiceId::new("moto", "api");
    assert!(reader.service_list(&[]).await.unwrap().contains(&id));

    let (found, missing) = reader.services(&id.cluster, &[id.service.clone(), ServiceName::new("gone")]).await.unwrap();
    assert_eq!((found.len(), missing.len()), (1, 1));
    let to = TaskCount(found[0].desired.0 + 1);
    let step = Step::Desired { service: id.clone(), to };
    assert!(matches!(writer.carry_out(&step).await, Outcome::Accepted { .. }));
    let (found, _) = reader.services(&id.cluster, std::slice::from_ref(&id.service)).await.unwrap();
    assert_eq!(found[0].desired, to);

    // Moto speaks no CBOR: metrics fail, and only they.
    let question = Planner::default().plan(&[MetricKey::service(&id, MetricId::ServiceCpu)], clock.now()).remove(0);
    assert!(matches!(reader.metrics(&question).await, Err(Failure::Faulty { .. })));
    assert!(reader.scalable_targets().await.is_ok());
}
