//! How things are called: ARNs, ids, addresses, and numbers that follow from a seed without being drawn.

use jiff::Timestamp;
use rand::RngCore;

use super::IDENTITY;

/// The service that the story is about.
pub(super) const MAIN_SERVICE: &str = "solosuccess-ai-service";
const QUIET_PREFIX: &str = "solosuccess-worker-";

/// The name of a service by its number; 0 is the main one.
pub(super) fn service(index: u32) -> String {
    if index == 0 { MAIN_SERVICE.to_owned() } else { format!("{QUIET_PREFIX}{index:04}") }
}

/// The number of a service by its name.
pub(super) fn service_index(name: &str) -> Option<u32> {
    if name == MAIN_SERVICE {
        return Some(0);
    }
    let index = name.strip_prefix(QUIET_PREFIX)?.parse().ok()?;
    (service(index) == name).then_some(index)
}

/// An ARN of the account.
pub(super) fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{}:{}:{rest}", IDENTITY.region, IDENTITY.account)
}

/// The ARN of a task definition from its family and revision, as in `ai-service:42`.
pub(super) fn task_definition(short: &str) -> String {
    arn("ecs", &format!("task-definition/{short}"))
}

/// The ARN of the cluster.
pub(super) fn cluster_arn() -> String {
    arn("ecs", &format!("cluster/{}", IDENTITY.cluster))
}

/// The resource id of a service in Application Auto Scaling.
pub(super) fn resource_id(service: &str) -> String {
    format!("service/{}/{service}", IDENTITY.cluster)
}

/// A time from its second.
pub(super) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// 32 hexadecimal digits, as a task's id.
pub(super) fn hex32(random: &mut impl RngCore) -> String {
    format!("{:016x}{:016x}", random.next_u64(), random.next_u64())
}

/// A version 4 UUID.
pub(super) fn uuid(random: &mut impl RngCore) -> String {
    let (high, low) = (random.next_u64(), random.next_u64());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

/// The id of a deployment, as in `ecs-svc/1234567890123456789`.
pub(super) fn deployment(random: &mut impl RngCore) -> String {
    format!("ecs-svc/{:019}", random.next_u64() % 10_000_000_000_000_000_000)
}

/// An address in a zone's subnet.
pub(super) fn ip(zone: usize, random: &mut impl RngCore) -> String {
    let bits = random.next_u32();
    format!("10.0.{}.{}", 16 * (zone as u32 + 1) + bits % 16, 4 + (bits >> 8) % 250)
}

/// A number that follows from a seed and two others, without being drawn: `SplitMix64`'s finisher.
pub(super) fn mixed(seed: u64, kind: u64, index: i64) -> u64 {
    let mut z = seed
        .wrapping_add(kind.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add((index as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The same as a share, `0 ≤ x < 1`.
pub(super) fn share(seed: u64, kind: u64, index: i64) -> f64 {
    (mixed(seed, kind, index) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Capital letters and digits that follow from a seed and two numbers, as in the ids of RDS and Route 53.
pub(super) fn capitals(seed: u64, kind: u64, index: i64, length: usize) -> String {
    const SIGNS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    (0..length).map(|place| char::from(SIGNS[(mixed(seed, kind, index * 64 + place as i64) % 32) as usize])).collect()
}

/// FNV-1a over words of 64 bits: the same on every machine and in every release, unlike the standard hasher.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Takes a word in.
    pub fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 32;
    }

    /// Takes a text in.
    pub fn add_text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.add(byte.into()));
    }

    /// What it comes to.
    pub fn value(self) -> u64 {
        self.0
    }
}
