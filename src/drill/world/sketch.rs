//! A distribution of response times in few numbers, so that percentiles of a minute and of an hour can be answered
//! without keeping the requests.

/// How many buckets there are.
const BUCKETS: usize = 64;
/// The upper bound of the first bucket, seconds.
const FIRST: f64 = 0.004;
/// How much wider each bucket's bound is than the one before: 64 of them reach past a minute.
const RATIO: f64 = 1.17;

/// Counts of response times in buckets whose bounds grow by a fixed ratio.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch([f32; BUCKETS]);

impl Default for Sketch {
    fn default() -> Self {
        Self([0.0; BUCKETS])
    }
}

impl Sketch {
    /// Adds `count` response times that are `floor` seconds and an exponential of mean `mean` seconds on top.
    pub fn add_exponential(&mut self, count: f64, floor: f64, mean: f64) {
        let mut bound = FIRST;
        let mut below = 0.0;
        for bucket in &mut self.0[..BUCKETS - 1] {
            if bound > floor {
                let share = 1.0 - (-(bound - floor) / mean).exp();
                *bucket += (count * (share - below)) as f32;
                below = share;
                if share > 0.999_999 {
                    break;
                }
            }
            bound *= RATIO;
        }
        if bound >= FIRST * RATIO.powi(BUCKETS as i32 - 1) {
            self.0[BUCKETS - 1] += (count * (1.0 - below)) as f32;
        }
    }

    /// Adds another distribution.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }

    /// The value below which the share `q` (0–1) lies, seconds; 0 when nothing was added.
    pub fn quantile(&self, q: f64) -> f64 {
        let total: f64 = self.0.iter().map(|count| f64::from(*count)).sum();
        let wanted = total * q;
        let (mut passed, mut low, mut high) = (0.0, 0.0, FIRST);
        for count in &self.0 {
            let count = f64::from(*count);
            if count > 0.0 && passed + count >= wanted {
                return low + (high - low) * ((wanted - passed) / count).clamp(0.0, 1.0);
            }
            passed += count;
            low = high;
            high *= RATIO;
        }
        0.0
    }

    /// The upper bounds of the lowest and the highest bucket that hold something; 0 and 0 when nothing was added.
    pub fn range(&self) -> (f64, f64) {
        (self.quantile(0.001), self.quantile(0.999))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_an_exponential_within_a_bucket() {
        let mut sketch = Sketch::default();
        sketch.add_exponential(1000.0, 0.015, 0.1);
        for (q, known) in [(0.5, 0.015 + 0.069_3), (0.95, 0.015 + 0.299_6), (0.99, 0.015 + 0.460_5)] {
            let got = sketch.quantile(q);
            assert!((got / known - 1.0).abs() < 0.05, "q {q}: {got} instead of {known}");
        }
    }

    #[test]
    fn two_halves_are_a_whole() {
        let mut whole = Sketch::default();
        whole.add_exponential(10.0, 0.02, 0.2);
        whole.add_exponential(30.0, 2.0, 0.2);
        let (mut first, mut second) = (Sketch::default(), Sketch::default());
        first.add_exponential(10.0, 0.02, 0.2);
        second.add_exponential(30.0, 2.0, 0.2);
        first.add(&second);
        assert_eq!(first, whole);
        assert!(whole.quantile(0.2) < 0.5 && whole.quantile(0.5) > 2.0);
    }

    #[test]
    fn nothing_is_lost_in_the_last_bucket_nor_when_empty() {
        let mut sketch = Sketch::default();
        assert!(sketch.quantile(0.5).abs() < f64::EPSILON);
        sketch.add_exponential(5.0, 200.0, 1.0);
        assert!(sketch.quantile(0.5) > 60.0);
    }
}
