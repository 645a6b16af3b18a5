//! A day that cost unusually much: a robust seasonal detector, pure.
//!
//! A value is held against the median of the same slots of earlier seasons – for a day, the same weekdays – and its
//! distance against how far such values usually lie from such medians: 1.4826 × the median absolute deviation, which
//! for normal noise is the standard deviation, and which a spike of the past cannot inflate. How the parameters were
//! chosen and how it does beside a plain three-sigma rule is in docs/cost.md.

/// What the detector is set to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detector {
    /// Slots of a season: 7 days of a week.
    pub season: usize,
    /// Earlier seasons that are looked at.
    pub seasons: usize,
    /// How many deviations are unusual.
    pub deviations: f64,
    /// And how large a share of what was expected: a cent more on a flat bill is not a spike.
    pub share: f64,
}

/// The detector of days. The figures: docs/cost.md.
pub const DAYS: Detector = Detector { season: 7, seasons: 8, deviations: 5.0, share: 0.25 };

/// The fewest earlier seasons that say what is usual.
const FEWEST: usize = 3;

/// What was to be expected of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The median of the same slots.
    pub value: f64,
    /// How far such a value usually lies from it, as a standard deviation would.
    pub deviation: f64,
}

impl Detector {
    /// What was to be expected of the value at `index`, by those before it; `None` with fewer than three seasons of
    /// history. A value that is not a number is a hole.
    pub fn expected(&self, values: &[f64], index: usize) -> Option<Expected> {
        let value = self.slot(values, index)?;
        let back = index.saturating_sub(self.season * self.seasons);
        let distances =
            (back..index).filter_map(|at| Some((values[at] - self.slot(values, at)?).abs())).filter(|d| d.is_finite());
        Some(Expected { value, deviation: 1.4826 * median(distances.collect())? })
    }

    /// How unusual the value at `index` is: the signed distance from what was expected, where both bounds are passed.
    pub fn unusual(&self, values: &[f64], index: usize) -> Option<(Expected, f64)> {
        let expected = self.expected(values, index)?;
        let distance = values[index] - expected.value;
        let far = distance.abs() > self.deviations * expected.deviation;
        (far && distance.abs() > self.share * expected.value.abs()).then_some((expected, distance))
    }

    fn slot(&self, values: &[f64], index: usize) -> Option<f64> {
        let earlier = (1..=self.seasons).filter_map(|back| index.checked_sub(back * self.season));
        let same: Vec<f64> = earlier.map(|at| values[at]).filter(|value| value.is_finite()).collect();
        (same.len() >= FEWEST).then(|| median(same))?
    }
}

/// The middle value; of an even number, the mean of the middle two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        even if even % 2 == 0 => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weeks of a bill: 100 on weekdays, 40 on weekends, a dollar of wobble.
    fn weeks(count: usize) -> Vec<f64> {
        (0..count * 7).map(|day| if day % 7 < 5 { 100.0 } else { 40.0 } + [0.0, 1.0, -1.0, 0.5][day % 4]).collect()
    }

    #[test]
    fn a_weekday_is_held_against_weekdays() {
        let mut days = weeks(6);
        days.push(100.0);
        assert_eq!(DAYS.unusual(&days, 42), None, "a Monday like every Monday");
        days[42] = 180.0;
        let (expected, over) = DAYS.unusual(&days, 42).unwrap();
        assert!((99.0..=101.0).contains(&expected.value) && over > 75.0);
        days.truncate(41);
        days[40] = 100.0;
        assert!(DAYS.unusual(&days, 40).is_some(), "a Sunday that costs as much as a Monday");
        days[40] = 20.0;
        assert!(DAYS.unusual(&days, 40).unwrap().1 < 0.0, "and one that costs half: unusual, and no spike");
    }

    #[test]
    fn a_spike_of_the_past_hides_none_of_today() {
        let mut days = weeks(6);
        days[21] = 5_000.0;
        days.push(180.0);
        assert!(DAYS.unusual(&days, 42).is_some());
    }

    #[test]
    fn a_cent_on_a_flat_bill_is_no_spike_and_a_short_history_tells_nothing() {
        let mut flat = vec![10.0; 35];
        flat.push(10.01);
        assert_eq!(DAYS.unusual(&flat, 35), None);
        assert_eq!(DAYS.expected(&weeks(3), 20), None, "two earlier weeks are too few");
        assert!(DAYS.expected(&weeks(4), 27).is_some());
        assert_eq!(median(vec![3.0, 1.0, 2.0, 10.0]), Some(2.5));
    }
}
