//! The doors to AWS against a server that somebody else wrote, made and read back with boto3.
//!
//! The drill is ours, so it could share our mistakes; moto cannot. It lives in a Python environment that
//! `SCALEDECK_MOTO` points at (`.ci/run` makes one). Without it this test says that it was skipped – but where `CI` is
//! set, a missing moto is a failure.
//!
//! What moto 5.2.1 cannot do is part of the test: it speaks no CBOR (metrics, alarms), knows no scaling activities, and answers
//! `DescribeTasks` with numbers where AWS has text, knows no monitoring subscription, and
//! lists distributions without their settings. Each must show in its own place while the rest works.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use scaledeck::aws::Access;
use scaledeck::change::{Answer, Asked, Plan, guard};
use scaledeck::clock::Clock;
use scaledeck::live::{self, Command as Ask, Handle, Notice, Settings, View};
use scaledeck::platform::{Environment, ServiceId, Source, TaskCount};
use scaledeck::policy::Policy;

/// How long the server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A moto server of its own, with the platform's AI service in it.
struct Moto {
    server: Child,
    url: String,
    python: PathBuf,
}

impl Moto {
    /// Starts one and makes the service. `None` where there is no moto, after saying so.
    fn start() -> Option<Self> {
        let Some(environment) = std::env::var_os("SCALEDECK_MOTO").map(PathBuf::from) else {
            assert!(std::env::var_os("CI").is_none(), "SCALEDECK_MOTO is not set: the contract is not proved");
            // Past the test runner, which keeps what a passing test prints to itself.
            let _ = std::io::stderr()
                .write_all(b"moto: skipped, SCALEDECK_MOTO points at no Python environment with moto\n");
            return None;
        };
        let mut server = Command::new(environment.join("bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("no moto_server in {}: {error}", environment.display()));
        let said = BufReader::new(server.stderr.take().unwrap());
        let mut moto = Self { server, url: String::new(), python: environment.join("bin/python") };
        let (tell, told) = channel();
        // Reads to the end, so that the server never waits for somebody to read its log.
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("Running on ") {
                    let _ = tell.send(url.trim().to_owned());
                }
            }
        });
        moto.url = told.recv_timeout(PATIENCE).expect("moto_server tells its address");
        moto.with_boto3("make");
        Some(moto)
    }

    /// Runs the Python side, and returns what it printed.
    fn with_boto3(&self, what: &str) -> Value {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/moto/service.py");
        let done = Command::new(&self.python).arg("-B").arg(script).args([&self.url, what]).output().unwrap();
        assert!(done.status.success(), "{what}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    }

    /// A command that finds this server, some credentials for it, an empty home, and nothing else of ours.
    fn command(&self, program: &str, home: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs([("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")])
            .envs([("AWS_ENDPOINT_URL", self.url.as_str()), ("AWS_REGION", "us-east-1")])
            .env("HOME", home)
            .current_dir(home);
        command
    }

    /// Runs the status door, and returns what it printed as JSON.
    fn status(&self) -> Value {
        let home = tempfile::tempdir().unwrap();
        let done =
            self.command(env!("CARGO_BIN_EXE_scaledeck"), home.path()).args(["status", "--json"]).output().unwrap();
        serde_json::from_slice(&done.stdout).unwrap_or_else(|error| {
            panic!("status printed no JSON ({error}), but said: {}", String::from_utf8_lossy(&done.stderr))
        })
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn status_shows_what_moto_serves_and_names_what_it_does_not() {
    let Some(moto) = Moto::start() else { return };
    let status = moto.status();
    let expected = [
        ("activities", "faulty"),
        ("alarms", "faulty"),
        ("caches", "live"),
        ("databases", "live"),
        ("distributions", "faulty"),
        ("identity", "live"),
        ("metrics", "faulty"),
        ("reader-name", "live"),
        ("scalable-targets", "live"),
        ("scaling-policies", "live"),
        ("scheduled-actions", "live"),
        ("service-list", "live"),
        ("services", "live"),
        ("target-groups", "live"),
        ("target-health", "live"),
        ("tasks", "faulty"),
    ];
    let kind = |source: &str| status["sources"][source]["state"]["kind"].as_str().unwrap_or("absent");
    assert_eq!(expected.map(|(source, _)| (source, kind(source))), expected, "{status:#}");

    let service = &status["services"][0];
    assert_eq!(service["id"], "solosuccess-production/solosuccess-ai-service", "{status:#}");
    assert_eq!((&service["service"]["desired"], &service["service"]["pending"]), (&2.into(), &2.into()), "{status:#}");
    assert_eq!((&service["target"]["min"], &service["target"]["max"]), (&2.into(), &10.into()), "{status:#}");
    assert_eq!(
        status["advice"]["services"]["solosuccess-production/solosuccess-ai-service"]["decision"]["decision"],
        "cannot_tell",
        "no metrics: {status:#}"
    );
    assert_eq!(status["identity"]["account"], "123456789012");
    assert_eq!(status["target_groups"][0]["draining_s"], 300, "{status:#}");

    let databases: Vec<&Value> = status["databases"].as_array().unwrap().iter().collect();
    assert_eq!(databases[0]["replicas"], serde_json::json!(["solosuccess-db-replica-1"]), "{status:#}");
    assert_eq!(databases[1]["replica_of"], "solosuccess-db", "{status:#}");
    let records = &status["reader_name"]["records"];
    assert_eq!((&records[0]["database"], &records[0]["weight"]), (&"solosuccess-db-replica-1".into(), &10.into()));
    assert_eq!(status["caches"][0]["id"], "solosuccess-redis", "{status:#}");
    let domain = status["distributions"][0]["domain"].as_str().unwrap_or_default();
    assert!(domain.ends_with(".cloudfront.net"), "{status:#}");
}

/// One confirmed change, through `live` and the writer, to a server that is not ours.
///
/// The SDK takes credentials from the environment, which a process may not change for itself while threads run: so
/// the change happens in a process of its own, and this one looks at what came of it through boto3.
#[test]
fn a_confirmed_change_arrives() {
    let Some(moto) = Moto::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let sent = moto
        .command(&this.to_string_lossy(), home.path())
        .args(["--exact", "moto::raises_the_count_by_one", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&sent.stdout) + String::from_utf8_lossy(&sent.stderr);
    assert!(sent.status.success() && said.contains("1 passed"), "{said}");
    let read = moto.with_boto3("read");
    assert_eq!((&read["desired"], &read["min"], &read["max"]), (&3.into(), &2.into(), &10.into()));
}

/// The other half of the test above.
#[tokio::test]
#[ignore = "run by `a_confirmed_change_arrives`, in a process with credentials and an endpoint"]
async fn raises_the_count_by_one() {
    let journal = tempfile::tempdir().unwrap();
    let policy = Arc::new(Policy::of_spec(Environment::Production));
    let settings = Settings {
        budget: None,
        origins: std::sync::Arc::default(),
        policy: policy.clone(),
        environment: Environment::Production,
        read_only: None,
        journal: journal.path().to_owned(),
        clusters: Vec::new(),
        spending: live::Spending::default(),
    };
    let mut handle = live::start(Access::default(), Clock::system(), settings);
    let service = ServiceId::new("solosuccess-production", "solosuccess-ai-service");
    ask(&handle, Ask::Look { visible: vec![service.clone()], open: None }).await;
    let needed = [Source::Identity, Source::ScalableTargets, Source::Services];
    let known = |view: &View| {
        needed.iter().all(|source| view.platform.sources.get(source).is_some_and(|health| health.learnt.is_some()))
            && view.platform.services.contains_key(&service)
    };
    wait_for(&mut handle, known).await;
    ask(&handle, Ask::Arm).await;
    let view = wait_for(&mut handle, |view| matches!(view.armed, live::Armed::Until(_))).await;

    let plan = Plan::desired(&view.platform, &service, TaskCount(3), None, &Environment::Production, view.at).unwrap();
    let shown = guard::tier(&plan, &policy);
    let answer = Answer { typed: shown.typed().unwrap(), reason: None };
    ask(&handle, Ask::Confirm(Box::new(Asked { plan, shown, answer, pressed: view.at }))).await;
    loop {
        match handle.notices.recv().await.unwrap() {
            Notice::Accepted => break,
            Notice::Refused(refused) => panic!("{refused:?}"),
            Notice::Said(_) => {}
        }
    }
    let view = wait_for(&mut handle, |view| view.platform.services.values().any(|s| s.desired == TaskCount(3))).await;
    assert_eq!(view.followed.as_ref().unwrap().plan.change.count(), Some(3));
    let lines: String = std::fs::read_dir(journal.path())
        .unwrap()
        .filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok())
        .collect();
    assert!(lines.contains("solosuccess-ai-service"), "{lines}");
    ask(&handle, Ask::Leave).await;
}

async fn ask(handle: &Handle, what: Ask) {
    handle.commands.send(what).await.unwrap();
}

async fn wait_for(handle: &mut Handle, shows: impl Fn(&View) -> bool) -> Arc<View> {
    let wait = async { handle.views.wait_for(|view| shows(view)).await.unwrap().clone() };
    tokio::time::timeout(PATIENCE, wait).await.expect("the loop learns what moto serves")
}
