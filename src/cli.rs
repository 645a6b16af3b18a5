//! Words on the command line, and which door they open.
//!
//! Everything that can be wrong with what was typed is found here, before the terminal is touched: one sentence, exit
//! code 2.

mod measure;

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use directories::ProjectDirs;
use tokio::runtime::{Builder, Runtime};

use crate::aws::Access;
use crate::clock::Clock;
use crate::console::theme::Depth;
use crate::console::{self, Ended, Keymap, Options, Theme};
use crate::drill::scenario::Scenario;
use crate::drill::{self, Drill};
use crate::headless;
use crate::headless::course::transport;
use crate::live::{self, Settings};
use crate::platform::Environment;
use crate::policy::Policy;

/// What the shell is told when the command line was wrong.
const WRONG_WORDS: u8 = 2;

/// How fast a drill runs in the console: a minute passes in ten seconds, so that its story fits a break.
const DRILL_SPEED: f64 = 6.0;

/// A terminal console for people on call for a platform that scales on AWS.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    door: Option<Door>,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    console: ConsoleArgs,
}

#[derive(Debug, Subcommand)]
enum Door {
    /// Practise on an AWS inside the program: no account, no network, the same console.
    Drill(DrillArgs),
    /// Read everything once, print it and what the policy advises, and end.
    Status(StatusArgs),
    /// Replay a recorded series through every controller, and print what each would have done.
    Backtest(measure::BacktestArgs),
    /// Let every controller through the same loads in the drill, and print one table.
    Contest(measure::ContestArgs),
    /// Print every command with its keys and what it does, as a Markdown table.
    Keys,
}

/// Which account to look at.
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// The profile of ~/.aws/config to use [default: AWS_PROFILE, else `default`].
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// The region to look at [default: AWS_REGION, else the profile's].
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Where to send every AWS call instead [default: AWS_ENDPOINT_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The environment's label: `production` and `staging` have their own limits; without a label it is production.
    #[arg(long, global = true, value_name = "LABEL", default_value = "")]
    pub environment: String,
    /// Only this cluster; may be given several times [default: all].
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Vec<String>,
    /// Where the journal of changes is kept.
    #[arg(long, global = true, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// Refuse every change, whatever is pressed.
    #[arg(long, global = true)]
    pub read_only: bool,
}

/// How the console looks.
#[derive(Debug, Args)]
pub struct ConsoleArgs {
    /// A theme by name, or a theme file [default: dark or light, as the terminal says].
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// A keymap file to lay over the default keys.
    #[arg(long, global = true, value_name = "FILE")]
    pub keymap: Option<PathBuf>,
}

/// A drill.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// What happens.
    #[arg(default_value = "spike")]
    pub scenario: String,
    /// How much faster than the wall its time runs [default: 6; 1 with --listen].
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// The same seed and the same changes at the same times give the same world.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Serve this AWS over HTTP instead of opening the console, for the AWS CLI or an SDK with this endpoint.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}

/// What to print.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=600.0).contains(&speed) => Ok(speed),
        _ => Err("a speed is a number from 0.1 to 600".to_owned()),
    }
}

/// Runs the program on the words it was given.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match open(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            // Standard error may have gone away with the terminal: there is nobody left to tell.
            let _ = writeln!(io::stderr(), "scaledeck: {wrong:#}");
            if wrong.is::<Mistake>() {
                ExitCode::from(WRONG_WORDS)
            } else {
                wrong.downcast_ref().map_or(ExitCode::FAILURE, Signalled::code)
            }
        }
    }
}

/// Something that was typed cannot be meant.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Mistake(String);

/// A signal asked the program to end.
#[derive(Debug, thiserror::Error)]
#[error("ended by {0}")]
struct Signalled(&'static str);

impl Signalled {
    /// As a shell counts: 128 and the signal's number.
    fn code(&self) -> ExitCode {
        ExitCode::from(match self.0 {
            "SIGHUP" => 129,
            "SIGINT" => 130,
            _ => 143,
        })
    }
}

fn open(cli: Cli) -> anyhow::Result<()> {
    let account = &cli.account;
    match &cli.door {
        Some(Door::Keys) => print(&console::command_table_markdown()),
        Some(Door::Backtest(args)) => measure::backtest(account, args),
        Some(Door::Contest(args)) => measure::contest(account, args),
        Some(Door::Status(args)) => {
            let access = real(account)?;
            block_on(status(access, account, args))
        }
        Some(Door::Drill(args)) => {
            let scenario = scenario(&args.scenario)?;
            match args.listen {
                Some(address) => block_on(listen(&scenario, args, address)),
                None => {
                    let look = look(&cli.console)?;
                    terminal()?;
                    block_on(drill(&scenario, account, args, look))
                }
            }
        }
        None => {
            let access = real(account)?;
            let look = look(&cli.console)?;
            terminal()?;
            block_on(async {
                let clock = Clock::system();
                let handle = live::start(access, clock.clone(), settings(account, journal_folder(account, "journal")?));
                ended(console::run(look, handle, clock).await?)
            })
        }
    }
}

/// How long work that cannot be stopped – a name that is being looked up – may hold up the end of the program.
const LAST_WORK: Duration = Duration::from_millis(500);

fn block_on(door: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime: Runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    let ended = runtime.block_on(door);
    runtime.shutdown_timeout(LAST_WORK);
    ended
}

/// The console draws on standard output and reads standard input: into a file or a pipe it would only write rubbish.
fn terminal() -> Result<(), Mistake> {
    for (name, is_one) in
        [("standard input", io::stdin().is_terminal()), ("standard output", io::stdout().is_terminal())]
    {
        if !is_one {
            let words = format!("{name} is not a terminal, and the console needs one: scripts call `scaledeck status`");
            return Err(Mistake(words));
        }
    }
    Ok(())
}

/// Prints a text. Whoever read it may have had enough of it.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(fault) if fault.kind() != io::ErrorKind::BrokenPipe => Err(fault).context("nothing could be printed"),
        _ => Ok(()),
    }
}

fn real(account: &AccountArgs) -> anyhow::Result<Access> {
    let access = Access {
        profile: account.profile.clone(),
        region: account.region.clone(),
        endpoint: account.endpoint_url.clone(),
        transport: None,
    };
    access.check().map_err(|mistake| Mistake(mistake.to_string()))?;
    Ok(access)
}

fn settings(account: &AccountArgs, journal: PathBuf) -> Settings {
    let environment = Environment::from_label(&account.environment);
    Settings {
        policy: Arc::new(Policy::of_spec(environment.clone())),
        environment,
        read_only: account.read_only.then(|| "--read-only was given".to_owned()),
        journal,
        clusters: account.cluster.clone(),
    }
}

/// Where the journal is: the given folder, or `name` in the user's state directory. A drill's never mixes with a real
/// account's.
fn journal_folder(account: &AccountArgs, name: &str) -> anyhow::Result<PathBuf> {
    if let Some(folder) = &account.journal {
        return Ok(folder.clone());
    }
    let places = ProjectDirs::from("", "", "scaledeck")
        .ok_or_else(|| Mistake("no home directory: say where the journal goes with --journal DIR".to_owned()))?;
    Ok(places.state_dir().unwrap_or_else(|| places.data_local_dir()).join(name))
}

fn look(args: &ConsoleArgs) -> anyhow::Result<Options> {
    let variable = |name: &str| std::env::var(name).ok();
    let theme = match args.theme.as_deref() {
        None => Theme::builtin(console::terminal::theme_for(variable)),
        Some(file) if file.ends_with(".toml") => Theme::load(Path::new(file)),
        Some(name) => Theme::builtin(name),
    };
    let theme = theme.map_err(|fault| Mistake(fault.to_string()))?.at(Depth::detect(variable));
    let keymap = match &args.keymap {
        Some(file) => Keymap::load(file).map_err(|fault| Mistake(fault.to_string()))?,
        None => Keymap::default(),
    };
    Ok(Options { theme, keymap, title: None, drill: false })
}

fn scenario(name: &str) -> anyhow::Result<Scenario> {
    if Path::new(name).extension().is_some_and(|extension| extension == "toml") {
        let text = std::fs::read_to_string(name).map_err(|fault| Mistake(format!("{name}: {fault}")))?;
        return Ok(Scenario::from_toml(&text, name).map_err(|mistake| Mistake(mistake.to_string()))?);
    }
    Ok(Scenario::builtin(name).map_err(|unknown| Mistake(unknown.to_string()))?)
}

/// The drill in the console: the same loop, with the drill's clock and the drill where the network would be.
async fn drill(scenario: &Scenario, account: &AccountArgs, args: &DrillArgs, look: Options) -> anyhow::Result<()> {
    let speed = args.speed.unwrap_or(DRILL_SPEED);
    let clock = Clock::paced(drill::DEFAULT_START, speed);
    let drill = Drill::new(scenario, args.seed, clock.now());
    let access = Access { transport: Some(transport(drill, clock.clone())), ..Access::default() };
    let settings = settings(account, journal_folder(account, "drill-journal")?);
    let handle = live::start(access, clock.clone(), settings);
    let title = Some(format!("drill {} ×{speed}", scenario.name));
    ended(console::run(Options { title, drill: true, ..look }, handle, clock).await?)
}

async fn listen(scenario: &Scenario, args: &DrillArgs, address: SocketAddr) -> anyhow::Result<()> {
    let wall = Clock::system().now();
    let clock = Clock::paced(wall, args.speed.unwrap_or(1.0));
    let drill = Drill::new(scenario, args.seed, wall);
    let socket = drill::listen::bind(address).await.map_err(|fault| Mistake(fault.to_string()))?;
    let address = socket.local_addr()?;
    let name = &scenario.name;
    print(&format!(
        "the drill `{name}` listens on http://{address}\n  export AWS_ENDPOINT_URL=http://{address} \
         AWS_ACCESS_KEY_ID=drill AWS_SECRET_ACCESS_KEY=drill AWS_REGION=us-east-1\n"
    ))?;
    let answer = move |request| {
        let (drill, clock) = (drill.clone(), clock.clone());
        async move { drill.answer(request, || clock.now()).await }
    };
    drill::listen::serve(socket, answer, async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await;
    Ok(())
}

async fn status(access: Access, account: &AccountArgs, args: &StatusArgs) -> anyhow::Result<()> {
    let clock = Clock::system();
    let mut handle = live::start(access, clock.clone(), settings(account, journal_folder(account, "journal")?));
    let view = headless::status::read_once(&mut handle, &clock).await;
    if args.json {
        print(&(serde_json::to_string_pretty(&headless::status::Report::of(&view))? + "\n"))?;
    } else {
        print(&headless::status::text(&view))?;
    }
    anyhow::ensure!(view.platform.identity.is_some(), "AWS has not said who we are: nothing else can be read");
    Ok(())
}

/// Says on the ordinary screen what the operator has to know after the console is gone.
fn ended(ended: Ended) -> anyhow::Result<()> {
    match ended {
        Ended::Quit | Ended::Closed => Ok(()),
        Ended::Left => print("A change is still on its way: it is in the journal, and the next start looks at it.\n"),
        Ended::Signalled(signal) => Err(Signalled(signal).into()),
    }
}
