//! The thin binary: hands the command line to [`scaledeck::cli`].

fn main() -> std::process::ExitCode {
    scaledeck::cli::main()
}
