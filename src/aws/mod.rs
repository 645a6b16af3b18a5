//! The doors to AWS: the only room that names an AWS SDK type.
//!
//! [`connect`] opens two doors. [`Reader`] asks and can do nothing else; it is cheap to clone and every question is a
//! future that may be dropped. [`Writer`] sends, exists once, and takes a [`crate::change::Cleared`] and a
//! [`crate::change::Ticket`] by value. A drill walks through the same doors: it hands in a [`Transport`].
//!
//! One file a service, named as in every layer: `sts`, `ecs`, `autoscaling`, `elb`, `rds`,
//! `route53`, `elasticache`, `cloudfront`, `costexplorer`, `cloudwatch` with its `alarms` and `weeks`. What is pure stands
//! apart and is tested as tables: `planner` (which metrics to ask for), `pace` (how often, how hard), `failure` (what an
//! error means to the person on call).
//!
//! Absent on purpose: when to ask (that is `live`), what the answers mean (`policy`), panes, and the drill itself.

pub mod access;
mod alarms;
mod autoscaling;
#[cfg(test)]
mod canned;
mod cloudfront;
mod cloudwatch;
mod costexplorer;
mod ecs;
mod elasticache;
mod elb;
pub mod failure;
pub mod meter;
#[cfg(test)]
mod moto;
pub mod pace;
pub mod planner;
mod profiles;
mod rds;
pub mod reader;
mod route53;
#[cfg(test)]
mod sheet;
mod sts;
mod time;
pub mod transport;
mod weeks;
pub mod writer;

pub use access::{Access, Mistake, connect};
pub use cloudwatch::Answer;
pub use ecs::SERVICES_PER_CALL;
pub use failure::Failure;
pub use meter::{Calls, MeterReading};
pub use pace::Call;
pub use planner::{Planner, Question};
pub use reader::{Partly, Reader};
pub use route53::Found;
pub use transport::{Transport, TransportFault};
pub use weeks::UsersMetric;
pub use writer::Writer;
