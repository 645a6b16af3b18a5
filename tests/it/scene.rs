//! A drill with the loop on it, on a clock that advances only when everything waits: nothing here sleeps for real.

use std::sync::Arc;

use scaledeck::aws::Access;
use scaledeck::change::{Answer, Asked, Plan, preview};
use scaledeck::clock::Clock;
use scaledeck::drill::scenario::Scenario;
use scaledeck::drill::{self, Drill};
use scaledeck::live::{self, Command, Handle, Notice, Settings, View};
use scaledeck::platform::{Environment, ServiceId};
use scaledeck::policy::Policy;
use tempfile::TempDir;

/// Longer than any story takes.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(20);

/// A drill, the loop on it, and the ends a console would hold.
pub struct Scene {
    pub clock: Clock,
    pub drill: Drill,
    pub handle: Handle,
    pub journal: TempDir,
}

/// The spec's service.
pub fn service() -> ServiceId {
    ServiceId::new("solosuccess-production", "solosuccess-ai-service")
}

impl Scene {
    /// Opens a built-in scenario. Call it inside `#[tokio::test(start_paused = true)]`.
    pub fn open(scenario: &str) -> Self {
        Self::of(&Scenario::builtin(scenario).unwrap())
    }

    /// Opens a built-in scenario in which money is read as said.
    pub fn spending(scenario: &str, spending: live::Spending) -> Self {
        Self::with(&Scenario::builtin(scenario).unwrap(), spending)
    }

    /// Opens a scenario.
    pub fn of(scenario: &Scenario) -> Self {
        Self::with(scenario, live::Spending::default())
    }

    fn with(scenario: &Scenario, spending: live::Spending) -> Self {
        let clock = Clock::paced(drill::DEFAULT_START, 1.0);
        let drill = Drill::new(scenario, 1, clock.now());
        let journal = tempfile::tempdir().unwrap();
        let settings = Settings {
            budget: None,
            origins: std::sync::Arc::default(),
            policy: Arc::new(Policy::of_spec(Environment::Production)),
            environment: Environment::Production,
            read_only: None,
            journal: journal.path().to_owned(),
            clusters: Vec::new(),
            spending,
        };
        let transport = scaledeck::headless::course::transport(drill.clone(), clock.clone());
        let access = Access { transport: Some(transport), ..Access::default() };
        let handle = live::start(access, clock.clone(), settings);
        Self { clock, drill, handle, journal }
    }

    /// What a `/_drill/` route answers.
    pub async fn control(&self, route: &str) -> serde_json::Value {
        let request = http::Request::get(format!("http://drill/_drill/{route}")).body(bytes::Bytes::new()).unwrap();
        let response = self.drill.answer(request, || self.clock.now()).await.unwrap();
        serde_json::from_slice(response.body()).unwrap()
    }

    /// Waits for a view of which `is` holds.
    pub async fn until(&mut self, what: &str, is: impl FnMut(&View) -> bool) -> Arc<View> {
        self.within(PATIENCE, what, is).await
    }

    /// The same for a longer story.
    pub async fn within(
        &mut self,
        patience: std::time::Duration,
        what: &str,
        mut is: impl FnMut(&View) -> bool,
    ) -> Arc<View> {
        let deadline = self.clock.now() + patience;
        loop {
            let view = self.handle.views.borrow_and_update().clone();
            if is(&view) {
                return view;
            }
            let known = scaledeck::headless::status::text(&view);
            assert!(
                self.clock.now() < deadline,
                "never saw {what}; the last view:\n{known}{:#?}",
                view.platform.sources
            );
            self.handle.views.changed().await.unwrap();
        }
    }

    /// Waits for the first counts of the spec's service, and looks at it.
    pub async fn arrive(&mut self) {
        self.until("counts", |view| view.platform.services.contains_key(&service())).await;
        self.ask(Command::Look { visible: vec![service()], open: Some(service()) }).await;
    }

    /// Tells the loop something.
    pub async fn ask(&self, command: Command) {
        self.handle.commands.send(command).await.unwrap();
    }

    /// Arms, and waits until it is so.
    pub async fn arm(&mut self) {
        self.ask(Command::Arm).await;
        self.until("armed", |view| matches!(view.armed, live::Armed::Until(_))).await;
    }

    /// Answers a plan as the operator does who has read it.
    pub async fn confirm(&self, plan: Plan, view: &View) {
        let shown = preview(&plan, &view.platform, &view.policy, &view.advice, None, self.clock.now()).tier;
        let answer = Answer {
            typed: shown.typed().unwrap_or_default(),
            reason: shown.needs_reason().then(|| "a load test".to_owned()),
        };
        let pressed = self.clock.now();
        self.ask(Command::Confirm(Box::new(Asked { plan, shown, answer, pressed }))).await;
    }

    /// Leaves, and returns the journal's lines once everything is written down.
    pub async fn leave(mut self) -> String {
        self.ask(Command::Leave).await;
        while self.handle.notices.recv().await.is_some() {}
        let written = std::fs::read_dir(self.journal.path()).unwrap();
        written.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok()).collect()
    }

    /// The next notice.
    pub async fn notice(&mut self) -> Notice {
        self.handle.notices.recv().await.unwrap()
    }
}
