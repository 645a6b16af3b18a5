//! scaledeck: a terminal console for people on call for a platform that scales on AWS.
//!
//! The rooms, from the ground up; a room imports only from rooms below it
//! (`tests/it/house.rs` keeps that true, `ARCHITECTURE.md` draws it):
//!
//! - [`platform`] – what is: services, metrics, activities, as plain data.
//! - [`policy`] – what should be: the pure engine with its evidence.
//! - [`mod@reference`] – the controllers the engine is measured against; it never imports them.
//! - [`change`] – what to do: plan, preview, guard, confirm, journal.
//! - [`clock`] – the one way to ask for the time.
//! - [`aws`] – the only room that names an AWS SDK type.
//! - [`live`] – the loop: readings in, advice out, confirmed changes through.
//! - [`console`] – what people look at and press.
//! - [`headless`] – what scripts call.
//! - [`cli`] – words on the command line.
//! - [`drill`] – apart from all of these: an AWS inside the binary, speaking AWS's own protocols.

pub mod aws;
pub mod change;
pub mod cli;
pub mod clock;
pub mod console;
pub mod drill;
pub mod headless;
pub mod live;
pub mod platform;
pub mod policy;
pub mod reference;
