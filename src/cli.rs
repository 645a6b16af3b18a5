//! Words on the command line, and which door they open.
//!
//! Everything that can be wrong with what was typed is found here, before the terminal is touched: one sentence, exit
//! code 2.

mod config;
mod measure;
mod paper;
mod play;
mod record;
mod words;

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{CommandFactory as _, Parser as _};
use clap_complete::Shell;
use directories::ProjectDirs;
use tokio::runtime::{Builder, Runtime};

use crate::aws::Access;
use crate::clock::Clock;
use crate::console::picture::{self, Shot};
use crate::console::theme::Depth;
use crate::console::{self, Ended, Keymap, Options, Theme};
use crate::drill::scenario::Scenario;
use crate::drill::{self, Drill};
use crate::headless;
use crate::headless::course::transport;
use crate::live::{self, Settings, Spending};
use crate::platform::Environment;

use config::Config;
use words::{AccountArgs, Cli, ConsoleArgs, CostArgs, Door, DrillArgs, Generated, PictureArgs, StatusArgs};

/// What the shell is told when the command line was wrong.
const WRONG_WORDS: u8 = 2;

/// How fast a drill runs in the console: a minute passes in ten seconds, so that its story fits a break.
const DRILL_SPEED: f64 = 6.0;

/// Runs the program on the words it was given.
pub fn main() -> ExitCode {
    match open(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            // Standard error may have gone away with the terminal: there is nobody left to tell.
            let _ = writeln!(io::stderr(), "scaledeck: {wrong:#}");
            if wrong.is::<Mistake>() {
                ExitCode::from(WRONG_WORDS)
            } else {
                let unanswered = wrong.downcast_ref().map(Unanswered::code);
                unanswered.or(wrong.downcast_ref().map(Signalled::code)).unwrap_or(ExitCode::FAILURE)
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

/// Something was printed, and the shell is told that it is not all well.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
struct Unanswered {
    code: u8,
    words: String,
}

impl Unanswered {
    fn new(code: u8, words: String) -> Self {
        Self { code, words }
    }

    fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

/// Says something beside the output.
fn warn(words: &str) {
    // As above: there may be nobody left to tell.
    let _ = writeln!(io::stderr(), "scaledeck: {words}");
}

fn open(mut cli: Cli) -> anyhow::Result<()> {
    if let Some(config) = Config::find(cli.account.config.as_deref())? {
        config.dress(&mut cli.console);
        // A drill has no account, and what is printed about the program needs none.
        if !matches!(cli.door, Some(Door::Drill(_) | Door::Picture(_) | Door::Keys | Door::Generate { .. })) {
            config.fill(&mut cli.account)?;
        }
    }
    let account = &cli.account;
    match &cli.door {
        Some(Door::Keys) => print(&console::command_table_markdown()),
        Some(Door::Generate { what }) => print(&generate(*what)?),
        Some(Door::Advise(args)) => paper::advise(account, args),
        Some(Door::Why(args)) => paper::why(account, args),
        Some(Door::Journal(args)) => record::journal(account, args),
        Some(Door::Lint(args)) => paper::lint(account, args),
        Some(Door::Backtest(args)) => measure::backtest(account, args),
        Some(Door::Contest(args)) => measure::contest(account, args),
        Some(Door::Status(args)) => {
            let access = real(account)?;
            block_on(status(access, account, args))
        }
        Some(Door::Cost(args)) => {
            let access = real(account)?;
            block_on(cost(access, account, args))
        }
        Some(Door::Picture(args)) => print(&picture(account, &cli.console, args)?),
        Some(Door::Drill(args)) => {
            if args.list {
                return play::print_list(args.json);
            }
            let scenario = scenario(&args.world.scenario)?;
            if args.headless {
                return play::headless(scenario, account, args);
            }
            if let Some(address) = args.listen {
                return block_on(listen(&scenario, args, address));
            }
            let look = look(&cli.console)?;
            terminal()?;
            block_on(drill(&scenario, account, args, look))
        }
        None => {
            let access = real(account)?;
            let look = look(&cli.console)?;
            terminal()?;
            block_on(async {
                let clock = Clock::system();
                let (settings, said) =
                    settings(account, journal_folder(account, "journal")?, spending(account, false)?)?;
                let handle = live::start(access, clock.clone(), settings);
                ended(console::run(Options { said, ..look }, handle, clock).await?)
            })
        }
    }
}

fn generate(what: Generated) -> anyhow::Result<String> {
    let mut command = Cli::command();
    let mut out = Vec::new();
    let shell = match what {
        Generated::Man => None,
        Generated::Bash => Some(Shell::Bash),
        Generated::Fish => Some(Shell::Fish),
        Generated::Zsh => Some(Shell::Zsh),
    };
    match shell {
        Some(shell) => clap_complete::generate(shell, &mut command, "scaledeck", &mut out),
        None => clap_mangen::Man::new(command).render(&mut out)?,
    }
    Ok(String::from_utf8(out)?)
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

/// What the loop is started with, and what there is to say about the policy's file.
fn settings(
    account: &AccountArgs,
    journal: PathBuf,
    spending: Spending,
) -> Result<(Settings, Option<String>), Mistake> {
    let in_force = paper::policy(account, &Environment::Production)?;
    let settings = Settings {
        budget: account.budget,
        environment: in_force.policy.environment.clone(),
        policy: Arc::new(in_force.policy),
        read_only: account
            .read_only
            .then(|| account.read_only_by.clone().unwrap_or_else(|| "--read-only was given".to_owned())),
        origins: Arc::new(in_force.origins),
        journal,
        clusters: account.cluster.clone(),
        spending,
    };
    Ok((settings, in_force.passed_over))
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
        Some(file) if is_toml(file) => Theme::load(Path::new(file)),
        Some(name) => Theme::builtin(name),
    };
    let theme = theme.map_err(|fault| Mistake(fault.to_string()))?.at(Depth::detect(variable));
    let keymap = match args.keymap.as_deref() {
        None => Ok(Keymap::default()),
        Some(file) if is_toml(file) => Keymap::load(Path::new(file)),
        Some(name) => Keymap::builtin(name),
    };
    let keymap = keymap.map_err(|fault| Mistake(fault.to_string()))?;
    Ok(Options { theme, keymap, title: None, drill: false, said: None })
}

/// Whether a name is a file's: what the program has inside needs no ending.
fn is_toml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

fn scenario(name: &str) -> anyhow::Result<Scenario> {
    if is_toml(name) {
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
    let access = Access { transport: Some(transport(drill.clone(), clock.clone())), ..Access::default() };
    let (settings, said) = settings(account, journal_folder(account, "drill-journal")?, spending(account, true)?)?;
    let policy = Arc::clone(&settings.policy);
    let handle = live::start(access, clock.clone(), settings);
    let title = Some(format!("drill {} ×{speed}", scenario.name));
    let mut played = play::Played::new(scenario, args.world.seed, policy, clock.now());
    let watch = |deed: console::Deed, at| played.take(&deed.resource, deed.changed, at);
    let how = console::run_watched(Options { title, drill: true, said, ..look }, handle, clock.clone(), watch).await?;
    // The terminal is given back: what is printed now stays.
    if matches!(how, Ended::Quit | Ended::Left) {
        print(&played.debrief(&drill, clock.now())?)?;
    }
    ended(how)
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
        let (settings, said) = settings(account, journal.path().to_owned(), spending(account, true)?)?;
        let look = Options { said, ..look };
        let handle = live::start(access, clock.clone(), settings);
        picture::take(look, handle, &clock, shot).await
    })
}

async fn listen(scenario: &Scenario, args: &DrillArgs, address: SocketAddr) -> anyhow::Result<()> {
    let wall = Clock::system().now();
    let clock = Clock::paced(wall, args.speed.unwrap_or(1.0));
    let drill = Drill::new(scenario, args.world.seed, wall);
    let socket = drill::listen::bind(address).await.map_err(|fault| Mistake(fault.to_string()))?;
    let address = socket.local_addr()?;
    let name = &scenario.name;
    print(&format!(
        "the drill `{name}` listens on http://{address}\n  export AWS_ENDPOINT_URL=http://{address} \
         AWS_ACCESS_KEY_ID=drill AWS_SECRET_ACCESS_KEY=drill \
         AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\n"
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

/// Where money is read. A drill's bills are kept nowhere: its world ends with the program.
fn spending(account: &AccountArgs, drill: bool) -> anyhow::Result<Spending> {
    Ok(Spending {
        explorer: !account.no_cost_explorer,
        folder: if drill { None } else { Some(journal_folder(account, "journal")?.with_file_name("bills")) },
        users: account.users_metric.clone(),
    })
}

async fn status(access: Access, account: &AccountArgs, args: &StatusArgs) -> anyhow::Result<()> {
    let clock = Clock::system();
    let (settings, said) = settings(account, journal_folder(account, "journal")?, spending(account, false)?)?;
    if let Some(words) = &said {
        warn(words);
    }
    let mut handle = live::start(access, clock.clone(), settings);
    let view = headless::status::read_once(&mut handle, &clock).await;
    if args.json {
        print(&headless::snapshot::Snapshot::of_view(&view).written())?;
    } else {
        print(&headless::status::text(&view))?;
    }
    anyhow::ensure!(
        view.platform.identity.is_some(),
        "AWS has not said who we are, and nothing else can be read; to practise without an account: scaledeck drill"
    );
    Ok(())
}

async fn cost(access: Access, account: &AccountArgs, args: &CostArgs) -> anyhow::Result<()> {
    let clock = Clock::system();
    let (settings, said) = settings(account, journal_folder(account, "journal")?, spending(account, false)?)?;
    if let Some(words) = &said {
        warn(words);
    }
    let explorer = settings.spending.explorer;
    let mut handle = live::start(access, clock.clone(), settings);
    let view = headless::cost::read_once(&mut handle, &clock, explorer).await;
    match (&view.money, args.json) {
        (Some(money), true) => print(&(serde_json::to_string_pretty(money.as_ref())? + "\n"))?,
        (None, true) => print("null\n")?,
        (_, false) => print(&headless::cost::text(&view))?,
    }
    anyhow::ensure!(view.platform.identity.is_some(), "AWS has not said who we are, and nothing else can be read");
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
