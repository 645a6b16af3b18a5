//! A drill that listens, in a process of its own: an AWS that lives on when the console is killed, and keeps a log of
//! every write that reached it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::terminal::{ACCOUNT, Home, PATIENCE, PROGRAM, Terminal};

/// The listening drill. It ends with this value.
pub struct Listening {
    child: Child,
    /// Held, or what it says later would have nowhere to go.
    _said: BufReader<ChildStdout>,
    address: String,
}

/// Five hundred people at all hours: four tasks carry them at 66 % CPU, and more are left alone for fifteen minutes.
const STEADY: &str = "name = \"steady\"\nsummary = \"x\"\n[[users]]\nat = 0\nusers = 500\n";

impl Listening {
    /// Serves a day on which nothing happens by itself.
    pub fn steady(speed: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("steady.toml");
        std::fs::write(&file, STEADY).unwrap();
        Self::start(file.to_str().unwrap(), speed)
    }

    /// Serves a scenario, at a speed, on a free port.
    pub fn start(scenario: &str, speed: &str) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["drill", scenario, "--speed", speed, "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let (_, address) = line.trim_end().split_once("http://").unwrap_or_else(|| panic!("no address in {line:?}"));
        Self { address: address.to_owned(), _said: said, child }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A home whose programs talk to it.
    pub fn home(&self) -> Home {
        home_at(&self.url())
    }

    /// Asks one of its own routes.
    pub fn ask(&self, method: &str, route: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        let head = format!(
            "{method} /_drill/{route} HTTP/1.1\r\nhost: drill\r\nconnection: close\r\ncontent-length: {length}"
        );
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    /// Lets calls fail from now on, as `POST /_drill/faults` is told.
    pub fn fail(&self, fault: &Value) {
        self.ask("POST", "faults", &fault.to_string());
    }

    /// Lets nothing fail any more.
    pub fn mend(&self) {
        self.ask("DELETE", "faults", "");
    }

    /// Every write that reached it and was carried out, in order.
    pub fn writes(&self) -> Vec<String> {
        let log = self.ask("GET", "log", "");
        log["writes"].as_array().unwrap().iter().map(|write| write["what"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home whose programs talk to an endpoint, with credentials that it takes.
pub fn home_at(url: &str) -> Home {
    let mut home = Home::new();
    for (name, value) in [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "drill"),
        ("AWS_SECRET_ACCESS_KEY", "drill"),
        ("AWS_REGION", "us-east-1"),
    ] {
        home.set(name, value);
    }
    home
}

/// The console on it, ready for keys.
pub fn console(home: &Home) -> Terminal {
    let mut terminal = home.start(PROGRAM, &[], (120, 40));
    terminal.wait_for_text(ACCOUNT);
    // As many as there are: it depends on the hour, and a change of the run before may have been carried out.
    terminal.wait_while_it_runs("the counts", |screen| {
        ["tasks 2/2", "tasks 4/4", "tasks 6/6"].iter().any(|counts| screen.contents().contains(counts))
    });
    terminal
}
