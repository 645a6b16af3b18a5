//! The detector of unusual days on labelled real series, beside a plain three-sigma rule. The series are not part of
//! the project: the test runs where a folder of them is named, and its table stands in docs/cost.md.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use scaledeck::policy::money::spike::{DAYS, Detector};

/// A series of the Numenta Anomaly Benchmark, its slot in seconds and its season in slots; the first of each pair is of
/// the half that the parameters were chosen on.
const SERIES: [(&str, i64, usize); 6] = [
    ("ec2_cpu_utilization_24ae8d.csv", 3_600, 24),
    ("ec2_cpu_utilization_825cc2.csv", 3_600, 24),
    ("elb_request_count_8c0756.csv", 3_600, 24),
    ("exchange-2_cpc_results.csv", 86_400, 7),
    ("nyc_taxi.csv", 86_400, 7),
    ("rds_cpu_utilization_e47b3b.csv", 3_600, 24),
];

struct Labelled {
    first: i64,
    slot_s: i64,
    values: Vec<f64>,
    windows: Vec<(i64, i64)>,
}

fn second(text: &str) -> i64 {
    let civil: DateTime = text.get(..19).unwrap_or(text).replace(' ', "T").parse().unwrap();
    TimeZone::UTC.to_timestamp(civil).unwrap().as_second()
}

fn read(folder: &Path, name: &str, slot_s: i64) -> Labelled {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let mut by_slot: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let (time, value) = line.split_once(',').unwrap();
        by_slot.entry(second(time).div_euclid(slot_s)).or_default().push(value.parse().unwrap());
    }
    let (first, last) = (*by_slot.keys().next().unwrap(), *by_slot.keys().next_back().unwrap());
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let values = (first..=last).map(|slot| by_slot.get(&slot).map_or(f64::NAN, mean)).collect();
    let windows = std::fs::read_to_string(folder.join("anomaly-windows.json")).unwrap();
    let windows: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&windows).unwrap();
    let windows = windows[name].iter().map(|(from, to)| (second(from), second(to))).collect();
    Labelled { first, slot_s, values, windows }
}

/// Found windows, windows that could be judged, false alarms – each an unbroken run of flags outside every window.
fn score(series: &Labelled, flags: &[Option<bool>]) -> [u32; 3] {
    let within = |at: usize, window: &(i64, i64)| {
        let start = (series.first + at as i64) * series.slot_s;
        start + series.slot_s > window.0 && start <= window.1
    };
    let mut counted = [0; 3];
    for window in &series.windows {
        let inside = || flags.iter().enumerate().filter(|(at, _)| within(*at, window)).map(|(_, flag)| flag);
        counted[0] += u32::from(inside().any(|flag| *flag == Some(true)));
        counted[1] += u32::from(inside().any(Option::is_some));
    }
    let mut before = false;
    for (at, flag) in flags.iter().enumerate() {
        let alarm = *flag == Some(true) && !series.windows.iter().any(|window| within(at, window));
        counted[2] += u32::from(alarm && !before);
        before = alarm;
    }
    counted
}

/// Both directions: most labels of these series are drops.
fn robust(series: &Labelled, season: usize) -> Vec<Option<bool>> {
    let detector = Detector { season, ..DAYS };
    let judged = |at| {
        detector.expected(&series.values, at)?;
        Some(detector.unusual(&series.values, at).is_some())
    };
    (0..series.values.len()).map(judged).collect()
}

fn three_sigma(series: &Labelled, season: usize) -> Vec<Option<bool>> {
    let judged = |at: usize| {
        let before: Vec<f64> = series.values[..at].iter().copied().filter(|value| !value.is_nan()).collect();
        let count = before.len() as f64;
        let mean = before.iter().sum::<f64>() / count;
        let variance = before.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        (before.len() >= 3 * season).then(|| (series.values[at] - mean).abs() > 3.0 * variance.sqrt())
    };
    (0..series.values.len()).map(judged).collect()
}

#[test]
#[ignore = "needs the labelled series: SCALEDECK_SERIES=DIR"]
fn the_detector_beats_three_sigma_on_labelled_series() {
    let folder = std::env::var("SCALEDECK_SERIES").unwrap();
    let mut halves = [[[0_u32; 3]; 2]; 2];
    for (index, (name, slot_s, season)) in SERIES.into_iter().enumerate() {
        let series = read(Path::new(&folder), name, slot_s);
        for (rule, flags) in [robust(&series, season), three_sigma(&series, season)].iter().enumerate() {
            for (sum, count) in halves[index % 2][rule].iter_mut().zip(score(&series, flags)) {
                *sum += count;
            }
        }
    }
    for (half, rules) in ["chosen on", "judged on"].iter().zip(halves) {
        println!("{half}: robust {:?}, three sigma {:?} (found, windows, false alarms)", rules[0], rules[1]);
    }
    assert_eq!(halves, [[[7, 9, 0], [5, 9, 11]], [[2, 3, 1], [3, 3, 3]]]);
}
