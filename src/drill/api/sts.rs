//! Security Token Service: who is calling.

use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;

pub(super) fn answer(world: &World, operation: &str) -> Result<Value, Refusal> {
    match operation {
        "GetCallerIdentity" => {
            let identity = world.identity();
            Ok(Value::map([
                ("UserId", identity.user_id.into()),
                ("Account", identity.account.into()),
                ("Arn", identity.caller.into()),
            ]))
        }
        _ => Err(Refusal::unknown_operation(operation)),
    }
}
