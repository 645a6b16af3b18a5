//! The drill's databases over a socket, asked with boto3 and the AWS CLI: programs that somebody else wrote.
//!
//! They live in the Python environment that `SCALEDECK_MOTO` points at, as `moto` has it. Without one this says that it
//! was skipped – but where `CI` is set, a missing environment is a failure.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use scaledeck::drill::listen;

use crate::sdk::Bench;

/// A drill that is served, and the programs that ask it.
pub struct Served {
    /// The drill.
    pub bench: Bench,
    url: String,
    environment: PathBuf,
    _stop: oneshot::Sender<()>,
}

impl Served {
    /// Serves a scenario. `None` where there are no such programs, after saying so.
    pub async fn start(scenario: &str) -> Option<Self> {
        let Some(environment) = std::env::var_os("SCALEDECK_MOTO").map(PathBuf::from) else {
            assert!(std::env::var_os("CI").is_none(), "SCALEDECK_MOTO is not set: the contract is not proved");
            // Past the test runner, which keeps what a passing test prints to itself.
            let _ = std::io::stderr()
                .write_all(b"drill clients: skipped, SCALEDECK_MOTO points at no Python environment with boto3\n");
            return None;
        };
        let bench = Bench::new(scenario, 1);
        let listener = listen::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let asked = bench.clone();
        let answer = move |request| {
            let asked = asked.clone();
            async move { asked.send(request).await }
        };
        tokio::spawn(listen::serve(listener, answer, async {
            let _ = stopped.await;
        }));
        Some(Self { bench, url, environment, _stop: stop })
    }

    /// Runs a program to its end while the drill answers it: what it printed, and what it complained of.
    async fn run(&self, program: &str, arguments: &[&str]) -> (String, String) {
        let mut command = Command::new(self.environment.join("bin").join(program));
        command.args(arguments).envs([
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_PAGER", ""),
        ]);
        let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        (String::from_utf8(done.stdout).unwrap(), String::from_utf8_lossy(&done.stderr).into_owned())
    }

    /// Runs the AWS CLI to its end, and returns the JSON that it printed.
    pub async fn cli(&self, arguments: &[&str]) -> Value {
        let place = ["--endpoint-url", self.url.as_str(), "--region", "us-east-1", "--output", "json"];
        let (printed, complaint) = self.run("aws", &[arguments, &place].concat()).await;
        serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{arguments:?}: {complaint}"))
    }

    /// Runs `databases.py`, and returns what it printed.
    async fn boto3(&self, arguments: &[&str]) -> Value {
        self.script("databases.py", arguments).await
    }

    /// Runs a script beside it, likewise.
    pub async fn script(&self, name: &str, arguments: &[&str]) -> Value {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/drill").join(name);
        let mut all = vec!["-B", script.to_str().unwrap(), &self.url];
        all.extend(arguments);
        let (printed, complaint) = self.run("python", &all).await;
        serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{arguments:?}: {complaint}"))
    }
}

#[tokio::test]
async fn boto3_creates_a_replica_weighs_it_and_deletes_it() {
    let Some(drill) = Served::start("calm").await else { return };
    let (primary, first) = ("production-solosuccess-db", "production-solosuccess-db-replica-1");
    let second = "production-solosuccess-db-replica-2";
    let created = drill.boto3(&["create"]).await;
    let tags = json!([{"Key": "made-by", "Value": "boto3"}]);
    assert_eq!(created, json!({"status": "creating", "endpoint": false, "replicas": [first, second], "tags": tags}));
    drill.bench.pass(2760);
    let up = json!(["available", true]);
    assert_eq!(drill.boto3(&["describe"]).await, json!({primary: up, first: up, second: up}));

    let weighed = drill.boto3(&["weigh"]).await;
    assert_eq!((&weighed["status"], &weighed["weights"]), (&json!("PENDING"), &json!({first: 30, second: 70})));
    drill.bench.pass(61);
    assert_eq!(drill.boto3(&["change", weighed["id"].as_str().unwrap()]).await, "INSYNC");

    assert_eq!(drill.boto3(&["delete"]).await, "deleting");
    drill.bench.pass(180);
    assert_eq!(drill.boto3(&["describe"]).await, json!({primary: up, first: up}));
    assert_eq!(
        drill.boto3(&["refusals"]).await,
        json!([
            ["DBInstanceNotFound", 404],
            ["DBInstanceAlreadyExists", 400],
            ["InvalidParameterCombination", 400],
            ["InvalidChangeBatch", 400],
            ["NoSuchHostedZone", 404],
            ["NoSuchChange", 404],
        ])
    );
}

/// The spec's own command. Its wildcard is one that RDS has never taken; by its name an instance is found.
#[tokio::test]
async fn the_specs_command_meets_what_rds_says_to_a_wildcard() {
    let Some(drill) = Served::start("calm").await else { return };
    let ask = |value: &str| format!("Name=db-instance-id,Values={value}");
    let found = async |filter: &str| {
        let command = ["rds", "describe-db-instances", "--filters", filter, "--output", "json"];
        let query = ["--query", "DBInstances[*].[DBInstanceIdentifier,DBInstanceStatus]"];
        let place = ["--endpoint-url", drill.url.as_str(), "--region", "us-east-1"];
        drill.run("aws", &[&command[..], &query, &place].concat()).await
    };
    let wild = ask("production-solosuccess-db*");
    let (printed, said) = found(&wild).await;
    assert_eq!(printed.trim(), "");
    assert!(said.contains("(InvalidParameterValue)") && said.contains("is not a valid identifier"), "{said}");
    let named = ask("production-solosuccess-db,production-solosuccess-db-replica-1");
    let (printed, said) = found(&named).await;
    let read: Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!(
        read,
        json!([["production-solosuccess-db", "available"], ["production-solosuccess-db-replica-1", "available"]])
    );
}
