//! Packages from PyPI, in virtual environments under `target/interop`.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::servers::scripts;

/// A virtual environment with the packages of one file in `tests/interop/python`.
#[derive(Debug)]
pub(crate) struct VirtualEnvironment(PathBuf);

impl VirtualEnvironment {
    /// Installs the packages of `python/NAME.txt`, unless that has been done already.
    ///
    /// The error says why they can't be installed, for example because the network is down.
    pub(crate) fn install(name: &str) -> io::Result<Self> {
        let requirements = scripts().join("python").join(format!("{name}.txt"));
        let wanted = fs::read_to_string(&requirements)?;
        let folder = target()?.join("interop").join(name);
        let installed = folder.join("installed.txt");
        if fs::read_to_string(&installed).ok() != Some(wanted.clone()) {
            println!("installing {} with pip", requirements.display());
            run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let mut pip = Command::new(folder.join("bin/python"));
            pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-q"])
                .args(["--retries", "1", "--timeout", "20", "-r"])
                .arg(&requirements);
            run(&mut pip)?;
            fs::write(&installed, wanted)?;
        }
        Ok(Self(folder))
    }

    /// Its Python.
    pub(crate) fn python(&self) -> PathBuf {
        self.0.join("bin/python")
    }

    /// A file that a package installed: a path in the environment, or one in `site-packages`.
    pub(crate) fn file(&self, path: &str) -> Option<PathBuf> {
        let versions = fs::read_dir(self.0.join("lib")).ok()?.flatten();
        let packages = versions.map(|it| it.path().join("site-packages"));
        let mut folders = packages.chain([self.0.clone()]);
        folders.find_map(|it| Some(it.join(path)).filter(|it| it.is_file()))
    }
}

/// Cargo's target folder, which has this program.
fn target() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).map(Path::to_owned);
    target.ok_or_else(|| io::Error::other("this program is not in a target folder"))
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Err(io::Error::other(last.unwrap_or("pip failed").to_owned()))
}
