//! The plant of a backtest: tasks that are asked for, start, run, drain and go, in whole minutes.

use std::collections::VecDeque;

/// Minutes from a change until a new task runs.
const STARTING_MIN: i64 = 2;
/// Minutes that a task which is taken away drains.
const DRAINING_MIN: i64 = 5;

/// What a backtest assumes, in words.
pub const STATED: &str = "\
The plant: load = recorded value × tasks it was recorded with; value = load ÷ tasks that run, and no more than 100 where
it is a percentage. A new task runs after 2 minutes; one taken away stops taking load at once, drains for 5 minutes and is
paid for meanwhile. The other metrics of the policy stay at 0. The engine does not look at minutes younger than 120 s,
target tracking sees each a minute late, the HPA at once. A reversal follows a change of the other direction within an
hour.";

/// The tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct Plant {
    desired: u32,
    running: u32,
    /// (the minute in which they run, how many), oldest first.
    starting: VecDeque<(i64, u32)>,
    /// (the minute in which they are gone, how many), oldest first.
    draining: VecDeque<(i64, u32)>,
}

impl Plant {
    /// So many tasks run since long.
    pub fn at_rest(tasks: u32) -> Self {
        Self { desired: tasks, running: tasks, ..Self::default() }
    }

    /// Tasks that are asked for.
    pub fn desired(&self) -> u32 {
        self.desired
    }

    /// Tasks that take load.
    pub fn running(&self) -> u32 {
        self.running
    }

    /// Tasks on their way.
    pub fn starting(&self) -> u32 {
        self.starting.iter().map(|(_, tasks)| tasks).sum()
    }

    /// Tasks that drain.
    pub fn draining(&self) -> u32 {
        self.draining.iter().map(|(_, tasks)| tasks).sum()
    }

    /// Tasks that cost.
    pub fn paid(&self) -> u32 {
        self.running + self.starting() + self.draining()
    }

    /// Begins a minute: what is due has started or gone.
    pub fn tick(&mut self, minute: i64) {
        while let Some((_, tasks)) = self.starting.pop_front_if(|(due, _)| *due <= minute) {
            self.running += tasks;
        }
        while self.draining.pop_front_if(|(due, _)| *due <= minute).is_some() {}
    }

    /// Changes the desired count at the end of a minute. What does not run yet goes first.
    pub fn set(&mut self, to: u32, minute: i64) {
        if to > self.desired {
            self.starting.push_back((minute + STARTING_MIN, to - self.desired));
        }
        let mut going = self.desired.saturating_sub(to);
        while going > 0
            && let Some((due, tasks)) = self.starting.pop_back()
        {
            if tasks > going {
                self.starting.push_back((due, tasks - going));
            }
            going = going.saturating_sub(tasks);
        }
        if going > 0 {
            self.running -= going;
            self.draining.push_back((minute + 1 + DRAINING_MIN, going));
        }
        self.desired = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(plant: &Plant) -> (u32, u32, u32, u32) {
        (plant.desired(), plant.running(), plant.starting(), plant.draining())
    }

    #[test]
    fn tasks_start_after_two_minutes_and_drain_for_five() {
        let mut plant = Plant::at_rest(4);
        plant.set(6, 10);
        plant.tick(11);
        assert_eq!((seen(&plant), plant.paid()), ((6, 4, 2, 0), 6));
        plant.tick(12);
        assert_eq!(seen(&plant), (6, 6, 0, 0));
        plant.set(5, 12);
        plant.tick(17);
        assert_eq!((seen(&plant), plant.paid()), ((5, 5, 0, 1), 6));
        plant.tick(18);
        assert_eq!((seen(&plant), plant.paid()), ((5, 5, 0, 0), 5));
    }

    #[test]
    fn what_does_not_run_yet_goes_first() {
        let mut plant = Plant::at_rest(4);
        plant.set(6, 0);
        plant.set(9, 1);
        plant.set(7, 1);
        assert_eq!(seen(&plant), (7, 4, 3, 0));
        plant.set(3, 1);
        assert_eq!(seen(&plant), (3, 3, 0, 1));
    }
}
