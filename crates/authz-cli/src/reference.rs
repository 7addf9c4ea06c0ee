//! `docs/command.md` is written from the definition of the command line.

use std::{env, fmt::Write as _, fs, path::Path};

use clap::{Arg, Command, CommandFactory as _};

#[test]
fn the_reference_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("docs/command.md");
    let readme = fs::read_to_string(root.join("crates/authz-cli/README.md")).unwrap();
    let page = page(&readme);
    if env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert!(
        fs::read_to_string(file).is_ok_and(|it| it == page),
        "docs/command.md is not what the command line says. Write it anew: \
         UPDATE_PAGES=1 cargo test -p authz-cli reference"
    );
}

const INTRODUCTION: &str = "\
The command `authz` is a development issuer, and explains why a token, a key set or a policy does not work. It runs on your own
machine. It sends requests only to the issuer or API that you name (the doctor also to the status list of a valid token), and
stores nothing.

```sh
cargo install --path crates/authz-cli   # in a checkout
```

- Tokens and secrets come from a file or from stdin (`-`), never from an argument: other users of the machine and the
  history of the shell can read arguments.
- `--json` works with every subcommand that prints a result, and prints JSON.
- `doctor`, `explain` and `rules check` exit with 1 if something is wrong or denied. Wrong arguments exit with 2.
- `authz help SUBCOMMAND` prints the text of this page.
";

/// The diagnoses are explained in the package's README, which a registry shows.
const DIAGNOSES: &str = "## What the doctor names";

fn page(readme: &str) -> String {
    let mut authz = crate::Cli::command();
    authz.build();
    let mut page = format!("# The command `authz`\n\n{INTRODUCTION}");
    page.push_str("\n| subcommand | what it does |\n|---|---|\n");
    let commands = leaves(&authz, "authz");
    for (name, command) in &commands {
        let link = name.replace(' ', "-");
        let about = command.get_about().unwrap();
        writeln!(page, "| [`{name}`](#{link}) | {about} |").unwrap();
    }
    for (name, command) in commands {
        section(&mut page, &name, command.clone());
        if name == "authz doctor" {
            let (_, diagnoses) = readme.split_once(DIAGNOSES).unwrap();
            write!(page, "\n### What the doctor names{diagnoses}").unwrap();
        }
    }
    page
}

/// The commands that have no further ones, by their full names.
fn leaves<'a>(command: &'a Command, name: &str) -> Vec<(String, &'a Command)> {
    let parts = command
        .get_subcommands()
        .filter(|it| it.get_name() != "help");
    let found: Vec<_> = parts
        .flat_map(|it| leaves(it, &format!("{name} {}", it.get_name())))
        .collect();
    match found.is_empty() {
        true => vec![(name.to_owned(), command)],
        false => found,
    }
}

fn section(page: &mut String, name: &str, mut command: Command) {
    let usage = command.render_usage().to_string().replace("Usage: ", "");
    writeln!(page, "\n## `{name}`\n").unwrap();
    let about = command
        .get_long_about()
        .or(command.get_about())
        .unwrap()
        .to_string();
    for paragraph in about.split("\n\n") {
        match paragraph.strip_prefix("  ") {
            Some(code) => writeln!(page, "```sh\n{code}\n```\n").unwrap(),
            None => writeln!(page, "{}.\n", paragraph.trim_end_matches(['.', ':'])).unwrap(),
        }
    }
    writeln!(page, "```text\n{usage}\n```").unwrap();
    let arguments: Vec<_> = command
        .get_arguments()
        .filter(|it| !["help", "version", "json"].contains(&it.get_id().as_str()))
        .collect();
    if !arguments.is_empty() {
        page.push_str("\n| argument | meaning |\n|---|---|\n");
        arguments.iter().for_each(|it| row(page, it));
    }
}

fn row(page: &mut String, argument: &Arg) {
    let code = |texts: Vec<String>| format!("`{}`", texts.join("`, `"));
    let mut cell = Vec::new();
    cell.extend(argument.get_help().map(|it| format!("{it}.")));
    let values = argument.get_possible_values();
    let values: Vec<_> = values.iter().map(|it| it.get_name().to_owned()).collect();
    if !values.is_empty() && argument.get_action().takes_values() {
        cell.push(format!("One of {}.", code(values)));
    }
    let defaults = argument.get_default_values().iter();
    let defaults: Vec<_> = defaults
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        cell.push(format!("Default: {}.", code(defaults)));
    }
    if let Some(variable) = argument.get_env() {
        cell.push(format!("Environment variable: `{}`.", variable.display()));
    }
    if argument.is_required_set() {
        cell.push("Required.".to_owned());
    }
    let cell = cell.join(" ").replace('|', "\\|");
    writeln!(page, "| `{argument}` | {cell} |").unwrap();
}
