//! Words on the command line, and which door they open.
//!
//! Everything that can be wrong with what was typed is found here, before the terminal is touched: one sentence, exit
//! code 2.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use directories::ProjectDirs;
use tokio::runtime::{Builder, Runtime};

use crate::aws::{Access, Transport, TransportFault};
use crate::clock::Clock;
use crate::console::keys::Key;
use crate::console::picture::{self, Shot};
use crate::console::theme::Depth;
use crate::console::{self, Ended, Keymap, Options, Theme};
use crate::drill::scenario::Scenario;
use crate::drill::{self, Drill};
use crate::headless;
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
    /// Practise on an AWS inside the program: the same console without an account or a network.
    #[command(after_help = scenarios())]
    Drill(DrillArgs),
    /// Read everything once, print it with what the policy advises, and end.
    Status(StatusArgs),
    /// Print what the console shows at a moment of a drill, as an SVG picture.
    #[command(after_help = scenarios())]
    Picture(PictureArgs),
    /// Print every command of the console with its default keys, as a Markdown table.
    Keys,
    /// Print completions for a shell, or the man page.
    Generate {
        /// What to print.
        what: Generated,
    },
}

/// What is made from the command line's own description.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Generated {
    /// Completions for bash.
    Bash,
    /// Completions for fish.
    Fish,
    /// Completions for zsh.
    Zsh,
    /// The man page, as roff.
    Man,
}

/// Which account to look at, and what may be done there.
#[derive(Debug, Args)]
#[command(next_help_heading = "Account")]
pub struct AccountArgs {
    /// The profile of ~/.aws/config to use, not in a drill [default: AWS_PROFILE, else `default`].
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// The region to look at, not in a drill [default: AWS_REGION, else the profile's].
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Where to send AWS calls instead of to AWS, not in a drill [default: AWS_ENDPOINT_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The environment's label: it decides the policy's limits, and how much is asked before a change.
    #[arg(long, global = true, value_name = "LABEL", default_value = "production")]
    pub environment: String,
    /// Look at this cluster only; may be given several times [default: all].
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Vec<String>,
    /// The journal of changes [default: `journal`, in a drill `drill-journal`, in ~/.local/state/scaledeck].
    #[arg(long, global = true, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// Refuse every change, whatever is pressed.
    #[arg(long, global = true)]
    pub read_only: bool,
}

/// How the console looks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Console")]
pub struct ConsoleArgs {
    /// A theme: `dark`, `light` or a .toml file [default: the one that COLORFGBG asks for, else `dark`].
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// A .toml file of keys to lay over the default ones.
    #[arg(long, global = true, value_name = "FILE")]
    pub keymap: Option<PathBuf>,
}

/// What happens in a drill.
#[derive(Debug, Args)]
pub struct WorldArgs {
    /// A scenario by name, or a .toml file.
    #[arg(default_value = "spike")]
    pub scenario: String,
    /// What chance draws from: the same seed and the same changes at the same times give the same world.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// A drill.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// What happens.
    #[command(flatten)]
    pub world: WorldArgs,
    /// How much faster than life its time runs, from 0.1 to 600 [default: 6; with --listen 1].
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Serve the drill's AWS over HTTP instead of opening the console, for the AWS CLI or any SDK.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}

/// A picture.
#[derive(Debug, Args)]
pub struct PictureArgs {
    /// What happens.
    #[command(flatten)]
    pub world: WorldArgs,
    /// The moment, in seconds of the drill from its start.
    #[arg(long, value_name = "SECONDS", default_value_t = 240)]
    pub at: u32,
    /// Columns and rows of the screen.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "140x36", value_parser = size)]
    pub size: (u16, u16),
    /// Keys to press before it, a second apart, named as in a keymap file: `2`, `"a enter"`.
    #[arg(long, value_name = "KEYS", value_parser = key, value_delimiter = ' ')]
    pub keys: Vec<Key>,
}

/// What to print.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// The scenarios by name, for the help.
fn scenarios() -> String {
    let lines = Scenario::all().into_iter().map(|one| format!("  {:<8}{}\n", one.name, one.summary));
    format!("Scenarios:\n{}", lines.collect::<String>())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=600.0).contains(&speed) => Ok(speed),
        _ => Err("a speed is a number from 0.1 to 600".to_owned()),
    }
}

fn key(text: &str) -> Result<Key, String> {
    text.parse().map_err(|_| "a key is written as `a`, `A`, `+`, `enter`, `pgdn` or `ctrl-r`".to_owned())
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match sides {
        Some((width @ 1..=400, height @ 1..=200)) => Ok((width, height)),
        _ => Err("a size is columns x rows, as in 140x36, at most 400x200".to_owned()),
    }
}

/// Runs the program on the words it was given.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match open(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("scaledeck: {wrong:#}");
            ExitCode::from(if wrong.is::<Mistake>() { WRONG_WORDS } else { 1 })
        }
    }
}

/// Something that was typed cannot be meant.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Mistake(String);

fn open(cli: Cli) -> anyhow::Result<()> {
    let account = &cli.account;
    match &cli.door {
        Some(Door::Keys) => {
            print!("{}", console::command_table_markdown());
            Ok(())
        }
        Some(Door::Generate { what }) => Ok(generate(*what, &mut std::io::stdout())?),
        Some(Door::Status(args)) => {
            let access = real(account)?;
            runtime()?.block_on(status(access, account, args))
        }
        Some(Door::Picture(args)) => {
            print!("{}", picture(account, &cli.console, args)?);
            Ok(())
        }
        Some(Door::Drill(args)) => {
            let scenario = scenario(&args.world.scenario)?;
            match args.listen {
                Some(address) => runtime()?.block_on(listen(&scenario, args, address)),
                None => {
                    let look = look(&cli.console)?;
                    runtime()?.block_on(drill(&scenario, account, args, look))
                }
            }
        }
        None => {
            let access = real(account)?;
            let look = look(&cli.console)?;
            runtime()?.block_on(async {
                let clock = Clock::system();
                let handle = live::start(access, clock.clone(), settings(account, journal_folder(account, "journal")?));
                ended(console::run(look, handle, clock).await?)
            })
        }
    }
}

fn generate(what: Generated, out: &mut impl Write) -> std::io::Result<()> {
    let mut command = Cli::command();
    let shell = match what {
        Generated::Man => return clap_mangen::Man::new(command).render(out),
        Generated::Bash => Shell::Bash,
        Generated::Fish => Shell::Fish,
        Generated::Zsh => Shell::Zsh,
    };
    clap_complete::generate(shell, &mut command, "scaledeck", out);
    Ok(())
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().context("the runtime could not be started")
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
    let drill = Drill::new(scenario, args.world.seed, clock.now());
    let access = Access { transport: Some(transport(drill, clock.clone())), ..Access::default() };
    let settings = settings(account, journal_folder(account, "drill-journal")?);
    let handle = live::start(access, clock.clone(), settings);
    let title = Some(format!("drill {} ×{speed}", scenario.name));
    ended(console::run(Options { title, drill: true, ..look }, handle, clock).await?)
}

/// What a console on a drill shows at a moment. Nothing is waited for: time passes only while every task waits.
fn picture(account: &AccountArgs, look_args: &ConsoleArgs, args: &PictureArgs) -> anyhow::Result<String> {
    let scenario = scenario(&args.world.scenario)?;
    let shot = Shot { after: Duration::from_secs(args.at.into()), size: args.size, keys: args.keys.clone() };
    let look = look(look_args)?;
    let look = Options {
        theme: look.theme.at(Depth::True),
        title: Some(format!("drill {}", scenario.name)),
        drill: true,
        ..look
    };
    // The journal is a passing one: a picture must not depend on what was done here before.
    let journal = tempfile::tempdir()?;
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        // Only the wait after a failure is left to chance.
        fastrand::seed(args.world.seed);
        let clock = Clock::paced(drill::DEFAULT_START, 1.0);
        let drill = Drill::new(&scenario, args.world.seed, clock.now());
        let access = Access { transport: Some(transport(drill, clock.clone())), ..Access::default() };
        let handle = live::start(access, clock.clone(), settings(account, journal.path().to_owned()));
        picture::take(look, handle, &clock, shot).await
    })
}

/// Hands the SDK's requests to a drill, at the time of the clock.
pub fn transport(drill: Drill, clock: Clock) -> Transport {
    Transport::new(move |request| {
        let (drill, clock) = (drill.clone(), clock.clone());
        async move {
            let answer = drill.answer(request, || clock.now()).await;
            answer.map_err(|dropped| TransportFault::new(dropped.to_string()))
        }
    })
}

async fn listen(scenario: &Scenario, args: &DrillArgs, address: SocketAddr) -> anyhow::Result<()> {
    let wall = Clock::system().now();
    let clock = Clock::paced(wall, args.speed.unwrap_or(1.0));
    let drill = Drill::new(scenario, args.world.seed, wall);
    let socket = drill::listen::bind(address).await?;
    let address = socket.local_addr()?;
    println!("the drill `{}` listens on http://{address}", scenario.name);
    println!(
        "  export AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID=drill AWS_SECRET_ACCESS_KEY=drill AWS_REGION=us-east-1"
    );
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
        println!("{}", serde_json::to_string_pretty(&headless::status::Report::of(&view))?);
    } else {
        print!("{}", headless::status::text(&view));
    }
    Ok(())
}

/// Says on the ordinary screen what the operator has to know after the console is gone.
fn ended(ended: Ended) -> anyhow::Result<()> {
    match ended {
        Ended::Quit | Ended::Closed => Ok(()),
        Ended::Left => {
            println!("A change is still on its way: it is in the journal, and the next start looks at it.");
            Ok(())
        }
        Ended::Signalled(signal) => anyhow::bail!("ended by {signal}"),
    }
}
