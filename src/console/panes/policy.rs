//! The policy: where AWS is set up otherwise and what would mend it, what there is to know about its numbers, and every
//! knob with its value and where that comes from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use super::listing::{self, Head, Listing, Note};
use crate::console::theme::Meaning;
use crate::console::widgets::Phrase;
use crate::console::words::Clean;
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::Source;
use crate::policy::lint::Severity;
use crate::policy::variables::{self, Variable};
use crate::policy::{Drift, DriftState, Finding, Policy, drift, lint};

/// From this width on, a row names its variable.
const WIDE: u16 = 110;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// What the rows below are.
    Head(&'static str, String),
    /// A setting in AWS that differs, or that was not read.
    Drift(Drift),
    /// Something to know about the numbers.
    Finding(Finding),
    /// A knob.
    Knob(Knob),
}

/// A knob as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knob {
    /// Its variable in Terraform.
    pub name: &'static str,
    /// What it is, with its unit.
    pub about: &'static str,
    /// Its value.
    pub value: String,
    /// The specification's value, where that is another.
    pub default: Option<String>,
    /// The file and line that set it; `None`: nobody did.
    pub set_at: Option<String>,
}

impl Knob {
    /// "default", or who set it and what the default would be.
    fn origin(&self) -> String {
        match (&self.set_at, &self.default) {
            (Some(place), Some(default)) => format!("{place}, default {default}"),
            (Some(place), None) => format!("{place}, as the default"),
            (None, Some(default)) => format!("set, default {default}"),
            (None, None) => "default".to_owned(),
        }
    }
}

/// The rows under a filter: drift that needs somebody, findings, then every knob in the order of the spec.
pub fn rows(view: &View, needle: &str) -> Vec<Row> {
    let has = |text: &str| needle.is_empty() || text.to_lowercase().contains(needle);
    let all = drift(&view.platform, &view.policy, view.at);
    let agreeing = all.iter().filter(|row| row.state == DriftState::Same).count();
    let mut rows = vec![Row::Head("AWS against the policy", format!("{agreeing} of {} settings agree", all.len()))];
    for wanted in [DriftState::Differs, DriftState::Unknown] {
        let some = all.iter().filter(|row| row.state == wanted && (has(&row.of) || has(row.what) || has(row.variable)));
        rows.extend(some.cloned().map(Row::Drift));
    }
    let findings = lint(&view.policy, Some(&view.platform));
    let count = findings.len();
    rows.push(Row::Head("About its numbers", format!("{count} to know")));
    rows.extend(findings.into_iter().filter(|finding| has(&finding.what) || has(finding.rule)).map(Row::Finding));
    let spec = Policy::of_spec(view.policy.environment.clone());
    let knobs = variables::all().filter(|knob| has(knob.name) || has(knob.about));
    rows.push(Row::Head("Every knob", view.policy.environment.to_string()));
    rows.extend(knobs.map(|variable| Row::Knob(knob(view, variable, &spec))));
    rows
}

fn knob(view: &View, variable: &'static Variable, spec: &Policy) -> Knob {
    let (value, default) = (variable.get(&view.policy), variable.get(spec));
    Knob {
        name: variable.name,
        about: variable.about,
        default: (value != default).then(|| default.to_string()),
        value: value.to_string(),
        set_at: view.origins.of(variable.name),
    }
}

/// How far the pane scrolls.
pub fn measure(_: &View, model: &Model, _: &Look, _: Rect) -> Extent {
    listing::extent(model)
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let Listing::Policy(rows) = model.listing() else { return };
    let name = Phrase::new()
        .say(Meaning::Title, "Policy")
        .tell(Meaning::Muted, format_args!(" · {}", view.policy.environment));
    let troubles = [Source::ScalableTargets, Source::ScalingPolicies, Source::ScheduledActions, Source::TargetGroups];
    let remarks = troubles.into_iter().filter_map(|source| listing::trouble(view, source, look.now)).collect();
    let wide = area.width >= WIDE;
    let head = Head { name, remarks, empty: "no row passes the filter" };
    listing::draw(look, head, model, area, buf, |at| {
        rows.get(at).map_or_else(|| (Phrase::new(), Phrase::new()), |one| row(one, wide))
    });
}

fn row(row: &Row, wide: bool) -> (Phrase, Phrase) {
    // On a narrow screen what is so matters more than which variable says it; Enter tells both.
    let beside = |words: &str| {
        if wide { Phrase::new().tell(Meaning::Muted, format_args!("  {words} ")) } else { Phrase::new() }
    };
    match row {
        Row::Head(name, more) => {
            (Phrase::new().say(Meaning::Title, *name).tell(Meaning::Muted, format_args!(" · {more}")), Phrase::new())
        }
        Row::Drift(drift) => {
            let (glyph, word, meaning) = match drift.state {
                DriftState::Differs => ("≠", "differs", Meaning::Warning),
                DriftState::Unknown => ("?", "unknown", Meaning::CannotTell),
                DriftState::Same => ("✓", "same", Meaning::Ok),
            };
            let left = Phrase::new()
                .tell(meaning, format_args!(" {glyph} {word:<8} "))
                .tell(Meaning::Text, format_args!("{}", sentence(drift)));
            (left, beside(drift.variable))
        }
        Row::Finding(finding) => {
            let (glyph, word, meaning) = match finding.severity {
                Severity::Warning => ("▲", "warning", Meaning::Warning),
                Severity::Remark => ("·", "remark", Meaning::Muted),
            };
            let of = finding.of.as_ref().map_or_else(String::new, |of| format!("{of}: "));
            let left = Phrase::new()
                .tell(meaning, format_args!(" {glyph} {word:<8} "))
                .tell(Meaning::Text, format_args!("{of}{}", finding.what));
            let first = finding.variables.first().copied().unwrap_or_default();
            (left, beside(first))
        }
        Row::Knob(knob) => {
            let meaning = if knob.default.is_some() { Meaning::Strong } else { Meaning::Text };
            let left = Phrase::new()
                .tell(Meaning::Text, format_args!("   {:<34} ", knob.name))
                .say(meaning, Clean::new(&knob.value).fit(40))
                .tell(Meaning::Muted, format_args!("  {}", knob.about));
            (left, Phrase::new().tell(Meaning::Muted, format_args!("  {} ", knob.origin())))
        }
    }
}

/// "policy says maximum 10, AWS says 8 · solosuccess-ai".
fn sentence(drift: &Drift) -> String {
    let whose = drift.of.rsplit('/').next().filter(|name| !name.is_empty());
    let of = whose.map_or_else(String::new, |name| format!(" · {name}"));
    match &drift.aws {
        Some(aws) => format!("policy says {} {}, AWS says {aws}{of}", drift.what, drift.policy),
        None => format!("policy says {} {}, AWS was not read{of}", drift.what, drift.policy),
    }
}

/// A row in full.
pub fn note(row: &Row) -> Option<Note> {
    match row {
        Row::Head(..) => None,
        Row::Drift(drift) => {
            let mend = match drift.state {
                DriftState::Differs => {
                    "set it in AWS as the policy says – Terraform would, with this variable – or set the variable to what AWS has"
                }
                DriftState::Unknown => "read it first: see which source fails",
                DriftState::Same => "nothing",
            };
            let mut lines = vec![
                ("", sentence(drift)),
                ("whose", drift.of.clone()),
                ("variable", drift.variable.to_owned()),
                ("policy", drift.policy.clone()),
                ("AWS", drift.aws.clone().unwrap_or_else(|| "not read".to_owned())),
                ("mends it", mend.to_owned()),
            ];
            lines.extend(command(drift).map(|command| ("command", command)));
            Some(Note { title: "Where AWS is set up otherwise".to_owned(), lines })
        }
        Row::Finding(finding) => {
            let [what, why, set] = finding.lines();
            let lines = vec![("", what), ("why", why), ("mends it", set), ("variables", finding.variables.join(", "))];
            Some(Note { title: "About the policy's numbers".to_owned(), lines })
        }
        Row::Knob(knob) => {
            let lines = vec![
                ("", knob.about.to_owned()),
                ("variable", knob.name.to_owned()),
                ("value", knob.value.clone()),
                ("comes from", knob.origin()),
            ];
            Some(Note { title: "A knob of the policy".to_owned(), lines })
        }
    }
}

/// The command that makes AWS as the policy says, for limits of a service; every word is quoted.
fn command(drift: &Drift) -> Option<String> {
    let option = match drift.what {
        "minimum now" => "--min-capacity",
        "maximum" => "--max-capacity",
        _ => return None,
    };
    let differs = drift.state == DriftState::Differs && drift.aws.as_deref() != Some("not registered");
    let resource = format!("service/{}", drift.of);
    let words = [
        "aws",
        "application-autoscaling",
        "register-scalable-target",
        "--service-namespace",
        "ecs",
        "--resource-id",
        &resource,
        "--scalable-dimension",
        "ecs:service:DesiredCount",
        option,
        &drift.policy,
    ];
    let safe = differs && !resource.contains("://") && !resource.chars().any(char::is_control);
    shlex::try_join(words).ok().filter(|_| safe)
}
