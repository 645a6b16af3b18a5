//! Known answers on numbers, times and names, and properties of the gate.

use proptest::prelude::*;

use super::*;

#[test]
fn numbers_read_as_people_write_them() {
    let cases = [
        (count(0), "0"),
        (count(999), "999"),
        (count(7_440), "7,440"),
        (count(1_234_567), "1,234,567"),
        (value(Unit::Percent, 82.4), "82 %"),
        (value(Unit::Percent, 1.43), "1.4 %"),
        (value(Unit::Percent, 9.96), "10 %"),
        (value(Unit::Percent, 100.0), "100 %"),
        (value(Unit::PerMinute, 7_440.4), "7,440/min"),
        (value(Unit::PerMinute, 0.0), "0/min"),
        (value(Unit::Seconds, 0.31), "310 ms"),
        (value(Unit::Seconds, 0.9996), "1 s"),
        (value(Unit::Seconds, 1.239), "1.24 s"),
        (value(Unit::Count, 6.0), "6"),
        (value(Unit::Bytes, 1.5 * 1024.0 * 1024.0 * 1024.0), "1.5 GiB"),
        (value(Unit::Percent, f64::NAN), "– %"),
        (value(Unit::Count, -0.01), "0"),
        (dollars_per_hour(0.296), "$0.296/h"),
        (dollars_per_hour(0.02), "$0.02/h"),
        (dollars_per_hour(0.0), "$0.00/h"),
        (dollars_per_hour(12.4), "$12.40/h"),
        (dollars_per_hour(-1_240.0), "-$1,240.00/h"),
        (several(1, "change"), "1 change"),
        (several(1_000, "change"), "1,000 changes"),
        (account("123456789012"), "1234-5678-9012"),
        (account("not-twelve"), "not-twelve"),
    ];
    for (got, wanted) in cases {
        assert_eq!(got, wanted);
    }
}

#[test]
fn times_read_as_people_say_them() {
    let at = "2026-04-14T14:32:07Z".parse().unwrap();
    let cases = [
        (age(-5), "0s"),
        (age(3), "3s"),
        (age(99), "99s"),
        (age(100), "1m"),
        (age(7_200), "2h"),
        (age(200_000), "2d"),
        (span(45), "45s"),
        (span(112), "1m52s"),
        (span(300), "5m"),
        (span(7_500), "2h05m"),
        (span(273_600), "3d04h"),
        (countdown(899), "14m"),
        (countdown(60), "1m"),
        (countdown(59), "59s"),
        (countdown(28_740), "7h59m"),
        (countdown(-1), "0s"),
        (clock(at), "14:32:07Z"),
        (second_of_day(at), "14:32:07"),
        (minute(at), "14:32"),
        (clock(Timestamp::MIN), "01:59:59Z"),
    ];
    for (got, wanted) in cases {
        assert_eq!(got, wanted);
    }
}

#[test]
fn what_cannot_be_seen_is_made_visible() {
    let cases = [
        ("ai-service", "ai-service"),
        ("\u{1b}[2Jgone", "␛[2Jgone"),
        ("\u{9b}31m", "⟨009B⟩31m"),
        ("a\tb\nc\r", "a␣b␣c␣"),
        ("\u{7}bell\u{7f}", "␇bell␡"),
        ("invoice\u{202e}fdp", "invoice⟨202E⟩fdp"),
        ("zero\u{200b}width", "zero⟨200B⟩width"),
        ("soft\u{ad}hyphen", "soft⟨00AD⟩hyphen"),
        ("e\u{301}tat", "e\u{301}tat"),
        ("z\u{301}\u{301}\u{301}", "z\u{301}\u{301}⟨0301⟩"),
        ("\u{301}first", "⟨0301⟩first"),
        ("tag\u{e0041}", "tag⟨E0041⟩"),
        ("日本", "日本"),
    ];
    for (raw, wanted) in cases {
        assert_eq!(clean(raw), wanted);
    }
    assert!(matches!(clean("plain – and ½ done"), Cow::Borrowed(_)));
}

#[test]
fn text_is_cut_by_columns_not_by_bytes() {
    let text = || Clean::new("日本語 service");
    assert_eq!(text().fit(6).as_str(), "日本…");
    assert_eq!(text().fit(0).as_str(), "");
    assert_eq!(text().fit_end(10).as_str(), "… service");
    assert_eq!(text().fit_end(11).as_str(), "…語 service");
    assert_eq!(text().fit_end(0).as_str(), "");
    assert_eq!(text().fit(99).as_str(), "日本語 service");
    assert_eq!(Clean::from("6/6").right(5).as_str(), "  6/6");
    assert_eq!(Clean::from("cpu").left(5).as_str(), "cpu  ");
}

proptest! {
    #[test]
    fn nothing_that_is_clean_can_command_a_terminal(raw in "\\PC*|.*|[\u{0}-\u{9f}\u{200b}-\u{206f}a]*") {
        let clean = clean(&raw);
        prop_assert!(!clean.chars().any(|c| c.is_control() || is_unseen(c)));
        prop_assert!(clean.width() <= LONGEST);
    }

    #[test]
    fn text_fits_where_it_was_told_to(raw in ".{0,60}", columns in 0_usize..40) {
        let text = Clean::new(&raw);
        prop_assert!(text.clone().fit(columns).width() <= columns);
        prop_assert!(text.clone().fit_end(columns).width() <= columns);
        prop_assert_eq!(text.left(columns).width(), columns);
    }
}
