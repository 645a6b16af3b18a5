//! What RDS publishes of an instance, minute by minute. One value a minute, and only when the minute is whole: RDS's
//! metrics come late, not in parts.

use crate::drill::world::minute::Gauge;

/// A metric in `AWS/RDS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// `CPUUtilization`, %.
    Cpu,
    /// `DatabaseConnections`.
    Connections,
    /// `ReadLatency` of the storage, seconds.
    ReadLatency,
    /// `WriteLatency` of the storage, seconds.
    WriteLatency,
    /// `ReadIOPS`, a second.
    ReadIops,
    /// `WriteIOPS`, a second.
    WriteIops,
    /// `ReplicaLag`, seconds; −1 while replication is broken. Replicas alone have it.
    ReplicaLag,
    /// `FreeableMemory`, bytes.
    FreeableMemory,
    /// `FreeStorageSpace`, bytes.
    FreeStorage,
    /// `CPUCreditBalance`; burstable classes alone have it.
    Credits,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Cpu,
        Self::Connections,
        Self::ReadLatency,
        Self::WriteLatency,
        Self::ReadIops,
        Self::WriteIops,
        Self::ReplicaLag,
        Self::FreeableMemory,
        Self::FreeStorage,
        Self::Credits,
    ];

    /// CloudWatch's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPUUtilization",
            Self::Connections => "DatabaseConnections",
            Self::ReadLatency => "ReadLatency",
            Self::WriteLatency => "WriteLatency",
            Self::ReadIops => "ReadIOPS",
            Self::WriteIops => "WriteIOPS",
            Self::ReplicaLag => "ReplicaLag",
            Self::FreeableMemory => "FreeableMemory",
            Self::FreeStorage => "FreeStorageSpace",
            Self::Credits => "CPUCreditBalance",
        }
    }

    /// CloudWatch's word for its unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "Percent",
            Self::Connections | Self::Credits => "Count",
            Self::ReadLatency | Self::WriteLatency | Self::ReplicaLag => "Seconds",
            Self::ReadIops | Self::WriteIops => "Count/Second",
            Self::FreeableMemory | Self::FreeStorage => "Bytes",
        }
    }
}

/// A second of an instance, as its monitoring sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample([Option<f64>; Measure::ALL.len()]);

impl Sample {
    /// Sets a value.
    pub fn set(&mut self, measure: Measure, value: f64) {
        self.0[measure as usize] = Some(value);
    }

    /// A value, if the instance has it.
    pub fn get(&self, measure: Measure) -> Option<f64> {
        self.0[measure as usize]
    }
}

/// The minute in progress.
#[derive(Debug, Clone, Default)]
pub(super) struct Minute([Gauge; Measure::ALL.len()]);

impl Minute {
    /// Takes a second in.
    pub fn take(&mut self, second: &Sample) {
        for (gauge, value) in self.0.iter_mut().zip(second.0) {
            if let Some(value) = value {
                gauge.sample(value);
            }
        }
    }

    /// The means of the minute.
    pub fn means(&self) -> Sample {
        Sample(self.0.map(|gauge| gauge.mean()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_its_own_place() {
        let mut second = Sample::default();
        Measure::ALL.into_iter().enumerate().for_each(|(index, measure)| second.set(measure, index as f64));
        let mut minute = Minute::default();
        minute.take(&second);
        second.set(Measure::Cpu, 2.0);
        minute.take(&second);
        let means = minute.means();
        assert_eq!(means.get(Measure::Cpu), Some(1.0));
        assert_eq!(means.get(Measure::Credits), Some(9.0));
    }
}
