use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, ensure};

/// Create a project with a protected API
///
/// The project compiles, has a test that passes, and runs with its own development issuer.
#[derive(Debug, clap::Args)]
pub(crate) struct NewOptions {
    /// The web framework
    framework: Framework,
    /// The name of the project and of its folder
    name: String,
    /// A checkout of authz to depend on. Default: the one that this command was built from, if it still
    /// exists, else the published crates
    #[arg(long, value_name = "DIR")]
    checkout: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Framework {
    Axum,
    Warp,
    Poem,
}

impl Framework {
    const fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Warp => "warp",
            Self::Poem => "poem",
        }
    }

    const fn main(self) -> &'static str {
        match self {
            Self::Axum => include_str!("../../authz-axum/examples/tutorial.rs"),
            Self::Warp => include_str!("../../authz-warp/examples/tutorial.rs"),
            Self::Poem => include_str!("../../authz-poem/examples/tutorial.rs"),
        }
    }

    const fn dependencies(self) -> &'static str {
        match self {
            Self::Axum => "axum = \"0.8\"",
            Self::Warp => "warp = { version = \"0.4\", features = [\"server\"] }",
            Self::Poem => "poem = \"3\"",
        }
    }
}

pub(crate) fn run(options: &NewOptions) -> anyhow::Result<ExitCode> {
    let NewOptions {
        framework,
        name,
        checkout,
    } = options;
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    ensure!(
        is_name,
        "{name:?} is not a package name: use letters, digits, `-` and `_`"
    );
    let folder = PathBuf::from(name);
    ensure!(!folder.exists(), "{name} is there already");
    let framework_name = framework.name();
    let built_in = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let is_checkout = built_in.join("crates/authz-testkit").is_dir();
    let checkout = checkout.as_ref().or(is_checkout.then_some(&built_in));
    let depend = |package: &str| match checkout {
        Some(checkout) => {
            let path = checkout.join("crates").join(package);
            let path = fs::canonicalize(&path)
                .with_context(|| format!("{} is not a checkout of authz", checkout.display()))?;
            anyhow::Ok(format!(
                "{package} = {{ path = {:?} }}",
                path.display().to_string()
            ))
        }
        None => Ok(format!("{package} = \"{}\"", env!("CARGO_PKG_VERSION"))),
    };
    let adapter = depend(&format!("authz-{framework_name}"))?;
    let testkit = depend("authz-testkit")?;
    let manifest = format!(
        r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"

[dependencies]
{adapter}
{testkit}
{}
serde_json = "1"
tokio = {{ version = "1", features = ["macros", "net", "rt-multi-thread"] }}
tracing-subscriber = "0.3"

[workspace]
"#,
        framework.dependencies()
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), source(*framework))?;
    println!("{name} is made. Next: cd {name} && cargo test && cargo run");
    Ok(ExitCode::SUCCESS)
}

/// The tutorial, with a test of the policy that its scoped route has.
fn source(framework: Framework) -> String {
    let name = framework.name();
    let tutorial = framework.main().replace(
        &format!(": `cargo run -p authz-{name} --example tutorial`"),
        "",
    );
    format!(
        r#"{tutorial}
#[test]
fn a_caller_needs_the_scope() {{
    let reader = authz_testkit::caller().scope("read:messages").build();
    assert!(reader.check(&scope("read:messages")).is_ok());
    let nobody = authz_testkit::caller().scope("").build();
    assert!(nobody.check(&scope("read:messages")).is_err());
}}
"#
    )
}
