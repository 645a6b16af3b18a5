//! The front desk: finds the service a request is for, acts out the faults that meet it, lives the world on to now, and
//! puts the answer into bytes. One file a service beside this one, each written on plain values.

mod autoscaling;
mod cloudfront;
mod cloudwatch;
mod control;
mod costexplorer;
mod ecs;
mod elasticache;
mod elb;
mod page;
mod rds;
mod route53;
mod sts;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use jiff::Timestamp;

use super::Drill;
use super::faults::{Dropped, Fault};
use super::wire::{self, Address, Refusal, Service, Value};
use super::world::World;

impl Drill {
    /// Answers a request with the bytes AWS would send. `now` tells the drill's time; the world lives on to it before it
    /// is asked. It never goes back, whatever `now` says.
    ///
    /// Routes under `/_drill/` are the drill's own: `GET state`, `GET log`, and `GET`, `POST` or `DELETE faults`.
    ///
    /// # Errors
    /// [`Dropped`]: a fault breaks the connection, and nothing is to arrive.
    pub async fn answer(
        &self,
        request: Request<Bytes>,
        now: impl Fn() -> Timestamp + Send,
    ) -> Result<Response<Bytes>, Dropped> {
        if request.uri().path().starts_with(control::PREFIX) {
            let mut state = self.state();
            let now = now();
            state.world.advance_to(now);
            return Ok(control::answer(&mut state, &request, now));
        }
        let (address, input) = wire::read(&request);
        let fault = self.state().faults.meeting(address.service, &address.operation, now());
        match fault {
            Some(Fault::Hang(span)) => tokio::time::sleep(span).await,
            Some(Fault::Drop) => return Err(Dropped),
            _ => {}
        }
        let answered = self.carry_out(&request, &address, input, fault, now());
        if let Some(Fault::Lose(span)) = fault {
            tokio::time::sleep(span).await;
            return Err(Dropped);
        }
        Ok(answered)
    }

    /// Lives on to `now`, does what is asked for unless a fault forbids it, and writes the answer.
    fn carry_out(
        &self,
        request: &Request<Bytes>,
        address: &Address,
        input: Result<Value, Refusal>,
        fault: Option<Fault>,
        now: Timestamp,
    ) -> Response<Bytes> {
        let mut state = self.state();
        state.world.advance_to(now);
        let outcome = match (fault, input) {
            _ if !wire::is_signed(request) => Err(Refusal::unsigned()),
            (Some(Fault::Throttle), _) => Err(throttled(address)),
            (Some(Fault::Expire), _) => Err(Refusal::expired()),
            (Some(Fault::Deny), _) => Err(denied(&state.world, address)),
            (Some(Fault::Garble), _) => return garbled(),
            (_, Err(unreadable)) => Err(unreadable),
            (_, Ok(input)) => operate(&mut state.world, address, &input),
        };
        state.answers += 1;
        let (id, at) = (request_id(state.answers), state.world.now());
        // The bytes are made without the lock: a large answer holds up nobody.
        drop(state);
        wire::write(address, &outcome, &id, at)
    }
}

fn operate(world: &mut World, address: &Address, input: &Value) -> Result<Value, Refusal> {
    let operation = address.operation.as_str();
    match address.service {
        Some(Service::Sts) => sts::answer(world, operation),
        Some(Service::Ecs) => ecs::answer(world, operation, input),
        Some(Service::Autoscaling) => autoscaling::answer(world, operation, input),
        Some(Service::Elb) => elb::answer(world, operation, input),
        Some(Service::Cloudwatch) => cloudwatch::answer(world, operation, input),
        Some(Service::Rds) => rds::answer(world, operation, input),
        Some(Service::Route53) => route53::answer(world, operation, input),
        Some(Service::Elasticache) => elasticache::answer(world, operation, input),
        Some(Service::Cloudfront) => cloudfront::answer(world, operation, input),
        Some(Service::Costexplorer) => costexplorer::answer(world, operation, input),
        None => Err(Refusal::unknown_operation(operation)),
    }
}

/// Cost Explorer calls it otherwise than the others.
fn throttled(address: &Address) -> Refusal {
    match address.service {
        Some(Service::Costexplorer) => Refusal::new("LimitExceededException", "Rate limit exceeded"),
        _ => Refusal::throttled(),
    }
}

fn denied(world: &World, address: &Address) -> Refusal {
    match address.service {
        Some(service) => Refusal::denied(world.identity().caller, service, &address.operation),
        None => Refusal::unknown_operation(&address.operation),
    }
}

/// What a proxy in the way says to everything.
fn garbled() -> Response<Bytes> {
    let page = "<!doctype html><html><body><h1>Please sign in to the guest network</h1></body></html>";
    let mut response = Response::new(Bytes::from_static(page.as_bytes()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// A UUID that follows from the number of the answer, so that the same questions get the same ids.
fn request_id(answer: u64) -> String {
    let mixed = answer.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (high, low) = (mixed ^ (mixed >> 32), mixed.rotate_left(17) ^ answer);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::request_id;

    #[test]
    fn request_ids_are_uuids_and_differ() {
        let ids: BTreeSet<String> = (1..=10_000).map(request_id).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'4'));
    }
}
